#!/usr/bin/env bats
# ccr-ship killed at random moments, a source killed under it, a disk that fills up under the store, and memory.

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
    sql source "CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)"
}

teardown() {
    [ ! -e "$T/small" ] || ! mountpoint -q "$T/small" || umount "$T/small"
    logs_keep
}

# A transaction of ROWS rows of SIZE bytes that nothing compresses.
noise() { # ROWS SIZE
    echo "INSERT INTO t (v) SELECT HEX(RANDOM_BYTES($2)) FROM seq_1_to_$1;"
}

# Transactions of all sizes: COUNT of them.
churn() {
    for _ in $(seq "$1"); do
        noise $((RANDOM % 80 + 1)) $((RANDOM % 1000))
    done >"$T/churn.sql"
    sql_file source "$T/churn.sql" "$DB"
}

@test "kill -9 at $((12 * ${SOAK:-1})) random moments: the chain is valid at any time, and complete after the next run" {
    seed
    snapshot source
    for round in $(seq $((12 * ${SOAK:-1}))); do
        churn 10
        ship_exec source --segment-size 64K >/dev/null 2>&1 &
        pid=$!
        sleep "$(printf '0.%03d' $((RANDOM % 160)))"
        kill -9 "$pid" 2>/dev/null || true
        wait "$pid" || true
        if [ $((round % 6)) -eq 0 ]; then log_check; fi
    done
    run ccr ship source
    [ "$status" -eq 0 ]
    shipped_all source
    log_complete source
}

@test "the source killed while it is read, $((4 * ${SOAK:-1})) times" {
    seed
    snapshot source
    for round in $(seq $((4 * ${SOAK:-1}))); do
        churn 20
        ship_exec source --segment-size 64K >/dev/null 2>"$T/errors" &
        pid=$!
        sleep "$(printf '0.%03d' $((RANDOM % 150)))"
        server_kill source
        status=0
        wait "$pid" || status=$?
        [ "$status" -eq 0 ] || [ "$status" -eq 5 ] || { cat "$T/errors" && false; }
        server_start source
        run ccr ship source --segment-size 64K
        echo "$output"
        [ "$status" -eq 0 ]
        shipped_all source
    done
    log_complete source
}

@test "a full disk under the store: the run fails, the next one with room completes" {
    mkdir -p "$T/small"
    mount -t tmpfs -o size=1m tmpfs "$T/small" 2>/dev/null || skip "mounting a small file system needs root"
    store_use small/store
    snapshot source --databases "$DB"
    for _ in $(seq 30); do noise 100 1000; done >"$T/noise.sql"
    sql_file source "$T/noise.sql" "$DB"
    run ccr ship source --segment-size 128K
    [ "$status" -eq 4 ]
    [[ $output == *"No space left on device"* ]]
    log_check
    run ccr ship source --segment-size 128K
    [ "$status" -eq 4 ]
    log_check
    mount -o remount,size=64m "$T/small"
    run ccr ship source --segment-size 128K
    [ "$status" -eq 0 ]
    log_complete source
}

@test "a transaction of 300 MB is shipped in less than 100 MB of memory" {
    snapshot source
    sql source "INSERT INTO t (v) SELECT REPEAT(MD5(seq), 32768) FROM seq_1_to_300" "$DB"
    ship_exec source --json >"$T/result" &
    pid=$!
    # the high-water mark never falls, so the last look tells
    peak=0
    while :; do
        seen=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" 2>/dev/null) || true
        [ -n "$seen" ] || break
        peak=$seen
        sleep 0.02
    done
    wait "$pid"
    echo "peak: $peak kB"
    [ "$(jq .transactions "$T/result")" -eq 1 ]
    [ "$(jq .bytes "$T/result")" -gt 300000000 ]
    [ "$peak" -gt 10000 ]
    [ "$peak" -lt 100000 ]
    log_complete source
}
