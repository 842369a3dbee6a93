# Every column type, key kind and table option: a standalone restore differs in nothing from its source, by SHOW CREATE,
# CHECKSUM TABLE and mariadb-dump. The rows are random ones; CCR_SEED repeats them.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load restore

APPLY=$CCR_ROOT/tests/apply

setup_file() {
    seed
    servers
    sql source "SET GLOBAL time_zone = '+03:30'"
    sql target "SET GLOBAL time_zone = '-05:00'"
}

teardown_file() {
    servers_end
}

# All rows as an independent program sees them, history too, in a fixed order.
dump() {
    local server=$1

    shift
    mariadb-dump --no-defaults --socket="$T/$server/sock" --user=root --default-character-set=utf8mb4 --skip-dump-date --skip-extended-insert \
        --hex-blob --dump-history --routines --triggers --events --databases "$@" | sort
}

equal() {
    same_tables source target "$@"
    same_schema source target "$@"
    dump source "$@" >"$T/dump.source"
    dump target "$@" >"$T/dump.target"
    [ "$(wc -l <"$T/dump.source")" -gt 300 ]
    same_text source target "$T/dump.source" "$T/dump.target"
    nothing_left
}

@test "every type, as a value and as a key, in every kind of table" {
    perl "$APPLY/kinds.pl" schema 40 | sql_client source
    sql_client source <"$APPLY/kinds.sql"
    perl "$APPLY/kinds.pl" rows "$RANDOM" 4000 40 | sql_client source --force >/dev/null 2>&1 || :
    [ "$(sql source "SELECT (SELECT COUNT(*) FROM k.v_text) > 0 AND (SELECT COUNT(*) FROM k.history FOR SYSTEM_TIME ALL) > 0")" = 1 ]
    sql source "$(sql source "SELECT CONCAT('ANALYZE TABLE k.\`', table_name, '\`;') FROM information_schema.tables
        WHERE table_schema = 'k' AND table_type <> 'VIEW'")" >/dev/null
    backup --databases k --chunk-size 4K --threads 3
    ccr restore target --standalone --threads 3
    equal k
}

@test "options of tables, partitions and keys, row formats, counters, sequences, foreign keys in cycles" {
    store_use options
    sql_client source <"$BATS_TEST_DIRNAME/options.sql" >/dev/null
    run --separate-stderr ccr backup source --databases options,beside
    echo "$stderr"
    [ "$status" -eq 0 ]
    for engine in MyISAM MEMORY CSV Aria; do
        [[ "$stderr" == *"has an engine without transactions ($engine)"* ]]
    done
    ccr restore target --standalone
    equal options beside
    # what comes next is never what the source has given out, and nearly the same
    [ "$(sql target "SELECT NEXTVAL(s_none), NEXTVAL(s_limit), NEXTVAL(s_small)" options)" = "$(sql source "SELECT NEXTVAL(s_none), NEXTVAL(s_limit), NEXTVAL(s_small)" options)" ]
    [ "$(sql target "SELECT NEXTVAL(s_plain) >= 1000, NEXTVAL(s_down) <= -11" options)" = "$(printf '1\t1')" ]
    for table in o_all o_isam o_counter o_second; do
        sql source "INSERT INTO $table () VALUES ()" options 2>/dev/null || sql source "INSERT INTO $table (a) VALUES (1)" options
        sql target "INSERT INTO $table () VALUES ()" options 2>/dev/null || sql target "INSERT INTO $table (a) VALUES (1)" options
        [ "$(sql target "CHECKSUM TABLE $table" options)" = "$(sql source "CHECKSUM TABLE $table" options)" ]
    done
}
