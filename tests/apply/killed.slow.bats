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
    sql target "LOCK TABLES d.isam WRITE; DO SLEEP(300)" >/dev/null 2>&1 3>&- &
    wait_until 10 sleeping
    apply_start ''
    wait_until 10 waiting
    kill -9 "$pid"
    sql target "KILL $(sql target "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'")"
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

killed_at() {
    { CCR_FAILPOINT=$1 apply; } 2>"$T/killed.log"
}

@test "rows of a table without transactions: behind the intent a killed run's rows cannot be told" {
    local name nth

    sql source "CREATE TABLE d.plain (id INT) ENGINE = MyISAM"
    replay

    for name in intent-after commit-before; do
        sql source "INSERT INTO d.plain VALUES (1), (2)"
        ship
        nth=1
        [ "$name" = intent-after ] || nth=2 # the first commit-before is the intent's
        status=0
        killed_at "$name:$nth" || status=$?
        [ "$status" -eq 137 ]
        run apply
        fails 8 d.plain 'no transactions' ccr-restore
        follow_start --replace
        apply
        same d
    done
    # and behind the commit they are there
    sql source "INSERT INTO d.plain VALUES (3)"
    ship
    status=0
    killed_at commit-after:2 || status=$?
    [ "$status" -eq 137 ]
    apply
    same d
}

# The statement alone is undone by the server (error 1205); the transaction before it in the batch must be as well.
@test "a lock wait of the batch's second transaction: rolled back whole, and done again" {
    sql source "CREATE TABLE d.held (id INT PRIMARY KEY, v INT); INSERT INTO d.held VALUES (1, 1)"
    replay
    sql source "INSERT INTO d.ledger VALUES ('waits', 1)"
    sql source "UPDATE d.held SET v = 2"
    ship
    rows_hold target "SELECT * FROM d.held FOR UPDATE"
    ccr apply target --job j --json --quiet --road ordered >"$T/result" 7>&- &
    run=$!
    wait_until 10 row_is_awaited
    wait_until 60 row_is_awaited_anew
    rows_release ROLLBACK
    wait "$run"
    [ "$(jq '.redone >= 1' "$T/result")" = true ]
    [ "$(sql target "SELECT COUNT(*) FROM d.ledger WHERE at = 'waits'")" -eq 1 ]
    same d
}
