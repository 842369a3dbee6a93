#!/usr/bin/env bats
# ccr-ship --follow.

bats_require_minimum_version 1.5.0
load ../lib/common
load log

setup_file() {
    server_start source
    server_grant source source
}

setup() {
    store_use "store$BATS_TEST_NUMBER"
    DB=d$BATS_TEST_NUMBER
    sql source "CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100))"
    snapshot source
    follower=
}

teardown() {
    [ -z "$follower" ] || kill -9 "$follower" 2>/dev/null || true
    logs_keep
}

follow() {
    ship_exec source --follow "$@" >"$T/follow.out" 2>"$T/follow.err" &
    follower=$!
}

# The follower has ended; its status is in $status.
follow_ended() {
    wait_until 30 process_ended "$follower"
    status=0
    wait "$follower" || status=$?
    cat "$T/follow.err"
    follower=
}

is_connected() {
    [ "$(sql source "SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Binlog Dump'")" -ge 1 ]
}

has_sent_all() {
    [ "$(sql source "SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Binlog Dump' AND state LIKE '%has sent all binlog%'")" -ge 1 ]
}

@test "segments by age, and a clean end by SIGTERM" {
    follow --segment-age 1 --json
    insert source 3
    wait_until 20 shipped_all source
    insert source 2
    wait_until 20 shipped_all source
    [ "$(object_count)" -ge 2 ]
    wait_until 20 is_connected
    insert source 1
    kill -TERM "$follower"
    follow_ended
    [ "$status" -eq 10 ]
    run ccr ship source
    [ "$status" -eq 0 ]
    log_complete source
    [ "$(jq -c '[.code_name, .changed]' "$T/follow.out")" = '["interrupted",true]' ]
    [ "$(jq -r .position "$STORE_DIR/streams/main/alive.json")" = "$(sql source 'SELECT @@gtid_binlog_pos')" ]
}

@test "segments by size, long before they are old" {
    follow --segment-age 600 --segment-size 8K
    wait_until 20 is_connected
    insert source 200
    wait_until 20 objects_at_least 3
    kill -TERM "$follower"
    follow_ended
    [ "$status" -eq 10 ]
    # what was complete has been written
    run ccr ship source --json
    log_complete source
}

@test "the source restarted, and killed" {
    follow --segment-age 1
    insert source 2
    wait_until 20 shipped_all source
    server_restart source
    insert source 2
    wait_until 40 shipped_all source
    server_kill source
    server_start source
    insert source 2
    wait_until 40 shipped_all source
    grep -q "connecting again in" "$T/follow.err"
    kill -TERM "$follower"
    follow_ended
    [ "$status" -eq 10 ]
    log_complete source
}

@test "a log started anew under a follower ends the epoch" {
    follow --segment-age 1
    insert source 4
    wait_until 20 shipped_all source
    last=$(footer "$(log_newest)" | jq -r .end)
    sql source "RESET MASTER"
    insert source "$((${last##*-} + 5))" other
    server_restart source
    follow_ended
    [ "$status" -eq 8 ]
    grep -q "hint: run ccr-backup" "$T/follow.err"
    [ "$(footer "$(log_newest)" | jq -r .kind)" = terminator ]
    log_check
}

@test "server ids: the source's own and a replica's are refused" {
    run ccr ship source --follow --server-id 4294967296
    [ "$status" -eq 2 ]
    run ccr ship source --follow --server-id "$(sql source 'SELECT @@server_id')"
    [ "$status" -eq 2 ]
    [[ $output == *"is in use at the source"*"hint: "* ]]

    sql source "GRANT REPLICATION MASTER ADMIN ON *.* TO ccr@localhost"
    follow --server-id 4711
    wait_until 20 is_connected
    [ "$(sql source "SHOW SLAVE HOSTS" | cut -f 1,2)" = "4711	ccr-ship" ]
    run ccr ship source --follow --server-id 4711
    sql source "REVOKE REPLICATION MASTER ADMIN ON *.* FROM ccr@localhost"
    [ "$status" -eq 2 ]
    kill -TERM "$follower"
    follow_ended
    [ "$status" -eq 10 ]
}

@test "another reader with the same id ends the follower, with a hint" {
    follow --server-id 4712
    wait_until 20 is_connected
    ship_exec source --follow --server-id 4712 2>"$T/second.err" &
    second=$!
    follow_ended
    kill -TERM "$second"
    wait "$second" || true
    [ "$status" -eq 5 ]
    grep -q "hint: give --server-id a number" "$T/follow.err"
}

@test "one-shot runs leave a follower and replicas alone" {
    follow --segment-age 600 --server-id 1
    wait_until 20 is_connected
    insert source 2
    wait_until 20 has_sent_all
    run ccr ship source
    [ "$status" -eq 0 ]
    process_ended "$follower" && false
    kill -TERM "$follower"
    follow_ended
    # the other one was first
    [ "$status" -eq 75 ]
    log_complete source
}

@test "what a run from cron ships in between is passed" {
    follow --segment-age 600 --segment-size 8K
    wait_until 20 is_connected
    insert source 2
    run ccr ship source
    [ "$status" -eq 0 ]
    insert source 200
    wait_until 20 objects_at_least 3
    process_ended "$follower" && false
    grep -q "another ccr-ship has written object .*; going on behind it" "$T/follow.err"
    kill -TERM "$follower"
    follow_ended
    [ "$status" -eq 10 ]
    run ccr ship source
    log_complete source
}
