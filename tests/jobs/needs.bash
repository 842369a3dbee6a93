# shellcheck shell=bash
# What a job needs, from the request to the copy (for the suites of this folder).
#
#   status_of JOB FILTER       of its object in ccr-status --json
#   requests [JOB [FILTER]]    the requests in the store as a list, through jq
#   no_requests                there are none
#   answer                     the source takes what is asked for next
#   requested                  one run of ccr-restore --requested, with $output, $stderr
#   waits                      the same, and there is no snapshot yet
#   history_is TEXT            the last line of the job's history: what, and its reason

# shellcheck source=tests/jobs/job.bash
. "$CCR_ROOT/tests/jobs/job.bash"

status_of() {
    ccr status target --job "$1" --json | jq -r ".jobs[0] | $2"
}

requests() {
    cat "$STORE_DIR"/jobs/"${1:-j}"/requests/*.json 2>/dev/null | jq -s "$2"
}

no_requests() {
    [ -z "$(find "$STORE_DIR/jobs" -path '*/requests/*' -type f)" ]
}

answer() {
    ccr backup source --requested --quiet
}

requested() {
    run --separate-stderr ccr restore target --job j --requested --json
    # shellcheck disable=SC2154
    echo "$status: $stderr $output"
    [ "$status" -eq 0 ]
}

history_is() {
    [ "$(sql target "SELECT CONCAT(what, ': ', reason) FROM ccr.history WHERE job = 'j' ORDER BY id DESC LIMIT 1")" = "$1" ] ||
        { sql target "SELECT * FROM ccr.history"; return 1; }
}

waits() {
    requested
    [ "$(json_of '"\(.waiting) \(.changed) \(.copies)"')" = "true false 0" ]
}
