# ccr-job: a person pauses and resumes a job, leads it past a transaction, and says which target is the right one.

load ../lib/common
load job

setup_file() {
    job_start
}

gtid() {
    sql source "SELECT @@gtid_binlog_pos"
}

@test "usage: a verb comes first, and takes what it needs" {
    run job dance --job j
    fails 2 "'dance' is no verb of ccr-job" "list, create, show, pause"
    run "$CCR_BIN/ccr-job"
    fails 2 "the first word says what to do"
    run "$CCR_BIN/ccr-job" --help
    fails 0 "usage: ccr-job VERB [OPTION ...]" "  pause "
    run job pause --job j
    fails 2 "--reason is missing"
    run job pause --reason x
    fails 2 "--job is missing"
    run job skip --job j --reason x
    fails 2 "--gtid is missing"
    run job pause --job j --reason x --gtid 0-1-1
    fails 2 "takes no --gtid"
    run job pause --job nobody --reason x
    fails 6 "the target has no job 'nobody'"
}

@test "list and show: scope, renames and state" {
    run job list
    fails 0 "job j, stream main: following" "scope {"
    run job list --job j
    fails 2 "ccr-job list takes no --job" "ccr-job show"
    run job show --job j --json
    [ "$(json_of '.jobs[0] | "\(.job) \(.stream) \(.state) \(.scope.version) \(.skips)"')" = "j main following 2 []" ]
}

@test "pause and resume, with who and why" {
    run job pause --job j --reason "an audit's copy" --json
    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.changed) \(.state) \(.was)"')" = "true paused following" ]
    history_has 'paused by ccr-job (% as ccr@localhost)' "an audit\\'s copy"
    run job pause --job j --reason again
    fails 0 "paused already"
    run ccr apply target --job j
    fails 0 "job j is paused since 20" "by ccr-job (" "an audit's copy"
    run job show --job j
    fails 0 "job j, stream main: paused" "an audit's copy"
    job resume --job j --reason "the audit is over" --quiet
    history_has 'following by ccr-job (%' "the audit is over"
    history_has '%' again 0
    apply --cron
}

is_held() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(300)%'")" -eq 1 ]
}

# A run that waits for a table for longer than it takes to ask whether the job was paused.
run_is_held_up() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for table%lock%' AND time_ms > 3000")" -ge 1 ]
}

@test "pause ends a run that is catching up, behind a transaction; after resume it goes on" {
    local pid holder follow

    sql source "CREATE TABLE d.w (id INT PRIMARY KEY AUTO_INCREMENT)"
    replay
    for follow in "" --follow; do
        yes "INSERT INTO d.w VALUES ();" | head -n 500 | sql_file source /dev/stdin
        ship
        mariadb --no-defaults --socket="$T/target/sock" --user=root -e "LOCK TABLES d.w WRITE; SELECT SLEEP(300)" 3>&- &
        holder=$!
        wait_until 10 is_held
        # shellcheck disable=SC2086
        ccr apply target --job j --batch-transactions 10 --json $follow >"$T/result" 2>"$T/messages" &
        pid=$!
        wait_until 30 run_is_held_up
        job pause --job j --reason "an audit reads the copy" --quiet
        sql target "KILL $(sql target "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(300)%'")"
        wait "$holder" || :
        wait "$pid"
        output=$(cat "$T/result")
        [ "$(json_of '"\(.state) \(.transactions < 500)"')" = "paused true" ]
        grep -q "job j was paused by ccr-job (.*: an audit reads the copy" "$T/messages"
        [ "$(sql target "SELECT pos FROM ccr.position_j")" != "$(gtid)" ]
        run ccr apply target --job j --follow
        fails 0 "job j is paused since"
        job resume --job j --reason "the audit is over" --quiet
        apply
        same d
    done
    sql source "DROP TABLE d.w"
    replay
}

@test "one transaction is passed over, exactly that one, and the job goes on" {
    local bad

    sql target "DELETE FROM d.t WHERE id = 5"
    sql source "INSERT INTO d.t VALUES (201, 0)"
    sql source "UPDATE d.t SET v = 1 WHERE id IN (5, 6)"
    bad=$(gtid)
    sql source "INSERT INTO d.t VALUES (202, 0)"
    ship
    for _ in 1 2 3; do
        run ccr apply target --job j
        fails 9 "$bad"
    done
    run ccr apply target --job j --cron
    fails 9 "ccr-job resume --job j"
    run job skip --job j --gtid nonsense --reason x
    fails 2 "one GTID"
    run job skip --job j --gtid 0-101-1 --reason x
    fails 2 "behind it already"
    run job skip --job j --gtid "$bad" --reason "row 5 was archived"
    fails 0 "will pass over $bad" "ccr-job resume"
    run job skip --job j --gtid "$bad" --reason "once more"
    fails 0 "already"
    job resume --job j --reason "goes on without $bad" --quiet
    run ccr apply target --job j --cron
    fails 0 "warning: transaction $bad is passed over, as ccr-job (" "row 5 was archived"
    [ "$(sql target "SELECT SUM(v), COUNT(*) FROM d.t")" = $'0\t101' ] # 6 is not changed, 201 and 202 are there
    history_has "transaction $bad is to be passed over, says ccr-job (%" "row 5 was archived"
    history_has "transaction $bad passed over, as ccr-job (% said" "row 5 was archived"
    [ "$(sql target "SELECT done_at IS NOT NULL FROM ccr.skips WHERE gtid = '$bad'")" = 1 ]
    [ "$(job show --job j --json | jq -c '.jobs[0].skips')" = '[]' ]
    run ccr apply target --job j --json
    [ "$(json_of '"\(.passed_over) \(.state)"')" = "0 following" ]
    sql source "UPDATE d.t SET v = 0"
    sql target "INSERT INTO d.t VALUES (5, 0)"
    replay
    same d
}

@test "statements, and transactions among others, are passed over too, with several lanes and after a kill" {
    local first second n

    sql source "CREATE TABLE d.unwanted (id INT PRIMARY KEY)"
    first=$(gtid)
    sql source "BEGIN; INSERT INTO d.t VALUES (301, 0); UPDATE d.t SET v = 9 WHERE id = 1; COMMIT"
    second=$(gtid)
    sql source "INSERT INTO d.t VALUES (302, 0)"
    ship
    job skip --job j --gtid "$first" --reason ddl --quiet
    job skip --job j --gtid "$second" --reason rows --quiet
    run env CCR_FAILPOINT=commit-before "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" \
        --defaults-file "$T/target/ccr.cnf" --job j
    [ "$status" -eq 137 ]
    run ccr apply target --job j --json --lanes 2 --quiet
    [ "$status" -eq 0 ]
    [ "$(sql target "SHOW TABLES FROM d")" = t ]
    [ "$(sql target "SELECT GROUP_CONCAT(id ORDER BY id), SUM(v) FROM d.t WHERE id > 300 OR id = 1")" = $'1,302\t0' ]
    history_has "transaction $first passed over, as %" ddl
    history_has "transaction $second passed over, as %" rows
    [ "$(sql target "SELECT pos FROM ccr.position_j")" = "$(gtid)" ]
    sql source "DROP TABLE d.unwanted; DELETE FROM d.t WHERE id = 301; UPDATE d.t SET v = 0"
    for n in 1 2; do # what the target does not have
        job skip --job j --gtid "0-101-$(($(gtid | sed 's/.*-//') - n))" --reason "it is not there" --quiet
    done
    replay
    same d
}

@test "a target that another one has overtaken is adopted by a person" {
    jq '.nonce = "00000000000000000000000000000000"' "$STORE_DIR/jobs/j/status.json" >"$T/status.json"
    cp "$T/status.json" "$STORE_DIR/jobs/j/status.json"
    run ccr apply target --job j
    fails 9 "was cloned, or restored from a backup" "ccr-job adopt --job j"
    run job adopt --job j --reason "the old one is scrap"
    fails 0 "this is the target of job j from now on"
    history_has 'target adopted by ccr-job (%' "the old one is scrap"
    run job adopt --job j --reason again
    fails 0 "already"
    sql source "INSERT INTO d.t VALUES (401, 0)"
    replay
    same d
}

@test "a clone is let go: what the store has of the job is the other one's, and stays" {
    jq '.nonce = "00000000000000000000000000000000"' "$STORE_DIR/jobs/j/status.json" >"$T/status.json"
    cp "$T/status.json" "$STORE_DIR/jobs/j/status.json"
    cp -r "$STORE_DIR/jobs" "$T/jobs"
    run job desync --job j --yes
    fails 0 "what the store has of job j stays there, it is another target's" "job j is ended"
    diff -r "$T/jobs" "$STORE_DIR/jobs"
    run ccr restore target --job j --replace
    fails 9 "another target has a job j" "--without-target"
    run job delete --job j --without-target --yes
    [ "$status" -eq 0 ]
    ccr backup source --quiet
    ccr restore target --job j --replace --quiet
    replay
    same d
}

@test "a server that is hung, one that is down" {
    kill -STOP "$(server_pid target)"
    run job list --connect-timeout 1
    kill -CONT "$(server_pid target)"
    fails 6 "connecting: error 2013" "does not answer"
    run "$CCR_BIN/ccr-job" list --store "$STORE" --socket "$T/nowhere"
    fails 6 "is the server up"
}

elsewhere() {
    "$CCR_BIN/ccr-job" "$1" --store "file://$T/typo" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j "${@:2}" 3>&-
}

@test "another store than the job's is refused, and nothing is written there" {
    local verb

    for verb in "publish" "resync --reason x" "adopt --reason x"; do
        # shellcheck disable=SC2086
        run elsewhere $verb
        fails 4 "typo" "check the store's URL"
    done
    run elsewhere delete
    fails 0 "what the store has of job j stays there" "--yes does it"
    [ ! -e "$T/typo" ]
    STORE=file://$T/typo ccr backup source --quiet
    for verb in "publish" "resync --reason x" "adopt --reason x" "desync --yes" "delete --yes"; do
        # shellcheck disable=SC2086
        run elsewhere $verb
        fails 9 "is not the store" "use that store"
    done
    [ ! -e "$T/typo/jobs" ]
    run "$CCR_BIN/ccr-status" --store "file://$T/typo" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --json
    [ "$status" -eq 0 ]
    [[ $(json_of '.jobs[0].lag | "\(.known) \(.unknown_because) \(.transactions)"') == "false file://$T/typo is not the store, "*" null" ]]
    apply
}

@test "a job is ended: the data stays, ccr's record of it goes, and triggers that are lost are named" {
    sql source "CREATE TRIGGER d.tr BEFORE INSERT ON d.t FOR EACH ROW SET NEW.v = 1;
        CREATE EVENT d.ev ON SCHEDULE EVERY 1 YEAR DO DELETE FROM d.t"
    replay
    run job desync --job j --json
    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.changed) \([.kept | sort_by(.kind)[] | .kind + " " + .name] | join(", "))"')" = "false event ev, trigger tr" ]
    apply
    run job pause --job j --reason x --yes
    fails 2 "takes no --yes"
    run job desync --job j --yes
    fails 0 "trigger d.tr: not on the target" "event d.ev: stays disabled" "job j is ended"
    [ -z "$(sql target "SHOW DATABASES LIKE 'ccr%'")" ]
    [ ! -e "$STORE_DIR/jobs/j/status.json" ]
    same_tables source target d
    run job desync --job j --yes
    fails 6 "no job 'j'"
    run ccr apply target --job j
    fails 6 "the target has no job 'j'"
}
