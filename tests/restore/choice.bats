# Which snapshot a restore takes: never one of single tables for one of all that the job follows.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load restore

setup_file() {
    servers
    sql source "CREATE DATABASE shop; CREATE DATABASE crm; CREATE TABLE shop.a (id INT PRIMARY KEY); CREATE TABLE shop.b (id INT PRIMARY KEY);
        CREATE TABLE crm.person (id INT PRIMARY KEY)"
}

setup() {
    target_clean
}

# snapshot [OPTIONS]: a row more in every table, a snapshot; $snapshot is its id.
snapshot() {
    sql source "INSERT INTO shop.a SELECT COUNT(*) + 1 FROM shop.a; INSERT INTO shop.b SELECT COUNT(*) + 1 FROM shop.b;
        INSERT INTO crm.person SELECT COUNT(*) + 1 FROM crm.person"
    snapshot=$(ccr backup source --json "$@" | jq -r .snapshot)
}

restored() {
    run --separate-stderr ccr restore target --json "$@"
    echo "$status: $stderr"
    [ "$status" -eq 0 ]
    restored=$(json_of .snapshot)
}

# refused CODE TEXT OPTIONS...
refused() {
    run --separate-stderr ccr restore target "${@:3}"
    echo "$status: $stderr"
    [ "$status" -eq "$1" ]
    [[ "$stderr" == *"$2"* ]]
}

@test "a first restore takes the whole, and says what it passes over" {
    local whole part

    store_use first
    snapshot
    whole=$snapshot
    snapshot --tables shop.a
    part=$snapshot
    restored --job j
    [ "$restored" = "$whole" ]
    [[ "$stderr" == *"passing over snapshot $part"*"shop.a"* ]]
    same_databases shop crm
    snapshot
    restored --standalone --replace
    [ "$restored" = "$snapshot" ]
}

same_databases() {
    local db

    for db in "$@"; do
        [ "$(sql target "SHOW TABLES IN $db")" = "$(sql source "SHOW TABLES IN $db")" ]
    done
}

@test "a job's next restore takes the newest that holds all it follows" {
    local whole

    store_use next
    snapshot
    restored --job j --databases shop
    [ "$restored" = "$snapshot" ]
    snapshot --databases shop
    whole=$snapshot
    snapshot --databases crm
    snapshot --tables 'shop.*'
    snapshot --databases shop --exclude-tables shop.b
    restored --job j
    [ "$restored" = "$whole" ]
    same_databases shop
}

@test "a snapshot of a part is refused where it is named; what a first restore asks for it narrows by exclusion" {
    store_use named
    snapshot
    restored --job j
    snapshot --tables shop.a
    refused 9 "holds only a part of what is wanted: shop.a, not everything" --job j --snapshot "$snapshot"
    same_databases shop crm
    target_clean
    restored --job j --snapshot "$snapshot"
    [ "$(sql target "SHOW TABLES IN shop")" = a ]
    target_clean
    store_use excluding
    snapshot --exclude-tables shop.b
    restored --job j --databases shop
    [ "$(sql target "SHOW TABLES IN shop")" = a ]
    restored --job j
}

@test "no snapshot holds it all: code 4, or 2 where options ask for it, and the newest is named" {
    store_use none
    snapshot --databases shop
    restored --job j
    refused 2 "no snapshot of stream main holds all of what is wanted (shop, crm); the newest, $snapshot, holds shop" \
        --job k --databases shop,crm
    rm -r "$STORE_DIR"/streams/main/snapshots/*
    snapshot --databases crm
    refused 4 "(shop); the newest, $snapshot, holds crm" --job j
}

@test "a snapshot of tables that opens a new epoch is no full one" {
    store_use epochs
    snapshot
    restored --job j
    sql source "DELETE FROM shop.b"
    ccr ship source --quiet
    sql source "RESET MASTER; SET gtid_seq_no = 1000; DELETE FROM shop.a"
    run ccr ship source
    [ "$status" -eq 8 ]
    snapshot --tables shop.a
    refused 8 "epoch 2 of stream main has no snapshot of all that is wanted" --job j
    snapshot
    restored --job j
    [ "$restored" = "$snapshot" ]
}

@test "the log begins at the whole snapshot, not at a newer one of single tables" {
    store_use log
    snapshot
    restored --job j
    snapshot --tables shop.a
    ccr ship source --quiet
    ccr apply target --job j --quiet
    same_tables source target shop crm
}

@test "a log that begins behind the target's position: needs resync, and nothing is applied" {
    local before

    store_use gap
    snapshot
    restored --job j
    snapshot
    purge_all source
    sql source "DELETE FROM crm.person WHERE id = 1"
    ccr ship source --quiet
    before=$(sql target "SELECT pos FROM ccr.position_j")
    run --separate-stderr ccr apply target --job j
    echo "$status: $stderr"
    [ "$status" -eq 8 ]
    [[ "$stderr" == *"the log of stream main begins at "*"behind the target's position $before"* ]]
    [ "$(sql target "SELECT pos FROM ccr.position_j")" = "$before" ]
    restored --job j
    ccr apply target --job j --quiet
    same_tables source target shop crm
}
