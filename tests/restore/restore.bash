# shellcheck shell=bash
# What the suites of ccr-restore share: two servers, the zoo, and looking at what a restore left.

servers() {
    server_start source
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON
    server_grant source source
    server_grant target target
}

zoo() {
    sql source "SET foreign_key_checks = 0; DROP DATABASE IF EXISTS zoo; DROP DATABASE IF EXISTS keepers"
    sql_file source "$CCR_ROOT/tests/restore/zoo.sql"
}

backup() {
    ccr backup source --quiet "$@" 2>"$T/backup.log" || { cat "$T/backup.log" >&2; return 1; }
}

# Everything of users' and of ccr's on a target is gone, and its jobs in the store: a name is free for another target then.
target_clean() {
    local drop

    rm -rf "$STORE_DIR/jobs"

    # names may hold anything
    # shellcheck disable=SC2016 # backticks of SQL
    for drop in $(sql target 'SELECT HEX(CONVERT(CONCAT("DROP DATABASE `", REPLACE(schema_name, "`", "``"), "`") USING utf8mb4))
        FROM information_schema.schemata WHERE schema_name NOT IN ("mysql", "information_schema", "performance_schema", "sys")'); do
        # a killed server deletes the files of dropped tables some time after its start
        wait_until 30 sql target "SET foreign_key_checks = 0; $(basenc --base16 -d <<<"$drop")"
    done
}

user_databases() {
    sql "$1" "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN
        ('mysql', 'information_schema', 'performance_schema', 'sys', 'ccr') ORDER BY 1"
}

# Of staging, old tables, or a plain restore nothing is left. (ccr_stage by itself is a name of characters.pl.)
nothing_left() {
    local left

    left=$(sql target "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'ccr\\_%' AND schema_name <> 'ccr_stage'
        UNION SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'ccr\\_%' AND table_name <> 'ccr_stage'")
    [ -z "$left" ] || { echo "left behind: $left"; return 1; }
}

# $1 small tables in database bank, each with rows whose sum over all tables is always the same, and the number of
# the generation; then a snapshot of them.
bank_generation() {
    local n=$1 generation=$2 i statements="CREATE DATABASE IF NOT EXISTS bank; USE bank;"

    for ((i = 1; i <= n; i++)); do
        statements+="CREATE TABLE IF NOT EXISTS bank.account$i (id INT NOT NULL PRIMARY KEY, amount INT, generation INT);
            REPLACE INTO bank.account$i SELECT seq, 100 + IF($i % 2, 1, -1) * $generation, $generation FROM seq_1_to_500;"
    done
    sql source "$statements"
    backup --databases bank
}

# ccr-restore in the background: $restore is its own process id, $T/out what it says.
restore_start() {
    "$CCR_BIN/ccr-restore" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" "$@" \
        >"$T/out" 2>&1 3>&- &
    # shellcheck disable=SC2034 # for the caller
    restore=$!
}

status_of() {
    sql "$1" "SHOW GLOBAL STATUS LIKE '$2'" | cut -f 2
}
