# What ccr-restore refuses, with which exit code and words; and that the target is as it was before.

# shellcheck disable=SC2154 # bats sets stderr, restore.bash sets restore

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored
load restore

setup_file() {
    servers
    zoo
    backup
    sql target "CREATE DATABASE other; CREATE TABLE other.t (id INT NOT NULL PRIMARY KEY); INSERT INTO other.t VALUES (1)"
    state target >"$T/before"
}

teardown_file() {
    servers_end
}

# Everything outside ccr's own database and staging.
state() {
    sql "$1" "SELECT table_schema, table_name, create_time FROM information_schema.tables WHERE table_schema NOT IN
        ('mysql', 'information_schema', 'performance_schema', 'sys', 'ccr') AND table_schema NOT LIKE 'ccr\\_stage%'
        ORDER BY 1, 2;
        SELECT schema_name FROM information_schema.schemata WHERE schema_name <> 'ccr' AND schema_name NOT LIKE 'ccr\\_stage%' ORDER BY 1"
}

# refused CODE WORDS... -- OPTIONS...: the run fails with this code, says all of these words, and changed nothing.
refused() {
    local code=$1 words=() word

    shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    run --separate-stderr ccr restore target "$@"
    echo "$status: $stderr"
    [ "$status" -eq "$code" ]
    for word in "${words[@]}" hint:; do
        [[ "$stderr" == *"$word"* ]]
    done
    state target | diff "$T/before" -
}

@test "neither --job nor --standalone, or both" {
    refused 2 "--standalone" --
    refused 2 "--standalone" -- --job a --standalone
}

@test "names that cannot be a job's" {
    run --separate-stderr ccr restore target --job standalone
    [ "$status" -eq 2 ]
    refused 2 "a/b" -- --job a/b
}

@test "a database, a table, a rename that the snapshot does not hold" {
    refused 2 nowhere -- --standalone --databases nowhere
    refused 2 zoo.nothing -- --standalone --tables zoo.nothing
    run --separate-stderr ccr restore target --standalone --rename-db nowhere:x
    [ "$status" -eq 2 ]
    run --separate-stderr ccr restore target --standalone --rename-db zoo:keepers
    [ "$status" -eq 2 ]
    run --separate-stderr ccr restore target --standalone --rename-db zoo:mysql
    [ "$status" -eq 2 ]
}

@test "an empty store, a stream without a snapshot, a snapshot that does not exist" {
    refused 4 "streams/other" -- --standalone --stream other
    run --separate-stderr ccr restore target --standalone --snapshot 20200101T000000Z-00000000
    [ "$status" -eq 4 ]
    store_use empty
    run --separate-stderr ccr restore target --standalone
    [ "$status" -eq 4 ]
}

@test "a wrong password; a server that is not there" {
    sed 's/^password = .*/password = wrong/' "$T/target/ccr.cnf" >"$T/wrong.cnf"
    chmod 600 "$T/wrong.cnf"
    refused 6 "Access denied" -- --standalone --defaults-file "$T/wrong.cnf"
    refused 6 "connecting" -- --standalone --socket "$T/nothing.sock"
}

@test "LOAD DATA where local_infile is off; a way of loading that is none" {
    sql target "SET GLOBAL local_infile = 0"
    refused 6 "local_infile" -- --standalone --load text
    run --separate-stderr ccr restore target --standalone --load file
    [ "$status" -eq 2 ]
    sql target "SET GLOBAL local_infile = 1"
}

@test "max_allowed_packet far too small" {
    sql target "SET GLOBAL max_allowed_packet = 16384"
    refused 6 "max_allowed_packet" -- --standalone
    sql target "SET GLOBAL max_allowed_packet = 16777216"
}

@test "functions that the target's binlog would not take" {
    sql target "SET GLOBAL log_bin_trust_function_creators = 0"
    refused 6 "log_bin_trust_function_creators" -- --standalone
    sql target "SET GLOBAL log_bin_trust_function_creators = 1"
}

@test "missing privileges: PROCESS, CREATE" {
    local privilege

    for privilege in PROCESS CREATE; do
        sql target "REVOKE $privilege ON *.* FROM ccr@localhost"
        refused 6 "denied" -- --standalone
        sql target "GRANT $privilege ON *.* TO ccr@localhost"
    done
}

@test "a target that would change the names" {
    sql source "CREATE DATABASE cases; CREATE TABLE cases.MixedCase (id INT NOT NULL PRIMARY KEY)"
    store_use cases
    backup --databases cases
    server_start lower --local-infile=ON --lower-case-table-names=1
    server_grant lower target
    run --separate-stderr ccr restore lower --standalone
    server_remove lower
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"cases.MixedCase"* ]]
}

@test "an engine that the target lacks" {
    sql source "INSTALL SONAME 'ha_blackhole'" || skip "this server has no engine to take away"
    sql source "CREATE DATABASE holes; CREATE TABLE holes.b (id INT) ENGINE=BLACKHOLE"
    store_use holes
    backup --databases holes
    refused 6 "BLACKHOLE" "holes.b" -- --standalone
}

@test "an engine that no server has, named before anything is loaded" {
    local manifest

    store_use engines
    backup --databases zoo
    manifest=$(echo "$STORE_DIR"/streams/main/snapshots/*/manifest.json)
    chmod u+w "$manifest"
    edit_manifest "$manifest" '(.tables[] | select(.name == "no_key") | .engine) = "ARCHIVIST"'
    refused 6 ARCHIVIST zoo.no_key "--tables" -- --standalone
}

@test "a foreign key of a table that stays and refers to one that goes" {
    sql target "CREATE DATABASE zoo; CREATE TABLE zoo.animal (id INT NOT NULL PRIMARY KEY);
        CREATE TABLE \`other\`.\`chi-ld\` (id INT, FOREIGN KEY (id) REFERENCES zoo.animal (id))"
    run --separate-stderr ccr restore target --standalone --replace
    [ "$status" -eq 9 ]
    [[ "$stderr" == *"other.chi-ld (refers to zoo.animal)"* ]]
    sql target "DROP TABLE \`other\`.\`chi-ld\`; DROP DATABASE zoo"
}

@test "a routine, an event, a trigger name that is taken" {
    sql target "CREATE DATABASE zoo; CREATE FUNCTION zoo.twice(n INT) RETURNS INT DETERMINISTIC RETURN n;
        CREATE EVENT zoo.daily ON SCHEDULE EVERY 1 DAY DO SET @a = 1; CREATE TABLE zoo.stays (id INT);
        CREATE TRIGGER zoo.animal_first BEFORE INSERT ON zoo.stays FOR EACH ROW SET NEW.id = 1"
    run --separate-stderr ccr restore target --standalone
    [ "$status" -eq 9 ]
    [[ "$stderr" == *"zoo.twice (function)"* && "$stderr" == *"zoo.daily (event)"* && "$stderr" == *"zoo.animal_first (trigger)"* ]]
    run --separate-stderr ccr restore target --standalone --replace
    [ "$status" -eq 9 ]
    [[ "$stderr" == *"zoo.animal_first (trigger)"* && "$stderr" != *twice* ]]
    sql target "DROP DATABASE zoo"
}

@test "one run at a time for one job" {
    local holder

    sql target "SELECT GET_LOCK('ccr job busy', 5), SLEEP(300)" >/dev/null 2>&1 3>&- &
    wait_until 10 lock_is_taken
    holder=$(sql target "SELECT IS_USED_LOCK('ccr job busy')")
    run --separate-stderr ccr restore target --job busy
    echo "$stderr"
    [ "$status" -eq 75 ]
    [[ $stderr == *"another run of job busy is at work"*"hint: it is connection $holder on the server, from localhost, for "*" s in state Query; "* ]]
    [[ $stderr == *"(ccr-job pause --job busy); if that run is gone (its network was cut), KILL $holder, or wait until the server notices"* ]]
    run --separate-stderr ccr restore target --job busy --cron
    [ "$status" -eq 75 ]
    [ -z "$stderr$output" ]
    sql target "KILL $holder"
    wait # for its client
}

lock_is_taken() {
    [ "$(sql target "SELECT IS_USED_LOCK('ccr job busy') IS NOT NULL")" -eq 1 ]
}

@test "a job that follows another stream" {
    ccr restore target --job mine
    sql target "UPDATE ccr.jobs SET stream_id = 'another' WHERE name = 'mine'"
    run --separate-stderr ccr restore target --job mine
    [ "$status" -eq 9 ]
    [[ "$stderr" == *"follows stream"* ]]
    target_clean
    sql target "CREATE DATABASE other; CREATE TABLE other.t (id INT NOT NULL PRIMARY KEY)"
    state target >"$T/before"
}

# Name, how to damage a good snapshot (in its folder), the code, words of the message.
damages() {
    cat <<'TABLE'
manifest flipped%sed -i '0,/"rows": [0-9]/s//"rows": x/' manifest.json%7%manifest
manifest cut%truncate -s 500 manifest.json%7%manifest
manifest of another%sed -i 's/"id": "[^"]*"/"id": "20200101T000000Z-00000000"/' manifest.json%7%manifest
volume flipped%flip 000001.tar.zst 60%7%000001.tar.zst
volume cut%truncate -s -1 000002.tar.zst%7%000002.tar.zst
volume missing%rm 000002.tar.zst%7%000002.tar.zst
volumes swapped%mv 000001.tar.zst x; mv 000002.tar.zst 000001.tar.zst; mv x 000002.tar.zst%7%is not what was written
TABLE
}

@test "damaged snapshots" {
    local name damage code words good=$STORE_DIR

    while IFS=% read -r name damage code words; do
        echo "# $name"
        rm -rf "$T/damaged"
        cp -a "$good" "$T/damaged"
        (cd "$T"/damaged/streams/main/snapshots/*/ && chmod u+w ./* && eval "$damage")
        store_use damaged
        run --separate-stderr ccr restore target --standalone
        echo "$status: $stderr"
        [ "$status" -eq "$code" ]
        [[ "$stderr" == *"$words"* ]]
        state target | diff "$T/before" -
    done < <(damages)
}
