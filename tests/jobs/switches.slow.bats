# Another node of the same cluster, a server that restarts, a network or a store that is away: never a full copy. Both ends are a
# primary with a replica here; galera.slow.bats has clusters.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow
load ../lib/replica

setup_file() {
    local s

    mkdir -p "$XDG_STATE_HOME"
    for s in one two; do # of the source
        server_start "$s" --log-slave-updates=ON
    done
    for s in left right; do # of the target
        server_start "$s" --log-slave-updates=ON --log-bin-trust-function-creators=ON
    done
    server_grant one source
    server_grant left target
    for s in one left; do
        sql "$s" "CREATE USER repl@'%' IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@'%'"
    done
    replicate two one
    replicate right left
    cp "$T/one/ccr.cnf" "$T/two/"
    cp "$T/left/ccr.cnf" "$T/right/"
    sql one "CREATE DATABASE d; USE d; CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(40)); INSERT INTO t (v) SELECT UUID() FROM seq_1_to_500"
    ccr backup one --quiet
    ccr restore left --job j --quiet
    has_all two one
    has_all right left
}

work() {
    sql "$1" "INSERT INTO t (v) SELECT UUID() FROM seq_1_to_20; UPDATE t SET v = UUID() WHERE id % 7 = 0; DELETE FROM t WHERE id % 31 = 0;
        CREATE OR REPLACE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (1); ALTER TABLE u ADD c INT DEFAULT 5" d
}

# One round of cron's, from a node of the source to a node of the target.
cycle() {
    ccr ship "$1" --cron && ccr apply "$2" --job j --cron
}

# equal SOURCE TARGET: and the first copy is the only one.
equal() {
    same_tables "$1" "$2" d
    same_schema --followed "$1" "$2" d
    [ "$(sql "$2" "SELECT COUNT(*), SUM(what LIKE 'full copy%'), SUM(what LIKE 'partial copy%') FROM ccr.history WHERE what LIKE '% copy %'")" = $'1\t1\t0' ]
    [ "$(cd "$STORE_DIR/streams/main/log" && echo *)" = 0001 ]
}

# lag_is JSON: of the source behind its own primary, as seen by a run now, in the job's lag and its stream's.
lag_is() {
    ccr ship two --cron
    ccr status left --json >"$T/status.json"
    [ "$(jq -c "[.jobs[0].lag, .streams[0]] | map(.source_lag)" "$T/status.json")" = "[$1,$1]" ] || { cat "$T/status.json"; return 1; }
}

# x_says COLUMN TEXT: of the connection that leads nowhere
x_says() {
    sql_client two --vertical -e "SHOW SLAVE 'x' STATUS" | grep -q " $1: $2"
}

two_is_behind() {
    [ "$(replica_lag two)" -gt 0 ]
}

two_is_in_step() {
    [ "$(replica_lag two)" = 0 ]
}

@test "a source that is a replica: how far it is behind its own primary, and why that is not known" {
    local stopped="the source's own replication is stopped" unreached="its replication is connecting (connection 'x'): error connecting to master"

    ccr apply left --job j --cron
    wait_until 30 two_is_in_step
    lag_is '{"known":true,"seconds":0,"connection":""}'
    run ccr status left
    [[ $output != *itself* && $output != *replication* ]]
    sql two "STOP SLAVE SQL_THREAD"
    lag_is "{\"known\":false,\"unknown_because\":\"$stopped\"}"
    sql two "CHANGE MASTER 'x' TO master_host = '127.0.0.1', master_port = 1, master_user = 'repl'; START SLAVE 'x'"
    wait_until 30 x_says Last_IO_Error "error connecting"
    ccr ship two --cron
    run ccr status left
    fails 0 " behind; 0 transactions of the log are not applied; $stopped; $unreached"
    [[ $output == *"stream main: seen "*"; $stopped; $unreached"* ]]
    ccr status left --prometheus >"$T/metrics"
    promtool check metrics <"$T/metrics"
    grep -qx 'ccr_stream_source_lag_known{stream="main"} 0' "$T/metrics"
    [ "$(grep -c '^ccr_stream_source_lag_seconds' "$T/metrics")" = 0 ]
    run ccr promote left --job j
    fails 0 "$stopped; $unreached"
    # what was so when a source was last seen is not said of now
    [ "$(CCR_CLOCK_SHIFT=700 ccr status left --json | jq '.streams[0].source_lag')" = null ]
    sql two "STOP SLAVE 'x'; RESET SLAVE 'x' ALL; STOP SLAVE; CHANGE MASTER TO master_delay = 3600; START SLAVE"
    work one
    wait_until 30 two_is_behind
    ccr ship two --cron
    run ccr status left
    fails 0 "; the source is itself " " s behind its primary"
    ccr status left --prometheus >"$T/metrics"
    promtool check metrics <"$T/metrics"
    grep -qx 'ccr_stream_source_lag_known{stream="main"} 1' "$T/metrics"
    grep -qx 'ccr_stream_source_lag_seconds{stream="main"} [1-9][0-9]*' "$T/metrics"
    run ccr promote left --job j
    fails 0 "; the source was itself "
    sql two "STOP SLAVE; CHANGE MASTER TO master_delay = 0; START SLAVE"
    has_all two one
    wait_until 30 two_is_in_step
    lag_is '{"known":true,"seconds":0,"connection":""}'
    # a user that may not ask, as before there was anything to ask
    sql two "SET sql_log_bin = 0; REVOKE REPLICA MONITOR ON *.* FROM ccr@localhost; STOP SLAVE SQL_THREAD"
    run ccr ship two
    [ "$status" -eq 0 ]
    [[ $output != *warning* ]]
    lag_is null
    sql two "SET sql_log_bin = 0; GRANT REPLICA MONITOR ON *.* TO ccr@localhost; START SLAVE"
}

@test "a replica that lags is behind the store; caught up it ships as well, and takes the snapshots" {
    sql two "STOP SLAVE"
    work one
    cycle one left
    run ccr ship two
    fails 0 "the source is behind the store"
    run ccr backup two
    fails 5 "behind the store"
    sql two "START SLAVE"
    has_all two one
    work one
    has_all two one
    cycle two left
    work one
    cycle one left
    has_all two one
    ccr backup two --quiet
    work one
    has_all two one
    cycle two left
    equal one left
}

@test "the source's primary dies, its replica is promoted; the old primary comes back as a replica, and is promoted in turn" {
    work one
    ccr ship one --cron
    work one
    has_all two one
    server_kill one
    run ccr ship one
    fails 5
    promote two
    work two
    cycle two left
    work two
    cycle two left
    equal two left
    server_start one
    replicate one two
    run ccr ship one
    [ "$status" -eq 0 ]
    has_all one two
    work two
    has_all one two
    cycle one left
    equal two left
    promote one
    replicate two one
    work one
    cycle one left
    equal one left
    has_all two one
    work one
    has_all two one
    cycle two left
    equal two left
}

@test "the target's replica is promoted: position and nonce came along, and the old target must not go on" {
    local at

    work one
    cycle one left
    has_all right left
    server_kill left
    promote right
    work one
    cycle one right
    equal one right
    server_start left
    at=$(sql left "SELECT @@gtid_binlog_pos")
    work one
    ccr ship one --cron
    run ccr apply left --job j
    fails 9 "was cloned, or restored from a backup"
    run ccr restore left --job j --requested
    [ "$(sql left "SELECT @@gtid_binlog_pos")" = "$at" ]
    ccr apply right --job j --cron
    # made a replica, it gets all of it, and may be promoted again
    replicate left right
    has_all left right
    equal one left
    promote left
    work one
    cycle one left
    equal one left
    run ccr apply right --job j
    fails 9 "was cloned, or restored from a backup"
    replicate right left
}

@test "the target's replica had not got all when it was promoted: a person says so, and it catches up from its own position" {
    has_all right left
    sql right "STOP SLAVE"
    for _ in 1 2; do
        work one
        cycle one left
    done
    server_kill left
    promote right
    run ccr apply right --job j
    fails 9 "was cloned, or restored from a backup" "ccr-job adopt"
    "$CCR_BIN/ccr-job" adopt --job j --reason "the primary is dead" --store "$STORE" --socket "$T/right/sock" --defaults-file "$T/right/ccr.cnf" --quiet 3>&-
    cycle one right
    equal one right
    server_remove left
}

# held NAME COMMAND...: while that server does not answer, neither closing a connection nor taking one.
held() {
    local name=$1

    shift
    kill -STOP "$(server_pid "$name")"
    run "$@"
    kill -CONT "$(server_pid "$name")"
}

@test "a server that does not answer, one that restarts, and a store that is away: the next run goes on" {
    work one
    held one ccr ship one --connect-timeout 1
    fails 5
    ccr ship one --cron
    work one
    ccr ship one --cron
    held right ccr apply right --job j --connect-timeout 1
    fails 6
    ccr apply right --job j --cron
    equal one right
    server_restart one
    work one
    server_restart right
    mv "$STORE_DIR" "$T/away"
    run ccr ship one
    fails 4
    run ccr apply right --job j
    fails 4
    mv "$T/away" "$STORE_DIR"
    cycle one right
    equal one right
    [ "$(sql right "SELECT state FROM ccr.states WHERE job = 'j'")" = following ]
}

lines_are() {
    [ "$(sql right "SELECT COUNT(*) FROM d.t WHERE v = 'seen'")" = "$1" ]
}

follow() {
    "$CCR_BIN/ccr-$1" --store "$STORE" --socket "$T/$2/sock" --defaults-file "$T/$2/ccr.cnf" --follow "${@:3}" >"$T/follow.$1" 2>&1 3>&- &
}

# ended PID STATUS
ended() {
    local status=0

    wait "$1" || status=$?
    [ "$status" -eq "$2" ] || { echo "ended with $status, not $2"; return 1; }
}

@test "runs with --follow outlive a restart of the source; one whose target restarts ends, and the next goes on" {
    local shipper applier

    follow ship one --segment-age 1
    shipper=$!
    follow apply right --job j
    applier=$!
    sql one "INSERT INTO d.t (v) VALUES ('seen')"
    wait_until 60 lines_are 1
    server_kill one
    server_start one
    sql one "INSERT INTO d.t (v) VALUES ('seen')"
    wait_until 60 lines_are 2
    server_kill right
    ended "$applier" 6
    server_start right
    follow apply right --job j
    applier=$!
    sql one "INSERT INTO d.t (v) VALUES ('seen')"
    wait_until 60 lines_are 3
    kill "$shipper" "$applier"
    ended "$shipper" 10
    ended "$applier" 10
    equal one right
}
