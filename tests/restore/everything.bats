# What ccr-backup's own tests put into a snapshot, through ccr-restore: every type, key, object and name.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored
load restore

setup_file() {
    servers
    sql_file source "$CCR_ROOT/tests/backup/types.sql"
    sql_file source "$CCR_ROOT/tests/backup/keys.sql"
    sql_file source "$CCR_ROOT/tests/backup/schema.sql"
    backup
}

teardown_file() {
    servers_end
}

# A dump of everything, in a fixed order: also of databases whose names need quoting.
dump() {
    local dbs

    mapfile -t dbs < <(user_databases "$1")
    mariadb-dump --no-defaults --socket="$T/$1/sock" --user=root --routines --triggers --events --skip-dump-date \
        --order-by-primary --databases "${dbs[@]}"
}

@test "types, keys and odd names, standalone" {
    ccr restore target --standalone
    same_tables source target types keys other
    same_schema source target types keys other
    diff <(dump source) <(dump target)
    nothing_left
}

@test "the same, in the place of the first, with everything loaded anew by LOAD DATA" {
    local loads

    loads=$(status_of target Com_load)
    [ "$loads" -eq 0 ]
    ccr restore target --standalone --replace --load text
    [ "$(status_of target Com_load)" -gt "$loads" ]
    diff <(dump source) <(dump target)
    nothing_left
}

@test "values that a table cannot hold are refused, not bent" {
    local folder

    store_use bent
    sql source "CREATE DATABASE bent; CREATE TABLE bent.t (id INT NOT NULL PRIMARY KEY, n INT, g INT AS (n * 2)); INSERT INTO bent.t VALUES (1, 70000, DEFAULT)"
    backup --databases bent
    # the same rows, for a narrower column
    folder=$(echo "$STORE_DIR"/streams/main/snapshots/*)
    snapshot_unpack "$folder" "$T/open"
    # shellcheck disable=SC2016 # backticks of SQL
    sed -i 's/`n` int(11)/`n` smallint(6)/' "$T/open/bent/t/schema.sql"
    snapshot_repack "$folder" "$T/open"
    run --separate-stderr ccr restore target --standalone
    echo "$status: $stderr"
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"bent.t"*"Out of range value for column 'n'"* ]]
    [ -z "$(sql target "SHOW DATABASES LIKE 'bent'")" ]
}
