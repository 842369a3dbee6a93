# shellcheck shell=bash
# Private MariaDB servers for tests and measurements. Needs $T, a folder that belongs to the caller alone; the
# state of server NAME is in $T/NAME (data/, sock, pid, port, options, error.log), so it outlives the shell.
#
# A server listens on a free port of the loopback interface and on its own socket, reads no option file, and
# is ended by its own pid. The machine's own server is never touched.
#
#   server_start NAME [mariadbd options]      starts it and waits until it answers; a new one, or the old data
#   server_stop NAME                          orderly shutdown
#   server_kill NAME                          kill -9
#   server_restart NAME [mariadbd options]    stop (if it runs) and start with the options of the first start,
#                                             then these
#   server_remove NAME                        stop, and its folder is gone
#   servers_end                               server_remove for all of $T
#   server_socket|server_port|server_pid NAME
#   sql NAME "STATEMENTS" [DB]                as root; rows as tab-separated lines without a heading
#   sql_file NAME FILE [DB]
#   purge_all NAME                            its binlogs up to here are gone

# shellcheck source=tests/lib/process.bash
. "${BASH_SOURCE[0]%/*}/process.bash"

# All servers of a run start from one data directory, made once.
server_template() {
    local template=${CCR_TEST_TEMPLATE:-$T/template}

    mkdir -p "${template%/*}"
    (
        flock 9
        [ -e "$template/done" ] && exit 0
        rm -rf "$template"
        mkdir -p "$template"
        if ! mariadb-install-db --no-defaults --force --auth-root-authentication-method=normal --skip-test-db \
            --datadir="$template/data" --tmpdir="$template" --innodb-log-file-size=16M --innodb-data-file-path=ibdata1:8M:autoextend \
            --innodb-buffer-pool-size=64M --aria-log-file-size=8M --user="$(id -un)" \
            >"$template/install.log" 2>&1; then
            cat "$template/install.log" >&2
            exit 1
        fi
        touch "$template/done"
    ) 9>"$template.lock" || return 1
    printf '%s\n' "$template/data"
}

# wait_until SECONDS COMMAND [ARGUMENTS]: until the command succeeds. SECONDS is what a quiet machine needs at most: it fails
# after six times as long, or two minutes where that is less (and SECONDS is not more).
wait_until() {
    local limit=$(($1 > 20 ? 120 : $1 * 6)) end

    end=$((${EPOCHREALTIME/[.,]/} + (limit > $1 ? limit : $1) * 1000000))
    shift
    until "$@"; do
        if [ "${EPOCHREALTIME/[.,]/}" -ge "$end" ]; then
            echo "gave up waiting for: $*" >&2
            return 1
        fi
        sleep 0.05
    done
}

port_is_free() {
    ! (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Below the range from which the kernel takes ports for outgoing connections. Nobody else of this run is given it, also
# before a server listens there.
server_find_port() {
    local port given=${CCR_TEST_TEMPLATE:-$T/template}.ports

    mkdir -p "$given"
    while :; do
        port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        if port_is_free "$port" && mkdir "$given/$port" 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

server_socket() {
    echo "$T/$1/sock"
}

server_port() {
    cat "$T/$1/port"
}

server_pid() {
    cat "$T/$1/pid"
}

server_answers() {
    mariadb-admin --no-defaults --socket="$T/$1/sock" --user=root --connect-timeout=5 ping >/dev/null 2>&1
}

server_is_up_or_dead() {
    server_answers "$1" || process_ended "$(server_pid "$1")"
}

server_new() {
    local name=$1
    local dir=$T/$name
    local template

    template=$(server_template) || return 1
    mkdir -p "$dir"
    cp -a --reflink=auto "$template" "$dir/data"
    # a stable, distinct id: 101, 102, ... in the order of creation
    echo $((101 + $(find "$T" -mindepth 2 -maxdepth 2 -name server-id | wc -l))) >"$dir/server-id"
    server_find_port >"$dir/port"
    shift
    printf '%s\0' "$@" >"$dir/options"
    [ $# -gt 0 ] || : >"$dir/options"
}

# One attempt; the caller looks at what came of it.
server_spawn() {
    local dir=$T/$1
    local -a options

    shift
    mapfile -d '' -t options <"$dir/options"
    # root must say that it means root; descriptor 3 is bats': a server that kept it would keep bats waiting
    mariadbd --no-defaults --user="$(id -un)" --datadir="$dir/data" --socket="$dir/sock" --port="$(cat "$dir/port")" \
        --bind-address=127.0.0.1 --pid-file="$dir/mariadbd.pid" --log-error="$dir/error.log" \
        --server-id="$(cat "$dir/server-id")" --log-bin=binlog --binlog-format=ROW --skip-name-resolve \
        --character-set-server=utf8mb4 --innodb-flush-log-at-trx-commit=2 --innodb-log-file-size=16M \
        --innodb-data-file-path=ibdata1:8M:autoextend --innodb-buffer-pool-size=64M --aria-log-file-size=8M \
        --key-buffer-size=8M --table-open-cache=1000 --performance-schema=OFF --tmpdir="$dir" --secure-file-priv= \
        "${options[@]}" "$@" </dev/null >>"$dir/error.log" 2>&1 3>&- 9>&- &
    echo $! >"$dir/pid"
    disown $!
}

server_start() {
    local name=$1
    local dir=$T/$name
    local attempt

    if [ ! -e "$dir/data" ]; then
        server_new "$@" || return 1
    fi
    shift
    for attempt in 1 2 3 4 5; do
        server_spawn "$name" "$@"
        wait_until 120 server_is_up_or_dead "$name" || break
        ! server_answers "$name" || return 0
        # another process may have taken the port meanwhile
        grep -q "Can't start server: Bind on TCP/IP port" "$dir/error.log" || break
        echo "server $name: port taken, attempt $attempt" >&2
        server_find_port >"$dir/port"
        : >"$dir/error.log"
    done
    echo "server $name did not start:" >&2
    tail -n 30 "$dir/error.log" >&2
    return 1
}

server_signal() {
    local pid

    [ -e "$T/$2/pid" ] || return 0
    pid=$(server_pid "$2")
    if process_lies_in "$T/$2" "$pid"; then
        kill "-$1" "$pid" 2>/dev/null || :
        wait_until 120 process_ended "$pid" || return 1
    fi
    rm -f "$T/$2/pid"
}

server_stop() {
    server_signal TERM "$1" || server_signal KILL "$1"
}

server_kill() {
    server_signal KILL "$1"
}

server_restart() {
    server_stop "$1" && server_start "$@"
}

server_remove() {
    server_stop "$1"
    rm -rf "${T:?}/$1"
}

servers_end() {
    local dir

    for dir in "$T"/*/server-id; do
        [ ! -e "$dir" ] || server_remove "$(basename "$(dirname "$dir")")"
    done
}

sql_client() {
    local name=$1

    shift
    mariadb --no-defaults --socket="$T/$name/sock" --user=root --default-character-set=utf8mb4 --batch "$@"
}

sql() {
    sql_client "$1" --skip-column-names --execute="$2" ${3:+"$3"}
}

sql_file() {
    sql_client "$1" --skip-column-names ${3:+"$3"} <"$2"
}

# A reader that has just left may hold a file for a moment.
purged_up_to() {
    sql "$1" "PURGE BINARY LOGS TO '$2'"
    [ "$(sql "$1" "SHOW BINARY LOGS" | wc -l)" -eq 1 ]
}

purge_all() {
    sql "$1" "FLUSH BINARY LOGS"
    wait_until 20 purged_up_to "$1" "$(sql "$1" "SHOW BINARY LOGS" | tail -n 1 | cut -f 1)"
}
