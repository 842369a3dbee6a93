# Copies that a job needs: noted on the target with their reasons, asked for, and brought in.

bats_require_minimum_version 1.5.0
load ../lib/common
load needs

setup_file() {
    mkdir -p "$XDG_STATE_HOME"
    follow_servers
    sql source "CREATE DATABASE d; USE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT); INSERT INTO d.t SELECT seq, 0 FROM seq_1_to_100"
    follow_start --databases d
}

generation() {
    sql target "SELECT generation FROM ccr.jobs WHERE name = '${1:-j}'"
}

@test "a job that waits for its first snapshot: nothing fails, the lag is not known, a restore takes its scope and reason" {
    sql target "INSERT INTO ccr.jobs (name, stream, store_id, stream_id, scope, renames) SELECT 'made', stream, store_id, stream_id, scope, JSON_OBJECT('databases',
            JSON_OBJECT('d', 'copy'), 'tables', JSON_ARRAY()) FROM ccr.jobs WHERE name = 'j';
        INSERT INTO ccr.needs (job, kind, db, name, gtid, reason) VALUES ('made', 'full', '', '', '', 'made by hand')"
    run ccr apply target --job made
    fails 0 "job made waits for its first snapshot: made by hand"
    run ccr apply target --job made --cron
    fails 0
    [ -z "$output" ]
    run --separate-stderr ccr apply target --job made --json
    [ "$(json_of '"\(.waiting) \(.changed) \(.state)"')" = "true false following" ]
    [ "$(status_of made '"\(.copied) \(.doing) \(.lag.known) \(.lag.seconds) \(.needs_copy) \(.full_copy.reason)"')" = \
        "false waiting for a snapshot false null true made by hand" ]
    run ccr status target --job made
    fails 0 "following; waiting for a snapshot; lag unknown: the job has not been copied yet" "needs    a full copy since 20" ": made by hand"
    run ccr status target --prometheus
    fails 0 'ccr_job_lag_known{job="made",stream="main"} 0' 'ccr_job_needs_copy{job="made",stream="main"} 1'
    [ "$(job show --job made --json | jq -c '.jobs[0] | [.copied, .generation, .needs[0].kind]')" = '[false,0,"full"]' ]
    ccr restore target --job made --quiet
    same_tables source target d:copy
    [ "$(sql target "SELECT reason FROM ccr.history WHERE job = 'made' AND what LIKE 'full copy%'")" = "made by hand" ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needs")" -eq 0 ]
    [ "$(generation made)" -eq 1 ]
    job desync --job made --yes --quiet
}

@test "full copies are counted; a target of an earlier version lacks the columns" {
    [ "$(generation)" -eq 1 ]
    sql target "ALTER TABLE ccr.jobs DROP COLUMN generation; ALTER TABLE ccr.needs DROP COLUMN epoch, DROP COLUMN pos"
    run job show --job j --json
    [ "$(json_of '.jobs[0].generation')" -eq 0 ]
    apply
    ccr restore target --job j --quiet
    [ "$(generation)" -eq 1 ]
    ccr restore target --job j --quiet
    [ "$(generation)" -eq 2 ]
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'ccr' AND table_name = 'needs' AND column_name IN ('epoch', 'pos')")" -eq 2 ]
}

# An epoch that ends: the need, the request, the copy.
epoch_ends() {
    local reason

    run ccr apply target --job j
    fails 8 "of the log has ended" "--requested"
    apply_waits
    [ "$(sql target "SELECT state, failures FROM ccr.states WHERE job = 'j'")" = $'following\t1' ]
    reason=$(sql target "SELECT reason FROM ccr.needs WHERE job = 'j' AND kind = 'full'")
    [[ $reason == *"$1"* ]]
    [ "$(requests j -r | jq -r 'length')" -eq 1 ]
    [ "$(requests j '.[0] | .kind, .epoch, .position, .generation' | jq -r .)" = "$(printf 'full\n%s\n\n%s' "$(epoch)" "$(generation)")" ]
    # the old data is served meanwhile, and a request that was lost is written again
    [ "$(sql target "SELECT COUNT(*) FROM d.t")" -ge 100 ]
    rm "$STORE_DIR"/jobs/j/requests/*
    waits
    # shellcheck disable=SC2154 # set by run
    [[ $stderr == *"waits for a snapshot of the whole job"*"$1"* ]]
    [ "$(requests j length)" -eq 1 ]
    [ "$(status_of j '"\(.doing) \(.needs_copy)"')" = "waiting for a snapshot true" ]
    answer
    requested
    [ "$(json_of '"\(.waiting) \(.changed) \(.copies) \(.partial)"')" = "false true 1 false" ]
    history_is "full copy of snapshot $(json_of .snapshot): $reason"
    no_requests
    requested
    [ "$(json_of '"\(.waiting) \(.changed) \(.copies)"')" = "false false 0" ]
    sql source "INSERT INTO d.t (id, v) SELECT MAX(id) + 1, 5 FROM d.t"
    replay
    same d
}

apply_waits() {
    run ccr apply target --job j
    fails 8
    run ccr apply target --job j
    fails 8
}

epoch() {
    basename "$(find "$STORE_DIR/streams/main/log" -mindepth 1 -maxdepth 1 | sort | tail -n 1)" | sed 's/^0*//' | awk '{ print $1 + 1 }'
}

@test "a gap: the source's binlogs were purged before they were shipped" {
    sql source "INSERT INTO d.t VALUES (201, 0)"
    replay
    sql source "INSERT INTO d.t VALUES (202, 0)"
    purge_all source
    sql source "INSERT INTO d.t VALUES (203, 0)"
    run ccr ship source --quiet
    fails 8
    epoch_ends gap
}

@test "a fork: the source's history is another one" {
    local seq

    replay
    seq=$(sql source "SELECT SUBSTRING_INDEX(@@gtid_binlog_pos, '-', -1)")
    sql source "RESET MASTER; SET SESSION gtid_seq_no = $seq; INSERT INTO d.t VALUES (303, 0)"
    sql source "INSERT INTO d.t VALUES (304, 0)"
    run ccr ship source --quiet
    fails 8
    epoch_ends "is no longer the one that was shipped"
}

@test "an incident: the source lost changes that its log lacks" {
    replay
    sql source "CREATE TABLE d.m (a TEXT) ENGINE=MyISAM; SET GLOBAL max_binlog_stmt_cache_size = 4096"
    # what does not fit into the cache of the log is in the table all the same
    run sql source "INSERT INTO d.m SELECT REPEAT('x', 60000) FROM seq_1_to_20" d
    [ "$status" -ne 0 ]
    sql source "SET GLOBAL max_binlog_stmt_cache_size = DEFAULT; INSERT INTO d.t VALUES (403, 0)"
    run ccr ship source --quiet
    fails 8
    epoch_ends incident
    sql source "DROP TABLE d.m"
    replay
}

@test "resync: all of the job, a table, tables by pattern, a partition; with the reason, one request each" {
    sql source "CREATE TABLE d.u (id INT PRIMARY KEY, v INT); INSERT INTO d.u VALUES (1, 1); CREATE TABLE d.p (id INT PRIMARY KEY, v INT)
        PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (1000)); INSERT INTO d.p SELECT seq, 1 FROM seq_1_to_20" d
    replay
    run job resync --job j
    fails 2 "--reason is missing"
    run job resync --job nobody --reason x
    fails 6 "no job 'nobody'"
    run job resync --job j --reason x --tables other.t
    fails 2 "job j does not follow other.t"
    run job resync --job j --reason x --tables 'd.x*'
    fails 2 "does not follow d.x*"
    run job pause --job j --reason x --tables d.t
    fails 2 "takes no --tables"
    no_requests
    # one table: the same is asked for once
    [ -z "$(job resync --job j --reason "it looks odd" --tables d.u --quiet 2>&1)" ]
    job resync --job j --reason "it looks odd" --tables d.u --quiet
    [ "$(requests j '[.[] | .kind, .scope.include.tables[0].name, .reason]' | jq -c)" = '["tables","u","it looks odd"]' ]
    [[ "$(sql target "SELECT what FROM ccr.history ORDER BY id DESC LIMIT 1")" == "partial copy of 1 tables or partitions asked for by ccr-job ("* ]]
    [ "$(job show --job j --json | jq -c '.jobs[0].needs')" = '[{"kind":"partial","db":"d","name":"u","reason":"it looks odd"}]' ]
    # the job goes on meanwhile
    sql source "INSERT INTO d.u VALUES (2, 2)"
    replay
    sql target "UPDATE d.u SET v = 9"
    waits
    answer
    requested
    [ "$(json_of '"\(.partial) \(.tables) \(.reason)"')" = "true 1 it looks odd" ]
    no_requests
    same d
    # by pattern, and a partition: one snapshot answers all three
    sql source "INSERT INTO d.u VALUES (3, 3)"
    replay
    job resync --job j --reason "all the small ones" --tables 'd.u,d.p*' --partitions 'd.p:p1' --quiet
    [ "$(sql target "SELECT GROUP_CONCAT(kind, ' ', name ORDER BY name) FROM ccr.needs")" = "partial p,partition p:p1,partial u" ]
    [ "$(requests j length)" -eq 3 ]
    sql target "UPDATE d.p SET v = 9"
    answer
    requested
    [ "$(json_of '"\(.copies) \(.tables) \(.waiting)"')" = "1 2 false" ]
    no_requests
    same d
    # the partition by itself, from behind the request
    sql source "UPDATE d.p SET v = 2"
    replay
    job resync --job j --reason "p1 only" --partitions 'd.p:p1' --quiet
    [ "$(requests j '[.[0] | .kind, .partitions[0]]' | jq -c | tr -d '\140')" = '["partitions","d.p:p1"]' ]
    sql target "UPDATE d.p SET v = 9 WHERE id >= 10"
    waits
    answer
    requested
    [ "$(json_of '"\(.partial) \(.partitions)"')" = "true 1" ]
    no_requests
    same d
    # all of it supersedes what else was asked for
    job resync --job j --reason "p1 only" --partitions 'd.p:p1' --quiet
    job resync --job j --reason "start over" --quiet
    [ "$(requests j '[.[] | .kind, .reason]' | jq -c)" = '["full","start over"]' ]
    answer
    requested
    [ "$(json_of '"\(.partial) \(.reason) \(.copies)"')" = "false start over 1" ]
    no_requests
    same d
}

@test "what one table cannot replay is asked for, and the job goes on behind it" {
    sql source "CREATE DATABASE IF NOT EXISTS other; CREATE TABLE other.t (id INT PRIMARY KEY, v INT); INSERT INTO other.t VALUES (1, 1)"
    replay
    sql source "RENAME TABLE other.t TO d.arrived; INSERT INTO d.arrived VALUES (2, 2)"
    ship
    run ccr apply target --job j
    fails 8 "d.arrived"
    [ "$(requests j '[.[] | .kind, .scope.include.tables[0].name, .position]' | jq -c)" = \
        "$(jq -nc --arg p "$(sql source "SELECT CONCAT('0-101-', SUBSTRING_INDEX(@@gtid_binlog_pos, '-', -1) - 1)")" '["tables","arrived",$p]')" ]
    waits
    answer
    sql source "INSERT INTO d.t (id, v) SELECT MAX(id) + 1, 6 FROM d.t"
    ship
    requested
    [[ "$(json_of .reason)" == "needed since 0-101-"*"renamed into"* ]]
    no_requests
    apply
    same d
}

# One table is asked for, comes in, and the job goes on.
needs_only() {
    ship
    run ccr apply target --job j
    fails 8 "$1" "$2"
    [ "$(sql target "SELECT CONCAT(kind, ' ', db, '.', name) FROM ccr.needs")" = "partial $2" ]
    answer
    ship
    requested
    [ "$(json_of '"\(.partial) \(.tables)"')" = "true 1" ]
    apply
    same d
}

@test "a tablespace that was imported, and values that are not in the log: the table is copied" {
    local data=$T/source/data/d

    sql source "CREATE TABLE d.i (id INT PRIMARY KEY); INSERT INTO d.i SELECT seq FROM seq_1_to_50" d
    replay
    sql_client source <<END
FLUSH TABLES d.i FOR EXPORT;
\\! cp $data/i.ibd $data/i.cfg $T/
UNLOCK TABLES;
DELETE FROM d.i WHERE id > 10;
ALTER TABLE d.i DISCARD TABLESPACE;
\\! cp $T/i.ibd $T/i.cfg $data/
ALTER TABLE d.i IMPORT TABLESPACE;
END
    needs_only "a tablespace was imported or discarded" d.i
    [ "$(sql target "SELECT COUNT(*) FROM d.i")" -eq 50 ]
    sql source "ALTER TABLE d.i ADD u CHAR(36) DEFAULT (UUID())"
    needs_only "not in the log" d.i
}

@test "an interrupted copy is gone on with while its snapshot will do; nothing is left of it" {
    local pid

    sql source "INSERT INTO d.t SELECT seq, 0 FROM seq_1001_to_3000" d
    replay
    job resync --job j --reason "once more" --quiet
    ccr backup source --requested --quiet --chunk-size 1K
    "$CCR_BIN/ccr-restore" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --requested --quiet \
        --threads 1 --max-rate 200rows 3>&- &
    pid=$!
    wait_until 60 rows_are_loaded
    kill -9 "$pid"
    wait "$pid" || :
    [ "$(sql target "SELECT COUNT(*) FROM d.t")" -ge 2000 ]
    # a newer one would do as well
    ccr backup source --quiet
    requested
    [ "$(json_of '.resumed_chunks > 0')" = true ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.history WHERE what LIKE 'full copy of snapshot %' AND reason = 'once more'")" -eq 1 ]
    [ -z "$(sql target "SHOW DATABASES LIKE 'ccr\\_%'")" ]
    no_requests
    apply
    same d
}

rows_are_loaded() {
    [ "$(sql target "SELECT COUNT(*) FROM ccr.loads")" -gt 1 ]
}

@test "on-need = pass: the job goes on without the table, which comes in at its position; where that is not safe it waits" {
    local request

    sql source "CREATE DATABASE IF NOT EXISTS other; CREATE TABLE other.late (id INT PRIMARY KEY, v INT); INSERT INTO other.late VALUES (1, 1);
        CREATE TABLE other.model (id INT PRIMARY KEY); CREATE TABLE d.parent (id INT PRIMARY KEY); INSERT INTO d.parent VALUES (1), (2);
        CREATE TABLE d.child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES d.parent (id) ON DELETE CASCADE); INSERT INTO d.child VALUES (1, 1), (2, 2)"
    replay
    sql source "RENAME TABLE other.late TO d.late; INSERT INTO d.late VALUES (2, 2); INSERT INTO d.t (id, v) SELECT MAX(id) + 1, 7 FROM d.t; UPDATE d.late SET v = 3"
    ship
    run ccr apply target --job j --on-need pass
    fails 8 "d.late" "goes on without" "tables of job j are behind"
    [ "$(sql target "SELECT CONCAT(kind, ' ', db, '.', name, ' ', pos <> '') FROM ccr.needs")" = "behind d.late 1" ]
    request=$(requests j '.[0].id')
    run ccr apply target --job j --on-need pass
    fails 8 "tables of job j are behind" "d.late"
    [ "$(sql target "SELECT pos FROM ccr.position_j")" = "$(sql source "SELECT @@gtid_binlog_pos")" ]
    [ "$(requests j '[.[] | .id]' | jq -c)" = "[$request]" ]
    [ "$(status_of j '"\(.state) \(.doing) \(.tables_behind[0].kind)"')" = "following behind behind" ]
    same_tables_but_late
    waits
    answer
    requested
    no_requests
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needs")" -eq 0 ]
    apply
    same d
    # what a cascade does to the rows of others is not in the log: both are left behind
    sql source "SET foreign_key_checks = 0; ALTER TABLE d.parent ADD u CHAR(36) DEFAULT (UUID())"
    ship
    run ccr apply target --job j --on-need pass
    fails 8 "d.parent" "goes on without"
    [ "$(sql target "SELECT GROUP_CONCAT(kind, ' ', db, '.', name ORDER BY name) FROM ccr.needs")" = "behind d.child,behind d.parent" ]
    answer
    requested
    apply
    same d
    # one of the target's own cannot be
    sql target "CREATE DATABASE own; CREATE TABLE own.child (parent INT, FOREIGN KEY (parent) REFERENCES d.parent (id) ON DELETE CASCADE)"
    sql source "SET foreign_key_checks = 0; ALTER TABLE d.parent ADD w CHAR(36) DEFAULT (UUID())"
    ship
    run ccr apply target --job j --on-need pass
    fails 8 "d.parent" "waits for the copy" "a foreign key of child"
    [ "$(sql target "SELECT GROUP_CONCAT(kind, ' ', db, '.', name ORDER BY name) FROM ccr.needs")" = "partial d.child,partial d.parent" ]
    sql target "DROP DATABASE own"
    answer
    requested
    apply
    same d
    run ccr apply target --job j --on-need dance
    fails 2 "on-need"
}

same_tables_but_late() {
    [ "$(sql source "CHECKSUM TABLE d.t")" = "$(sql target "CHECKSUM TABLE d.t")" ]
}

# drifted TEXT...: what the source does next meets d.f as it is on the target, which is copied anew.
drifted() {
    ship
    run apply --on-drift stop
    fails 9 "$1"
    no_requests
    run apply --on-drift copy
    fails 8 "$1" "ccr-restore --requested"
    [ "$(requests j '[.[] | .kind, .scope.include.tables[0].name]' | jq -c)" = '["tables","f"]' ]
    [[ $(sql target "SELECT reason FROM ccr.needs") == "drift: "*"$1"* ]]
    answer
    requested
    [ "$(json_of '"\(.partial) \(.tables)"')" = "true 1" ]
    [[ $(json_of .reason) == *"drift: "* ]]
    replay --on-drift copy
    same d
    no_requests
}

@test "on-drift = copy: a table that others changed is asked for, rows and definition" {
    sql source "CREATE TABLE d.f (id INT PRIMARY KEY, v INT, UNIQUE (v)); INSERT INTO d.f SELECT seq, seq FROM seq_1_to_10" d
    replay
    sql target "DELETE FROM d.f WHERE id = 3"
    sql source "UPDATE d.f SET v = -v WHERE id IN (3, 4)"
    drifted "the row is missing on the target"
    sql target "INSERT INTO d.f VALUES (11, 11)"
    sql source "INSERT INTO d.f VALUES (12, 12); INSERT INTO d.f VALUES (11, 11)"
    drifted "the target has such a row already"
    sql target "ALTER TABLE d.f ADD w INT"
    sql source "INSERT INTO d.f VALUES (13, 13)"
    drifted "the definition of table d.f on the target"
}

@test "the third failure of one cause with nothing applied in between stops the job, copies or not; everything shows why" {
    local i

    sql source "CREATE DATABASE IF NOT EXISTS other; CREATE TABLE other.t1 (id INT PRIMARY KEY); CREATE TABLE other.t2 (id INT PRIMARY KEY); CREATE TABLE other.t3 (id INT PRIMARY KEY)"
    replay
    for i in 1 2 3; do
        sql source "RENAME TABLE other.t$i TO d.arrived$i"
        ship
        run ccr apply target --job j
        fails 8 "d.arrived$i"
        [ "$(sql target "SELECT failures FROM ccr.states WHERE job = 'j'")" -eq "$i" ]
        answer
        [ "$i" -eq 3 ] || requested
    done
    [ "$(status_of j '"\(.state) \(.failures) \(.error.code_name) \(.tables_behind[0].name)"')" = "stopped 3 needs-resync arrived3" ]
    run ccr apply target --job j --cron
    fails 8 "job j needs a person since 20" "d.arrived3"
    run ccr restore target --job j --requested --cron
    fails 8 "job j needs a person since 20" "d.arrived3" "ccr-job resume"
    run ccr status target --job j
    fails 0 "STOPPED, needs a person" "table    d.arrived3 needs a copy since" "failed   3 times in a row" "hint     "
    # by hand, and the job follows again
    requested
    [ "$(status_of j '"\(.state) \(.failures)"')" = "following 0" ]
    apply
    same d
}

@test "copies that do not help: the log has a gap again behind each, and the third stops the job" {
    local i

    for i in 1 2 3; do
        sql source "INSERT INTO d.t (id, v) SELECT MAX(id) + 1, 8 FROM d.t"
        purge_all source
        sql source "INSERT INTO d.t (id, v) SELECT MAX(id) + 1, 8 FROM d.t"
        run ccr ship source --quiet
        fails 8
        run ccr apply target --job j
        fails 8 "of the log has ended"
        [ "$(status_of j '"\(.state) \(.failures) \(.full_copy.times)"')" = "$([ "$i" -lt 3 ] && echo following || echo stopped) $i $i" ]
        answer
        [ "$i" -eq 3 ] || requested
    done
    run ccr apply target --job j --cron
    fails 8 "job j needs a person since 20" "gap"
    run ccr restore target --job j --requested --cron
    fails 8 "job j needs a person since 20" "gap" "ccr-job resume"
    run ccr status target --job j
    fails 0 "STOPPED, needs a person" "needs    a full copy since 20" "(3 times within a day)" "3 failures in a row of the same cause"
    job resume --job j --reason "the binlogs are kept for a week now" --quiet
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needed")" -eq 0 ]
    requested
    [ "$(json_of .copies)" -eq 1 ]
    replay
    same d
}

# turn I: what the log cannot bring to d.x, for one of two reasons.
turn() {
    if [ $(($1 % 2)) -eq 0 ]; then
        sql source "CREATE TABLE other.x LIKE d.x; INSERT INTO other.x (id) VALUES (1); RENAME TABLE d.x TO other.gone$1, other.x TO d.x"
    else
        sql source "ALTER TABLE d.x ADD u$1 CHAR(36) DEFAULT (UUID())"
    fi
    ship
}

needed() {
    sql target "SELECT COUNT(*) FROM ccr.needed WHERE name = '$1'"
}

@test "causes that take turns: a table that needs too many copies within a day stops the job, whatever the reasons" {
    local i

    sql source "CREATE DATABASE IF NOT EXISTS other; CREATE TABLE d.x (id INT PRIMARY KEY); CREATE TABLE d.y LIKE d.x; INSERT INTO d.x VALUES (1); INSERT INTO d.y VALUES (1)"
    replay
    for i in 1 2 3 4; do
        [ "$(status_of j .state)" = following ]
        turn "$i"
        # the last one also where it would go on without
        run ccr apply target --job j --copies-a-day 4 --on-need "$([ "$i" -lt 4 ] && echo wait || echo pass)"
        fails 8 "d.x"
        [ "$(status_of j '"\(.failures) \(.tables_behind[0].times)"')" = "1 $i" ]
        answer
        [ "$i" -eq 4 ] || requested
    done
    fails 8 "d.x has needed a copy 4 times within a day: a table was renamed" "job j needs a person" "--copies-a-day allows more" "not in the log"
    [ "$(status_of j '"\(.state) \(.tables_behind[0].kind)"')" = "stopped partial" ]
    [[ $(status_of j .state_reason) == "d.x has needed a copy 4 times within a day: "*"renamed"*"times"* ]]
    for i in "apply target" "restore target --requested"; do
        # shellcheck disable=SC2086
        run ccr $i --job j --cron
        fails 8 "job j needs a person since 20" "d.x has needed a copy 4 times within a day: " "ccr-job resume --job j"
    done
    run ccr status target --job j
    fails 0 "STOPPED, needs a person" "d.x has needed a copy 4 times" "table    d.x needs a copy since 20" "(4 times within a day)"
    # a run by hand that comes no further changes nothing
    run ccr apply target --job j
    fails 8
    [ "$(status_of j '"\(.state) \(.tables_behind[0].times)"')" = "stopped 4" ]
    job resume --job j --reason "the rotation of d.x is over" --quiet
    [ "$(needed x)" -eq 0 ]
    run ccr restore target --job j --requested --cron
    fails 0
    apply
    same d
    # what a person asks for is not counted, nor what is older than a day; other tables have their own count
    sql target "INSERT INTO ccr.needed (job, db, name, reason) SELECT 'j', 'd', 'x', 'earlier' FROM d.seq_1_to_18;
        INSERT INTO ccr.needed (job, db, name, reason, at) SELECT 'j', 'd', 'x', 'long ago', NOW() - INTERVAL 25 HOUR FROM d.seq_1_to_30"
    job resync --job j --reason "by hand" --tables d.x,d.y --quiet
    answer
    requested
    [ "$(needed x)" -eq 48 ]
    sql source "ALTER TABLE d.y ADD u CHAR(36) DEFAULT (UUID())"
    needs_only "not in the log" d.y
    turn 5
    needs_only "not in the log" d.x
    [ "$(needed x) $(needed y) $(status_of j .state)" = "19 1 following" ]
    turn 7
    run ccr apply target --job j --copies-a-day 0
    fails 8 "d.x"
    [ "$(status_of j .state)" = following ]
    answer
    requested
    sql target "DELETE FROM ccr.needed ORDER BY id LIMIT 1"
    turn 9
    run ccr apply target --job j
    fails 8 "d.x has needed a copy 20 times within a day: " "earlier (17 times)" "more"
    [ "$(status_of j .state)" = stopped ]
    answer
    # by hand, and the job follows again
    requested
    [ "$(status_of j .state) $(needed x)" = "following 0" ]
    apply
    same d
}
