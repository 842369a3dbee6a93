# Names with what people do not write: a sample of it by a seed, in databases, tables, columns, keys, constraints, partitions,
# views, routines, triggers, events, sequences and users (characters.slow.bats has all of it).

# shellcheck disable=SC2016 # backticks of SQL

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored
load restore
load users
load characters

setup_file() {
    seed
    export CCR_SEED
    servers
    grant_users target
    make_characters source sample
    backup --with-users
}

teardown_file() {
    servers_end
}

@test "a restored server has every name as it is on the source" {
    ccr restore target --quiet --standalone --with-users
    same_everything source target
    same_grants source target
    nothing_left
}

@test "tar unpacks the volumes: a file for each member" {
    same_members
}

@test "every name can be asked for, in backticks" {
    local hex name n=0
    store_use some
    for hex in $(perl "$CCR_ROOT/tests/restore/characters.pl" list "$CCR_SEED"); do
        name=$(perl -e 'print pack("H*", $ARGV[0])' "$hex")
        # a comma divides names
        case $name in *,*) continue ;; esac
        n=$((n + 1))
        [ $((n % 4)) -eq $((CCR_SEED % 4)) ] || continue
        rm -rf "$T/some"
        backup --databases "$name"
        [ "$(jq '[.objects[].db] | unique | length' "$STORE_DIR"/streams/main/snapshots/*/manifest.json)" -eq 1 ]
        [ "$(jq -j '.objects[0].db' "$STORE_DIR"/streams/main/snapshots/*/manifest.json | sed -z 's/`/``/g; s/.*/`&`/' | basenc --base16 -w 0)" = "$hex" ]
    done
    [ "$n" -gt 15 ]
}

# The server takes half of a surrogate pair for a character; JSON does not.
@test "half of a surrogate pair in names: users, a log, a job restored twice" {
    store_use half
    server_start half
    server_grant half source
    printf '%b' "SET NAMES utf8mb4; CREATE DATABASE \`d\\xED\\xA0\\xBD\`; USE \`d\\xED\\xA0\\xBD\`; CREATE TABLE \`p\\xED\\xB0\\x80\` (a INT PRIMARY KEY);
        CREATE TABLE c (a INT, CONSTRAINT \`k\\xED\\xA0\\xBD\` FOREIGN KEY (a) REFERENCES \`p\\xED\\xB0\\x80\`(a));
        CREATE TRIGGER tr BEFORE INSERT ON c FOR EACH ROW SET NEW.a = NEW.a; CREATE USER 'u\\xED\\xA0\\xBD'@localhost;
        CREATE ROLE \`r\\xED\\xA0\\xBD\`; GRANT SELECT ON \`d\\xED\\xA0\\xBD\`.* TO 'u\\xED\\xA0\\xBD'@localhost, \`r\\xED\\xA0\\xBD\`;
        CREATE DEFINER='u\\xED\\xA0\\xBD'@localhost VIEW v AS SELECT a FROM c;" >"$T/half.sql"
    sql_file half "$T/half.sql"
    ccr backup half --quiet --with-users
    target_clean
    drop_users target
    ccr restore target --quiet --job j --with-users
    [ "$(accounts half | grep -v root)" = "$(accounts target | grep -v root)" ]
    ccr restore target --quiet --job j --with-users
    nothing_left
    printf '%b' "SET NAMES utf8mb4; USE \`d\\xED\\xA0\\xBD\`; INSERT INTO \`p\\xED\\xB0\\x80\` VALUES (1), (2); INSERT INTO c VALUES (2)" >"$T/half.sql"
    sql_file half "$T/half.sql"
    ccr ship half --quiet
    sql half "CREATE DATABASE behind; CREATE TABLE behind.t (a INT PRIMARY KEY)"
    ccr ship half --quiet
    ccr apply target --quiet --job j
    everything_of half | tables_only >"$T/everything.half"
    everything_of target | tables_only | diff -a "$T/everything.half" -
    [ "$(sql target "SELECT COUNT(*) FROM behind.t")" -eq 0 ]
    run ccr backup half --databases $'d\xED\xA0\xBD'
    [ "$status" -eq 2 ]
    [[ "$output" == *"is not UTF-8"* ]]
}
