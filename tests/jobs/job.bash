# shellcheck shell=bash
# A job `j` that follows the database d of a source, and what a person does with it (for the suites of this folder).
#
#   job_start                         servers, table d.t with the rows 1 to 100, and the job
#   job VERB [OPTIONS]                ccr-job on the target
#   history_has WHAT REASON [COUNT]   patterns, as of LIKE; so many lines of the job's history (1)

# shellcheck source=tests/apply/follow.bash
. "$CCR_ROOT/tests/apply/follow.bash"

# shellcheck disable=SC2119 # neither takes the caller's arguments
job_start() {
    mkdir -p "$XDG_STATE_HOME"
    follow_servers
    sql source "CREATE DATABASE d; USE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT); INSERT INTO d.t SELECT seq, 0 FROM seq_1_to_100"
    follow_start
}

job() {
    local verb=$1

    shift
    "$CCR_BIN/ccr-job" "$verb" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" "$@" 3>&-
}

history_has() {
    [ "$(sql target "SELECT COUNT(*) FROM ccr.history WHERE job = 'j' AND what LIKE '$1' AND reason LIKE '$2'")" -eq "${3:-1}" ]
}
