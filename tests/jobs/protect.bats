# --protect: a target that is followed is kept read_only, or others' writes are found in its binlog and told.

load ../lib/common
load ../apply/follow

setup_file() {
    mkdir -p "$XDG_STATE_HOME"
    follow_servers
    sql source "CREATE DATABASE d; USE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT); CREATE TABLE d.u LIKE d.t;
        INSERT INTO d.t SELECT seq, 0 FROM seq_1_to_100; INSERT INTO d.u SELECT * FROM d.t"
    follow_start
}

# what ccr-status tells of others' writes
written() {
    ccr status target --job j --json | jq -r '.jobs[0].protection | "\(.known) \([.written[] | .db + "." + .name + " " + (.transactions | tostring)] | join(", "))"'
}

told() {
    local now

    now=$(written)
    [ "$now" = "$1" ] || { echo "told: $now"; return 1; }
}

quiet_apply() {
    run ccr apply target --job j --cron "$@"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "ccr's own writes are its own: rows, DDL, statements, lanes, side tables, restores" {
    sql source "UPDATE d.t SET v = 1; CREATE TABLE d.n (id INT); ALTER TABLE d.u ADD w INT; INSERT INTO d.n VALUES (1); TRUNCATE TABLE d.n;
        DROP TABLE d.n; RENAME TABLE d.u TO d.v, d.v TO d.u; SET binlog_format = STATEMENT; UPDATE d.t SET v = 2 WHERE id = 5"
    ship
    quiet_apply
    for _ in 1 2; do
        sql source "UPDATE d.t SET v = v + 1; INSERT INTO d.u (id) SELECT MAX(id) + 1 FROM d.u"
        ship
        quiet_apply --lanes 2 --check-before-images
    done
    ccr backup source --tables d.u --quiet
    ccr restore target --job j --tables d.u --quiet
    quiet_apply
    told 'true '
}

@test "and tables without transactions, sequences, and a statement that a killed run had announced" {
    sql source "CREATE TABLE d.m (id INT PRIMARY KEY, v INT) ENGINE=MyISAM; INSERT INTO d.m VALUES (1, 1), (2, 2); UPDATE d.m SET v = 3; DELETE FROM d.m WHERE id = 1;
        CREATE SEQUENCE d.s; SELECT NEXTVAL(d.s), NEXTVAL(d.s)" >/dev/null
    ship
    quiet_apply
    sql source "TRUNCATE TABLE d.m; INSERT INTO d.m VALUES (5, 5)"
    ship
    run env CCR_FAILPOINT=intent-after:1 "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --quiet
    [ "$status" -eq 137 ]
    quiet_apply
    quiet_apply
    told 'true '
    same d
}

@test "a TRUNCATE right behind ccr's own write, and one of the whole day, are others'" {
    sql source "UPDATE d.t SET v = v + 1; ALTER TABLE d.u COMMENT 'x'"
    ship
    quiet_apply
    sql target "TRUNCATE TABLE d.u"
    run ccr apply target --job j --cron
    fails 0 "others have written to d.u on the target: 1 transactions"
    ccr backup source --tables d.u --quiet
    ccr restore target --job j --tables d.u --quiet
    quiet_apply
}

# the clock has left the second of the last look
next_second() {
    [ "$(date +%s)" -gt "$1" ]
}

@test "what the binlog does not show is found by the times of change; no false alarm" {
    sql source "UPDATE d.t SET v = v + 1"
    ship
    quiet_apply
    wait_until 5 next_second "$(date +%s)"
    # nothing of this is a write of rows
    sql target "BEGIN; UPDATE d.t SET v = 9; ROLLBACK; UPDATE d.t SET v = v; SET sql_log_bin = 0; ANALYZE TABLE d.t; OPTIMIZE TABLE d.u; FLUSH TABLES" >/dev/null
    quiet_apply
    wait_until 5 next_second "$(date +%s)"
    sql target "SET sql_log_bin = 0; UPDATE d.t SET v = 9 WHERE id = 99"
    run ccr apply target --job j --cron
    fails 0 "others have written to d.t on the target, last at 20" "its binlog does not show it"
    quiet_apply
    # in the binlog, too: told once, and by that
    wait_until 5 next_second "$(date +%s)"
    sql target "UPDATE d.u SET v = 9 WHERE id = 99"
    run ccr apply target --job j --cron
    fails 0 "others have written to d.u on the target: 1 transactions"
    quiet_apply
    told 'true d.t 1, d.u 1'
    # after a kill between its commits ccr's own are not taken for others'
    sql source "UPDATE d.t SET v = v + 1; UPDATE d.u SET v = 1"
    ship
    run env CCR_FAILPOINT=commit-after:1 "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --batch-transactions 1 --quiet
    [ "$status" -eq 137 ]
    wait_until 5 next_second "$(date +%s)"
    quiet_apply
    ccr backup source --tables d.t,d.u --quiet
    ccr restore target --job j --tables d.t,d.u --quiet
    quiet_apply
    told 'true '
}

@test "others' writes are told once, and stay in the status until the table is copied again" {
    sql target "CREATE DATABASE mine; CREATE TABLE mine.t (id INT); INSERT INTO mine.t VALUES (1)"
    quiet_apply
    sql source "UPDATE d.t SET v = v + 1 WHERE id < 50"
    ship
    sql target "UPDATE d.t SET v = 77 WHERE id = 99; SET binlog_format = STATEMENT; DELETE FROM d.t WHERE id = 98"
    run ccr apply target --job j --cron
    fails 0 "warning: others have written to d.t on the target: 2 transactions since the last look"
    quiet_apply
    sql target "TRUNCATE TABLE d.u"
    run ccr apply target --job j --cron
    fails 0 "others have written to d.u on the target: 1 transactions"
    quiet_apply
    told 'true d.t 2, d.u 1'
    run ccr status target --job j
    fails 0 "protect  detect: read_only is off; others' writes: FOUND" "written  d.t by others: 2 transactions"
    run ccr status target --job j --prometheus
    fails 0 'ccr_job_tables_written_by_others{job="j",stream="main"} 2' 'ccr_job_protection_known{job="j",stream="main"} 1'
    ccr backup source --tables d.t,d.u --quiet
    sql target "UPDATE d.u SET v = 5"
    ccr restore target --job j --tables d.u --quiet
    ccr restore target --job j --tables d.t --quiet
    quiet_apply
    told 'true '
    same d
}

@test "a write between two commits of one run is found, too" {
    sql source "UPDATE d.t SET v = v + 1; UPDATE d.u SET v = 20"
    ship
    CCR_FAILPOINT=commit-after:1:stop ccr apply target --job j --batch-transactions 1 --cron >"$T/out" 2>&1 &
    pid=$!
    wait_until 20 stopped "$pid"
    sql target "UPDATE d.u SET v = 20"
    kill -CONT "$(pgrep -P "$pid" || echo "$pid")"
    wait "$pid" || :
    run ccr apply target --job j --cron
    fails 0 "others have written to d.u on the target: 1 transactions"
}

stopped() {
    local child

    child=$(pgrep -P "$1") || child=$1
    process_stopped "$child"
}

@test "what cannot be told is unknown, with the reason" {
    sql target "FLUSH BINARY LOGS; FLUSH BINARY LOGS"
    purge_all target
    sql target "RESET MASTER"
    quiet_apply
    run ccr status target --job j
    fails 0 "what others write is not known: the target's binlog was reset"
    quiet_apply
    [[ $(written) = 'true '* ]]
    sql target "REVOKE REPLICATION SLAVE ON *.* FROM ccr@localhost"
    wait_until 5 next_second "$(date +%s)"
    sql target "UPDATE d.t SET v = 1005 WHERE id = 1"
    run ccr apply target --job j --cron
    fails 0 "others have written to d.t on the target" "its binlog does not show it"
    run ccr status target --job j
    fails 0 "what others write is not known: the target's binlog cannot be read"
    server_grant target target
    # as soon as it can be read, it is told
    run ccr apply target --job j --cron
    fails 0 "others have written to d.t on the target: 1 transactions"
    run ccr apply target --job j --protect nonsense
    fails 2 "--protect is 'read-only', 'detect' or 'off'"
}

read_only() {
    sql target "SELECT @@read_only"
}

job() {
    "$CCR_BIN/ccr-job" "$1" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" "${@:2}"
}

@test "read_only is set, and set again, and ccr goes on writing; another mode takes it away" {
    quiet_apply --protect read-only
    sql target "CREATE USER someone@localhost; GRANT ALL ON d.* TO someone@localhost"
    run mariadb --no-defaults --socket "$T/target/sock" --user someone -e "UPDATE d.t SET v = 1"
    fails 1 "read-only"
    sql source "UPDATE d.t SET v = v + 1 WHERE id = 7; ALTER TABLE d.t COMMENT 'x'"
    ship
    quiet_apply --protect read-only
    sql target "SET GLOBAL read_only = 0"
    run ccr apply target --job j --cron --protect read-only
    fails 0 "read_only was off on the target" "set again"
    # a run that is not told does as the one before
    quiet_apply
    [ "$(ccr status target --job j --json | jq -r '.jobs[0].protection | "\(.mode) \(.read_only)"')" = "read-only true" ]
    quiet_apply --protect detect
    [ "$(read_only)" -eq 0 ]
    quiet_apply --protect read-only
    quiet_apply --protect off
    [ "$(read_only)" -eq 0 ]
}

@test "read_only that somebody else has set stays" {
    sql target "SET GLOBAL read_only = 1"
    quiet_apply --protect read-only
    quiet_apply --protect detect
    [ "$(read_only)" -eq 1 ]
    sql target "SET GLOBAL read_only = 0"
    quiet_apply --protect read-only
    # in the server's own options: after the restart it is the operator's
    server_restart target --read-only=ON
    run ccr apply target --job j --cron --protect detect
    fails 0 "read_only is on, and ccr has not set it"
    [ "$(read_only)" -eq 1 ]
    sql target "SET GLOBAL read_only = 0"
}

@test "a restore sets it, too; the last job that wants it takes it away, by promotion or desync" {
    sql source "CREATE DATABASE e; CREATE TABLE e.t (id INT PRIMARY KEY)"
    ccr backup source --databases e --quiet
    ccr restore target --job k --databases e --protect read-only --quiet
    [ "$(read_only)" -eq 1 ]
    quiet_apply --protect read-only
    job desync --job k --yes 2>"$T/err"
    grep -q "the target stays read_only: job j" "$T/err"
    [ "$(read_only)" -eq 1 ]
    run ccr promote target --job j --yes
    fails 0 "job j is promoted"
    [ "$(read_only)" -eq 0 ]
    ccr restore target --job k --databases e --protect read-only --replace --quiet
    [ "$(read_only)" -eq 1 ]
    job desync --job k --yes --quiet
    [ "$(read_only)" -eq 0 ]
}
