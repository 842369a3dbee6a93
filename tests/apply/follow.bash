# shellcheck shell=bash
# A source and a target that follows it, with the users of the README.
#
#   follow_servers [SERVER OPTIONS]   starts both; the options are for both
#   follow_start [RESTORE OPTIONS]    snapshot of the source, restored as job j
#   ship; apply, replay [OPTIONS]     one run of the binary; replay is both
#   same DB...                        tables and definitions are equal on both sides
#   fails CODE TEXT...                the last `run` ended so, and its output holds each text

follow_servers() {
    server_start source "$@"
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON "$@"
    server_grant source source
    server_grant target target
}

follow_start() {
    ccr backup source --quiet && ccr restore target --quiet --job j "$@"
}

ship() {
    ccr ship source --quiet
}

apply() {
    ccr apply target --job j --quiet "$@"
}

replay() {
    ship && apply "$@"
}

same() {
    same_tables source target "$@" && same_schema --followed source target "$@"
}

fails() {
    local text

    # shellcheck disable=SC2154
    [ "$status" -eq "$1" ] || { echo "status $status, not $1: $output"; return 1; }
    shift
    for text in "$@"; do
        [[ $output == *"$text"* ]] || { echo "not in the output: $text"; echo "$output"; return 1; }
    done
}
