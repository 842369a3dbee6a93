# ccr-status: what it tells of a job in each of its states, with no more rights than the README's.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow

setup_file() {
    local password

    follow_servers
    sql target "$(readme_grants status)"
    password=$(readme_grants status | sed -n "s/.*IDENTIFIED BY '\([^']*\)'.*/\1/p")
    printf '[client]\nuser = ccr_status\npassword = %s\nsocket = %s\n' "$password" "$(server_socket target)" >"$T/status.cnf"
    sql source "CREATE DATABASE d; CREATE DATABASE other; USE d; CREATE TABLE other.t (id INT PRIMARY KEY);
        CREATE TABLE d.t (id INT PRIMARY KEY, v INT); INSERT INTO d.t SELECT seq, 0 FROM seq_1_to_2000"
    ccr backup source --quiet --chunk-size 1K
    follow_job
}

follow_job() {
    ccr restore target --job j --databases d --quiet
}

status() {
    "$CCR_BIN/ccr-status" --store "$STORE" --defaults-file "$T/status.cnf" "$@" 3>&-
}

# job FILTER: of the one job.
job() {
    status --json >"$T/status.json" || { cat "$T/status.json"; return 1; }
    jq -r ".jobs[0] | $1" "$T/status.json"
}

# One sample of the metrics, or nothing.
metric() {
    sed -n "s/^$1 //p" "$T/metrics"
}

@test "in step: following and idle, nothing behind, and the copy in the history" {
    replay
    [ "$(job '"\(.job) \(.stream) \(.state) \(.doing) \(.running) \(.copied) \(.failures) \(.needs_copy)"')" = \
        "j main following idle false true 0 false" ]
    [ "$(job '"\(.lag.known) \(.lag.transactions) \(.lag.seconds < 300) \(.tables_behind)"')" = "true 0 true []" ]
    [ "$(job .position)" = "$(sql source "SELECT @@gtid_binlog_pos")" ]
    [ "$(job '.history[0].what')" = "full copy of snapshot $(basename "$STORE_DIR"/streams/main/snapshots/*)" ]
    [ "$(job '.history[0].reason')" = "first run" ]
    [ "$(jq -r '.streams[0] | "\(.stream) \(.silent) \(.position)"' "$T/status.json")" = "main false $(job .position)" ]
    run --separate-stderr status
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ $output == "job j, stream main: following; idle; "*" behind; 0 transactions of the log are not applied"* ]]
    [[ $output == *"history  "*"full copy of snapshot"*": first run"*"stream main: seen 20"* ]]
}

@test "where no store is (a folder that is not mounted, say), that is told, and not that ccr-ship has not run" {
    local store_alone

    mv "$STORE_DIR" "$STORE_DIR.elsewhere"
    mkdir "$STORE_DIR"
    run -4 --separate-stderr "$CCR_BIN/ccr-status" --store "$STORE"
    store_alone=$stderr
    run status
    rmdir "$STORE_DIR"
    mv "$STORE_DIR.elsewhere" "$STORE_DIR"
    [[ $store_alone == *"error: the store $STORE has no ccr.json"*"hint: "* ]]
    [ "$status" -eq 0 ]
    [[ $output == "job j, stream main: following; idle; lag unknown: the store $STORE has no ccr.json"* ]]
}

@test "transactions of the log that are not applied are counted, also within an object" {
    sql source "INSERT INTO d.t VALUES (3001, 0); INSERT INTO d.t VALUES (3002, 0); INSERT INTO d.t VALUES (3003, 0)"
    ship
    sql source "INSERT INTO d.t VALUES (3004, 0)"
    ship
    [ "$(job '"\(.lag.known) \(.lag.transactions) \(.lag.more)"')" = "true 4 false" ]
    apply --until-gtid "$(sql source "SELECT CONCAT('0-', @@server_id, '-', SUBSTRING_INDEX(@@gtid_binlog_pos, '-', -1) - 2)")"
    [ "$(job .lag.transactions)" = 2 ]
    apply
    [ "$(job .lag.transactions)" = 0 ]
}

@test "a source that is silent: the lag is unknown since then, and never 0" {
    local seen

    seen=$(jq -r .time "$STORE_DIR/streams/main/alive.json")
    CCR_CLOCK_SHIFT=500 job .lag.seconds
    [ "$(CCR_CLOCK_SHIFT=500 job '.lag.seconds >= 500')" = true ]
    export CCR_CLOCK_SHIFT=700
    [ "$(job '"\(.lag.known) \(.lag.seconds) \(.lag.unknown_since)"')" = "false null $seen" ]
    [ "$(jq -r '.streams[0].silent' "$T/status.json")" = true ]
    run status
    [ "$status" -eq 0 ]
    [[ $output == *"lag unknown since $seen: the source is silent"*"stream main: SILENT, last seen $seen"* ]]
    status --prometheus >"$T/metrics"
    [ "$(metric 'ccr_job_lag_known{job="j",stream="main"}')" = 0 ]
    [ -z "$(metric 'ccr_job_lag_seconds{.*}')" ]
    run status --silent-after 1h --json
    [ "$(json_of '.jobs[0].lag.known')" = true ]
}

@test "a source whose clock is ahead: the lag is unknown, and not 0 until that time has come" {
    export CCR_CLOCK_SHIFT=-7000
    [ "$(job '"\(.lag.known) \(.lag.unknown_because)"')" = "false the source's clock is ahead of this machine's" ]
    [ "$(jq -r '.streams[0] | "\(.silent) \(.clock_ahead)"' "$T/status.json")" = "true true" ]
    run status
    [[ $output == *"lag unknown: the source's clock is ahead"*"stream main: CLOCK AHEAD, last seen "* ]]
    CCR_CLOCK_SHIFT=-100
    [ "$(job .lag.known)" = true ]
    unset CCR_CLOCK_SHIFT
}

@test "the metrics are as promtool wants them" {
    status --prometheus >"$T/metrics"
    run promtool check metrics <"$T/metrics"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    [ "$(metric 'ccr_job_lag_known{job="j",stream="main"}')" = 1 ]
    [ "$(metric 'ccr_job_lag_transactions{job="j",stream="main"}')" = 0 ]
    [ "$(metric 'ccr_job_state{job="j",stream="main",state="following"}')" = 1 ]
    [ "$(metric 'ccr_job_state{job="j",stream="main",state="stopped"}')" = 0 ]
    [ "$(metric 'ccr_job_lag_seconds{job="j",stream="main"}')" -lt 300 ]
}

@test "a store that cannot be read: what the target tells, and why the rest is unknown" {
    printf x >"$STORE_DIR/streams/main/alive.json.new"
    mv "$STORE_DIR/streams/main/alive.json" "$T/alive.json"
    [ "$(job '"\(.state) \(.lag.known) \(.lag.unknown_since)"')" = "following false null" ]
    mv "$STORE_DIR/streams/main/alive.json.new" "$STORE_DIR/streams/main/alive.json"
    [[ "$(job .lag.unknown_because)" == *alive.json* ]]
    mv "$T/alive.json" "$STORE_DIR/streams/main/alive.json"
    mv "$STORE_DIR" "$STORE_DIR.away"
    [ "$(job '"\(.state) \(.lag.known) \(.position != null)"')" = "following false true" ]
    mv "$STORE_DIR.away" "$STORE_DIR"
}

@test "without a target, what the store knows of its jobs and streams" {
    run "$CCR_BIN/ccr-status" --store "$STORE" --json
    [ "$status" -eq 0 ]
    [ "$(json_of '.jobs[0] | "\(.job) \(.stream) \(.lag.known) \(.lag.transactions) \(.state)"')" = "j main true 0 null" ]
    [ "$(json_of .jobs[0].position)" = "$(sql source "SELECT @@gtid_binlog_pos")" ]
    [ "$(json_of '.streams | length')" = 1 ]
    run "$CCR_BIN/ccr-status" --store "$STORE"
    [[ $output == "job j, stream main: "*" behind; "*"reported 20"*"stream main: seen"* ]]
    # a target that does not report any more
    ship
    touch -d '2 hours ago' "$STORE_DIR/jobs/j/status.json"
    run "$CCR_BIN/ccr-status" --store "$STORE" --json
    [[ "$(json_of '.jobs[0].lag | "\(.known) \(.unknown_because)"')" == "false the target is silent"* ]]
    run "$CCR_BIN/ccr-status" --store "$STORE" --job nobody
    [ "$status" -eq 6 ]
}

@test "a run at work shows by its lock" {
    mariadb --no-defaults --socket="$T/target/sock" --user=root -e "DO GET_LOCK('ccr job j', 10); SELECT SLEEP(60)" 3>&- &
    wait_until 10 doing_is replaying
    [ "$(job .running)" = true ]
    sql target "KILL $(sql target "SELECT IS_USED_LOCK('ccr job j')")"
    wait_until 10 doing_is idle
}

doing_is() {
    [ "$(job .doing)" = "$1" ]
}

@test "a copy under way: rows, rate and time left; interrupted, it says so" {
    local pid

    "$CCR_BIN/ccr-restore" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --quiet \
        --threads 1 --max-rate 60rows 3>&- &
    pid=$!
    wait_until 30 rows_are_loaded
    [ "$(job '"\(.doing) \(.running) \(.copy.kind) \(.copy.rows) \(.copy.reason)"')" = \
        "loading true full 2000 new snapshot asked for by hand" ]
    wait_until 30 time_left_is_known
    run status
    [[ $output == *"; loading; "*"copy     full, of snapshot "*" of 2000 rows ("*"%), "*" rows/s, "*" left"* ]]
    kill -9 "$pid"
    wait_until 10 doing_is "copy interrupted"
    [ "$(job '"\(.running) \(.copy.loaded > 0) \(.copy.seconds_left)"')" = "false true null" ]
    follow_job
    [ "$(job '"\(.doing) \(.copy)"')" = "idle null" ]
    [ "$(job '.history | length')" = 2 ]
    [ "$(status --json --history 1 | jq -c '[.jobs[0].history[].reason]')" = '["new snapshot asked for by hand"]' ]
}

rows_are_loaded() {
    [ "$(job '.copy.loaded > 0')" = true ]
}

time_left_is_known() {
    [ "$(job '.copy.seconds_left > 0 and .copy.rows_per_second > 0')" = true ]
}

# restore_tables [OPTIONS]: a partial copy of d.t in the background, as $pid.
restore_tables() {
    "$CCR_BIN/ccr-restore" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --tables d.t --quiet --threads 1 "$@" 3>&- &
    pid=$!
}

metrics() {
    status --prometheus >"$T/metrics"
    promtool check metrics <"$T/metrics"
}

@test "a partial copy: loading, catching up with the job, waiting for the swap; each with what is left, and how long" {
    local pid left id

    sql source "$(for id in {6001..6020}; do echo "INSERT INTO d.t VALUES ($id, 0);"; done)"
    replay
    left=$(($(sql source "SELECT SUBSTRING_INDEX(@@gtid_binlog_pos, '-', -1)") - $(jq -r .position "$STORE_DIR"/streams/main/snapshots/*/manifest.json | cut -d - -f 3)))
    # halted, it stays in each of these for as long as it is looked at
    restore_tables --max-rate 100rows
    wait_until 30 rows_are_loaded
    kill -STOP "$pid"
    wait_until 30 time_left_is_known
    [ "$(job '"\(.doing) \(.running) \(.copy.kind) \(.copy.rows) \(.copy.loaded < 2000) \(.copy.transactions_left) \(.copy.reason)"')" = \
        "loading true partial 2000 true null asked for by hand" ]
    run status
    [[ $output == *"; loading; "*"copy     partial, of snapshot "*" of 2000 rows ("*"%), "*" rows/s, "*" left"* ]]
    metrics
    [ "$(metric 'ccr_job_copy_rows{job="j",stream="main"}')" = 2000 ]
    [ "$(metric 'ccr_job_copy_left_seconds{job="j",stream="main"}')" -gt 0 ]
    [ -z "$(metric 'ccr_job_copy_left_transactions{.*}')" ]
    kill -9 "$pid"
    # it stops behind the first commit of what it replays
    CCR_FAILPOINT=commit-after:1:stop restore_tables --batch-transactions 5
    wait_until 60 doing_is "catching up"
    wait_until 30 replay_rate_is_known
    [ "$(job '"\(.running) \(.copy.kind) \(.copy.loaded) \(.copy.rows_per_second)"')" = "true partial 2000 null" ]
    [ "$(job ".copy.transactions_left < $left and .copy.transactions_left > 0 and .copy.seconds_left >= 0")" = true ]
    run status
    [[ $output == *"; catching up; "*"2000 of 2000 rows (100%); $(job .copy.transactions_left) transactions of the log behind them are left, "*" transactions/s, "*" left"* ]]
    metrics
    [ "$(metric 'ccr_job_copy_left_transactions{job="j",stream="main"}')" = "$(job .copy.transactions_left)" ]
    [ -n "$(metric 'ccr_job_copy_left_seconds{job="j",stream="main"}')" ]
    kill -9 "$pid"
    wait_until 10 doing_is "copy interrupted"
    [ "$(job '"\(.running) \(.copy.transactions_left > 0) \(.copy.seconds_left)"')" = "false true null" ]
    # a reader is in the way
    mariadb --no-defaults --socket="$T/target/sock" --user=root -e "START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT SLEEP(3600)" 3>&- &
    wait_until 10 a_reader_is_there
    restore_tables --swap-wait 3600
    wait_until 60 doing_is "waiting for the swap"
    [ "$(job '"\(.running) \(.copy.loaded) \(.copy.transactions_left) \(.copy.seconds_left)"')" = "true 2000 0 null" ]
    run status
    [[ $output == *"; waiting for the swap; "*"2000 of 2000 rows (100%); 0 transactions of the log behind them are left"* ]]
    metrics
    [ "$(metric 'ccr_job_copy_left_transactions{job="j",stream="main"}')" = 0 ]
    [ -z "$(metric 'ccr_job_copy_left_seconds{.*}')" ]
    sql target "KILL $(reader)"
    wait "$pid"
    [ "$(job '"\(.doing) \(.copy) \(.lag.transactions)"')" = "idle null 0" ]
}

reader() {
    sql target "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(3600)%'"
}

a_reader_is_there() {
    [ -n "$(reader)" ]
}

replay_rate_is_known() {
    [ "$(job '.copy.transactions_per_second > 0')" = true ]
}

@test "failures and what to do about them; a stopped job stands out" {
    replay
    sql target "DELETE FROM d.t WHERE id = 5"
    sql source "UPDATE d.t SET v = 1 WHERE id = 5"
    ship
    for _ in 1 2 3; do
        run ccr apply target --job j
        [ "$status" -eq 9 ]
    done
    [ "$(job '"\(.state) \(.failures) \(.error.program) \(.error.code_name)"')" = "stopped 3 ccr-apply unsafe" ]
    run status
    [[ $output == *"job j, stream main: STOPPED, needs a person; idle; "* ]]
    [[ $output == *"failed   3 times in a row, "*"the row is missing on the target"*"hint     "* ]]
    status --prometheus >"$T/metrics"
    [ "$(metric 'ccr_job_state{job="j",stream="main",state="stopped"}')" = 1 ]
    [ "$(metric 'ccr_job_failures{job="j",stream="main"}')" = 3 ]
    sql target "INSERT INTO d.t VALUES (5, 0)"
    apply
    run status
    [[ $output == *"following"*"failed   last 20"*", not since then: ccr-apply: "* ]]
    [ "$(job '[.history[].what] | map(split(" ")[0]) | join(" ")')" = "full full partial stopped following" ]
}

@test "tables that need a copy, and an epoch that ended" {
    sql source "CREATE TABLE d.made LIKE other.t"
    ship
    run ccr apply target --job j
    [ "$status" -eq 8 ]
    [ "$(job '.tables_behind[0] | "\(.kind) \(.db) \(.name) \(.gtid)"')" = "partial d made $(sql source "SELECT @@gtid_binlog_pos")" ]
    run status
    [[ $output == *"table    d.made needs a copy since 20"* ]]
    status --prometheus >"$T/metrics"
    [ "$(metric 'ccr_job_tables_behind{job="j",stream="main"}')" = 1 ]
    sql source "RESET MASTER; SET SESSION gtid_seq_no = 90000; INSERT INTO d.t VALUES (5001, 0)"
    run ccr ship source --quiet
    ccr backup source --quiet
    sql source "INSERT INTO d.t VALUES (5002, 0)"
    ship
    [ "$(job '"\(.needs_copy) \(.lag.known) \(.lag.transactions)"')" = "true true null" ]
    run status
    [[ $output == *"needs    a new snapshot"* ]]
    status --prometheus | promtool check metrics
}

@test "--watch shows it again and again until a signal; forms exclude each other" {
    local pid

    "$CCR_BIN/ccr-status" --store "$STORE" --defaults-file "$T/status.cnf" --watch --poll 1 >"$T/watched" 3>&- &
    pid=$!
    wait_until 30 watched_twice
    kill "$pid"
    wait "$pid"
    run status --watch --json
    [ "$status" -eq 2 ]
}

watched_twice() {
    [ "$(grep -c '^job j' "$T/watched")" -ge 2 ]
}
