# shellcheck shell=bash
# Loads the sample databases; needs common.bash.

# Every database of a server that is neither the system's nor ccr's.
user_databases() {
    sql "$1" "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN
        ('information_schema', 'performance_schema', 'mysql', 'sys', 'ccr') ORDER BY HEX(schema_name)"
}

# load_sample SERVER FOLDER [DB] FILE...: some files SOURCE others by names relative to their folder.
load_sample() {
    local name=$1 folder=$2 file

    shift 2
    for file in "$@"; do
        (
            cd "$CORPUS/$folder" || exit 1
            {
                echo "SET autocommit = 0;"
                cat "$file"
                echo "COMMIT;"
            } | sql_client "$name" "${DB:---skip-column-names}" >/dev/null
        ) || return 1
    done
}

load_samples() {
    local name=$1

    corpus sampledb
    sql "$name" "CREATE DATABASE world"
    DB=world load_sample "$name" world world.sql || return 1
    load_sample "$name" chinook Chinook_MySql.sql || return 1
    load_sample "$name" sakila sakila-schema.sql sakila-data.sql || return 1
    load_sample "$name" employees-bytebase-large employee.sql || return 1
    DB=employee load_sample "$name" employees-bytebase-large object.sql || return 1
    # what the samples lack: events, sequences, odd names, every kind of generated and hidden column
    sql_client "$name" >/dev/null <<'SQL'
CREATE DATABASE `ödd näme` CHARACTER SET latin1;
USE `ödd näme`;
CREATE TABLE `t/1 %` (
    `ke y` VARBINARY(20) PRIMARY KEY, hidden INT INVISIBLE DEFAULT 3, v INT AS (LENGTH(`ke y`)) VIRTUAL,
    s INT AS (LENGTH(`ke y`) * 2) STORED, f FLOAT, d DOUBLE, b BIT(9), y YEAR, e ENUM('a''b', 'ü'), ts TIMESTAMP(3) NULL,
    j JSON, g GEOMETRY, u UUID, i INET6);
INSERT INTO `t/1 %` (`ke y`, hidden, f, d, b, y, e, ts, j, g, u, i) VALUES
    ('a', 1, 1.23456789, 0.1, b'101', 2026, 'ü', '2026-03-29 02:30:00.123', '{"a": [1, "ü"]}', POINT(1, 2), UUID(), '::1'),
    (UNHEX('000a0d5c09271a00ff'), 2, -3.4e38, 1e-300, b'111111111', 1999, 'a''b', NULL, NULL, NULL, NULL, NULL),
    ('', 0, 16777217, 123456789.123456789, 0, 0, NULL, '1970-01-01 00:00:01', 'null', NULL, NULL, 'fe80::1');
CREATE SEQUENCE numbers START WITH 100 INCREMENT BY 7 CACHE 10;
SELECT NEXT VALUE FOR numbers;
CREATE TABLE no_key (a INT, b TEXT);
INSERT INTO no_key SELECT seq % 3, 'same' FROM seq_1_to_50;
CREATE TABLE parts (id INT, at DATE, PRIMARY KEY (id, at)) PARTITION BY RANGE (YEAR(at))
    (PARTITION old VALUES LESS THAN (2020), PARTITION rest VALUES LESS THAN MAXVALUE);
INSERT INTO parts SELECT seq, '2018-01-01' + INTERVAL seq MONTH FROM seq_1_to_60;
CREATE VIEW b AS SELECT 1 AS one;
CREATE VIEW a AS SELECT one + 1 AS two FROM b;
CREATE EVENT later ON SCHEDULE EVERY 1 HOUR STARTS '2037-01-01 00:00:00' COMMENT 'ü' DO DELETE FROM no_key WHERE a = 99;
CREATE EVENT never ON SCHEDULE AT '2037-01-01 00:00:00' DISABLE DO SELECT 1;
SQL
}
