#!/usr/bin/env bats
# Large rows and large tables: slices, volumes, objects and memory stay within their limits.

load ../lib/common
load hand_load

setup_file() {
    server_start a --max-allowed-packet=256M
    server_start b --max-allowed-packet=256M --local-infile=1
    server_grant a source
}

setup() {
    store_use "store-$BATS_TEST_NUMBER"
}

# Runs the backup and notes its largest resident set, in kB, in $PEAK.
backup_measured() {
    local pid seen

    PEAK=0
    "$CCR_BIN/ccr-backup" --store "$STORE" --socket "$(server_socket a)" --defaults-file "$T/a/ccr.cnf" "$@" \
        >"$T/backup.out" 2>&1 3>&- &
    pid=$!
    while ! process_ended "$pid"; do
        seen=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" 2>/dev/null) || true
        [ "${seen:-0}" -le "$PEAK" ] || PEAK=$seen
        sleep 0.02
    done
    wait "$pid" || { cat "$T/backup.out"; return 1; }
    cat "$T/backup.out"
    echo "peak: $PEAK kB"
}

largest_object() {
    find "$STORE_DIR" -type f -printf '%s\n' | sort -n | tail -n 1
}

@test "rows larger than slices and volumes" {
    # no pattern that zstd could make small
    sql a "CREATE DATABASE wide; USE wide; CREATE TABLE blobs (id INT PRIMARY KEY, b LONGBLOB, after_it INT);
        SET max_recursive_iterations = 4294967295;
        INSERT INTO blobs VALUES (1, 'small', 1);
        INSERT INTO blobs SELECT 2, GROUP_CONCAT(UNHEX(SHA2(seq, 512)) SEPARATOR ''), 2 FROM seq_1_to_10000;
        INSERT INTO blobs VALUES (3, NULL, 3), (4, REPEAT(CHAR(0, 9, 10, 92), 4000000), 4);
        SET group_concat_max_len = 100000000;
        INSERT INTO blobs SELECT 5, GROUP_CONCAT(UNHEX(SHA2(seq, 512)) SEPARATOR ''), 5 FROM seq_1_to_330000;
        INSERT INTO blobs VALUES (6, '', 6)"
    [ "$(sql a "SELECT MAX(LENGTH(b)) FROM wide.blobs")" -gt 20000000 ]
    backup_measured --databases wide --object-size 1M --threads 2
    [ "$(largest_object)" -le 1048576 ]
    snapshot_check
    [ "$(jq '[.tables[0].chunks[].pieces[].volume] | unique | length > 20' "$(snapshot_manifest)")" = true ]
    hand_load b
    same_tables a b wide
    store_use again
    backup_measured --databases wide
    [ "$(largest_object)" -le 16777216 ]
    snapshot_check
    # the library's packet, the escaped text and its growth, of the largest row: at most five times its size
    [ "$PEAK" -lt $((300000 + 5 * 21000)) ]
    sql a "DROP DATABASE wide"
}

@test "memory stays bounded over hundreds of megabytes, with many threads" {
    sql a "CREATE DATABASE big; USE big; CREATE TABLE t1 (id INT AUTO_INCREMENT PRIMARY KEY, a CHAR(64), b CHAR(128), k INT, KEY (k));
        INSERT INTO t1 (a, b, k) SELECT SHA2(seq, 256), SHA2(seq + 1000000, 512), seq FROM seq_1_to_350000;
        CREATE TABLE t2 (a CHAR(64), b CHAR(128), PRIMARY KEY (a)); INSERT INTO t2 SELECT a, b FROM t1;
        CREATE TABLE t3 (a CHAR(64), b CHAR(128)); INSERT INTO t3 SELECT a, b FROM t1"
    backup_measured --databases big --threads 4
    [ "$PEAK" -lt 150000 ]
    [ "$(largest_object)" -le 16777216 ]
    [ "$(jq '[.tables[].rows] | add' "$(snapshot_manifest)")" = 1050000 ]
    [ "$(jq '[.tables[].bytes] | add > 200000000' "$(snapshot_manifest)")" = true ]
    snapshot_check
    sql a "DROP DATABASE big"
}

@test "hundreds of small tables" {
    {
        echo "CREATE DATABASE many; USE many;"
        for i in {1..200}; do
            echo "CREATE TABLE t$i (id INT PRIMARY KEY, t VARCHAR(20)); INSERT INTO t$i VALUES (1, 'table $i');"
        done
    } >"$T/many.sql"
    sql_file a "$T/many.sql"
    backup_measured --databases many
    [ "$(jq '.tables | length' "$(snapshot_manifest)")" = 200 ]
    [ "$(jq '[.tables[].rows] | add' "$(snapshot_manifest)")" = 200 ]
    # small tables share volumes
    [ "$(jq '.volumes | length < 4' "$(snapshot_manifest)")" = true ]
    snapshot_check
    sql a "DROP DATABASE many"
}
