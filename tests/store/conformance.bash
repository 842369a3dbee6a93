# shellcheck shell=bash
# What the suites of all backends share: `probe TEST` runs one part of tests/unit/store_conformance.c in a place of
# its own below $CONFORMANCE_URL; `store_tool` is tests/unit/store_tool.c.

units_find() {
    UNITS=$CCR_BIN/../build/unit
    case $CCR_BIN in
    */build/*/bin) UNITS=${CCR_BIN%/bin}/unit ;;
    esac
    [ -x "$UNITS/store_conformance" ] || return 1
    PROBE=$UNITS/store_conformance
    export UNITS PROBE
}

probe() {
    "$PROBE" "${url:?}" "$1"
}

store_tool() {
    "$UNITS/store_tool" "$1" "$2" --store "$STORE" "${@:3}" 3>&-
}

written_something() {
    [ "$("$PROBE" "$1" check)" -gt 0 ]
}

# kill_writers COUNT: kill -9 while writing leaves whole objects only.
kill_writers() {
    local i pid

    seed
    for ((i = 1; i <= $1; i++)); do
        "$PROBE" "$url/$i" write >/dev/null 2>&1 3>&- &
        pid=$!
        wait_until 60 written_something "$url/$i"
        # at a random moment after that
        sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
        kill -9 "$pid"
        wait "$pid" || :
        "$PROBE" "$url/$i" check
    done
}
