#!/usr/bin/env bats
# Two Galera nodes: as the source of a snapshot while both are written to, and as a target while the other one serves readers.

# shellcheck disable=SC2154 # restore.bash sets restore

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/galera
load restore

setup_file() {
    galera_start target --local-infile=ON --log-bin-trust-function-creators=ON --log-slave-updates=ON
    galera_join other target --local-infile=ON --log-slave-updates=ON
    server_start source
    server_grant source source
    server_grant target target
    sql target "$(readme_grants source)"
    printf '[client]\nuser = root\nsocket = %s\n' "$(server_socket other)" >"$T/other.cnf"
    sql source "CREATE DATABASE d; USE d;
        CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT, v VARCHAR(100), KEY (k));
        INSERT INTO t SELECT seq, seq % 100, SHA2(seq, 256) FROM seq_1_to_30000;
        CREATE TABLE child (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES t (id));
        INSERT INTO child SELECT seq, seq FROM seq_1_to_1000;
        CREATE TABLE no_key (a INT, b VARCHAR(100)); INSERT INTO no_key SELECT seq, MD5(seq) FROM seq_1_to_30000;
        CREATE VIEW v AS SELECT COUNT(*) AS n FROM t"
}

setup() {
    store_use "store-$BATS_TEST_NUMBER"
    READER=
}

teardown() {
    logs_keep
    [ -z "$READER" ] || reader_end
}

# Everything that a restore made is gone from both nodes.
cluster_clean() {
    target_clean
    galera_same other
}

both_equal() {
    galera_same other
    same_tables source target d
    same_tables source other d
    nothing_left
}

# A session on the other node with a transaction that is open, and has read nothing of what is restored.
reader_start() {
    rm -f "$T/reader.in"
    mkfifo "$T/reader.in"
    sql_client other --skip-column-names --unbuffered <"$T/reader.in" >"$T/reader.out" 2>&1 3>&- &
    READER=$!
    exec 6>"$T/reader.in"
    echo "SET tx_isolation = 'REPEATABLE-READ'; START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT 'open', COUNT(*) FROM mysql.innodb_table_stats;" >&6
    wait_until 30 grep -q open "$T/reader.out"
}

reader_end() {
    exec 6>&-
    wait "$READER" || :
    READER=
}

reader_said() {
    grep -q "$1" "$T/reader.out"
}

@test "a plain restore into one node: both have it, and a reader of the other one is waited for" {
    cluster_clean
    ccr backup source --chunk-size 256K
    reader_start
    restore_start --standalone --readers-on "$T/other.cnf"
    wait_until 60 grep -q "waiting for 1 transactions on $T/other.cnf that are older" "$T/out"
    # nothing is swapped in as long as it reads
    [ -z "$(sql other "SHOW DATABASES LIKE 'd'")" ]
    echo "SELECT 'before', COUNT(*) FROM information_schema.tables WHERE table_schema = 'd'; COMMIT;" >&6
    wait_until 30 reader_said "before.0"
    wait "$restore"
    echo "SELECT 'after', COUNT(*) FROM d.t;" >&6
    wait_until 30 reader_said "after.30000"
    both_equal
}

@test "a reader of the other node that does not end: given up by name, and gone on with afterwards" {
    cluster_clean
    ccr backup source --chunk-size 256K
    reader_start
    run ccr restore target --standalone --readers-on "$T/other.cnf" --swap-wait 2s
    echo "$output"
    [ "$status" -eq 6 ]
    [[ "$output" == *"readers on $T/other.cnf: open: connection "*"the wait for older readers took more than 2 s (--swap-wait)"* ]]
    reader_end
    run --separate-stderr ccr restore target --standalone --readers-on "$T/other.cnf" --json
    [ "$status" -eq 0 ]
    [ "$(json_of '.resumed_chunks > 0')" = true ]
    both_equal
}

@test "a followed target: restored into one node, kept in step, the other node is equal, and is warned of" {
    cluster_clean
    ccr backup source --chunk-size 256K
    ccr ship source
    run ccr restore target --job j
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"the target is one of 2 Galera nodes"*"--readers-on"* ]]
    sql source "USE d; UPDATE t SET v = 'changed' WHERE id % 3 = 0; DELETE FROM child WHERE id > 500; INSERT INTO no_key VALUES (1, 'one')"
    ccr ship source
    ccr apply target --job j
    both_equal
    # once more, over what is there
    ccr backup source
    ccr restore target --job j --readers-on "$T/other.cnf"
    both_equal
}

@test "limits of a write set: rows go in smaller transactions, also those of a table that cannot be cut" {
    cluster_clean
    ccr backup source
    sql target "SET GLOBAL wsrep_max_ws_rows = 1000"
    ccr restore target --standalone
    both_equal
    cluster_clean
    sql target "SET GLOBAL wsrep_max_ws_rows = 0, GLOBAL wsrep_max_ws_size = 1000000"
    ccr restore target --standalone
    both_equal
    sql target "SET GLOBAL wsrep_max_ws_size = DEFAULT"
}

@test "in place: marked on both nodes until all is there, gone on with after kills, followed then" {
    local point statements status

    cluster_clean
    ccr backup source --chunk-size 256K
    ccr ship source
    CCR_FAILPOINT_LOG=$T/points ccr restore target --job j --in-place
    both_equal
    statements=$(grep -c '^statement$' "$T/points")
    cluster_clean
    for point in mark-before "statement:$((statements / 2))" swap-before swap-after; do
        status=0
        CCR_FAILPOINT=$point ccr restore target --job j --in-place >"$T/out" 2>&1 || status=$?
        echo "# $point: $status"
        cat "$T/out"
        [ "$status" -eq 137 ]
        galera_same other
        # a table of the snapshot is not alone, or all is there
        if [ -n "$(sql other "SHOW TABLES IN d LIKE 't'" 2>/dev/null)" ] && [ -z "$(sql other "SHOW TABLES IN d LIKE 'ccr\\_unfinished'")" ]; then
            same_tables source other d
        fi
    done
    ccr restore target --job j --in-place
    both_equal
    sql source "USE d; UPDATE t SET v = 'again' WHERE id % 3 = 1; DELETE FROM child WHERE id > 400; INSERT INTO no_key VALUES (1, 'two')"
    ccr ship source
    ccr apply target --job j
    both_equal
    run ccr restore target --job j --in-place
    [ "$status" -eq 9 ]
}

rows_are_there() {
    [ "$(sql target "SELECT COALESCE(MAX(row_count), 0) FROM ccr.loads WHERE name = 'no_key'" 2>/dev/null || echo 0)" -gt 2000 ]
}

@test "killed in the middle of a chunk: its first rows are not loaded again" {
    cluster_clean
    ccr backup source --tables d.no_key
    sql target "SET GLOBAL wsrep_max_ws_rows = 1000"
    restore_start --standalone --max-rate 10000rows
    wait_until 60 rows_are_there
    kill -9 "$restore"
    wait "$restore" || true
    ccr restore target --standalone
    sql target "SET GLOBAL wsrep_max_ws_rows = 0"
    galera_same other
    [ "$(sql target "CHECKSUM TABLE d.no_key")" = "$(sql source "CHECKSUM TABLE d.no_key")" ]
    [ "$(sql other "CHECKSUM TABLE d.no_key")" = "$(sql source "CHECKSUM TABLE d.no_key")" ]
}

@test "tables of other engines do not get to the other node: said" {
    cluster_clean
    sql source "CREATE TABLE d.my (a INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO d.my VALUES (1)"
    ccr backup source --tables d.my
    run ccr restore target --standalone
    sql source "DROP TABLE d.my"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"d.my has the engine MyISAM: Galera does not bring its rows to the other nodes"* ]]
}

@test "a snapshot of a node, while both nodes are written to: one moment, and the log goes on from it" {
    local manifest node n=0 writers=()

    cluster_clean
    sql target "CREATE DATABASE w; USE w; CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, n INT);
        CREATE TABLE b (id INT AUTO_INCREMENT PRIMARY KEY, n INT); CREATE TABLE stop (a INT)"
    galera_same other
    for node in target other; do
        (while [ ! -e "$T/stop" ]; do
            echo "START TRANSACTION; INSERT INTO a (n) VALUES (1); INSERT INTO b (n) VALUES (1); COMMIT;"
        done | sql_client "$node" w) 3>&- &
        writers+=($!)
    done
    while [ "$((n++))" -lt 3 ]; do
        run ccr backup target --databases w --threads 2
        echo "$output"
        [ "$status" -eq 0 ]
    done
    touch "$T/stop"
    wait "${writers[@]}"
    for manifest in "$STORE_DIR"/streams/main/snapshots/*/manifest.json; do
        [ "$(jq '[.tables[] | select(.name != "stop") | .rows] | unique | length' "$manifest")" = 1 ]
    done
    # a third server that follows this log ends where the nodes are
    server_start follower --local-infile=ON
    server_grant follower target
    ccr ship target
    ccr restore follower --job j
    ccr ship target
    ccr apply follower --job j
    galera_same target
    same_tables target follower w
    same_tables other follower w
}

@test "a node that does not log what other nodes write is no source" {
    cluster_clean
    server_stop other
    galera_join other target --local-infile=ON --log-slave-updates=OFF
    server_grant other source
    run ccr backup other
    echo "$output"
    [ "$status" -eq 5 ]
    [[ "$output" == *"does not log what other nodes write"*"log_slave_updates=ON"* ]]
}
