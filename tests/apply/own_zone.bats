# Statements that depend on the source's own time zone, and a target in another one; utf8 that is another character set.

bats_require_minimum_version 1.5.0
load ../lib/common
load follow

setup_file() {
    export TZ=UTC-9
    server_start source --old-mode=
    TZ=UTC target_start
    server_grant source source
    server_grant target target
    sql source "CREATE DATABASE d; CREATE TABLE d.plain (id INT PRIMARY KEY, ts TIMESTAMP NULL); CREATE TABLE d.t (id INT PRIMARY KEY, ts TIMESTAMP NULL, x DATETIME(6)); INSERT INTO d.t VALUES (1, '2024-01-01 12:00:00', NOW(6))"
}

# stops CODE STATEMENTS TEXT...: nothing of it is done; a new snapshot goes on behind it.
stops() {
    local code=$1 before

    before=$(sql target "SELECT GROUP_CONCAT(column_name, column_type) FROM information_schema.columns WHERE table_schema = 'd'; SELECT COUNT(*) FROM d.t")
    sql source "$2" d
    ship
    run apply
    fails "$code" "depends on the source's own time zone (SYSTEM), which the target's is not" "${@:3}" || return 1
    [ "$before" = "$(sql target "SELECT GROUP_CONCAT(column_name, column_type) FROM information_schema.columns WHERE table_schema = 'd'; SELECT COUNT(*) FROM d.t")" ] || return 1
    follow_start && same d
}

@test "it is said before" {
    ccr backup source --quiet
    run ccr restore target --job j
    fails 0 "warning: the target's own time zone (SYSTEM) is not the source's" "warning: old_mode of only one of source and target has UTF8_IS_UTF8MB3"
    run --separate-stderr "$CCR_BIN/ccr-job" create --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job k --check \
        --databases d --rename-db d:k --json
    [ "$(jq -r ".findings[] | select(.severity == \"warning\") | .what" <<<"$output" | sort | tr "\n" " ")" = "old-mode time-zone " ] || { echo "$output"; return 1; }
}

@test "definitions that give values or bounds by it need a copy of the table" {
    stops 8 "ALTER TABLE t ADD a DATETIME DEFAULT NOW()" '(table d.t)'
    stops 8 "ALTER TABLE t MODIFY ts DATETIME" '(table d.t)'
    stops 8 "CREATE TABLE p (ts TIMESTAMP NOT NULL) PARTITION BY RANGE (UNIX_TIMESTAMP(ts))
        (PARTITION p0 VALUES LESS THAN (UNIX_TIMESTAMP('2024-01-01')), PARTITION p1 VALUES LESS THAN MAXVALUE)" '(table d.p)'
    sql source "CREATE EVENT e ON SCHEDULE AT '2037-01-01 12:00:00' DO SET @x = 1" d
    ship
    run apply
    fails 8 "depends on the source's own time zone" "default_time_zone"
    follow_start
    # the copy that is asked for leads past it
    sql source "ALTER TABLE t ADD b DATETIME DEFAULT NOW()" d
    ship
    run apply
    fails 8
    ccr backup source --quiet --requested
    ccr restore target --quiet --job j --requested
    replay
    same d
}

@test "data changes that were logged as statements stop" {
    stops 11 "SET binlog_format = MIXED; INSERT INTO t (id, x) VALUES (2, NOW())" default_time_zone
}

@test "rows, other zones, and what does not depend on it go through" {
    sql source "INSERT INTO t (id, ts, x) VALUES (5, NOW(), NOW(6)); ALTER TABLE plain ADD c INT, ADD KEY (ts);
        CREATE TABLE u (id INT PRIMARY KEY, c TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, x DATETIME DEFAULT NOW()); INSERT INTO u (id) VALUES (1);
        SET time_zone = '+09:00'; ALTER TABLE plain ADD e DATETIME DEFAULT NOW(); SET binlog_format = MIXED; INSERT INTO t (id, x) VALUES (6, NOW()); DELETE FROM t WHERE id = 1" d
    replay
    same d
}

@test "utf8 is the character set that it is on the source" {
    sql source "CREATE TABLE smile (id INT PRIMARY KEY, v VARCHAR(9) CHARSET utf8, l TEXT) CHARSET = UTF8; INSERT INTO smile VALUES (1, _utf8mb4 x'F09F9880', _utf8mb4 x'F09F9880');
        ALTER TABLE smile ADD m TEXT COLLATE utf8_bin; CREATE TABLE small (id INT PRIMARY KEY, v TEXT CHARSET utf8mb3); UPDATE smile SET m = l" d
    replay
    same d
    [ "$(sql target "SELECT HEX(v), HEX(CONVERT(l USING utf8mb4)), HEX(CONVERT(m USING utf8mb4)) FROM d.smile")" = "$(printf 'F09F9880\tF09F9880\tF09F9880')" ]
}

@test "a target in the same zone takes all of it" {
    server_restart target # in the test's own TZ
    sql source "ALTER TABLE t ADD f DATETIME DEFAULT NOW(); ALTER TABLE u MODIFY c DATETIME; SET binlog_format = MIXED; INSERT INTO t (id, x) VALUES (7, NOW(6)), (8, FROM_UNIXTIME(1))" d
    replay
    same d
    run -0 ccr restore target --job j
    [[ $output != *"time zone"* ]]
}
