# kill -9 of ccr-apply, and of the target's server, at random moments under DML and DDL: the next run goes on,
# nothing is lost, nothing is done twice. SOAK=N: N times as often.

load ../lib/common
load follow
load kills

KILLS=$((30 * ${SOAK:-1}))
SERVER_KILLS=$((30 * ${SOAK:-1}))

setup_file() {
    follow_servers --innodb-flush-log-at-trx-commit=1
    kills_schema
    follow_start
}

@test "ccr-apply killed $KILLS times under DML and DDL" {
    seed
    more
    kill_apply "$KILLS"
    finished
    echo "# $(recoveries)" >&3
}

@test "the target's server killed $SERVER_KILLS times under DML and DDL" {
    seed
    : >"$T/runs.log"
    export ROUND=10000 # other names than above
    more
    kill_server "$SERVER_KILLS"
    finished
    echo "# $(recoveries)" >&3
}

@test "rows of a table without transactions: killed on the way, the next run asks for a new snapshot" {
    local pid

    sql source "CREATE TABLE d.isam (id INT PRIMARY KEY) ENGINE = MyISAM"
    replay
    sql source "INSERT INTO d.isam SELECT seq FROM d.seq_1_to_1000"
    sql source "INSERT INTO d.sum VALUES (99, 99)"
    ship
    # held up between the intent and the rows
    sql target "LOCK TABLES d.isam WRITE; DO SLEEP(5)" 3>&- &
    wait_until 10 sleeping
    apply_start ''
    wait_until 10 waiting
    kill -9 "$pid"
    wait_until 20 applied
    run apply
    fails 8 d.isam 'no transactions' ccr-restore
    run apply
    fails 8 d.isam
    follow_start --replace
    finished
}

sleeping() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'")" -eq 1 ]
}

waiting() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'ccr' AND state LIKE 'Waiting for table%'")" -eq 1 ]
}
