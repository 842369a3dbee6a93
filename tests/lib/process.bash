# shellcheck shell=bash
# Processes by their number, which may be another process's by now (for the suites, tests/run and bin/ccr-demo).
#
#   process_ended PID             it is not running, or a zombie that nobody has collected yet
#   process_stopped PID           it stands still (SIGSTOP), with all its threads
#   process_lies_in FOLDER PID    its command line names something in that folder: it is still whom we started there

# Nothing, if there is no such process.
process_state() {
    sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null || :
}

process_ended() {
    [[ $(process_state "$1") == ?(Z) ]]
}

process_stopped() {
    [ "$(process_state "$1")" = T ]
}

process_lies_in() {
    tr '\0' '\n' <"/proc/$2/cmdline" 2>/dev/null | grep -qF -- "$1/"
}
