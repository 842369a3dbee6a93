#!/usr/bin/env bats
# Every kind of object of the schema, names that need quoting, and what is in scope.

load ../lib/common
load hand_load

W='we`ird/d%b é'
Q=$(quote_ident "$W")

setup_file() {
    server_start a
    server_grant a source
    sql_file a "$BATS_TEST_DIRNAME/schema.sql" >/dev/null
    # written by a client of another character set
    # shellcheck disable=SC2016
    printf 'SET NAMES latin1; CREATE PROCEDURE other.latin(a VARCHAR(9)) SELECT "\xe4\\n" AS `\xe9`;
        CREATE VIEW other.latin_view AS SELECT "\xe4" AS `\xe9`;' >"$T/latin1.sql"
    mariadb --no-defaults --socket="$(server_socket a)" --user=root --default-character-set=latin1 <"$T/latin1.sql"
    ccr backup a
}

setup() {
    store_use store
    server_start b
}

teardown() {
    logs_keep
    server_remove b
}

# As an independent program sees both, data included.
dump_of() {
    local server=$1

    shift
    mariadb-dump --no-defaults --socket="$(server_socket "$server")" --user=root --default-character-set=utf8mb4 \
        --skip-comments --routines --events --triggers --databases "$@"
}

same_dump() {
    dump_of a "$@" >"$T/dump.a"
    dump_of b "$@" >"$T/dump.b"
    [ "$(wc -l <"$T/dump.a")" -gt 100 ]
    diff -u "$T/dump.a" "$T/dump.b"
}

objects() {
    jq -r ".objects[] | select($1) | .name" "$(snapshot_manifest)"
}

databases_of() {
    sql "$1" "SELECT schema_name FROM information_schema.schemata
        WHERE schema_name NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1"
}

@test "every kind of object is created again from the snapshot" {
    snapshot_check
    hand_load b
    [ "$(databases_of a)" = "$(databases_of b)" ]
    same_dump "$W" other
    [ "$(sql b "SELECT COUNT(*) FROM $Q.\`ta\`\`b/le 'x' %2F \\ü\`")" = 3 ]
}

@test "names that other tools cannot handle" {
    local db='q"uote \ and /%2F' table="\\'\"\`;-- x"

    store_use names
    sql a "CREATE DATABASE $(quote_ident "$db"); CREATE TABLE $(quote_ident "$db").$(quote_ident "$table")
        ($(quote_ident "$table") INT PRIMARY KEY, $(quote_ident "$db") ENUM ('a', '\\\\')); INSERT INTO
        $(quote_ident "$db").$(quote_ident "$table") VALUES (1, 'a'), (2, 2)"
    run ccr backup a --databases "$db"
    echo "$output"
    [ "$status" -eq 0 ]
    hand_load b
    [ "$(sql b "CHECKSUM TABLE $(quote_ident "$db").$(quote_ident "$table")")" = \
        "$(sql a "CHECKSUM TABLE $(quote_ident "$db").$(quote_ident "$table")")" ]
    [ "$(sql b "SELECT COUNT(*) FROM $(quote_ident "$db").$(quote_ident "$table")")" = 2 ]
    sql a "DROP DATABASE $(quote_ident "$db")"
}

@test "sequences go on where the source is, and never before" {
    hand_load b
    # 10 and 15 were taken by hand, 20 and 25 by the table's default
    [ "$(sql b "SELECT NEXTVAL($Q.seq) >= 30 AND NEXTVAL($Q.down) = -2 AND NEXTVAL($Q.unused) = 1")" = 1 ]
}

@test "the manifest lists objects in an order in which they can be created" {
    [ "$(jq '[.objects[].kind] | . as $k | ["database", "sequence", "table", "function", "view", "trigger", "event"]
        | map(. as $x | $k | index($x)) | . == sort' "$(snapshot_manifest)")" = true ]
    [ "$(objects '.kind == "view"' | grep -v latin_view | tr '\n' ' ')" = "z_bottom m_middle a_top a_first b_across selects " ]
    [ "$(objects '.kind == "trigger" and .table == "t1"' | tr '\n' ' ')" = "first between_them second " ]
    [ "$(objects '.kind | startswith("package")' | tr '\n' ' ')" = "pack pack " ]
}

@test "the status of events is told" {
    [ "$(jq -r '[.objects[] | select(.kind == "event") | "\(.name):\(.status):\(.time_zone)"] | join(" ")' \
        "$(snapshot_manifest)")" = "later:ENABLED:+03:00 off:DISABLED:+03:00 replica:SLAVESIDE_DISABLED:+03:00" ]
}

@test "system schemas and ccr's own database are left out" {
    sql a "CREATE DATABASE ccr; CREATE TABLE ccr.x (a INT); CREATE DATABASE ccr2; CREATE TABLE mysql.mine (a INT)"
    run ccr backup a
    [ "$status" -eq 0 ]
    [ "$(jq -r '[.objects[].db] | unique | join(" ")' "$(snapshot_manifest)")" = "ccr2 other $W" ]
    sql a "DROP DATABASE ccr; DROP DATABASE ccr2; DROP TABLE mysql.mine"
}

@test "--databases: these and nothing else" {
    store_use databases
    run ccr backup a --databases other
    [ "$status" -eq 0 ]
    [ "$(jq -r '[.objects[].db] | unique | join(" ")' "$(snapshot_manifest)")" = other ]
    [ "$(jq -c '[.databases, .only_tables]' "$(snapshot_manifest)")" = '[["other"],[]]' ]
}

@test "--tables: these, with their triggers and their database's defaults" {
    store_use tables
    run ccr backup a --tables "$W.t1,$W.z_bottom" --tables "$W.seq"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(jq -r '[.objects[] | "\(.kind) \(.name)"] | join(", ")' "$(snapshot_manifest)")" = \
        "database null, sequence seq, table t1, view z_bottom, trigger first, trigger between_them, trigger second" ]
    [ "$(jq -r '.only_tables | join(" ")' "$(snapshot_manifest)")" = \
        "we\`ird%2Fd%25b é/t1 we\`ird%2Fd%25b é/z_bottom we\`ird%2Fd%25b é/seq" ]
}

@test "what is not there, or never part of a snapshot, is refused" {
    store_use refused
    run ccr backup a --databases nowhere
    [ "$status" -eq 5 ]
    [[ $output == *"no database nowhere"*"hint:"* ]]
    run ccr backup a --tables other.nothing
    [ "$status" -eq 5 ]
    [[ $output == *"no table other.nothing"*"hint:"* ]]
    run ccr backup a --tables other
    [ "$status" -eq 2 ]
    [[ $output == *"DB.TABLE"* ]]
    for db in mysql sys ccr performance_schema information_schema; do
        run ccr backup a --databases "$db"
        [ "$status" -eq 2 ]
        [[ $output == *"database $db is never part of a snapshot"* ]]
    done
    [ -z "$(find "$STORE_DIR" -name '*.tar.zst' -o -name manifest.json)" ]
}

@test "a broken view, MERGE tables and engines without rows of their own" {
    store_use odd
    sql a "CREATE DATABASE odd; USE odd; CREATE TABLE gone (a INT); CREATE VIEW broken AS SELECT * FROM gone;
        DROP TABLE gone; CREATE TABLE m1 (a INT) ENGINE=MyISAM; CREATE TABLE m2 LIKE m1; INSERT INTO m1 VALUES (1);
        CREATE TABLE m (a INT) ENGINE=MERGE UNION=(m1, m2)"
    run ccr backup a --databases odd
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"odd.m keeps its rows elsewhere (MRG_MyISAM)"* ]]
    [ "$(jq -r '[.tables[] | "\(.name):\(.rows)"] | join(" ")' "$(snapshot_manifest)")" = "m:0 m1:1 m2:0" ]
    [ "$(objects '.kind == "view"')" = broken ]
    sql a "DROP DATABASE odd"
}

@test "system-versioned tables: with their history; by transaction ids the current rows, with a warning" {
    local table columns

    store_use versioned
    sql a "CREATE DATABASE v; USE v; CREATE TABLE plain (id INT PRIMARY KEY, t INT) WITH SYSTEM VERSIONING;
        CREATE TABLE columns (id INT PRIMARY KEY, t INT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
            e TIMESTAMP(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
        CREATE TABLE parts (id DATE PRIMARY KEY, t INT) WITH SYSTEM VERSIONING
            PARTITION BY SYSTEM_TIME (PARTITION old HISTORY, PARTITION new CURRENT);
        CREATE TABLE ids (id INT PRIMARY KEY, t INT, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START,
            e BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
        INSERT INTO plain VALUES (1, 1), (2, 2); INSERT INTO columns (id, t) VALUES (1, 1), (2, 2); INSERT INTO ids (id, t) VALUES (1, 1), (2, 2);
        INSERT INTO parts VALUES ('2020-01-01', 1), ('2020-01-02', 2);
        UPDATE plain SET t = 3; DELETE FROM columns WHERE id = 1; UPDATE parts SET t = 3 WHERE t = 1; UPDATE ids SET t = 3 WHERE t = 1"
    run ccr backup a --databases v --chunk-size 1
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(grep -c 'only its current rows' <<<"$output")" = 1 ]
    [ "$(jq -r '.tables[] | select(.history) | .name' "$(snapshot_manifest)" | tr '\n' ' ')" = "columns parts plain " ]
    hand_load b
    for table in plain columns parts; do
        columns="id, t, $([ "$table" = columns ] && echo "s, e" || echo "row_start, row_end")"
        [ "$(sql b "SELECT $columns FROM v.$table FOR SYSTEM_TIME ALL ORDER BY 1, 2")" = \
            "$(sql a "SELECT $columns FROM v.$table FOR SYSTEM_TIME ALL ORDER BY 1, 2")" ]
        [ "$(sql b "SELECT COUNT(*) FROM v.$table FOR SYSTEM_TIME ALL")" -gt 2 ] || [ "$table" = columns ]
    done
    [ "$(sql b "SELECT id, t FROM v.ids FOR SYSTEM_TIME ALL ORDER BY 1")" = "$(printf '1\t3\n2\t2')" ]
    same_schema a b v
    sql a "DROP DATABASE v"
}
