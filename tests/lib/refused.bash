# shellcheck shell=bash
# What a run that is refused must look like (load ../lib/refused):
#
#   target_state            everything on the server `target` that is not ccr's own: databases but ccr and staging, and
#                           the users. As text.
#   said CODE MESSAGE       the last `run` ended with this code, its output tells an error with this message, and a hint
#   refused CODE MESSAGE COMMAND...   runs the command: it says so, and the target is as it was before
#   powerless PROGRAM...    runs a program without root's power to read whatever it likes

target_state() {
    local databases

    mapfile -t databases < <(sql target "SELECT schema_name FROM information_schema.schemata
        WHERE schema_name NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys', 'ccr')
        AND schema_name NOT LIKE 'ccr\\_%' ORDER BY 1")
    echo "${databases[*]}"
    mariadb-dump --no-defaults --socket="$T/target/sock" --user=root --skip-dump-date --routines --triggers --events \
        --order-by-primary --databases "${databases[@]}"
    sql target "SELECT user, host, priv FROM mysql.global_priv ORDER BY 1, 2; SELECT * FROM mysql.db ORDER BY 1, 2, 3"
}

# shellcheck disable=SC2154 # bats sets status
said() {
    if [ "$status" -ne "$1" ] || [[ $output != *"error: "* || $output != *"$2"* || $output != *"hint: "* ]]; then
        echo "status $status instead of $1, or no '$2', or no hint"
        return 1
    fi
}

refused() {
    local code=$1 message=$2

    shift 2
    target_state >"$T/before" || return 1
    run "$@"
    target_state >"$T/after" || return 1
    echo "--- $*: $output"
    said "$code" "$message" && cmp "$T/before" "$T/after"
}

powerless() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --bounding-set=-dac_override,-dac_read_search "$@"
    else
        "$@"
    fi
}
