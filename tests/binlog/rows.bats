#!/usr/bin/env bats
# Row images of every column type, read and built anew, against a real server.

load ../lib/common
load binlog

setup_file() {
    server_start a --binlog-row-metadata=FULL --log-bin-compress=1
    server_start b --skip-log-bin
    sql_file a "$CCR_ROOT/tests/binlog/types_schema.sql"
    sql_file b "$CCR_ROOT/tests/binlog/types_schema.sql"
    binlog_fresh a >"$T/first"
    sql_file a "$CCR_ROOT/tests/binlog/types_rows.sql"
}

rows_of() {
    local files

    mapfile -t files < <(binlogs a "$(cat "$T/first")")
    binlog_tool walk --rows "${files[@]}" | sed -n "s/^ty\\.$1\t$2\t//p"
}

# How rows_field_text writes each column of a table, as SQL.
expressions() {
    sql a "SELECT GROUP_CONCAT('IFNULL(', CASE
            WHEN data_type IN ('char', 'varchar', 'text', 'tinytext', 'mediumtext', 'longtext')
                THEN CONCAT('IF(LENGTH(', n, ') > 120, CONCAT(\"''\", LEFT(', n, ', 120 DIV (LENGTH(', n, ') / CHAR_LENGTH(', n, '))), \"''... (\", LENGTH(', n, '), \" bytes)\"), CONCAT(\"''\", ', n, ', \"''\"))')
            WHEN data_type IN ('binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob')
                THEN CONCAT('IF(LENGTH(TRIM(TRAILING 0x00 FROM ', n, ')) > 120, CONCAT(\"''\", LEFT(', n, ', 120), \"''... (\", LENGTH(', n, '), \" bytes)\"), CONCAT(\"''\", TRIM(TRAILING 0x00 FROM ', n, '), \"''\"))')
            WHEN data_type IN ('uuid', 'inet6') THEN CONCAT('CONCAT(\"0x\", HEX(CAST(', n, ' AS BINARY(16))))')
            WHEN data_type = 'inet4' THEN CONCAT('CONCAT(\"0x\", HEX(CAST(', n, ' AS BINARY(4))))')
            WHEN data_type IN ('geometry', 'point', 'linestring') THEN CONCAT('CONCAT(\"0x\", HEX(', n, '))')
            WHEN data_type = 'bit' THEN CONCAT('CONCAT(\"b''\", LPAD(BIN(', n, ' + 0), ', numeric_precision, ', \"0\"), \"''\")')
            WHEN data_type IN ('enum', 'set') THEN CONCAT('CAST(', n, ' AS UNSIGNED)')
            ELSE n END, ', \"NULL\")' ORDER BY ordinal_position)
        FROM (SELECT *, CONCAT('\`', column_name, '\`') AS n FROM information_schema.columns
            WHERE table_schema = 'ty' AND table_name = '$1') AS c"
}

@test "the text of every field is what the server shows" {
    local table

    for table in i tm st e2 gm; do
        [ "$table" != st ] || continue # changed after its rows were written: below
        sql a "SET time_zone = '+00:00'; SELECT $(expressions "$table") FROM $table ORDER BY id" ty >"$T/server"
        rows_of "$table" write | sort -n | sed 's/\t-\(\t-\)*$//' >"$T/ours"
        [ "$table" != tm ] || sed -i '$d' "$T/server" "$T/ours" # the row of a minimal image
        [ -s "$T/ours" ]
        diff -u "$T/server" "$T/ours"
    done
}

@test "strings and blobs of every kind and length" {
    sql a "CREATE TABLE st2 LIKE st; INSERT INTO st2 SELECT * FROM st" ty
    sql a "SELECT $(expressions st) FROM st2 ORDER BY id" ty >"$T/server"
    rows_of st2 write | sort -n >"$T/ours"
    [ "$(wc -l <"$T/ours")" -eq 2 ]
    diff -u "$T/server" "$T/ours"
    sql a "DROP TABLE st2" ty
}

@test "minimal and noblob images show which columns they hold" {
    [ "$(rows_of st before | head -n 1 | cut -f 1-3)" = $'1\t-\t-' ]
    [ "$(rows_of st after | head -n 1 | tr -d '\t-')" = "'n'" ]
    [ "$(rows_of st before | sed -n 2p | tr -d '\t-')" = 3 ]
    [ "$(rows_of st after | sed -n 2p | cut -f 1-2,7)" = $'1\t\'a\'\t\'o\'' ]
    [ "$(rows_of tm write | tail -n 1 | tr -d '\t-')" = 901:02:03 ]
    # a blob that did not change is left out, one that did is there
    [ "$(rows_of st after | sed -n 2p | grep -c changed)" -eq 0 ]
    [ "$(rows_of st after | sed -n 3p | grep -c "'changed'")" -eq 1 ]
}

@test "rebuilt events, one row each, make the same tables through BINLOG statements" {
    local files

    sql b "SET GLOBAL max_allowed_packet = 64 * 1024 * 1024"
    mapfile -t files < <(binlogs a "$(cat "$T/first")")
    sql a "DROP TABLE IF EXISTS st2" ty
    binlog_tool rebuild "${files[0]}" >"$T/rebuilt.sql"
    grep -c BINLOG "$T/rebuilt.sql"
    sql b "CREATE TABLE st2 LIKE st" ty # rows of the test before, if it ran
    sql_client b ty <"$T/rebuilt.sql"
    sql b "DROP TABLE st2" ty
    same_tables a b ty
    [ "$(sql b "SELECT COUNT(*) FROM st" ty)" -eq 2 ]
}

@test "every damaged event is refused or read, never more than that" {
    local seed=${CCR_SEED:-$RANDOM} files

    echo "seed $seed"
    mapfile -t files < <(binlogs a)
    sql a "SET SESSION binlog_format = STATEMENT; CREATE TABLE tort (a INT); BEGIN; SAVEPOINT s; INSERT INTO tort VALUES (RAND());
        SET @x = 'abc'; INSERT INTO tort VALUES (LENGTH(@x)); COMMIT; XA START 'x'; INSERT INTO tort VALUES (1); XA END 'x';
        XA PREPARE 'x'; XA COMMIT 'x'; DROP TABLE tort" ty
    binlog_tool torture "$seed" "${files[@]}"
}
