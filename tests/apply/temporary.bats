# Temporary tables: not in the log where rows are logged; where statements are, a stop, also for those whose CREATE the log
# does not hold because they are older than the snapshot.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; CREATE DATABASE other; CREATE TABLE d.r (id INT PRIMARY KEY, n INT); CREATE TABLE d.q (id INT PRIMARY KEY, n INT);
        INSERT INTO d.r VALUES (1, 1), (2, 2)"
    follow_start --databases d
}

teardown() {
    exec 7>&-
    logs_keep
}

@test "rows are logged: whatever is made from temporary tables arrives, they do not" {
    sql_client source d <<'SQL'
CREATE TEMPORARY TABLE r (id INT PRIMARY KEY, n INT);
INSERT INTO r VALUES (100, 1), (101, 2);
ALTER TABLE r ADD x INT DEFAULT 5;
UPDATE r SET n = n + 1;
CREATE TEMPORARY TABLE other.t SELECT * FROM q;
CREATE TABLE made SELECT * FROM r;
CREATE TABLE made_like LIKE r;
INSERT INTO q SELECT id, n FROM r;
TRUNCATE TABLE r;
DROP TABLE r;
INSERT INTO r VALUES (3, 3);
CREATE TEMPORARY TABLE left_open (a INT);
DROP TEMPORARY TABLE IF EXISTS nothing;
SQL
    replay
    same d
    [ "$(sql target "SELECT COUNT(*) FROM d.q")" -eq 2 ]
}

# stops STATEMENTS TEXT...: the run stops at a temporary table, and what lies before it is applied.
stops() {
    local statements=$1

    shift
    sql source "INSERT INTO d.q SELECT COALESCE(MAX(id), 0) + 1000, 1 FROM d.q"
    sql_client source d <<<"$statements" >/dev/null
    ship
    run apply
    fails 11 'temporary table' 'binlog_format=ROW' "$@" || return 1
    [ "$(sql source "SELECT MAX(id) FROM d.q WHERE n = 1")" -eq "$(sql target "SELECT MAX(id) FROM d.q WHERE n = 1")" ] || return 1
    follow_start --databases d --replace
}

@test "statements are logged: the CREATE stops the run, in every format" {
    stops "SET SESSION binlog_format = MIXED; CREATE TEMPORARY TABLE d.temp (a INT); DROP TEMPORARY TABLE d.temp" 'CREATE TEMPORARY TABLE d.temp'
    stops "SET SESSION binlog_format = STATEMENT; CREATE OR REPLACE TEMPORARY TABLE temp SELECT * FROM r" 'TEMPORARY TABLE temp'
    same d
}

@test "temporary tables outside of the scope do not matter, until something inside is made from them" {
    sql_client source other <<'SQL'
SET SESSION binlog_format = STATEMENT;
CREATE TEMPORARY TABLE t (a INT);
INSERT INTO t VALUES (5), (6);
ALTER TABLE t ADD b INT;
CREATE TEMPORARY TABLE u SELECT * FROM d.r;
DROP TABLE t;
SQL
    replay
    same d
    sql_client source other <<<"SET SESSION binlog_format = STATEMENT; CREATE TEMPORARY TABLE t (a INT); INSERT INTO d.r SELECT a + 1000, a FROM t; INSERT INTO t VALUES (1); INSERT INTO d.r SELECT a + 1000, a FROM t"
    ship
    run apply
    fails 8 'touches what the job follows and what it does not (other.t)'
    follow_start --databases d --replace
}

# A session with a temporary table that has the name of another table, which holds other rows; then a snapshot.
open_session() {
    rm -f "$T/session"
    mkfifo "$T/session"
    sql_client source --unbuffered --force d <"$T/session" >"$T/session.out" 2>&1 3>&- &
    exec 7>"$T/session"
    say "SET SESSION binlog_format = STATEMENT; CREATE TEMPORARY TABLE r (id INT PRIMARY KEY, n INT); INSERT INTO r VALUES (50, 50)"
    follow_start --databases d --replace
}

say() {
    said=$((${said:-0} + 1))
    echo "$1; SELECT 'said $said';" >&7
    wait_until 10 grep -q "^said $said$" "$T/session.out"
}

# older CODE STATEMENT: of such a session; nothing of it is done on the target.
older() {
    local before

    open_session
    before=$(sql target "SELECT * FROM d.r; SHOW CREATE TABLE d.r; SELECT * FROM d.q; SHOW TABLES IN d")
    say "$2"
    ship
    run apply
    exec 7>&-
    fails "$1" 'temporary table' "${2%% INTO *}" || return 1
    [ "$before" = "$(sql target "SELECT * FROM d.r; SHOW CREATE TABLE d.r; SELECT * FROM d.q; SHOW TABLES IN d")" ]
}

@test "one that is older than the snapshot, and hides another table" {
    printf '60,60\n' >"$T/rows.csv"
    older 8 "INSERT INTO r VALUES (77, 7)"
    older 8 "UPDATE r SET n = 9"
    older 8 "DELETE FROM d.r"
    older 8 "INSERT INTO q SELECT id + 5000, n FROM r"
    older 11 "ALTER TABLE r ADD y INT"
    older 11 "TRUNCATE TABLE r"
    older 8 "CREATE TABLE from_it SELECT * FROM r"
    older 11 "CREATE TABLE like_it LIKE r"
    older 8 "LOAD DATA INFILE '$T/rows.csv' INTO TABLE r FIELDS TERMINATED BY ','"
    # its end is none of the target's business
    open_session
    say "DROP TABLE r; INSERT INTO r VALUES (78, 8)"
    replay
    same d
}

@test "what depends on the session otherwise is replayed: CONNECTION_ID(); a function's own temporary tables stop the run" {
    follow_start --databases d --replace
    sql_client source d <<'SQL'
SET GLOBAL log_bin_trust_function_creators = 1;
DELIMITER //
CREATE FUNCTION f(n INT) RETURNS INT BEGIN CREATE TEMPORARY TABLE inside (a INT); INSERT INTO inside VALUES (n); INSERT INTO q SELECT a + 9000, 0 FROM inside; DROP TEMPORARY TABLE inside; RETURN n; END//
CREATE FUNCTION me() RETURNS BIGINT RETURN CONNECTION_ID()//
DELIMITER ;
SET SESSION binlog_format = STATEMENT;
INSERT INTO r VALUES (300, CONNECTION_ID()), (301, me()), (302, 0);
DELETE r, q FROM r JOIN q USING (id); DELETE FROM x USING r AS x JOIN q ON q.id = x.n;
CREATE VIEW v AS SELECT CONNECTION_ID() AS id;
SQL
    replay
    same d
    sql source "SET SESSION binlog_format = STATEMENT; INSERT INTO r VALUES (303, 1 + f(7))" d
    ship
    run apply
    fails 9 'd.inside does not exist on the target'
    [ "$(sql target "SELECT COUNT(*) FROM d.r WHERE id = 303")" -eq 0 ]
}
