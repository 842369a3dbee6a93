#!/usr/bin/env bats
# A restore that gives way: --max-rate, and pauses while a replica of the target lags or the target has much to do.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/replica
load restore

setup_file() {
    servers
    sql source "CREATE DATABASE d; USE d; CREATE TABLE d.t (id INT PRIMARY KEY, a CHAR(128), b CHAR(128));
        INSERT INTO d.t SELECT seq, SHA2(seq, 512), SHA2(-seq, 512) FROM seq_1_to_40000"
    ccr backup source --databases d --chunk-size 1M --object-size 1M
    replica_start replica target
}

setup() {
    target_clean
    sql target "CREATE DATABASE lag; CREATE TABLE lag.beat (n INT)"
    wait_until 30 replica_has_all replica target
    restore=
}

teardown() {
    logs_keep
    [ -z "$restore" ] || kill -9 "$restore" 2>/dev/null || :
    [ ! -e "$T/replica/held" ] || replica_catches_up replica
}

said() {
    grep -q "$1" "$T/out"
}

ended_with() {
    local status=0

    wait "$restore" || status=$?
    restore=
    cat "$T/out"
    [ "$status" -eq "$1" ]
}

chunks_loaded() {
    sql target "SELECT COUNT(*) FROM ccr.loads"
}

more_chunks_than() {
    [ "$(chunks_loaded 2>/dev/null)" -gt "$1" ]
}

looked_beyond() {
    [ "$(replica_looks replica)" -gt "$1" ]
}

no_run_left() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'ccr'")" -eq 0 ]
}

@test "a replica of the target that lags: loading pauses, and goes on" {
    local there

    restore_start --job all --max-rate 1M --lag-of "$T/replica/replica.cnf" --max-lag 600
    wait_until 60 more_chunks_than 0
    replica_lags replica target
    wait_until 30 said "paused: replica $T/replica/replica.cnf lags by [0-9]* s (--max-lag 600)"
    # what was on its way when the pause began is there now
    wait_until 30 looked_beyond $(($(replica_looks replica) + 1))
    there=$(chunks_loaded)
    wait_until 30 looked_beyond $(($(replica_looks replica) + 2))
    [ "$(chunks_loaded)" = "$there" ]
    replica_catches_up replica
    wait_until 30 said 'going on after a pause of'
    ended_with 0
    same_tables source target d
    wait_until 60 replica_has_all replica target
    same_tables source replica d
}

@test "a restore killed in a pause goes on with the chunks that it has" {
    local there

    restore_start --job all --max-rate 1M --lag-of "$T/replica/replica.cnf" --max-lag 600
    wait_until 60 more_chunks_than 0
    replica_lags replica target
    wait_until 30 said 'paused: replica'
    kill -9 "$restore"
    wait "$restore" || true
    wait_until 30 no_run_left
    there=$(chunks_loaded)
    replica_catches_up replica
    run --separate-stderr ccr restore target --job all --json
    [ "$status" -eq 0 ]
    [ "$(json_of .resumed_chunks)" = "$there" ]
    same_tables source target d
}

@test "a pause that lasts too long ends the run; what is loaded is kept" {
    replica_lags replica target
    restore_start --job all --lag-of "$T/replica/replica.cnf" --max-pause 1s
    ended_with 6
    said 'the copy was paused for 1 s (--max-pause): replica .* lags by'
    replica_catches_up replica
    ccr restore target --job all
    same_tables source target d
}
