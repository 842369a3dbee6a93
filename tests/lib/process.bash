# shellcheck shell=bash
# Processes by their number, which may be another process's by now (for the suites, tests/run and bin/ccr-demo).
#
#   process_ended PID             it is not running, or a zombie that nobody has collected yet
#   process_lies_in FOLDER PID    its command line names something in that folder: it is still whom we started there

process_ended() {
    local state

    state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) || return 0
    [ -z "$state" ] || [ "$state" = Z ]
}

process_lies_in() {
    tr '\0' '\n' <"/proc/$2/cmdline" 2>/dev/null | grep -qF -- "$1/"
}
