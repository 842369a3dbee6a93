#!/usr/bin/env bats
# Where the log begins: at the oldest snapshot that the source's binlogs still follow, so that each can be followed.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load log

setup_file() {
    server_start source
    server_start target
    server_grant source source
    server_grant target target
}

setup() {
    store_use "store$BATS_TEST_NUMBER"
    DB=d$BATS_TEST_NUMBER
    sql source "CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100))"
    insert source 2
    a=$(taken)
    insert source 3
}

taken() {
    ccr backup source --json --databases "$DB" "$@" | jq -r .snapshot
}

# follows LETTER ID: a job, restored from that snapshot, comes to be equal to the source
follows() {
    ccr restore target --job "$DB$1" --snapshot "$2" --rename-db "$DB:${DB}_$1" --quiet
    ccr apply target --job "$DB$1" --quiet
    same_tables source target "$DB:${DB}_$1"
}

# What ccr-verify says can be restored, by a line of snapshot and reason.
ranges() {
    "$CCR_BIN/ccr-verify" --store "$STORE" --json 2>/dev/null | jq -r '.streams[0].ranges[] | "\(.snapshot) \(.ends_because)"'
}

@test "two snapshots before the first run: both can be followed, one of a single table besides" {
    sql source "ALTER TABLE $DB.t ADD COLUMN w INT DEFAULT 7"
    b=$(taken)
    insert source 2
    taken --tables "$DB.t"
    insert source 1
    run ccr ship source
    [ "$status" -eq 0 ]
    [[ "$output" == *"the log begins at snapshot $a"* ]]
    log_complete source
    follows a "$a"
    follows b "$b"
    [ "$(ranges)" = "$a null" ]
    run ccr ship source
    [[ "$output" != *"begins at"* ]]
}

@test "the older one's binlogs are purged: the log begins at the newer, and the older is named" {
    b=$(taken)
    purge_all source
    insert source 2
    run ccr ship source
    [ "$status" -eq 0 ]
    [[ "$output" == *"no job can follow snapshot $a: the transactions behind "*" are purged; "*"the log begins at snapshot $b"* ]]
    follows b "$b"
    ccr restore target --job "${DB}a" --snapshot "$a" --rename-db "$DB:${DB}_a" --quiet
    run ccr apply target --job "${DB}a"
    [ "$status" -eq 8 ]
    [[ "$output" == *"what lies between is not in the store"* ]]
    [ "$(ranges)" = "$a the log begins at a newer snapshot"$'\n'"$b null" ]
    SNAPSHOT=$a run "$CCR_ROOT/formats/ccr-read.sh" "$STORE_DIR" main --no-defaults --socket="$T/target/sock" --user=root
    [ "$status" -ne 0 ]
    [[ "$output" == *"the log begins at "*", behind the snapshot's position"* ]]
    # what can be had again at any moment of the last days begins with the newer one
    run "$CCR_BIN/ccr-prune" --store "$STORE" --pitr 3 --json
    [ "$(json_of ".streams[0].snapshots[] | select(.id == \"$b\") | .keep")" = true ]
}

@test "another history before anything was shipped: the newer snapshot opens the next epoch" {
    last=$(sql source "SELECT @@gtid_binlog_pos")
    sql source "RESET MASTER"
    insert source $((${last##*-} + 3)) other
    run --separate-stderr ccr backup source --json --databases "$DB"
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"the source's history is no longer that of snapshot $a: "*"this snapshot opens epoch 2"* ]]
    b=$(json_of .snapshot)
    insert source 1 other
    ccr restore target --job "${DB}a" --snapshot "$a" --rename-db "$DB:${DB}_a" --quiet
    run ccr ship source
    [ "$status" -eq 0 ]
    [[ "$output" == *"epoch 1 has ended: nothing was shipped of it, and snapshot $b is of another history"* ]]
    [ "$(footers | jq -c '[.kind, .epoch, .number]')" = '["terminator",1,1]'$'\n''["segment",2,1]' ]
    log_check
    follows b "$b"
    run ccr apply target --job "${DB}a"
    [ "$status" -eq 8 ]
    [[ "$output" == *"another history of the source"* ]]
    "$CCR_BIN/ccr-verify" --store "$STORE" --quiet
}

@test "another history that is shorter than the snapshot cannot be told from a server that lags" {
    sql source "RESET MASTER"
    run ccr backup source --databases "$DB"
    [ "$status" -eq 5 ]
    [[ "$output" == *"the source is behind the store"*"lagging replica"* ]]
}
