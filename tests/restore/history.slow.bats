# System-versioned tables: their history comes along, every row of it with its times.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored
load restore

setup_file() {
    servers
    sql source "SET GLOBAL time_zone = '+03:30'"
    sql target "SET GLOBAL time_zone = '-05:00'"
    sql_file source "$BATS_TEST_DIRNAME/history.sql"
    # sizes are taken from the statistics
    sql source "$(sql source "SELECT CONCAT('ANALYZE TABLE history.', table_name, ';') FROM information_schema.tables
        WHERE table_schema = 'history' AND table_type <> 'VIEW'")" >/dev/null
    backup --databases history --chunk-size 32K --threads 3
}

teardown_file() {
    servers_end
}

tables() {
    sql source "SELECT table_name FROM information_schema.tables WHERE table_schema = 'history' AND table_type = 'SYSTEM VERSIONED'"
}

# Every row that a table ever had, with its period; and, where times decide on it, the rows of each partition.
history_of() {
    local server=$1 table=$2 start end parts

    start=$(period "$table" START)
    end=$(period "$table" END)
    sql "$server" "SET time_zone = '+00:00'; SELECT *, ${start:-row_start}, ${end:-row_end} FROM $table FOR SYSTEM_TIME ALL" history | sort
    parts=$(sql "$server" "SELECT DISTINCT partition_name FROM information_schema.partitions
        WHERE table_schema = 'history' AND table_name = '$table' AND partition_name IS NOT NULL ORDER BY 1")
    for part in $parts; do
        echo "$part $(sql "$server" "SELECT COUNT(*) FROM $table PARTITION ($part)" history)"
    done
}

period() {
    sql source "SELECT CONCAT('\`', REPLACE(column_name, '\`', '\`\`'), '\`') FROM information_schema.columns
        WHERE table_schema = 'history' AND table_name = '$1' AND generation_expression = 'ROW $2'"
}

same_history() {
    local table

    for table in $(tables); do
        history_of source "$table" >"$T/history.source"
        history_of target "$table" >"$T/history.target"
        [ "$table" = never ] || [ -s "$T/history.source" ]
        same_text "source $table" "target $table" "$T/history.source" "$T/history.target" || return 1
    done
}

dump() {
    mariadb-dump --no-defaults --socket="$T/$1/sock" --user=root --skip-dump-date --skip-extended-insert --dump-history history | sort
}

rows_of() {
    jq -r ".tables[] | select(.name == \"$1\") | $2" "$STORE_DIR"/streams/main/snapshots/*/manifest.json
}

@test "a standalone restore has the history of its source, to the microsecond" {
    run --separate-stderr ccr restore target --standalone --threads 3
    echo "$stderr"
    [ "$status" -eq 0 ]
    same_history
    same_schema source target history
    diff <(dump source) <(dump target)
    [ "$(dump target | grep -c "'2022-02-28 21:32:03.999999'")" -gt 10 ]
    [ "$(sql target "SET time_zone = '+03:30'; SELECT SUM(then_t <> COALESCE(now_t, '')) > 1000 FROM history.then_and_now")" = 1 ]
    nothing_left
}

@test "it is cut into chunks like any other rows, and every row is in one of them" {
    local table

    for table in hidden shown unseen text_key unique_key by_hash years parts_no_key by_hash_no_key years_sub; do
        echo "$table"
        [ "$(rows_of "$table" '.chunks | length')" -gt 1 ]
        [ "$(rows_of "$table" '.rows')" = "$(sql source "SELECT COUNT(*) FROM $table FOR SYSTEM_TIME ALL" history)" ]
    done
    [ "$(rows_of gone '.rows')" -gt 2000 ]
    [ "$(rows_of never '.rows')" = 0 ]
}

@test "the manifest says so, and tools can restore it by hand" {
    [ "$(jq -r '.features_required | join(" ")' "$STORE_DIR"/streams/main/snapshots/*/manifest.json)" = history ]
    [ "$(rows_of hidden .history)" = true ]
    target_clean
    "$CCR_ROOT/formats/ccr-read.sh" "$STORE_DIR" main --no-defaults --socket="$T/target/sock" --user=root
    same_history
    same_schema source target history
}

@test "the log goes on from there: what changes later becomes history on both sides" {
    target_clean
    ccr restore target --job j --quiet
    same_history
    sql source "UPDATE hidden SET t = 'later' WHERE id < 50; DELETE FROM shown WHERE id < 0; UPDATE text_key SET n = 1000;
        UPDATE years SET t = 'later'; UPDATE no_key SET t = 'later' WHERE id < 10; REPLACE INTO unseen (id, t) VALUES (3, 'r'); UPDATE shown SET note = 'not kept'" history
    ccr ship source --quiet
    ccr apply target --job j --quiet
    same_history
}

@test "a load that is taken up again begins tables without transactions anew, history and counter too" {
    target_clean
    sql source "ALTER TABLE aria AUTO_INCREMENT = 9000" history
    store_use again
    backup --databases history
    sql target "CREATE DATABASE own; CREATE TABLE own.t (id INT PRIMARY KEY) ENGINE=InnoDB"
    mkfifo "$T/hold"
    sql_client target --unbuffered <"$T/hold" >"$T/hold.out" 3>&- &
    exec 7>"$T/hold"
    echo "START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT COUNT(*) FROM own.t; SELECT 'held';" >&7
    wait_until 10 grep -q held "$T/hold.out"
    run --separate-stderr ccr restore target --standalone --swap-wait 1
    exec 7>&-
    wait
    echo "$stderr"
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"the load is kept"* ]]
    run --separate-stderr ccr restore target --standalone --json
    [ "$status" -eq 0 ]
    [ "$(json_of '.resumed_chunks > 0')" = true ]
    same_history
    same_schema source target history
    nothing_left
}

@test "by transaction ids: the current rows, with a warning" {
    store_use by_id
    sql source "CREATE DATABASE ids; USE ids; CREATE TABLE t (id INT PRIMARY KEY, v INT, a BIGINT UNSIGNED GENERATED ALWAYS AS ROW START,
        b BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (a, b)) WITH SYSTEM VERSIONING;
        INSERT INTO t (id, v) VALUES (1, 1), (2, 2), (3, 3); UPDATE t SET v = 7 WHERE id = 1; DELETE FROM t WHERE id = 2"
    run --separate-stderr ccr backup source --databases ids
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"ids.t is versioned by transaction ids"*"only its current rows"* ]]
    [ "$(jq -r '.features_required | length' "$STORE_DIR"/streams/main/snapshots/*/manifest.json)" = 0 ]
    ccr restore target --standalone
    [ "$(sql target "SELECT id, v FROM ids.t FOR SYSTEM_TIME ALL ORDER BY id")" = "$(printf '1\t7\n3\t3')" ]
    sql source "DROP DATABASE ids"
    sql target "DROP DATABASE ids"
}

@test "partitions of so many rows each: the history comes, with a warning" {
    store_use limit
    sql source "CREATE DATABASE few; USE few; CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 3 PARTITIONS 4;
        INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5); UPDATE t SET v = 7; UPDATE t SET v = 8 WHERE id < 4"
    run --separate-stderr ccr backup source --databases few
    [[ "$stderr" == *"few.t divides its history by numbers of rows"*"other partitions"* ]]
    ccr restore target --standalone
    diff <(sql source "SET time_zone = '+00:00'; SELECT *, row_start, row_end FROM few.t FOR SYSTEM_TIME ALL ORDER BY id, row_start") \
        <(sql target "SET time_zone = '+00:00'; SELECT *, row_start, row_end FROM few.t FOR SYSTEM_TIME ALL ORDER BY id, row_start")
    sql source "DROP DATABASE few"
    sql target "DROP DATABASE few"
}

@test "a target that lets nobody set times is refused at once" {
    server_start strict --local-infile=ON --secure-timestamp=YES --log-bin-trust-function-creators=ON
    server_grant strict target
    run --separate-stderr ccr restore strict --standalone
    echo "$stderr"
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"history of system-versioned tables such as history."*secure_timestamp=NO* ]]
    [ -z "$(user_databases strict)" ]
    server_remove strict
}

@test "a target with another end of time is refused: a current row would be one of the past there" {
    local manifest

    store_use far
    backup --tables history.hidden
    manifest=$(echo "$STORE_DIR"/streams/main/snapshots/*/manifest.json)
    chmod u+w "$manifest"
    edit_manifest "$manifest" '.source.version = "11.8.2-MariaDB"'
    target_clean
    run --separate-stderr ccr restore target --standalone
    echo "$stderr"
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"another largest TIMESTAMP"*history.hidden* ]]
    [ -z "$(user_databases target)" ]
}

@test "rows of history that lasted no time are left out, and told: no server takes them" {
    sql source "CREATE DATABASE moment; USE moment; CREATE TABLE t (id INT PRIMARY KEY, x INT) WITH SYSTEM VERSIONING; REPLACE INTO t VALUES (1, 1), (1, 2), (2, 1);
        UPDATE t SET x = 5 WHERE id = 2; CREATE TABLE p (id INT PRIMARY KEY, b TIMESTAMP(6) GENERATED ALWAYS AS ROW START, x INT, e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (b, e)) WITH SYSTEM VERSIONING;
        REPLACE INTO p (id, x) VALUES (1, 1), (1, 2)"
    backup --databases moment
    grep "moment.t has 1 rows of history that lasted no time" "$T/backup.log"
    grep "moment.p has 1 rows of history" "$T/backup.log"
    ccr restore target --quiet --job moment --databases moment
    diff <(sql source "SET time_zone = '+00:00'; SELECT *, row_start, row_end FROM moment.t FOR SYSTEM_TIME ALL WHERE row_start < row_end ORDER BY id, row_start; SELECT * FROM moment.p") \
        <(sql target "SET time_zone = '+00:00'; SELECT *, row_start, row_end FROM moment.t FOR SYSTEM_TIME ALL ORDER BY id, row_start; SELECT * FROM moment.p FOR SYSTEM_TIME ALL")
    [ "$(sql target "SELECT COUNT(*) FROM moment.t FOR SYSTEM_TIME ALL")" -eq 3 ]
}
