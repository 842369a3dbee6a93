# shellcheck shell=bash
# What the suites of the store share: `probe TEST [ROUNDS]` runs one part of tests/unit/store_conformance.c in the empty
# store $url; `store_tool` is tests/unit/store_tool.c.
#
#   backends_start            Ceph and Swift, and the bucket "ccr" of each
#   on BACKENDS COMMAND...    the command on each of them, $url being an empty store there: file, ceph, swift, and
#                             ceph-v2, swift-v2 by signature V2

ATOMIC="file ceph"
# shellcheck disable=SC2034 # the suites use it
EVERY="$ATOMIC ceph-v2 swift swift-v2"

probe() {
    "$UNITS/store_conformance" "${url:?}" "$@"
}

store_tool() {
    "$UNITS/store_tool" "$1" "$2" --store "$STORE" "${@:3}" 3>&-
}

backends_start() {
    units_find
    ceph_start
    s3_use ceph
    mkdir -p "$T/swift"
    swift_can_run || return 0
    swift_start
    s3_use swift
}

on() {
    local backend

    for backend in $1; do
        case $backend in
        file) url=file://$T/$BATS_TEST_NUMBER ;;
        *)
            # Swift keeps its metadata in user xattrs
            [ -e "$T/${backend%-v2}/port" ] || continue
            s3_point "$backend"
            url=s3://ccr/$backend/$BATS_TEST_NUMBER
            ;;
        esac
        echo "on $backend"
        "${@:2}"
    done
}

written_something() {
    [ "$("$UNITS/store_conformance" "$1" check)" -gt 0 ]
}

# kill_writers COUNT: kill -9 while writing leaves whole objects only.
kill_writers() {
    local i pid

    for ((i = 1; i <= $1; i++)); do
        "$UNITS/store_conformance" "$url/$i" write >/dev/null 2>&1 3>&- &
        pid=$!
        wait_until 60 written_something "$url/$i"
        # at a random moment after that
        sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
        kill -9 "$pid"
        wait "$pid" || :
        "$UNITS/store_conformance" "$url/$i" check
    done
}
