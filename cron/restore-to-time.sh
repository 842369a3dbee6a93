#!/bin/sh
# A disaster restore by hand: the data as it was at a moment, beside the running job, under other names on the same target. For
# the DROP TABLE or the UPDATE without WHERE that has already been replicated.
#
#   restore-to-time.sh CONFIG TIME DATABASE [SNAPSHOT]
#
# TIME is UTC, as 2026-11-28T14:31:00Z: the last transaction that is wanted is the last one that was committed no later. DATABASE
# comes back as DATABASE_rescue, by a job `rescue` of its own; the job that follows goes on beside it, untouched. CONFIG has one
# [target] section, which names the job that follows (a section without `job` is one of all jobs: ccr-cycle would lead this one on,
# too). From the environment:
#
#   STREAM=main
#   MARGIN=300          seconds: without SNAPSHOT, the newest one that was begun so long before TIME is taken
#
# Then look, and bring back what is needed by hand, on the SOURCE (the target follows it), such as:
#
#   mariadb-dump ... DATABASE_rescue orders >orders.sql
#
# At the end, what is left of it goes:
#
#   ccr-job desync --config CONFIG --job rescue --yes && mariadb ... -e 'DROP DATABASE DATABASE_rescue'
set -eu

: "${3:?usage: $0 CONFIG TIME DATABASE [SNAPSHOT]}"
config=$1
time=$2
database=$3
snapshot=${4:-}
stream=${STREAM:-main}

# A snapshot's id begins with the time of its beginning.
choose() {
    latest=$(date -u -d "$time - ${MARGIN:-300} seconds" +%Y%m%dT%H%M%SZ)
    ccr-verify --config "$config" --quick --json |
        jq -r --arg stream "$stream" --arg latest "$latest" \
            '[.streams[] | select(.stream == $stream) | .sound_snapshots[] | select(.[:16] <= $latest)] | sort | last // empty'
}

[ -n "$snapshot" ] || snapshot=$(choose)
if [ -z "$snapshot" ]; then
    echo "no snapshot of stream $stream was begun so long before $time (MARGIN=${MARGIN:-300} seconds);" \
        "ccr-verify --quick tells which times can be restored, and from which snapshot" >&2
    exit 1
fi

if ccr-job show --config "$config" --job rescue --json 2>/dev/null | jq -e '.jobs[0].state == "paused"' >/dev/null; then
    echo "job rescue is there, from an earlier restore: end it, and drop ${database}_rescue (see the head of this script)" >&2
    exit 1
fi

# The scope is given, so the configured one does not count; the new names may not exist yet.
ccr-restore --config "$config" --stream "$stream" --job rescue --snapshot "$snapshot" \
    --databases "$database" --rename-db "$database:${database}_rescue"

# To the moment, and not beyond. (Where it is interrupted, the script begins anew.)
ccr-apply --config "$config" --job rescue --until-time "$time"

# No cycle is to lead it any further.
ccr-job pause --config "$config" --job rescue --reason "restored to $time"
