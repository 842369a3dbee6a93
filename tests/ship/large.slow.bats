#!/usr/bin/env bats
# Transactions that are larger than a segment.

bats_require_minimum_version 1.5.0
load ../lib/common
load log

setup_file() {
    server_start source
    server_grant source source
    server_start copy --skip-log-bin
}

setup() {
    store_use "store$BATS_TEST_NUMBER"
    DB=d$BATS_TEST_NUMBER
    sql source "CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)"
    snapshot source
}

# One transaction of about so many kilobytes that do not compress.
insert_large() {
    sql source "INSERT INTO t (v) SELECT (SELECT GROUP_CONCAT(HEX(RANDOM_BYTES(1000)) SEPARATOR '') FROM seq_1_to_5 WHERE seq + o.seq)
        FROM seq_1_to_$(($1 / 10)) o" "$DB"
}

kinds() {
    footers | jq -r .kind | uniq | paste -sd ,
}

@test "goes out as parts, between segments" {
    insert source 3
    insert_large 500
    insert source 3
    run ccr ship source --segment-size 64K
    [ "$status" -eq 0 ]
    [ "$(kinds)" = "segment,part,last part,segment" ]
    [ "$(footers | jq -s 'map(.content_bytes) | max <= 65536')" = true ]
    # nothing may be skipped on account of a part's tables; the last part knows them
    [ "$(footer "$(log_objects | sed -n 2p)" | jq -c '[.kind, .tables_many, .start == .end]')" = '["part",true,true]' ]
    last=$(footers | jq -c 'select(.kind == "last part") | [.tables, .tables_many, .transactions]')
    [ "$last" = "[[\"$DB/t\"],false,1]" ]
    log_complete source
    sql copy "CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)"
    log_replay copy
    same_tables source copy "$DB"
}

@test "a segment size out of range is refused" {
    run ccr ship source --segment-size 100
    [ "$status" -eq 2 ]
    run ccr ship source --segment-size 100M
    [ "$status" -eq 2 ]
}

@test "a single event that is larger than a segment" {
    insert source 1
    sql source "INSERT INTO $DB.t (v) VALUES (REPEAT('0123456789abcdef', 50000))"
    insert source 1
    run ccr ship source --segment-size 16K
    [ "$status" -eq 0 ]
    [ "$(kinds)" = "segment,part,last part,segment" ]
    log_complete source
}

@test "a run killed between two parts: the transaction is started anew" {
    insert source 1
    insert_large 6000
    insert source 1
    ship_exec source --segment-size 16K 2>/dev/null &
    pid=$!
    wait_until 30 objects_at_least 10
    kill -9 "$pid"
    wait "$pid" || true
    parts=$(object_count)
    [ "$(footer "$(log_newest)" | jq -r .kind)" = part ]
    log_check
    run ccr ship source --segment-size 256K
    [ "$status" -eq 0 ]
    [ "$(footer "$(log_objects | sed -n "$((parts + 1))p")" | jq -c '[.kind, .part]')" = '["part",1]' ]
    log_complete source
    sql copy "CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)"
    log_replay copy
    same_tables source copy "$DB"
}

@test "a killed run's parts, and then segments large enough for the whole" {
    insert_large 8000
    ship_exec source --segment-size 16K 2>/dev/null &
    pid=$!
    wait_until 30 objects_at_least 5
    kill -9 "$pid"
    wait "$pid" || true
    [ "$(footer "$(log_newest)" | jq -r .kind)" = part ]
    run ccr ship source
    [ "$status" -eq 0 ]
    [ "$(footer "$(log_newest)" | jq -r .kind)" = segment ]
    log_complete source
}
