# Copies that a job needs: noted on the target with their reasons, asked for, and brought in.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow

setup_file() {
    mkdir -p "$XDG_STATE_HOME"
    follow_servers
    sql source "CREATE DATABASE d; USE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT); INSERT INTO d.t SELECT seq, 0 FROM seq_1_to_100"
    follow_start --databases d
}

job() {
    local verb=$1

    shift
    "$CCR_BIN/ccr-job" "$verb" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" "$@" 3>&-
}

status_of() {
    ccr status target --job "$1" --json | jq -r ".jobs[0] | $2"
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
