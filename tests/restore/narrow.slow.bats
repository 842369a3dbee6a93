#!/usr/bin/env bats
# A long table of narrow rows: 300,000 of them, or 50,000,000 with SOAK=10 (make soak). Backup, restore, equal; even chunks,
# little memory.

# shellcheck disable=SC2154 # restore.bash sets restore

load ../lib/common
load restore

setup_file() {
    local from size=64M million=1000000

    export ROWS=300000
    if [ "${SOAK:-1}" -ge 10 ]; then
        ROWS=50000000
        size=1G
    fi
    server_start source --innodb-buffer-pool-size=$size
    server_start target --local-infile=ON --innodb-buffer-pool-size=$size --skip-log-bin
    server_grant source source
    server_grant target target
    sql source "CREATE DATABASE d; CREATE TABLE d.t (id BIGINT NOT NULL PRIMARY KEY, k INT NOT NULL, v CHAR(8) NOT NULL)"
    for ((from = 1; from <= ROWS; from += million)); do
        sql source "SET sql_log_bin = 0; INSERT INTO t SELECT seq, seq * 7919 % 1000003, LEFT(MD5(seq), 8)
            FROM seq_${from}_to_$((from + million - 1 < ROWS ? from + million - 1 : ROWS))" d
    done
    sql source "INSERT INTO d.t VALUES (0, 0, '')"
}

# peak PID: its largest resident set so far, in MiB, into $T/peak; until it ends.
watch_memory() {
    local seen=0 peak=0

    until process_ended "$1"; do
        seen=$(awk '/^VmHWM/ { print $2 }' "/proc/$1/status" 2>/dev/null) || true
        [ "${seen:-0}" -le "$peak" ] || peak=$seen
        sleep 0.05
    done
    echo $((peak / 1024))
}

sums() {
    sql "$1" "SELECT COUNT(*), SUM(id), SUM(k), SUM(CRC32(CONCAT(id, v, k))) FROM d.t"
}

@test "a table of narrow rows: backed up and restored, equal" {
    local backup memory chunk=$((32 << 20))

    [ "$ROWS" -gt 1000000 ] || chunk=$((1 << 20))
    "$CCR_BIN/ccr-backup" --store "$STORE" --socket "$T/source/sock" --defaults-file "$T/source/ccr.cnf" --chunk-size "$chunk" \
        --threads 2 >"$T/out" 2>&1 3>&- &
    backup=$!
    memory=$(watch_memory "$backup")
    wait "$backup" || { cat "$T/out"; return 1; }
    echo "# $ROWS rows: backup with $memory MiB" >&3
    [ "$memory" -lt 150 ]
    jq -c '.tables[] | [.rows, (.chunks | length), ([.chunks[].bytes] | max)]' "$STORE_DIR"/streams/main/snapshots/*/manifest.json
    jq -e --argjson rows "$ROWS" --argjson chunk "$chunk" '.tables[0] | .rows == $rows + 1
        and ([.chunks[].bytes] | max) <= 2 * $chunk + 100
        and (.chunks | length) <= 2 + 2 * .bytes / $chunk' "$STORE_DIR"/streams/main/snapshots/*/manifest.json >/dev/null
    restore_start --standalone --threads 2
    memory=$(watch_memory "$restore")
    wait "$restore" || { cat "$T/out"; return 1; }
    echo "# $ROWS rows: restore with $memory MiB" >&3
    [ "$memory" -lt 150 ]
    [ "$(sums source)" = "$(sums target)" ]
}
