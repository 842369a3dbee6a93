# shellcheck shell=bash
# A source and a target that follows it, with the users of the README.
#
#   follow_servers [SERVER OPTIONS]   starts both; the options are for both. TARGET_VARIANT says what target:
#                                     binlog (with annotate events on), nobinlog, readonly, galera (one node),
#                                     galera-gtid (with wsrep_gtid_mode); or nothing special
#   target_start [SERVER OPTIONS]     starts the target, or starts it again after it was stopped or killed
#   follow_start [RESTORE OPTIONS]    snapshot of the source, restored as job j
#   ship; apply, replay [OPTIONS]     one run of the binary; replay is both
#   same DB...                        tables and definitions are equal on both sides
#   fails CODE TEXT...                the last `run` ended so, and its output holds each text

# shellcheck source=tests/lib/galera.bash
. "$CCR_ROOT/tests/lib/galera.bash"

target_start() {
    local start=server_start
    local -a options=(--local-infile=ON --log-bin-trust-function-creators=ON)

    case ${TARGET_VARIANT:-} in
    binlog) options+=(--binlog-annotate-row-events=ON --log-slave-updates=ON) ;;
    nobinlog) options+=(--skip-log-bin) ;;
    readonly) options+=(--read-only=ON) ;;
    galera) start=galera_start ;;
    galera-gtid)
        start=galera_start
        options+=(--wsrep-gtid-mode=ON --wsrep-gtid-domain-id=7 --gtid-domain-id=8 --log-slave-updates=ON)
        ;;
    '') ;;
    *)
        echo "no such variant of a target: $TARGET_VARIANT" >&2
        return 1
        ;;
    esac
    "$start" target "${options[@]}" "$@"
}

follow_servers() {
    server_start source "$@"
    target_start "$@"
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
