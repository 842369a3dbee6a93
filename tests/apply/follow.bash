# shellcheck shell=bash
# A source and a target that follows it, with the users of the README.
#
#   follow_servers [SERVER OPTIONS]   starts both; the options are for both. TARGET_VARIANT says what target:
#                                     binlog (with annotate events on), nobinlog, readonly, galera (one node),
#                                     galera-gtid (with wsrep_gtid_mode); or nothing special
#   target_start [SERVER OPTIONS]     starts the target, or starts it again after it was stopped or killed
#   follow_start [RESTORE OPTIONS]    snapshot of the source, restored as job j
#   ship; apply, replay [OPTIONS]     one run of the binary; replay is both
#   rows_hold SERVER STATEMENT        another session, in whose transaction the statement holds rows or tables (it selects
#                                     something); rows_release [STATEMENT] ends it, after another statement
#   row_is_awaited                    some session of the target waits for such a row; row_is_awaited_anew, and not in the
#                                     transaction in which one was first seen to wait: that has waited for too long
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

rows_hold() {
    rm -f "$T/holds"
    mkfifo "$T/holds"
    sql_client "$1" --unbuffered <"$T/holds" >"$T/held" 3>&- &
    holder=$!
    exec 7>"$T/holds"
    echo "START TRANSACTION; $2;" >&7
    wait_until 10 test -s "$T/held"
}

rows_release() {
    [ -z "${1:-}" ] || echo "$1;" >&7
    exec 7>&-
    wait "$holder"
}

row_is_awaited() {
    # the server renews innodb_trx only when nobody has looked for 100 ms
    sleep 0.15
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")" -eq 1 ]
}

waiting_transaction() {
    sql target "SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
}

row_is_awaited_anew() {
    row_is_awaited || return 1
    : "${first_waiting:=$(waiting_transaction)}"
    [ "$(waiting_transaction)" != "$first_waiting" ]
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
