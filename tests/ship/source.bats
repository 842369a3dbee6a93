#!/usr/bin/env bats
# ccr-ship and the source it finds: purged, started anew, lagging, exchanged, encrypted, refused.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored
load log

setup_file() {
    server_start source
    server_grant source source
}

setup() {
    store_use "store$BATS_TEST_NUMBER"
    DB=d$BATS_TEST_NUMBER
    [ -e "$T/source/pid" ] || server_start source
    sql source "CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100))"
    snapshot source
}

@test "purged up to what is shipped: no gap" {
    insert source 5
    run ccr ship source
    purge_all source
    insert source 3
    run ccr ship source
    [ "$status" -eq 0 ]
    [[ $output == *"could not be fully checked"*"is purged"* ]]
    [[ $output == *"shipped 3 transactions"* ]]
    run ccr ship source
    [[ $output != *"could not be"* ]]
    log_check
}

@test "purged behind what is shipped: a gap ends the epoch" {
    insert source 2
    run ccr ship source
    insert source 4 lost
    end=$(sql source "SELECT @@gtid_binlog_pos")
    purge_all source
    insert source 3
    run ccr ship source
    [[ $output == *"a gap in the source's log: the transactions behind 0-101-"*" up to $end are purged"* ]]
    epoch_ends source
}

@test "RESET MASTER and more transactions than were shipped: a fork" {
    insert source 6
    run ccr ship source
    [ "$status" -eq 0 ]
    last=$(footer "$(log_newest)" | jq -r .end)
    sql source "RESET MASTER"
    insert source "$((${last##*-} + 5))" other
    # the server itself sees nothing wrong with going on behind the old position
    run ccr ship source
    [[ $output == *"history is no longer the one that was shipped: $last is another transaction"* ]]
    epoch_ends source
}

@test "RESET MASTER and fewer transactions: a fork where the store can tell, else behind" {
    begin=$(jq -r .position "$STORE_DIR"/streams/main/snapshots/*/manifest.json)
    insert source 10
    run ccr ship source --segment-size 4K
    [ "$status" -eq 0 ]
    sql source "RESET MASTER"
    insert source 1 other
    # before the snapshot: the store holds nothing to compare
    run ccr ship source --json
    [ "$status" -eq 0 ]
    [[ $output == *"the source is behind the store"* ]]
    run --separate-stderr ccr ship source --json
    [ "$(json_of '[.changed, .behind] | tostring')" = '[false,true]' ]
    insert source "$((${begin##*-} + 3))" other
    run ccr ship source
    [[ $output == *"history is no longer the one that was shipped: the server ends at "*"which is another transaction"* ]]
    epoch_ends source
}

# A change of a table without transactions that does not fit into the cache of the log.
lose_events() {
    sql source "SET GLOBAL max_binlog_stmt_cache_size = 4096"
    run sql source "INSERT INTO $DB.m SELECT REPEAT('x', 60000) FROM seq_1_to_20" "$DB"
    sql source "SET GLOBAL max_binlog_stmt_cache_size = DEFAULT"
    [ "$status" -ne 0 ]
}

@test "an incident: what the server lost cannot be shipped" {
    sql source "CREATE TABLE $DB.m (a TEXT) ENGINE=MyISAM"
    insert source 2
    lose_events
    insert source 2
    run ccr ship source
    [[ $output == *"an incident in the source's log"* ]]
    epoch_ends source
    # with nothing between the incident and the snapshot
    lose_events
    run ccr ship source
    [ "$status" -eq 8 ]
    [ "$(newest_kind)" = terminator ]
    snapshot source
    run ccr ship source
    [ "$status" -eq 0 ]
    insert source 1
    run ccr ship source
    [ "$status" -eq 0 ]
    [ "$(footer "$(log_newest)" | jq -c '[.epoch, .number, .transactions]')" = '[3,1,1]' ]
    log_check
}

@test "sequence numbers that go backwards stop the run" {
    insert source 2
    sql source "SET gtid_seq_no = 2; INSERT INTO $DB.t (v) VALUES ('out of order')"
    insert source 1
    run ccr ship source
    [ "$status" -eq 5 ]
    [[ $output == *"transaction 0-101-2 comes behind 0-101-"*"sequence numbers must rise"* ]]
    # what comes before it is shipped
    [ "$(footer "$(log_newest)" | jq .transactions)" -eq 2 ]
    sql source "RESET MASTER"
}

@test "a binlog encrypted at rest" {
    plugin=$(find /usr/lib -name file_key_management.so | head -n 1)
    [ -n "$plugin" ] || skip "no file_key_management plugin"
    echo "1;770A8A65DA156D24EE2A093277530142" >"$T/keys"
    server_start secret --plugin-load-add=file_key_management --file-key-management-filename="$T/keys" --encrypt-binlog=1
    server_grant secret source
    sql secret "CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100))"
    store_use secret-store
    snapshot secret
    insert secret 5
    sql secret "FLUSH BINARY LOGS"
    insert secret 5
    run ccr ship secret
    [ "$status" -eq 0 ]
    insert secret 1
    run ccr ship secret
    [ "$status" -eq 0 ]
    log_check
    [ "$(log_gtids | wc -l)" -eq 11 ]
    run ! grep -q "row 5" "$T/secret/data/binlog.000001"
    log_sql -v | grep -q "row 5"
    server_remove secret
}

@test "wrong password, missing privilege, no server, no binlog: each with its code and a hint" {
    printf '[client]\nuser = ccr\npassword = wrong\n' >"$T/wrong.cnf"
    run ccr ship source --defaults-file "$T/wrong.cnf"
    [ "$status" -eq 5 ]
    [[ $output == *"error 1045"*"hint: check user and password"* ]]

    run ccr ship source --defaults-file "$T/none.cnf"
    [ "$status" -eq 3 ]

    sql source "CREATE USER poor@localhost IDENTIFIED BY 'poor'; GRANT BINLOG MONITOR ON *.* TO poor@localhost"
    printf '[client]\nuser = poor\npassword = poor\n' >"$T/poor.cnf"
    run ccr ship source --defaults-file "$T/poor.cnf"
    [ "$status" -eq 5 ]
    [[ $output == *"REPLICATION SLAVE"*"hint: the README lists the privileges"* ]]

    run ccr ship source --socket "$T/nowhere"
    [ "$status" -eq 5 ]
    [[ $output == *"hint: is the server up"* ]]

    server_restart source --skip-log-bin
    run ccr ship source
    [ "$status" -eq 5 ]
    [[ $output == *"the source has no binlog"*"hint: set log_bin"* ]]
    server_restart source
    [ -z "$(log_objects)" ]
}

@test "a damaged binlog on the source: every event's checksum is looked at" {
    insert source 2
    run ccr ship source
    [ "$status" -eq 0 ]
    insert source 3
    file=$T/source/data/$(sql source "SHOW MASTER STATUS" | cut -f 1)
    offset=$(sql source "SHOW MASTER STATUS" | cut -f 2)
    insert source 3
    sql source "FLUSH BINARY LOGS"
    # in the middle of the first transaction behind that offset
    flip "$file" $((offset + 100))
    run ccr ship source
    [ "$status" -eq 7 ]
    [[ $output == *"source binlog $(basename "$file"), event behind offset "*"wrong checksum"*"hint: "* ]]
    # what comes before it is shipped
    [ "$(footer "$(log_newest)" | jq .transactions)" -eq 3 ]
    run ccr ship source
    [ "$status" -eq 7 ]
    purge_all source
    run ccr ship source
    epoch_ends source
}

@test "a transaction that a crash of the source cut off was never committed" {
    insert source 2
    insert source 1 "cut off"
    file=$T/source/data/$(sql source "SHOW MASTER STATUS" | cut -f 1)
    server_kill source
    # as if only the first half of the transaction's events had reached the disk
    at=$(mariadb-binlog --no-defaults "$file" | sed -n 's/.* end_log_pos \([0-9]*\) .*Table_map:.*/\1/p' | tail -n 1)
    truncate -s "$at" "$file"
    server_start source
    insert source 2 after
    run ccr ship source
    [ "$status" -eq 0 ]
    [[ $output == *"the source crashed while it wrote a transaction"*"shipped 4 transactions"* ]]
    log_check
    [ "$(log_gtids | wc -l)" -eq 4 ]
    run ccr ship source
    [[ $output == *"nothing new"* ]]
}

@test "an event that a crash of the source cut off" {
    insert source 2
    insert source 1 "cut off"
    file=$T/source/data/$(sql source "SHOW MASTER STATUS" | cut -f 1)
    server_kill source
    truncate -s -10 "$file"
    server_start source
    insert source 2 after
    run ccr ship source
    [ "$status" -eq 0 ]
    [[ $output == *"truncated in the middle of event"*"reading again behind it"*"shipped 4 transactions"* ]]
    log_check
    [ "$(log_gtids | wc -l)" -eq 4 ]
    sql source "RESET MASTER"
}

@test "the last object damaged, cut short or exchanged: integrity, and nothing is written" {
    insert source 2
    run ccr ship source
    insert source 2
    run ccr ship source
    insert source 2
    newest=$(log_newest)
    cp "$newest" "$T/good"

    chmod u+w "$newest"
    flip "$newest" -200
    run ccr ship source
    [ "$status" -eq 7 ]
    head -c -5 "$T/good" >"$newest"
    run ccr ship source
    [ "$status" -eq 7 ]
    cp "$(log_objects | head -n 1)" "$newest"
    run ccr ship source
    [ "$status" -eq 7 ]
    [[ $output == *"hint: "* ]]
    [ "$(log_objects | wc -l)" -eq 2 ]

    cp "$T/good" "$newest"
    run ccr ship source
    [ "$status" -eq 0 ]
    log_complete source
}
