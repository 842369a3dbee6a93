# What a Galera node does otherwise: limits on what one transaction may write.

load ../lib/common
load follow

setup_file() {
    export TARGET_VARIANT=galera
    follow_servers
    sql source "CREATE DATABASE d; CREATE TABLE d.ledger (what INT); CREATE TABLE d.t (id INT PRIMARY KEY, v TEXT)"
    follow_start
}


@test "a batch with more rows than a transaction may write: smaller ones" {
    sql target "SET GLOBAL wsrep_max_ws_rows = 100"
    for i in {1..30}; do echo "INSERT INTO t SELECT $((i * 100)) + seq, 'v' FROM seq_1_to_30;"; done | sql_client source d
    replay
    same d
}

@test "a batch with more bytes than a transaction may write: smaller ones" {
    sql target "SET GLOBAL wsrep_max_ws_rows = 0, GLOBAL wsrep_max_ws_size = 300000"
    for i in {1..30}; do echo "INSERT INTO t SELECT 10000 + $((i * 100)) + seq, REPEAT('v', 1000) FROM seq_1_to_30;"; done | sql_client source d
    replay
    same d
}

@test "a source transaction that is too large by itself: a stop that says what to raise" {
    sql target "SET GLOBAL wsrep_max_ws_rows = 100, GLOBAL wsrep_max_ws_size = DEFAULT"
    sql source "INSERT INTO d.t SELECT 50000 + seq, 'v' FROM d.seq_1_to_20"
    sql source "INSERT INTO d.t SELECT 60000 + seq, 'v' FROM d.seq_1_to_200"
    ship
    run apply
    fails 6 "wsrep_max_ws_rows exceeded" "raise wsrep_max_ws_rows"
    # what lies before it is there
    [ "$(sql target 'SELECT COUNT(*) FROM d.t WHERE id BETWEEN 50000 AND 59999')" -eq 20 ]
    sql target "SET GLOBAL wsrep_max_ws_rows = 0"
    apply
    same d
}
