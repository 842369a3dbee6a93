# --protect: a target that is followed is kept read_only, or others' writes are found in its binlog and told.

load ../lib/common
load ../apply/follow
export PROTECT=detect

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
    [ "$(written)" = 'true ' ]
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
    [ "$(written)" = 'true d.t 2, d.u 1' ]
    run ccr status target --job j
    fails 0 "protect  detect: read_only is off; others' writes: FOUND" "written  d.t by others: 2 transactions"
    run ccr status target --job j --prometheus
    fails 0 'ccr_job_tables_written_by_others{job="j",stream="main"} 2' 'ccr_job_protection_known{job="j",stream="main"} 1'
    ccr backup source --tables d.t,d.u --quiet
    sql target "UPDATE d.u SET v = 5"
    ccr restore target --job j --tables d.u --quiet
    ccr restore target --job j --tables d.t --quiet
    quiet_apply
    [ "$(written)" = 'true ' ]
    same d
}

@test "a write between two commits of one run is found, too" {
    sql source "UPDATE d.t SET v = v + 1; UPDATE d.u SET v = 1"
    ship
    CCR_FAILPOINT=commit-after:1:stop ccr apply target --job j --batch-transactions 1 --cron >"$T/out" 2>&1 &
    pid=$!
    wait_until 20 stopped "$pid"
    sql target "UPDATE d.u SET v = 1"
    kill -CONT "$(pgrep -P "$pid" || echo "$pid")"
    wait "$pid" || :
    run ccr apply target --job j --cron
    fails 0 "others have written to d.u on the target: 1 transactions"
}

stopped() {
    local child

    child=$(pgrep -P "$1") || child=$1
    [ -e "/proc/$child/status" ] || return 1
    grep -q '^State:.*stopped' "/proc/$child/status"
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
    sql target "UPDATE d.t SET v = 5 WHERE id = 1"
    quiet_apply
    run ccr status target --job j
    fails 0 "what others write is not known: the target's binlog cannot be read"
    server_grant target target
    run ccr apply target --job j --protect nonsense
    fails 2 "--protect is 'read-only', 'detect' or 'off'"
}

@test "read_only is set, and set again, and ccr goes on writing; promotion takes it away" {
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
    [ "$(ccr status target --job j --json | jq -r '.jobs[0].protection | "\(.mode) \(.read_only)"')" = "read-only true" ]
    run ccr promote target --job j --yes
    fails 0 "job j is promoted"
    [ "$(sql target "SELECT @@read_only")" -eq 0 ]
}
