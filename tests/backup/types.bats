#!/usr/bin/env bats
# Every type that a column can have: what a snapshot holds of it is what is stored.

load ../lib/common
load hand_load

setup_file() {
    server_start a
    server_start b
    server_grant a source
}

# Backup, load by hand, compare; the database is gone afterwards.
round_trip() {
    local db

    store_use "store-$BATS_TEST_NUMBER"
    run ccr backup a --databases "$(IFS=, && echo "$*")" "${OPTIONS[@]}"
    echo "$output"
    [ "$status" -eq 0 ]
    snapshot_check
    [ -z "${CHECK:-}" ] || "$CHECK"
    hand_load b
    same_tables a b "$@"
    same_schema a b "$@"
    for db in "$@"; do
        sql b "DROP DATABASE \`$db\`"
        sql a "DROP DATABASE \`$db\`"
    done
}

@test "all types, with the values at their edges" {
    sql_file a "$BATS_TEST_DIRNAME/types.sql"
    round_trip types
}

# refused TEXT...: the backup fails and says so, and there is no snapshot.
refused() {
    local text

    run ccr backup a --databases bad
    echo "$output"
    [ "$status" -eq 11 ]
    for text in "$@" hint:; do
        [[ $output == *"$text"* ]]
    done
    [ -z "$(find "$STORE_DIR" -name manifest.json)" ]
}

@test "text that LOAD DATA would not take is refused at the backup, by column" {
    store_use bad
    sql a "CREATE DATABASE bad CHARACTER SET utf8mb4; CREATE TABLE bad.t (id INT PRIMARY KEY, v VARCHAR(10) COMPRESSED, b BLOB, l VARCHAR(20) CHARACTER SET latin1);
        INSERT INTO bad.t VALUES (1, 'größe', X'FF', _latin1 X'FF')"
    # an INSERT into a compressed column looks neither at the bytes nor at their number
    printf "SET sql_mode = ''; INSERT INTO bad.t (id, v) VALUES (2, 'a\xff\x62');" | sql_client a
    [ "$(sql a "SELECT HEX(v) FROM bad.t WHERE id = 2")" = 61FF62 ]
    refused "column v of bad.t" "not valid utf8mb4: byte 2 of 3 is FF"
    # what the hint says finds it
    [ "$(sql a "SELECT id FROM bad.t WHERE BINARY v <> BINARY CONVERT(BINARY v USING utf8mb4)")" = 2 ]
    sql a "DELETE FROM bad.t WHERE id = 2; INSERT INTO bad.t (id, v) VALUES (3, '01234567890')"
    refused "column v of bad.t" "has 11 characters, and the column is declared for 10"
    sql a "DELETE FROM bad.t WHERE id = 3"
    round_trip bad
}

@test "server-wide limits of what a statement reads cut no table short" {
    sql a "CREATE DATABASE much; CREATE TABLE much.t (id INT PRIMARY KEY); INSERT INTO much.t SELECT seq FROM much.seq_1_to_500;
        CREATE TABLE much.u (id INT PRIMARY KEY); CREATE TABLE much.v (id INT PRIMARY KEY);
        CREATE TABLE much.w (id INT); INSERT INTO much.w SELECT id FROM much.t;
        SET GLOBAL sql_select_limit = 2, GLOBAL sql_big_selects = 0, GLOBAL max_join_size = 10, GLOBAL completion_type = 'CHAIN', GLOBAL autocommit = 0"
    store_use much
    run ccr backup a --databases much
    sql a "SET GLOBAL sql_select_limit = 18446744073709551615, GLOBAL sql_big_selects = 1, GLOBAL max_join_size = DEFAULT,
        GLOBAL completion_type = DEFAULT, GLOBAL autocommit = DEFAULT"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(jq -r '[.tables[] | "\(.name):\(.rows)"] | join(" ")' "$(snapshot_manifest)")" = "t:500 u:0 v:0 w:500" ]
    sql a "DROP DATABASE much"
}

# Of table $DB.t: every member, by its number, and every default.
members_and_defaults() {
    sql "$1" "SET SESSION sql_mode = ''; TRUNCATE marks.t; INSERT INTO marks.t (id, e, s, u) SELECT seq, seq, 1 << (seq - 1), seq FROM marks.seq_1_to_9;
        SELECT id, HEX(e), HEX(s), HEX(u), HEX(v), HEX(w), HEX(q), HEX(x), HEX(l), HEX(g), HEX(f), HEX(m), HEX(c), HEX(z), HEX(b) FROM marks.t ORDER BY id"
}

@test "members and defaults beyond U+FFFF, which SHOW CREATE does not tell, are in the copy" {
    sql a "CREATE DATABASE marks CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; USE marks; CREATE TABLE \`t\` (id INT PRIMARY KEY,
        e ENUM('a', '😀', '?', 'é''(,?)', '🎉', 'b\\\\🎉\\'x', '', '?😀?') DEFAULT '🎉',
        s SET('😀', 'b', '🎉', '?') COLLATE utf32_bin DEFAULT 'b,🎉', u ENUM('🎉', '😀') COLLATE utf16_bin COMMENT 'DEFAULT \\'?\\'',
        v VARCHAR(99) DEFAULT 'so 😀?''\\\\ü\\n,( 🎉' COMMENT 'd', w CHAR(9) CHARACTER SET utf16 DEFAULT '🎉', \`?\"q\` INT DEFAULT 1,
        q TEXT DEFAULT '😀', x VARCHAR(20) DEFAULT (CONCAT('😀', '?')), p VARCHAR(9) DEFAULT NULL COMMENT '?', m VARCHAR(9) DEFAULT 'why?',
        c CHAR(9) DEFAULT '🎉?  ', z VARCHAR(9) DEFAULT '?😀 ', b VARBINARY(9) DEFAULT '?\\xF0', y ENUM('😀  ', 'b'),
        l ENUM('?') CHARACTER SET latin1 DEFAULT '?', g VARCHAR(200) AS (CONCAT(v, '?😀')), f ENUM('ä', 'Ω') DEFAULT 'Ω', CHECK (v <> '?😀'), KEY k (v) COMMENT '?');
        CREATE TABLE empty (r VARCHAR(9) DEFAULT '😀') PARTITION BY LIST COLUMNS (r) (PARTITION p VALUES IN ('😀'), PARTITION d DEFAULT)"
    store_use marks
    run ccr backup a --databases marks
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output != *warning* ]]
    hand_load b
    same_schema a b marks
    members_and_defaults a >"$T/marks.a"
    members_and_defaults b | diff "$T/marks.a" -
    grep -q F09F8E89 "$T/marks.a"
    [ "$(sql b "INSERT INTO marks.empty VALUES (); SELECT HEX(r) FROM marks.empty PARTITION (p)")" = F09F9880 ]
    sql a "DROP DATABASE marks"
    sql b "DROP DATABASE marks"
}

@test "members that are no text in their column's character set, which SHOW CREATE shows as '?', are refused by name" {
    sql a "CREATE DATABASE broken; CREATE TABLE broken.t (id INT PRIMARY KEY, s SET('x', 'y')) DEFAULT CHARSET cp932;
        ALTER TABLE broken.t CONVERT TO CHARACTER SET utf16le"
    store_use broken
    run ccr backup a --databases broken
    echo "$output"
    [ "$status" -eq 11 ]
    [[ $output == *"broken.t: the members or the default of column s hold bytes that are no text in utf16le"*"hint: ALTER TABLE ... MODIFY"* ]]
    sql a "ALTER TABLE broken.t MODIFY s SET('x', 'y')"
    ccr backup a --databases broken
    sql a "DROP DATABASE broken"
}
