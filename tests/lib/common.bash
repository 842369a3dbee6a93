# shellcheck shell=bash
# What every bats suite loads (`load ../lib/common`). With tests/lib/server.bash it gives:
#
#   $T                          the test file's own folder; servers, stores and whatever a test writes go there
#   $CCR_ROOT, $CCR_BIN         the tree, and the folder of the binaries under test
#   $STORE, $STORE_DIR          URL and folder of the test's store; store_use NAME changes to another one
#   $CCR_TEST_STORE             what kind of store that is: file, or ceph and ceph-v2 (a private Ceph, by signature V4 and V2), for the
#                               suites that say "Stores: file ceph ceph-v2" in their first lines. tests/run gives them each in
#                               turn. They call stores_start and stores_end, and know no $STORE_DIR
#   store_copy FOLDER           makes FOLDER hold what the store holds, as files: of file:// it is the store itself
#   server_*, sql, sql_file, wait_until, process_ended      see server.bash
#   server_grant NAME source|target    makes the user ccr with exactly the statements of README.md, and
#                                      $T/NAME/ccr.cnf, the option file to connect as it
#   ccr backup|ship|restore|apply NAME [options]   runs the binary against $STORE and that server as that user; apply with --protect
#                               $PROTECT, or as a user who says nothing: in tests/jobs, e2e and model. Elsewhere $PROTECT is off
#   same_tables A B DB...       equal lists of tables, row counts, CHECKSUM TABLE and sorted dumps of the rows (of tables with up
#                               to 100,000); DB may be X:Y (X on A, Y on B)
#   same_schema [--followed] A B DB...   equal SHOW CREATE of everything. --followed leaves out what differs on
#                               a followed target by design: triggers, events, AUTO_INCREMENT counters
#   seed                        sets RANDOM from $CCR_SEED, or from a new seed, and prints it
#   at_once COMMAND...          twice at the same time; the exit codes, the lower one first, in $codes
#   corpus PATH                 sets $CORPUS to the path of a sample, or skips the test where it is missing
#   json_of FILTER              jq -r over $output of the last `run`
#
# setup_file and setup are the suite's own. teardown shows and keeps the servers' logs of a failed test, teardown_file
# ends every server; a suite that has its own calls logs_keep and servers_end.

CCR_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CCR_BIN=${CCR_BIN:-$CCR_ROOT/bin}
case $CCR_BIN in
/*) ;;
*) CCR_BIN=$CCR_ROOT/$CCR_BIN ;;
esac
T=${BATS_FILE_TMPDIR:-}
CCR_TEST_TEMPLATE=${CCR_TEST_TEMPLATE:-${BATS_RUN_TMPDIR:-$T}/template}
export CCR_ROOT CCR_BIN T CCR_TEST_TEMPLATE
# suites of the lower layers write to targets: what ccr-apply says of that is not theirs
case ${BATS_TEST_DIRNAME:-} in
*/jobs | */e2e | */model) ;;
*) PROTECT=${PROTECT:-off} ;;
esac
# a failure shown once a day is noted here, not in the home of who runs the tests
export XDG_STATE_HOME=$T/state

# shellcheck source=tests/lib/server.bash
. "$CCR_ROOT/tests/lib/server.bash"

store_use() {
    if [ "${CCR_TEST_STORE:=file}" != file ]; then
        export STORE=s3://ccr/$1
        return
    fi
    STORE_DIR=$T/$1
    STORE=file://$STORE_DIR
    export STORE STORE_DIR
    mkdir -p "$STORE_DIR"
}

stores_start() {
    [ "$CCR_TEST_STORE" = file ] && return
    # shellcheck source=tests/lib/s3.bash
    . "$CCR_ROOT/tests/lib/s3.bash"
    units_find && ceph_start && s3_use "$CCR_TEST_STORE"
}

# shellcheck source=tests/lib/s3.bash
stores_end() {
    [ "$CCR_TEST_STORE" = file ] || (. "$CCR_ROOT/tests/lib/s3.bash" && s3_end)
}

store_copy() {
    local key

    rm -rf "$1"
    if [ "$CCR_TEST_STORE" = file ]; then
        ln -s "$STORE_DIR" "$1"
        return
    fi
    while read -r key; do
        mkdir -p "$(dirname "$1/$key")"
        "$UNITS/store_tool" get "$key" --store "$STORE" >"$1/$key" 3>&- || return 1
    done < <("$UNITS/store_tool" list '' --store "$STORE" 3>&-)
    [ -e "$1" ]
}

[ -z "$T" ] || store_use "${STORE_NAME:-store}"

# The statements of the fenced block ```sql grants-SIDE of the README.
readme_grants() {
    awk -v fence="\`\`\`sql grants-$1" '$0 == fence { inside = 1; next } /^```/ { inside = 0 } inside' \
        "$CCR_ROOT/README.md"
}

server_grant() {
    local statements password

    statements=$(readme_grants "$2")
    if [ -z "$statements" ]; then
        echo "README.md has no block 'sql grants-$2'" >&2
        return 1
    fi
    sql "$1" "$statements" || return 1
    password=$(sed -n "s/^CREATE USER.*IDENTIFIED BY '\([^']*\)'.*/\1/p" <<<"$statements")
    (
        umask 077
        printf '[client]\nuser = ccr\npassword = %s\n' "$password" >"$T/$1/ccr.cnf"
    )
}

ccr() {
    local binary=$1 name=$2

    shift 2
    [ "$binary" != apply ] || [ -z "${PROTECT:-}" ] || set -- --protect "$PROTECT" "$@"
    "$CCR_BIN/ccr-$binary" --store "$STORE" --socket "$T/$name/sock" --defaults-file "$T/$name/ccr.cnf" "$@" 3>&-
}

# For each table of a database the statement that sums it up: CHECKSUM TABLE, or, where a column is generated, a sum over
# the rows' text. (CHECKSUM TABLE does not compute virtual columns: it takes what happens to lie in the row buffer, and
# differs from one time to the next over the same rows.)
sum_statements() {
    sql "$1" "SELECT CONCAT('SELECT ', QUOTE(t.table_name), ', COUNT(*)',
            IF(SUM(c.is_generated = 'ALWAYS'),
                CONCAT(', SUM(CRC32(CONCAT_WS(\',\', ', GROUP_CONCAT(CONCAT('COALESCE(HEX(CONCAT(\`',
                    REPLACE(c.column_name, '\`', '\`\`'), '\`)), \'-\')') ORDER BY c.ordinal_position), '))) FROM '),
                ' FROM '),
            '\`$2\`.\`', REPLACE(t.table_name, '\`', '\`\`'), '\`;',
            IF(SUM(c.is_generated = 'ALWAYS'), '',
                CONCAT(' CHECKSUM TABLE \`$2\`.\`', REPLACE(t.table_name, '\`', '\`\`'), '\`;')))
        FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name)
        WHERE t.table_schema = '$2' AND c.table_schema = '$2' AND t.table_type <> 'VIEW' GROUP BY t.table_name ORDER BY t.table_name"
}

# The tables of a database with their rows and sums.
table_sums() {
    local statements

    statements=$(sum_statements "$1" "$2") || return 1
    [ -z "$statements" ] || sql "$1" "SET time_zone = '+00:00'; $statements" | sed "s/^$2\\.//"
}

same_text() {
    diff -u --label "$1" --label "$2" "$3" "$4" | head -n 60
    return "${PIPESTATUS[0]}"
}

# The rows of a database as mariadb-dump writes them, sorted: they show what a sum does not, such as a letter that went from
# one column to the next. Larger tables (by the counts in $T/sums.NAME) are left to the sums: they would take too long.
sorted_rows() {
    local large

    mapfile -t large < <(awk -F '\t' -v db="$2" '!seen[$1]++ && $2 > 100000 { print "--ignore-table=" db "." $1 }' "$T/sums.$1")
    mariadb-dump --no-defaults --socket="$T/$1/sock" --user=root --no-create-info --skip-extended-insert --hex-blob --compact \
        --skip-triggers --skip-lock-tables --max-allowed-packet=1G "${large[@]}" "$2" | LC_ALL=C sort
    return "${PIPESTATUS[0]}"
}

same_rows() {
    sorted_rows "$1" "$2" >"$T/rows.$1" || return 1
    sorted_rows "$3" "$4" >"$T/rows.$3" || return 1
    cmp -s "$T/rows.$1" "$T/rows.$3" && return
    same_text "$1 $2" "$3 $4" "$T/rows.$1" "$T/rows.$3" | cut -c 1-400
    return 1
}

same_tables() {
    local a=$1 b=$2 db

    shift 2
    for db in "$@"; do
        table_sums "$a" "${db%:*}" >"$T/sums.$a" || return 1
        table_sums "$b" "${db#*:}" >"$T/sums.$b" || return 1
        same_text "$a ${db%:*}" "$b ${db#*:}" "$T/sums.$a" "$T/sums.$b" || return 1
        same_rows "$a" "${db%:*}" "$b" "${db#*:}" || return 1
    done
}

# The SHOW CREATE statements of a database's objects, in a fixed order.
schema_statements() {
    local db=$2 followed=$3

    sql "$1" "
        SELECT 1, '', CONCAT('SHOW CREATE DATABASE \`', schema_name, '\`;') FROM information_schema.schemata
            WHERE schema_name = '$db'
        UNION ALL SELECT 2, table_name, CONCAT('SHOW CREATE TABLE \`$db\`.\`', REPLACE(table_name, '\`', '\`\`'), '\`;')
            FROM information_schema.tables WHERE table_schema = '$db'
        UNION ALL SELECT 3, CONCAT(routine_type, routine_name),
            CONCAT('SHOW CREATE ', routine_type, ' \`$db\`.\`', REPLACE(routine_name, '\`', '\`\`'), '\`;')
            FROM information_schema.routines WHERE routine_schema = '$db'
        UNION ALL SELECT 4, trigger_name, CONCAT('SHOW CREATE TRIGGER \`$db\`.\`',
            REPLACE(trigger_name, '\`', '\`\`'), '\`; SELECT ', action_order, ' AS action_order;')
            FROM information_schema.triggers WHERE trigger_schema = '$db' AND '$followed' = ''
        UNION ALL SELECT 5, event_name, CONCAT('SHOW CREATE EVENT \`$db\`.\`', REPLACE(event_name, '\`', '\`\`'), '\`;')
            FROM information_schema.events WHERE event_schema = '$db' AND '$followed' = ''
        ORDER BY 1, 2" | cut -f 3
}

schema_of() {
    local name=$1 db=$2 followed=$3 statements

    statements=$(schema_statements "$name" "$db" "$followed") || return 1
    sql_client "$name" --vertical <<<"SET time_zone = '+00:00'; $statements" | sed -e '/^\** [0-9]*\. row \**$/d' -e '/^ *Created: /d' \
        ${followed:+-e 's/ AUTO_INCREMENT=[0-9]*//'}
    return "${PIPESTATUS[0]}"
}

same_schema() {
    local followed='' a b db names=()

    if [ "$1" = --followed ]; then
        followed=yes
        shift
    fi
    a=$1 b=$2
    shift 2
    # every database may be named in the others' definitions
    for db in "$@"; do
        names+=(-e "s/\`${db#*:}\`/\`${db%:*}\`/g" -e "s/^\( *Database: \)${db#*:}\$/\1${db%:*}/")
    done
    for db in "$@"; do
        schema_of "$a" "${db%:*}" "$followed" >"$T/schema.$a" || return 1
        schema_of "$b" "${db#*:}" "$followed" | sed "${names[@]}" >"$T/schema.$b"
        [ -s "$T/schema.$a" ] || { echo "$a has no database ${db%:*}" >&2; return 1; }
        same_text "$a ${db%:*}" "$b ${db#*:}" "$T/schema.$a" "$T/schema.$b" || return 1
    done
}

# Their output is in $T/result1 and $T/errors1, $T/result2 and $T/errors2.
at_once() {
    local n pids=() pid status

    for n in 1 2; do
        (
            wait_until 10 test -e "$T/go"
            "$@" >"$T/result$n" 2>"$T/errors$n"
        ) 3>&- &
        pids+=($!)
    done
    touch "$T/go"
    codes=''
    for pid in "${pids[@]}"; do
        status=0
        wait "$pid" || status=$?
        codes+=" $status"
    done
    rm "$T/go"
    codes=$(tr ' ' '\n' <<<"$codes" | sort -n | xargs)
    echo "both: $codes"
    tail -n 2 "$T/errors1" "$T/errors2"
}

seed() {
    CCR_SEED=${CCR_SEED:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
    RANDOM=$CCR_SEED
    # on bats' own output: shown even when the file is ended by its time limit
    echo "# seed: CCR_SEED=$CCR_SEED" >&3
}

corpus() {
    CORPUS=${CCR_CORPUS:-$CCR_ROOT/../shared/corpus}/$1
    [ -e "$CORPUS" ] || skip "sample data is missing: $1"
}

json_of() {
    jq -r "$1" <<<"${output:?}"
}

logs_keep() {
    local log name

    [ -z "${BATS_TEST_COMPLETED:-}" ] || return 0
    for log in "$T"/*/error.log; do
        [ -e "$log" ] || continue
        name=$(basename "$(dirname "$log")")
        if grep -vE '\[Note\]|skip-name-resolve mode|Aborted connection|^Version: ' "$log" | tail -n 15 >"$T/$name/complaints"; then
            sed "s/^/$name: /" "$T/$name/complaints"
        fi
        if [ -n "${CCR_TEST_LOGS:-}" ]; then
            mkdir -p "$CCR_TEST_LOGS"
            cp "$log" "$CCR_TEST_LOGS/$(basename "$BATS_TEST_FILENAME" .bats)-$BATS_TEST_NUMBER-$name.log"
        fi
    done
}

teardown() {
    logs_keep
}

teardown_file() {
    servers_end
}
