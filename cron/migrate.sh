#!/bin/sh
# A migration with a cut-over: the target gets a copy while the source is at work, keeps up, and takes over.
#
#   migrate.sh CONFIG JOB
#
# Runs on a machine that reaches both servers; CONFIG has one [source] and one [target] section. The binaries, jq and a
# mariadb client are in the PATH. From the environment:
#
#   SOURCE=NAME         the name of the [source] section
#   ADMIN=FILE          an option file to reach the source by as a user who may SET GLOBAL read_only
#   MAX_LAG=10          seconds; the writers are stopped when the target is no further behind than this
#   PAUSE=10            seconds between two rounds before that
#
# It may be stopped (Ctrl-C) and started again at any time before the cut-over: a job that is there goes on. Until the last
# step nothing has changed for the source but read_only, which is taken back when the cut-over fails.
set -eu

: "${2:?usage: $0 CONFIG JOB}"
config=$1
job=$2
: "${SOURCE:?the name of the source section}" "${ADMIN:?an option file for the source}"

note() {
    printf '%s  %s\n' "$(date -u +%FT%TZ)" "$*"
}

source_sql() {
    mariadb --defaults-file="$ADMIN" --batch --skip-column-names --execute="$1"
}

ship_and_apply() {
    ccr-ship --config "$config" --quiet
    ccr-apply --config "$config" --job "$job" --quiet
}

# Seconds, or nothing where it is not known.
lag() {
    ccr-status --config "$config" --job "$job" --json | jq -r '.jobs[0].lag | select(.known) | .seconds | ceil'
}

# 1. The first copy, unless an earlier start of this script has made it. What is missing on the target (users, say) is
# told before anything is loaded.
if ! ccr-job show --config "$config" --job "$job" >/dev/null 2>&1; then
    note "the first copy"
    ccr-backup --config "$config"
    ccr-restore --config "$config" --job "$job"
fi

# 2. Keep up until the target is close. This may go on for weeks: test the application on the target meanwhile, reading only.
while :; do
    ship_and_apply
    behind=$(lag)
    note "behind by ${behind:-an unknown number of} seconds"
    [ -n "$behind" ] && [ "$behind" -le "${MAX_LAG:-10}" ] && break
    sleep "${PAUSE:-10}"
done

# 3. The cut-over. read_only waits for commits that are under way; users with READ ONLY ADMIN are not stopped by it:
# end their sessions, too, if there are any. From here on a failure lets the writers go on where they were.
note "the writers are stopped"
trap 'note "not done: the source is writable again"; source_sql "SET GLOBAL read_only = 0"' EXIT
trap 'exit 130' INT TERM
source_sql "SET GLOBAL read_only = 1"
ship_and_apply

# 4. The target takes over: triggers and events become active, counters are raised, the job ends. With --source the
# server is asked whether it has anything that the target lacks: then this fails.
ccr-promote --config "$config" --job "$job" --source "$SOURCE" --yes --reason "migration"
trap - EXIT

note "done: lead the application to the target; the source stays read_only"
