# What a promotion loses: each word of --accept-loss goes through, and what is told is never less than what is lost.

load ../lib/common
load job

setup_file() {
    mkdir -p "$XDG_STATE_HOME"
    follow_servers
    for n in 1 2 3 4 5 6 7; do
        sql source "CREATE DATABASE d$n; USE d$n; CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, 0 FROM seq_1_to_20"
    done
    ccr backup source --quiet
    for n in 1 2 3 4 5 6 7; do
        ccr restore target --job "j$n" --databases "d$n" --quiet
    done
    sql source "CREATE ROLE nobody; GRANT ALL ON d6.* TO nobody"
    printf '[client]\nsocket = %s\nuser = root\n' "$T/source/sock" >"$T/source.cnf"
    printf '[client]\nsocket = %s\nuser = root\n' "$T/target/sock" >"$T/other.cnf"
    printf '[client]\nsocket = %s\nuser = nosuch\n' "$T/source/sock" >"$T/refused.cnf"
}

promote() {
    ccr promote target --job "$@"
}

promoted() {
    [ "$(sql target "SELECT state FROM ccr.states WHERE job = '$1'")" = promoted ]
}

# The run that says so, and the one that does it.
refused_until() {
    local job=$1 word=$2

    shift 2
    run promote "$job" --yes "$@"
    fails 9 "--accept-loss $word"
    run promote "$job" --yes --accept-loss "$word" "$@"
    fails 0 "job $job is promoted"
    promoted "$job"
}

@test "xa: prepared transactions are not there" {
    sql source "XA START 'a'; INSERT INTO d1.t VALUES (100, 1); XA END 'a'; XA PREPARE 'a'"
    ship
    refused_until j1 xa
    [[ $output == *"warning: XA transactions are prepared"* ]]
    [ "$(sql target "SELECT COUNT(*) FROM d1.t")" -eq 20 ]
    sql source "XA ROLLBACK 'a'"
    ship
}

@test "tables: those that need a copy are as they are" {
    for n in 2 3 4 5; do ccr apply target --job "j$n" --quiet; done
    sql target "INSERT INTO ccr.needs (job, kind, db, name, gtid, reason) VALUES ('j2', 'behind', 'd2', 't', '', 'a test')"
    refused_until j2 tables
    [[ $output == *"need another copy"*"d2.t"* ]]
}

@test "half-done: a statement that was killed, and its log is not looked at" {
    sql source "UPDATE d3.t SET v = 1; TRUNCATE TABLE d3.t"
    ship
    run env CCR_FAILPOINT=intent-after:1 "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j3 --quiet
    [ "$status" -eq 137 ]
    refused_until j3 half-done --now
    [ "$(sql target "SELECT SUM(v) FROM d3.t")" -eq 20 ]
}

@test "the source is dead, or alive and ahead, or another server" {
    sql source "UPDATE d4.t SET v = 1"
    ship
    ccr apply target --job j4 --quiet
    sql source "UPDATE d4.t SET v = 2; UPDATE d4.t SET v = 3"
    # nobody is asked: nothing is claimed
    run promote j4
    fails 0 "and how much that is, is not known"
    run promote j4 --json
    [ "$(json_of '"\(.loss.known) \(.loss.transactions)"')" = "false null" ]
    # a report of the source that is older than what is here does not tell when it was last seen
    find "$STORE_DIR" -name alive.json -delete
    run promote j4 --json --quiet
    [ "$(json_of '.loss.unknown_since == .loss.source_time')" = true ]
    # one that is named wrongly is not a dead one
    run promote j4 --yes --source "$T/sourc.cnf"
    fails 3 "$T/sourc.cnf: No such file"
    # nor is one that lets nobody ask
    run promote j4 --yes --source "$T/refused.cnf"
    fails 9 "the source answers, but cannot be asked" "--accept-loss unshipped" "Access denied"
    run promote j4 --source "$T/refused.cnf" --accept-loss unshipped
    fails 0 "the source cannot be asked" "and how much that is, is not known"
    run promote j4 --yes --source "$T/other.cnf"
    fails 9 "lacks transactions that are here" "so it cannot tell what is lost" "is --source the job's source"
    run promote j4 --yes --source "$T/source.cnf"
    fails 9 "the source has 2 transactions more" "--accept-loss unshipped"
    ship
    run promote j4 --source "$T/source.cnf"
    fails 9 "2 transactions of the stored log are not applied"
    run promote j4 --yes --source "$T/source.cnf"
    fails 0 "the source has nothing more" "job j4 is promoted"
    [ "$(sql target "SELECT SUM(v) FROM d4.t")" -eq 60 ]
}

definer() {
    sql "$1" "SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_NAME = 'a'"
}

@test "interrupted while it drains: nothing has begun, and the next one does it all" {
    local pid status=0

    sql source "UPDATE d6.t SET v = 1; CREATE DEFINER = nobody TRIGGER d6.a AFTER INSERT ON d6.t FOR EACH ROW SET @x = 1"
    ship
    CCR_FAILPOINT=claim-after:1:stop "$CCR_BIN/ccr-promote" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j6 --yes 2>"$T/err" 3>&- &
    pid=$!
    wait_until 20 process_stopped "$pid"
    kill -INT "$pid"
    kill -CONT "$pid"
    wait "$pid" || status=$?
    cat "$T/err"
    [ "$status" -eq 10 ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.states WHERE job = 'j6' AND state LIKE 'promot%'")" -eq 0 ]
    # a role that the target lacks would become a user there
    run promote j6 --yes
    fails 9 "trigger d6.a is defined by role nobody" "CREATE ROLE nobody"
    sql target "CREATE ROLE nobody"
    run promote j6 --yes
    fails 0 "job j6 is promoted"
    [ "$(sql target "SELECT SUM(v) FROM d6.t")" -eq 20 ]
    [ "$(definer target)" = "$(definer source)" ]
}

@test "without the store; afterwards the job can be let go" {
    sql source "UPDATE d5.t SET v = 1"
    ship
    ccr apply target --job j5 --quiet
    sql source "UPDATE d5.t SET v = 2"
    ship
    mv "$STORE_DIR" "$T/away"
    run promote j5 --yes
    fails 4 "--without-store"
    run promote j5 --yes --without-store --reason "the store burns, too"
    fails 0 "the store is not looked at: what it has behind that is lost, too" "job j5 is promoted"
    mv "$T/away" "$STORE_DIR"
    [ "$(sql target "SELECT SUM(v) FROM d5.t")" -eq 20 ]
    run ccr status target --job j5
    fails 0 "job j5, stream main: promoted" "the store burns, too"
    [ -e "$STORE_DIR/jobs/j5/status.json" ]
    job desync --job j5 --yes --quiet
    [ ! -e "$STORE_DIR/jobs/j5/status.json" ]
    [ "$(sql target "SELECT COUNT(*) FROM d5.t")" -eq 20 ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.jobs WHERE name = 'j5'")" -eq 0 ]
}

@test "a source whose log was begun anew, with the same numbers, tells nothing" {
    local seq

    sql source "UPDATE d7.t SET v = 1"
    ship
    ccr apply target --job j7 --quiet
    run promote j7 --source "$T/source.cnf"
    fails 0 "the source has nothing more"
    seq=$(sql source "SELECT SUBSTRING_INDEX(@@gtid_binlog_pos, '-', -1)")
    sql source "RESET MASTER; SET gtid_seq_no = $seq; UPDATE d7.t SET v = 2"
    [ "$(sql source "SELECT @@gtid_binlog_pos")" = "0-101-$seq" ]
    run promote j7 --yes --source "$T/source.cnf"
    fails 9 "lacks transactions that are here" "cannot tell what is lost"
    refused_until j7 unshipped --source "$T/source.cnf"
}
