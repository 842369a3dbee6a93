# A target whose settings are other ones than the source's: the copy is the same.

bats_require_minimum_version 1.5.0
load ../lib/common
load restore

# SET GLOBAL of what mariadbd takes on no command line, and of what the tests' own client should not see.
set_odd() {
    sql target "SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT,NO_ZERO_DATE,NO_ZERO_IN_DATE,STRICT_ALL_TABLES,EMPTY_STRING_IS_NULL',
        GLOBAL sql_select_limit = 2, GLOBAL sql_big_selects = 0, GLOBAL max_join_size = 10, GLOBAL sql_safe_updates = 1, GLOBAL completion_type = 'CHAIN',
        GLOBAL autocommit = 0, GLOBAL max_statement_time = 5, GLOBAL foreign_key_checks = 0, GLOBAL sql_quote_show_create = 0"
}

set_even() {
    sql target "SET autocommit = 1; SET GLOBAL sql_mode = DEFAULT, GLOBAL sql_select_limit = 18446744073709551615, GLOBAL sql_big_selects = 1,
        GLOBAL max_join_size = DEFAULT, GLOBAL sql_safe_updates = 0, GLOBAL completion_type = DEFAULT, GLOBAL autocommit = DEFAULT,
        GLOBAL max_statement_time = 0, GLOBAL foreign_key_checks = 1, GLOBAL sql_quote_show_create = 1"
}

setup_file() {
    server_start source
    # MariaDB's own default is latin1; the tests' is utf8mb4
    server_start target --log-bin-trust-function-creators=ON --character-set-server=latin1 --collation-server=latin1_german2_ci \
        --explicit-defaults-for-timestamp=OFF --default-time-zone=+13:00 --innodb-strict-mode=OFF --innodb-default-row-format=COMPACT \
        --innodb-file-per-table=OFF --old-mode=NO_DUP_KEY_WARNINGS_WITH_IGNORE
    server_grant source source
    server_grant target target
}

@test "character sets, defaults of TIMESTAMP, modes" {
    sql source "CREATE DATABASE d CHARACTER SET utf8mb4; USE d; CREATE TABLE a (id INT PRIMARY KEY);
        CREATE TABLE b (id INT PRIMARY KEY, e ENUM('ä', 'Ω') CHARACTER SET utf16, s SET('中', 'b') CHARACTER SET utf8mb4, v VARCHAR(20) CHARACTER SET utf8mb4 DEFAULT 'Ω 中\\\\\\'',
            t TIMESTAMP NOT NULL, u TIMESTAMP NULL, w TIMESTAMP, x TIMESTAMP(6) NOT NULL, c CHAR(5) COMMENT 'Ω', CHECK (v <> '中'), g VARCHAR(30) CHARACTER SET utf8mb4 AS (CONCAT(v, 'Ω')));
        CREATE TABLE z (id INT PRIMARY KEY, v VARCHAR(20) CHARACTER SET utf8mb4 DEFAULT '中') COMMENT 'Ω';
        INSERT INTO b (id, e, s, t, u, x, c) VALUES (1, 'Ω', '中', '2020-01-01', NULL, '2020-01-01 00:00:00.123456', 'a'), (2, 'ä', '', '2020-01-01', NULL, '2020-01-01', '');
        CREATE VIEW q AS SELECT CONCAT('Ω', v, \"中\") AS x FROM b WHERE v <> 'Ω';
        CREATE FUNCTION f() RETURNS VARCHAR(9) CHARACTER SET utf8mb4 DETERMINISTIC RETURN 'Ω';
        CREATE TRIGGER r BEFORE INSERT ON z FOR EACH ROW SET NEW.v = 'Ω'"
    backup
    set_odd
    ccr restore target --quiet --standalone
    set_even
    same_tables source target d
    same_schema source target d
    [ "$(sql target "SELECT HEX(e) FROM d.b WHERE id = 1; INSERT INTO d.z (id) VALUES (1); SELECT HEX(v) FROM d.z; SELECT HEX(d.f())")" = "03A9"$'\n'"CEA9"$'\n'"CEA9" ]
    sql target "UPDATE d.b SET c = 'b'"
    [ "$(sql target "SELECT COUNT(*) FROM d.b WHERE t > '2021-01-01' OR x > '2021-01-01'")" -eq 0 ]
    target_clean
}

@test "the same, followed" {
    set_odd
    sql target "SET GLOBAL default_storage_engine = Aria"
    run ccr restore target --job j
    sql target "SET GLOBAL default_storage_engine = InnoDB"
    [ "$status" -eq 0 ]
    [[ "$output" == *"warning: default_storage_engine of the target is Aria, the source's is InnoDB"* ]]
    sql source "USE d; UPDATE b SET c = 'c'; CREATE TABLE later (id INT PRIMARY KEY, t TIMESTAMP NOT NULL, w TIMESTAMP, e ENUM('Ω', 'ä') CHARACTER SET utf8mb4 DEFAULT 'ä');
        INSERT INTO later (id, t) VALUES (1, '2020-01-01'); UPDATE later SET e = 'Ω'; ALTER TABLE z ADD y VARCHAR(9) CHARACTER SET utf16 DEFAULT '中'; INSERT INTO z (id) VALUES (5);
        CREATE TABLE old (t TIMESTAMP); SET explicit_defaults_for_timestamp = OFF; CREATE TABLE older (t TIMESTAMP)"
    ccr ship source --quiet
    ccr apply target --quiet --job j
    set_even
    same_tables source target d
    same_schema --followed source target d
}

@test "a MEMORY table that is larger than this server allows: refused with a hint, and loaded when it allows more" {
    store_use memory
    sql source "CREATE DATABASE m; CREATE TABLE m.t (id INT PRIMARY KEY) ENGINE=MEMORY; INSERT INTO m.t SELECT seq FROM m.seq_1_to_20000"
    backup --databases m
    sql target "SET GLOBAL max_heap_table_size = 16384"
    run ccr restore target --standalone
    [ "$status" -eq 6 ]
    [[ "$output" == *"loading chunk 1 of m.t: "*"error 1114"*"hint: is the disk"*"max_heap_table_size"* ]]
    sql target "SET GLOBAL max_heap_table_size = DEFAULT"
    ccr restore target --standalone --quiet
    same_tables source target m
}

@test "an event in a time zone that the target does not know: refused before anything is loaded, and what to do" {
    local zone="INSERT INTO mysql.time_zone VALUES (7, 'N'); INSERT INTO mysql.time_zone_name VALUES ('Test/Zone', 7);
        INSERT INTO mysql.time_zone_transition_type VALUES (7, 0, 3600, 0, 'TST')"
    store_use zone
    sql source "$zone"
    sql source "SET time_zone = 'Test/Zone'; CREATE DATABASE tz; CREATE TABLE tz.t (id INT PRIMARY KEY);
        CREATE EVENT tz.e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DISABLE DO SELECT 1"
    backup --databases tz
    run ccr restore target --standalone
    [ "$status" -eq 6 ]
    [[ "$output" == *"creating event tz.e will fail: "*"'Test/Zone'"*"hint: load the time zones: mariadb-tzinfo-to-sql"* ]]
    [ -z "$(sql target "SHOW DATABASES LIKE 'tz'; SHOW DATABASES LIKE 'ccr\\_%'")" ]
    sql target "$zone"
    ccr restore target --standalone --quiet
    same_schema source target tz
}
