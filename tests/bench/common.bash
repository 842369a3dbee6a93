# shellcheck shell=bash
# What the benchmarks share: private servers in a temporary folder $T, timing, the sysbench workload, native
# replication, tables of results. Sizes: TABLES, SIZE, TRANSACTIONS, CLIENTS. Needs sysbench and GNU time (make bench
# installs them).
#
#   target_start NAME [options]    a server with the same settings as the source, without a binlog
#   grant NAME source|target       the user of the README; its option file is $T/NAME.cnf
#   timed NAME COMMAND...          seconds and peak memory (MiB) into $T/NAME.s and NAME.m
#   dump_command SERVER, select_command SERVER    shell text: mariadb-dump into $T/dump.zst, parallel SELECTs to nowhere
#   text_export SERVER             every table as a text for LOAD DATA, in $T/tables
#   text_load_command SERVER [SETTINGS]    shell text: that text by parallel LOAD DATA, the secondary key after the rows
#   native_connect SERVER SOURCE GTID; native_fetch (the same arguments) also fetches the log
#   native_apply NAME SERVER SOURCE STATEMENT    timed from the statement that starts the slave until it is caught up
#   median NAME                    of the seconds in $T/NAME.rounds, one a line, into NAME.s
#   compare WHAT NAME PEER-TEXT PEER WANTED    a line of the table of results

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034 # for who sources this
bin=${CCR_BIN:-$root/bin}
tables=${TABLES:-4}
size=${SIZE:-1000000}
# shellcheck disable=SC2034
transactions=${TRANSACTIONS:-100000}
clients=${CLIENTS:-2}
T=${DIR:-$(mktemp -d "${TMPDIR:-/tmp}/ccr-bench.XXXXXX")}
# shellcheck disable=SC2034
store=file://$T/store

# shellcheck source=tests/lib/server.bash
. "$root/tests/lib/server.bash"

servers_stop() {
    local dir

    for dir in "$T"/*/server-id; do
        [ ! -e "$dir" ] || server_stop "$(basename "$(dirname "$dir")")"
    done
}

clean_up() {
    local status=$?

    trap - EXIT INT TERM
    if [ -n "${DIR:-}" ]; then
        servers_stop
    else
        servers_end
        [ ! -e "$T/ceph" ] || s3_end
        rm -rf "$T"
    fi
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() {
    printf '%s\n' "$*" >&2
}

# The same for every server, so that only the way of copying differs; commits are as durable as the server's default.
common=(--innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size=1G --innodb-log-file-size=1G --sync-binlog=0 --max-allowed-packet=64M)

target_start() {
    server_start "$@" "${common[@]}" --skip-log-bin --local-infile=ON
}

grant() {
    local statements

    statements=$(awk -v fence="\`\`\`sql grants-$2" '$0 == fence { on = 1; next } /^```/ { on = 0 } on' "$root/README.md")
    sql "$1" "$statements"
    printf '[client]\nuser = ccr\npassword = change-me\nsocket = %s\n' "$(server_socket "$1")" >"$T/$1.cnf"
}

# timed NAME COMMAND...: seconds and peak memory (MiB) of a command into NAME.s and NAME.m
timed() {
    local name=$1

    shift
    say "  $name"
    /usr/bin/time -f '%e %M' -o "$T/$name.time" "$@" || { say "failed: $*"; return 1; }
    awk '{ print $1 }' "$T/$name.time" >"$T/$name.s"
    awk '{ printf "%.0f\n", $2 / 1024 }' "$T/$name.time" >"$T/$name.m"
}

timed_shell() {
    timed "$1" bash -o pipefail -c "$2"
}

workload() {
    sysbench oltp_write_only --db-driver=mysql --mysql-socket="$(server_socket source)" --mysql-user=root \
        --mysql-db=sbtest --tables="$tables" --table-size="$size" --threads="$clients" "$@" >"$T/sysbench.log" ||
        { cat "$T/sysbench.log" >&2; return 1; }
}

sums() {
    local n

    for ((n = 1; n <= tables; n++)); do
        sql "$1" "CHECKSUM TABLE sbtest.sbtest$n"
    done
}

equal() {
    local name

    sums source >"$T/sums"
    for name in "$@"; do
        sums "$name" | cmp -s - "$T/sums" || { say "$name differs from the source"; return 1; }
    done
}

rotate() {
    sql source "FLUSH BINARY LOGS"
    sql source "SHOW MASTER STATUS" | cut -f 1
}

native_connect() {
    sql "$2" "CREATE USER IF NOT EXISTS repl@'%' IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@'%'"
    sql "$1" "SET GLOBAL gtid_slave_pos = '$3'; CHANGE MASTER TO master_host = '127.0.0.1',
        master_port = $(server_port "$2"), master_user = 'repl', master_password = 'repl', master_use_gtid = slave_pos"
}

native_fetch() {
    native_connect "$@"
    sql "$1" "START SLAVE IO_THREAD"
    wait_until 600 native_has_fetched "$1" "$2"
}

native_apply() {
    timed "$1" mariadb --no-defaults --socket="$(server_socket "$2")" --user=root -e "$4;
        SELECT MASTER_GTID_WAIT('$(sql "$3" "SELECT @@gtid_binlog_pos")')" >/dev/null
}

native_has_fetched() {
    local end

    end=$(sql "$2" "SHOW MASTER STATUS" | cut -f 1,2)
    [ "$(sql_client "$1" --vertical --execute="SHOW SLAVE STATUS" |
        awk '$1 == "Master_Log_File:" { f = $2 } $1 == "Read_Master_Log_Pos:" { p = $2 } END { print f "\t" p }')" = "$end" ]
}

client() {
    echo "mariadb --no-defaults --socket='$(server_socket "$1")' --user=root"
}

# in_streams COMMAND FUNCTION: shell text that runs COMMAND in $clients streams at a time, each with what FUNCTION N says
# for its share of the tables; fails when one of them does.
in_streams() {
    local stream n statements

    for ((stream = 1; stream <= clients; stream++)); do
        statements=
        for ((n = stream; n <= tables; n += clients)); do
            statements+=$("$2" "$n")
        done
        printf '%s -e "%s" >/dev/null & p%d=$!; ' "$1" "$statements" "$stream"
    done
    for ((stream = 1; stream <= clients; stream++)); do
        printf "wait \$p%d && " "$stream"
    done
    echo :
}

dump_command() {
    echo "mariadb-dump --no-defaults --socket='$(server_socket "$1")' --user=root --single-transaction --databases sbtest |
        zstd -q -1 -o '$T/dump.zst' -f"
}

select_table() {
    echo "SELECT * FROM sbtest$1;"
}

select_command() {
    in_streams "$(client "$1") --quick sbtest" select_table
}

# Every table as a file that LOAD DATA reads, and its definition.
text_export() {
    local n

    mkdir "$T/tables"
    for ((n = 1; n <= tables; n++)); do
        sql "$1" "SELECT * INTO OUTFILE '$T/tables/$n' CHARACTER SET binary FROM sbtest.sbtest$n"
        sql "$1" "SHOW CREATE TABLE sbtest.sbtest$n" | cut -f 2 | tr -d '`' | sed 's/\\n/ /g' >"$T/tables/$n.sql"
    done
}

# The secondary key after the rows is the faster way.
text_load_table() {
    echo "$(<"$T/tables/$1.sql"); ALTER TABLE sbtest$1 DROP KEY k_$1;
        LOAD DATA LOCAL INFILE '$T/tables/$1' INTO TABLE sbtest$1 CHARACTER SET binary; ALTER TABLE sbtest$1 ADD KEY k_$1 (k);"
}

# text_load_command SERVER [SETTINGS]: LOAD DATA of that text by parallel streams
text_load_command() {
    local client

    client=$(client "$1")
    echo "$client -e 'CREATE DATABASE sbtest' || exit 1"
    in_streams "$client --local-infile=1 --init-command='${2:-SET @none = 0}' sbtest" text_load_table
}

median() {
    sort -n "$T/$1.rounds" | awk '{ s[NR] = $1 } END { print NR % 2 ? s[(NR + 1) / 2] : (s[NR / 2] + s[NR / 2 + 1]) / 2 }' >"$T/$1.s"
}

value() {
    cat "$T/$1"
}

row() {
    printf '| %-8s | %8s | %-36s | %8s | %6s | %6s |\n' "$@"
}

compare() {
    row "$1" "$(value "$2.s")" "$3" "$(value "$4.s")" \
        "$(awk -v a="$(value "$2.s")" -v b="$(value "$4.s")" 'BEGIN { printf "%.2f", b / (a > 0 ? a : 0.01) }')" "$5"
}

machine() {
    echo "$(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), MariaDB $(sql "$1" "SELECT VERSION()")"
}
