#!/usr/bin/env bats
# The session of a logged statement, as its status variables tell it, against the session that ran it.

load ../lib/common
load binlog

setup_file() {
    server_start a
    sql a "CREATE DATABASE d CHARACTER SET latin1"
}

# The session of the only CREATE TABLE that the statements log.
session_of() {
    local first

    first=$(binlog_fresh a)
    sql a "$1" "${2:-d}"
    binlog_tool walk --sessions "$(binlogs a "$first" | head -n 1)" | grep ': CREATE TABLE: '
}

member() {
    sed -n "s/.*\(^\| \)$1=\([^ ]*\) .*/\2/p" <<<"$session"
}

# collation_id NAME
collation_id() {
    sql a "SELECT id FROM information_schema.collations WHERE collation_name = '$1'"
}

@test "sql_mode, as the number that SET takes" {
    local mode

    for mode in "" ANSI_QUOTES NO_BACKSLASH_ESCAPES ORACLE TRADITIONAL PAD_CHAR_TO_FULL_LENGTH,TIME_ROUND_FRACTIONAL; do
        session=$(session_of "SET sql_mode = '$mode'; CREATE OR REPLACE TABLE t (a INT)")
        [ "$(sql a "SET sql_mode = '$mode'; SET @mode = @@sql_mode; SET sql_mode = $(member sql_mode); SELECT @mode = @@sql_mode")" = 1 ]
    done
    session=$(session_of "SET sql_mode = 'ANSI_QUOTES'; CREATE OR REPLACE TABLE t (a INT)")
    [ "$(member sql_mode)" -eq 4 ]
    session=$(session_of "SET sql_mode = 'NO_BACKSLASH_ESCAPES'; CREATE OR REPLACE TABLE t (a INT)")
    [ "$(member sql_mode)" -eq $((1 << 20)) ]
}

flag_is() {
    session=$(session_of "DROP TABLE IF EXISTS t; SET $1; CREATE TABLE t (a INT)")
    [ $((0x$(member flags2) & $2)) -ne 0 ] || { echo "$1: $(member flags2)" >&2; return 1; }
    session=$(session_of "DROP TABLE IF EXISTS t; SET $3; CREATE TABLE t (a INT)")
    [ $((0x$(member flags2) & $2)) -eq 0 ] || { echo "$3: $(member flags2)" >&2; return 1; }
}

@test "flags: foreign keys, unique checks, auto_is_null, if_exists, explicit defaults, history" {
    flag_is foreign_key_checks=0 $((1 << 26)) foreign_key_checks=1
    flag_is unique_checks=0 $((1 << 27)) unique_checks=1
    flag_is sql_auto_is_null=1 $((1 << 14)) sql_auto_is_null=0
    flag_is sql_if_exists=1 $((1 << 28)) sql_if_exists=0
    flag_is explicit_defaults_for_timestamp=1 $((1 << 24)) explicit_defaults_for_timestamp=0
    flag_is system_versioning_insert_history=1 $((1 << 30)) system_versioning_insert_history=0
}

@test "character sets and collations, of the session and of the database" {
    session=$(session_of "SET character_set_client = latin1, collation_connection = utf8mb4_bin, collation_server = greek_general_ci;
        CREATE OR REPLACE TABLE t (a CHAR(5))")
    [ "$(member charset)" = "$(collation_id latin1_swedish_ci)/$(collation_id utf8mb4_bin)/$(collation_id greek_general_ci)" ]
    session=$(session_of "SET collation_database = cp1251_bin; CREATE OR REPLACE TABLE t (a CHAR(5))")
    [ "$(member dbcs)" = "$(collation_id cp1251_bin)" ]
}

@test "the default database, none among them" {
    session=$(session_of "CREATE OR REPLACE TABLE t (a INT)")
    [ "$(member db)" = d ]
    first=$(binlog_fresh a)
    sql a "CREATE OR REPLACE TABLE d.t (a INT)"
    session=$(binlog_tool walk --sessions "$(binlogs a "$first" | head -n 1)" | grep ': CREATE TABLE: ')
    [ "${session%% *}" = db= ]
}

@test "time zone, fraction of a second, names of months, auto-increment: where a statement depends on them" {
    first=$(binlog_fresh a)
    sql a "CREATE OR REPLACE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(50)); SET binlog_format = STATEMENT,
        time_zone = '+03:30', lc_time_names = 'de_DE', auto_increment_increment = 7, auto_increment_offset = 3,
        timestamp = 1700000000.123456; INSERT INTO t (v) VALUES (DATE_FORMAT(NOW(6), '%M %f'))" d
    session=$(binlog_tool walk --sessions "$(binlogs a "$first" | head -n 1)" | grep 'INSERT INTO t')
    [ "$(member tz)" = +03:30 ]
    [ "$(member us)" = 1:123456 ]
    [ "$(member autoinc)" = 7/3 ]
    [ "$(member lc)" = 4 ] # de_DE in the server's list of locales
}

@test "the invoker, where a definer is to be known" {
    sql a "CREATE USER 'maker'@'localhost'; GRANT ALL ON d.* TO 'maker'@'localhost'; GRANT SET USER ON *.* TO 'maker'@'localhost'"
    first=$(binlog_fresh a)
    mariadb --no-defaults --socket="$T/a/sock" --user=maker d -e "CREATE VIEW v AS SELECT 1 AS one"
    binlog_tool walk --sessions "$(binlogs a "$first" | head -n 1)" | grep 'invoker=maker@localhost: CREATE VIEW: '
}
