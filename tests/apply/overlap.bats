# The log is read while the target works on what was read before: errors, interrupts and lost connections on either
# side, with the other one in the middle of something.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(100)); CREATE TABLE d.marks (id INT PRIMARY KEY);
        INSERT INTO d.marks VALUES (1)"
    follow_start
}

# N single transactions, ids from FIRST on.
transactions() {
    sql source "$(for ((i = $1; i < $1 + $2; i++)); do echo "INSERT INTO d.t VALUES ($i, REPEAT('v', 100));"; done)"
}

# What changes the row of d.marks on the target waits until rows_release.
hold() {
    rows_hold target "SELECT * FROM d.marks FOR UPDATE"
}

# A run in the background that has come to the held row; its process is $run.
run_into_hold() {
    "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --quiet \
        --batch-transactions 20 --road ordered >"$T/out" 2>&1 3>&- 7>&- &
    run=$!
    wait_until 10 row_is_awaited
}

run_ended() {
    status=0
    wait "$run" || status=$?
    output=$(<"$T/out")
}

position() {
    sql target "SELECT pos FROM ccr.position_j"
}

# The last number of a GTID.
sequence() {
    echo "${1##*-}"
}

@test "a refused row, while later batches are being read: the transaction is named, what lies before it is committed" {
    local before

    transactions 1 100
    sql source "UPDATE d.marks SET id = 2"
    transactions 101 5
    before=$(sql source "SELECT @@gtid_binlog_pos")
    transactions 106 500
    ship
    sql target "INSERT INTO d.t VALUES (106, 'mine')"
    hold
    run_into_hold
    rows_release
    run_ended
    fails 9 'insert of d.t (id=106)' 'has such a row already' "transaction ${before%-*}-$(($(sequence "$before") + 1))"
    [ "$(position)" = "$before" ]
    [ "$(sql target "SELECT COUNT(*), MAX(id) FROM d.t")" = $'106\t106' ]
    sql target "DELETE FROM d.t WHERE id = 106"
    apply
    same d
}

@test "SIGTERM while batches wait for the target: what is committed stays, the next run goes on" {
    sql source "UPDATE d.marks SET id = 3"
    transactions 1001 500
    ship
    hold
    run_into_hold
    kill -TERM "$run"
    rows_release
    run_ended
    fails 10 'stopped by SIGTERM'
    [ "$(sql target "SELECT COUNT(*) FROM d.t WHERE id > 1000")" -lt 500 ]
    # whole transactions, and the position behind them
    [ "$(sequence "$(position)")" -eq $(($(sequence "$(sql source "SELECT @@gtid_binlog_pos")") - 500 +
        $(sql target "SELECT COUNT(*) FROM d.t WHERE id > 1000"))) ]
    apply
    same d
}

@test "the connection is lost while batches wait for the target" {
    local before

    before=$(position)
    sql source "UPDATE d.marks SET id = 4"
    transactions 2001 200
    ship
    hold
    run_into_hold
    sql target "KILL $(sql target "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")"
    run_ended
    rows_release
    fails 6
    [ "$(position)" = "$before" ]
    apply
    same d
}

@test "another run takes over while batches wait for the target: none of them is committed" {
    local before nonce

    sql source "UPDATE d.marks SET id = 5"
    transactions 3001 200
    ship
    before=$(position)
    hold
    run_into_hold
    nonce=$(sql target "SELECT nonce FROM ccr.position_j")
    sql target "UPDATE ccr.position_j SET nonce = REPEAT('0', 32)"
    rows_release
    run_ended
    fails 75 'another run has taken over job j'
    [ "$(position)" = "$before" ]
    [ "$(sql target "SELECT COUNT(*) FROM d.t WHERE id > 3000")" -eq 0 ]
    sql target "UPDATE ccr.position_j SET nonce = '$nonce'"
    apply
    same d
}

@test "the log holds what cannot be replayed, while the target has yet to refuse an earlier row: the earlier one counts" {
    sql source "CREATE TABLE d.space (id INT PRIMARY KEY)"
    replay
    sql source "UPDATE d.marks SET id = 6; INSERT INTO d.t VALUES (5001, 'x')"
    transactions 5002 30
    sql source "ALTER TABLE d.space DISCARD TABLESPACE"
    ship
    sql target "INSERT INTO d.t VALUES (5001, 'mine')"
    hold
    run_into_hold
    rows_release
    run_ended
    fails 9 'insert of d.t (id=5001)'
    sql target "DELETE FROM d.t WHERE id = 5001"
    run apply --batch-transactions 20
    fails 8 'tablespace'
    [ "$(sql target "SELECT COUNT(*) FROM d.t WHERE id > 5000")" -eq 31 ]
}
