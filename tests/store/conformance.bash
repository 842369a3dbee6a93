# shellcheck shell=bash
# What the suites of all backends share: `probe TEST [ROUNDS]` runs one part of tests/unit/store_conformance.c in a place of
# its own below $CONFORMANCE_URL; `store_tool` is tests/unit/store_tool.c.

probe() {
    "$UNITS/store_conformance" "${url:?}" "$@"
}

store_tool() {
    "$UNITS/store_tool" "$1" "$2" --store "$STORE" "${@:3}" 3>&-
}

written_something() {
    [ "$("$UNITS/store_conformance" "$1" check)" -gt 0 ]
}

# kill_writers COUNT: kill -9 while writing leaves whole objects only.
kill_writers() {
    local i pid

    seed
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
