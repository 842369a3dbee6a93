# ccr.states: every run of a job notes how it ended; three failures of one cause stop it, and a person may pause it.

load ../lib/common
load job
export PROTECT=off # the target is written to

setup_file() {
    job_start
}

teardown_file() {
    ! mountpoint -q "$T/target/data/room" || umount "$T/target/data/room"
    servers_end
}

state() {
    sql target "SELECT CONCAT_WS(' ', state, failures, error IS NOT NULL, ok_at IS NOT NULL) FROM ccr.states WHERE job = 'j'"
}

# The source changes a row that the target has lost.
lose_row() {
    sql target "DELETE FROM d.t WHERE id = $1"
    sql source "UPDATE d.t SET v = v + 1 WHERE id = $1"
    ship
}

apply_fails() {
    run ccr apply target --job j "$@"
    [ "$status" -eq "${CODE:-9}" ] || { echo "$status: $output"; return 1; }
}

pause_by_hand() {
    sql target "REPLACE INTO ccr.states (job, state, since, reason, who) VALUES ('j', 'paused', '2026-01-01', 'an audit', 'ann')"
}

@test "a run that succeeds says so; a target of an earlier version gets the table" {
    sql target "DROP TABLE ccr.states"
    run ccr apply target --job j --json --dry-run
    [ "$status" -eq 0 ]
    [ "$(sql target "SHOW TABLES FROM ccr LIKE 'states'")" = "" ]
    run ccr apply target --job j --json
    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.state) \(.changed)"')" = "following false" ]
    [ "$(state)" = "following 0 0 1" ]
}

@test "the third failure in a row of one cause stops the job for --cron and --follow; a run by hand goes on" {
    lose_row 5
    apply_fails
    apply --dry-run
    apply_fails
    [ "$(state)" = "following 2 1 1" ]
    ccr apply target --job j --json >"$T/result" 2>/dev/null || :
    [ "$(jq -r '"\(.state) \(.code)"' "$T/result")" = "stopped 9" ]
    [ "$(state)" = "stopped 3 1 1" ]
    history_has 'stopped by ccr-apply (% as ccr@localhost)' '3 failures in a row of the same cause: %' 1
    [ "$(sql target "SELECT JSON_VALUE(error, '\$.program'), JSON_VALUE(error, '\$.code'), JSON_VALUE(error, '\$.code_name') FROM ccr.states")" = \
        $'ccr-apply\t9\tunsafe' ]
    # nobody watches: nothing is tried, and the count stays
    apply_fails --follow
    [[ $output == *"job j needs a person since 20"*"ccr-apply: "*"d.t"*"hint: "*"a run by hand"* ]]
    apply_fails --cron
    [[ $output == *"needs a person"* ]]
    apply_fails --cron
    [ -z "$output" ]
    [ "$(state)" = "stopped 3 1 1" ]
    sql target "INSERT INTO d.t VALUES (5, 0)"
    apply_fails --cron
    run ccr apply target --job j --json
    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.state) \(.transactions)"')" = "following 1" ]
    # what failed last stays to be read
    [ "$(state)" = "following 0 1 1" ]
    history_has 'following by ccr-apply (%' 'a run succeeded' 1
    apply --cron
    same d
}

@test "another cause, or a commit in between, counts from one" {
    lose_row 6
    apply_fails
    apply_fails
    [ "$(state)" = "following 2 1 1" ]
    sql target "SET GLOBAL slave_type_conversions = 'ALL_LOSSY'"
    apply_fails
    sql target "SET GLOBAL slave_type_conversions = ''"
    [ "$(state)" = "following 1 1 1" ]
    apply_fails
    apply_fails
    [ "$(state)" = "following 2 1 1" ]
    sql target "INSERT INTO d.t VALUES (6, 0)"
    lose_row 7
    apply_fails
    [ "$(state)" = "following 1 1 1" ]
    sql target "INSERT INTO d.t VALUES (7, 0)"
    apply
    same d
}

@test "a store that does not answer, and a wrong command line, are no failures of the job" {
    mv "$STORE_DIR" "$STORE_DIR.away"
    CODE=4 apply_fails
    mv "$STORE_DIR.away" "$STORE_DIR"
    CODE=2 apply_fails --memory 1
    [ "$(state)" = "following 0 1 1" ]
}

@test "a table that is at a limit of its own needs a person: nobody's making room helps" {
    sql source "CREATE TABLE d.m (id INT PRIMARY KEY) ENGINE=MEMORY; INSERT INTO d.m SELECT seq FROM d.seq_1_to_20000"
    ccr backup source --quiet
    sql target "SET GLOBAL max_heap_table_size = 16384"
    for _ in 1 2 3; do
        run ccr restore target --job j --unattended
        fails 6 "error 1114" "hint: is the disk" "max_heap_table_size"
    done
    [ "$(state)" = "stopped 3 1 1" ]
    sql target "SET GLOBAL max_heap_table_size = DEFAULT"
    ccr restore target --job j --quiet
    sql source "DROP TABLE d.m"
    replay
    [ "$(state)" = "following 0 1 1" ]
}

@test "the target's disk is full: shown, but no run stops the job, and when there is room the next one goes on" {
    local disk=$T/target/data/room

    sql source "CREATE DATABASE room"
    replay
    mount -t tmpfs -o size=16m tmpfs "$disk" 2>/dev/null || skip "mounting a small file system needs root"
    sql source "CREATE TABLE room.t (id INT PRIMARY KEY, v VARCHAR(1000))"
    replay
    cat /dev/zero >"$disk/filler" 2>/dev/null || :
    # InnoDB says that the table is full, what makes a file that the disk is
    for change in "INSERT INTO room.t SELECT seq, REPEAT('x', 1000) FROM room.seq_1_to_500" "CREATE TABLE room.u (id INT PRIMARY KEY)"; do
        sql source "$change"
        ship
        for _ in 1 2 3 4; do
            CODE=6 apply_fails --unattended
            [[ $output == *"error: "*"hint: "*"make room"*"the next run goes on"* ]]
        done
        [ "$(state)" = "following 1 1 1" ]
        run ccr status target --job j
        [[ $output == *"  failed   1 times in a row, "*"  hint  "*"make room"* ]]
        rm "$disk/filler"
        apply --unattended
        [ "$(state)" = "following 0 1 1" ]
        cat /dev/zero >"$disk/filler" 2>/dev/null || :
    done
    rm "$disk/filler"
    same room
    sql source "DROP TABLE room.t, room.u"
    replay
    umount "$disk"
    sql source "DROP DATABASE room"
    replay
}

@test "a paused job: its runs end at once, and say by whom and why" {
    local command

    sql source "INSERT INTO d.t VALUES (101, 0)"
    ship
    pause_by_hand
    for command in "apply target" "restore target"; do
        # shellcheck disable=SC2086
        run ccr $command --job j
        [ "$status" -eq 0 ]
        [[ $output == *"job j is paused since 2026-01-01T"*"by ann"*"an audit"* ]]
        # shellcheck disable=SC2086
        run ccr $command --job j --json --quiet
        [ "$status" -eq 0 ]
        [ "$(json_of '"\(.state) \(.changed) \(.state_who) \(.state_reason)"')" = "paused false ann an audit" ]
        # shellcheck disable=SC2086
        run ccr $command --job j --cron
        [ "$status" -eq 0 ]
        [ -z "$output" ]
    done
    [ "$(sql target "SELECT COUNT(*) FROM d.t")" -eq 100 ]
    sql target "UPDATE ccr.states SET state = 'following'"
    apply
    same d
}

@test "a run with --follow ends when its job is paused" {
    local pid

    ccr apply target --job j --follow --poll 1 --quiet &
    pid=$!
    sql source "INSERT INTO d.t VALUES (102, 0)"
    ship
    wait_until 30 row_is_there 102
    pause_by_hand
    wait "$pid"
    [ "$(sql target "SELECT state FROM ccr.states")" = paused ]
    sql target "UPDATE ccr.states SET state = 'following'"
}

row_is_there() {
    [ "$(sql target "SELECT COUNT(*) FROM d.t WHERE id = $1")" -eq 1 ]
}

@test "ccr-restore is stopped by its own failures; waiting for a snapshot is one failure, however often it is found" {
    sql source "CREATE TABLE d.u (id INT PRIMARY KEY)"
    sql target "CREATE TABLE d.u (id INT PRIMARY KEY)"
    ccr backup source --quiet
    for _ in 1 2 3; do
        run ccr restore target --job j
        [ "$status" -eq 9 ]
    done
    [ "$(sql target "SELECT state, JSON_VALUE(error, '\$.program') FROM ccr.states")" = $'stopped\tccr-restore' ]
    run ccr restore target --job j --cron
    [ "$status" -eq 9 ]
    [[ $output == *"needs a person"* ]]
    sql target "DROP TABLE d.u"
    ccr restore target --job j --quiet
    [ "$(sql target "SELECT state FROM ccr.states")" = following ]
    # another history: the epoch ends
    sql source "RESET MASTER; SET SESSION gtid_seq_no = 5000; INSERT INTO d.t VALUES (103, 0)"
    run ccr ship source --quiet
    [ "$status" -eq 8 ]
    CODE=8 apply_fails
    CODE=8 apply_fails
    CODE=8 apply_fails
    [ "$(sql target "SELECT state, failures FROM ccr.states")" = $'following\t1' ]
    CODE=8 apply_fails --cron
    ccr backup source --quiet
    ccr restore target --job j --cron
    [ "$(sql target "SELECT state, failures FROM ccr.states")" = $'following\t0' ]
    sql source "INSERT INTO d.t VALUES (104, 0)"
    ship
    apply --cron
    same d
}

# section LINE...: the config file of the target, with these lines in its section.
section() {
    printf '[store main]\nurl = %s\n[target t]\nsocket = %s\ndefaults-file = %s\n' "$STORE" "$T/target/sock" "$T/target/ccr.cnf" >"$T/ccr.conf"
    printf '%s\n' "$@" >>"$T/ccr.conf"
}

by_section() {
    run "$CCR_BIN/ccr-$1" --config "$T/ccr.conf" "${@:2}"
    echo "status $status: $output"
    [ "$status" -eq 0 ]
}

@test "keys of a job that is there say another scope than its own: named at once, with the way to change it, and it works" {
    section "databases = d" "exclude-tables = d.x" "job = j"
    by_section apply
    [ "$(grep -c "warning: config file $T/ccr.conf: job j is to follow d but d.x there, but it follows everything: .*ccr-restore --job j copies the job anew" <<<"$output")" -eq 1 ]
    # as ccr-cycle does; the same is told once a day
    by_section apply --job j --cron
    [[ $output == *"is to follow d but d.x there"* ]]
    by_section apply --job j --cron
    [[ $output != *warning* ]]
    section "rename-db = d:e" "job = j"
    by_section apply
    [[ $output == *"is to follow everything; d as e there, but it follows everything: "* ]]
    # the section of another job, and one that says nothing
    section "databases = d" "job = other"
    by_section apply --job j
    [[ $output != *warning* ]]
    section "job = j"
    by_section apply
    [[ $output != *warning* ]]
    section "databases = d" "exclude-tables = d.x" "job = j"
    by_section restore
    by_section apply
    [[ $output != *warning* ]]
    section "job = j" "tables = d.t"
    by_section apply
    [[ $output == *"is to follow d.t there, but it follows d but d.x: "*"ccr-restore --job j --full copies"* ]]
}

@test "a plain restore leaves no state behind" {
    sql target "DROP DATABASE d; DROP DATABASE ccr"
    ccr restore target --standalone --quiet
    [ -z "$(sql target "SHOW DATABASES LIKE 'ccr'")" ]
}
