# Data changes that the source logged as statements (binlog_format MIXED and STATEMENT).

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; CREATE DATABASE e;
        CREATE TABLE d.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(200), w DECIMAL(20,5), b VARBINARY(50), x DATETIME(6));
        CREATE TABLE d.u (id INT PRIMARY KEY, n INT); CREATE TABLE e.o (id INT PRIMARY KEY, n INT)"
    follow_start
}

# runs FORMAT STATEMENTS: in one session of the source; shipped and applied, equal afterwards.
runs() {
    sql_client source --skip-column-names d <<<"SET SESSION binlog_format = $1; $2" >/dev/null
    replay
    same d e
}

@test "every kind of data change, in MIXED and STATEMENT" {
    local format base=0

    for format in STATEMENT MIXED; do
        runs $format "INSERT INTO t (v) VALUES ('a'), ('b'); INSERT INTO t (v) SELECT CONCAT(v, LAST_INSERT_ID()) FROM t;
            REPLACE INTO u VALUES (1, $base), (2, 2); UPDATE t SET v = CONCAT(v, '-') WHERE id > 1; DELETE FROM u WHERE id = 2;
            INSERT INTO u VALUES (1, 1) ON DUPLICATE KEY UPDATE n = n + 10; INSERT IGNORE INTO u VALUES (1, 5), (3, 3);
            UPDATE t, u SET t.v = CONCAT(t.v, u.n), u.n = u.n + 1 WHERE t.id = u.id;
            DELETE a FROM t AS a JOIN u ON a.id = u.id WHERE u.id = 3; DELETE FROM u USING u JOIN t ON u.id = t.id WHERE t.id = 3;
            INSERT INTO u SELECT seq, seq FROM seq_${base}00_to_${base}20 ON DUPLICATE KEY UPDATE n = 7;
            INSERT INTO e.o WITH x AS (SELECT id, n FROM u) SELECT id, n FROM x ON DUPLICATE KEY UPDATE n = 0;
            START TRANSACTION; INSERT INTO t (v) VALUES ('in one'); UPDATE u SET n = 1; COMMIT"
        base=1
    done
    [ "$(sql target 'SELECT COUNT(*) FROM d.u')" -ge 20 ]
}

@test "what the log says before a statement: variables of every type, ids, random seeds" {
    runs STATEMENT "SET @dec = 1234567.50, @i = -5, @u = 18446744073709551615, @n = NULL, @s = _latin1 X'E4F6', @bin = X'00FF27', @f = 1.1e0,
            @low = -9223372036854775807 - 1, @\`odd name\` = 'q''\\\\', @utf = 'ü漢';
        INSERT INTO t (v, w, b) VALUES (@dec, @dec, @bin), (@i, @i / 3, @s), (@u, @n, @utf), (@low, @f * 3, @bin), (@\`odd name\`, 1, CONCAT(@s, @utf));
        INSERT INTO t (v) VALUES (RAND()), (RAND()); INSERT INTO t (v, w) VALUES (LAST_INSERT_ID(), RAND(5));
        SET auto_increment_increment = 7, auto_increment_offset = 3; INSERT INTO t (v) VALUES ('x'), ('y');
        SET auto_increment_increment = 1, auto_increment_offset = 1; SET insert_id = 5000; INSERT INTO t (v) VALUES ('set');
        INSERT INTO t (v) VALUES (CONNECTION_ID())"
    [ "$(sql target "SELECT COUNT(*) FROM d.t WHERE id = 5000")" -eq 1 ]
}

@test "the session: time, zone, sql_mode, character sets, checks" {
    runs STATEMENT "SET timestamp = 1700000000.123456; INSERT INTO t (v, x) VALUES ('time', NOW(6)); SET timestamp = DEFAULT;
        INSERT INTO t (v, x) VALUES ('now', NOW(6)); SET time_zone = '+05:30'; INSERT INTO t (v, x) VALUES (FROM_UNIXTIME(1000), CURTIME());
        SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'; INSERT INTO \"t\" (v) VALUES ('a\\' || 'b');
        SET sql_mode = ''; INSERT INTO t (v, w) VALUES (REPEAT('long', 100), 'abc');
        SET NAMES latin1; INSERT INTO t (v) VALUES ('$(printf '\344\366')'); SET NAMES utf8mb4; SET lc_time_names = 'de_DE';
        INSERT INTO t (v) VALUES (DAYNAME('2024-01-01')); SET collation_connection = 'utf8mb4_bin'; INSERT INTO t (v) SELECT 'a' = 'A';
        CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (id INT PRIMARY KEY, p INT, CHECK (id < 100), FOREIGN KEY (p) REFERENCES p (id));
        SET foreign_key_checks = 0; INSERT INTO c VALUES (1, 77); SET foreign_key_checks = 1, unique_checks = 0; INSERT INTO p VALUES (1);
        SET unique_checks = 1, check_constraint_checks = 0; INSERT INTO c VALUES (200, 1); SET check_constraint_checks = 1; INSERT INTO c VALUES (3, 1)"
    [ "$(sql target 'SELECT COUNT(*) FROM d.c')" -eq 3 ]
}

@test "a session that changes the format mid-way; rows and statements in one transaction" {
    runs ROW "INSERT INTO u VALUES (600, 1); SET SESSION binlog_format = STATEMENT; UPDATE u SET n = n + 1; SET SESSION binlog_format = MIXED;
        START TRANSACTION; INSERT INTO t (v) VALUES (UUID()); UPDATE u SET n = n * 2 WHERE id = 600; INSERT INTO t (v) VALUES (UUID());
        DELETE FROM u WHERE id = 1; COMMIT; SET SESSION binlog_format = ROW; UPDATE u SET n = n + 5"
}

@test "functions, procedures and views that change data" {
    runs STATEMENT "SET GLOBAL log_bin_trust_function_creators = 1;
        DELIMITER //
        CREATE FUNCTION f(a INT) RETURNS INT BEGIN INSERT INTO t (v) VALUES (a); RETURN a + 1; END//
        CREATE PROCEDURE pr(IN a INT) BEGIN DECLARE x INT DEFAULT a; INSERT INTO u VALUES (a, f(x)); UPDATE u SET n = x WHERE id = a; END//
        DELIMITER ;
        SELECT f(1); DO f(2); SET @x = f(3); INSERT INTO u VALUES (700, f(4)); CALL pr(701);
        CREATE VIEW vw AS SELECT id, n FROM u; INSERT INTO vw VALUES (702, 5); UPDATE vw SET n = 6 WHERE id = 702"
    [ "$(sql target "SELECT n FROM d.u WHERE id = 702")" -eq 6 ]
}

@test "tables without transactions: with a ROLLBACK, a savepoint, and a statement that failed half-way" {
    runs STATEMENT "CREATE TABLE m (a INT PRIMARY KEY) ENGINE = MyISAM; CREATE TABLE ar (a INT PRIMARY KEY) ENGINE = Aria;
        INSERT INTO m VALUES (1); INSERT INTO ar SELECT a FROM m;
        START TRANSACTION; INSERT INTO t (v) VALUES ('stays'); INSERT INTO m VALUES (2); COMMIT;
        START TRANSACTION; INSERT INTO t (v) VALUES ('undone'); INSERT INTO m VALUES (3); ROLLBACK;
        START TRANSACTION; INSERT INTO t (v) VALUES ('before'); SAVEPOINT a; INSERT INTO m VALUES (4); INSERT INTO t (v) VALUES ('undone too');
        ROLLBACK TO a; INSERT INTO t (v) VALUES ('after'); COMMIT;
        START TRANSACTION; SAVEPOINT a; INSERT INTO t (v) VALUES ('undone'); ROLLBACK TO a; INSERT INTO t (v) VALUES ('only'); COMMIT"
    ! sql source "SET SESSION binlog_format = STATEMENT; INSERT INTO d.m VALUES (10), (11), (10), (12)" || false
    runs STATEMENT "INSERT INTO m VALUES (20)"
    [ "$(sql target 'SELECT COUNT(*) FROM d.m')" -eq 7 ]
}

@test "two transactions of one batch that both have to be read again" {
    runs STATEMENT "SET binlog_format = ROW; CREATE TABLE n (id INT PRIMARY KEY) ENGINE = MyISAM; INSERT INTO u VALUES (900, 0);
        START TRANSACTION; INSERT INTO t (v) VALUES ('kept'); SAVEPOINT s; INSERT INTO t (v) VALUES ('goes'); INSERT INTO n VALUES (1);
        ROLLBACK TO s; UPDATE u SET n = 1 WHERE id = 900; COMMIT; SET binlog_format = STATEMENT;
        START TRANSACTION; INSERT INTO t (v) VALUES ('and this'); INSERT INTO n VALUES (2); COMMIT"
    [ "$(sql target "SELECT COUNT(*) FROM d.t WHERE v IN ('kept', 'goes', 'and this')")" -eq 2 ]
}

@test "LOAD DATA as a statement: its clauses, duplicates, several blocks" {
    seq 3000 23000 | awk '{ print $1 ",text of line " $1 }' >"$T/big.csv"
    printf '9001;a;x\n9002;b\\n;y\n' >"$T/small.csv"
    printf '9001,again\n9003,new\n' >"$T/again.csv"
    sql source "CREATE TABLE d.l (id INT PRIMARY KEY, v VARCHAR(50), w VARCHAR(50))"
    runs STATEMENT "LOAD DATA INFILE '$T/big.csv' INTO TABLE l FIELDS TERMINATED BY ',' (id, v); DELETE FROM l WHERE id > 8000;
        LOAD DATA INFILE '$T/small.csv' INTO TABLE d.l CHARACTER SET latin1 FIELDS TERMINATED BY ';' (id, @v, w) SET v = CONCAT(@v, id);
        LOAD DATA INFILE '$T/again.csv' IGNORE INTO TABLE l FIELDS TERMINATED BY ',' (id, v);
        LOAD DATA INFILE '$T/again.csv' REPLACE INTO TABLE l FIELDS TERMINATED BY ',' (id, w)"
    [ "$(sql target 'SELECT COUNT(*) FROM d.l')" -eq 5004 ]
    # a row that the source took, and the target cannot: no silent difference
    printf '9100,a\n9101,b\n' >"$T/more.csv"
    sql source "SET SESSION binlog_format = STATEMENT; LOAD DATA INFILE '$T/more.csv' INTO TABLE d.l FIELDS TERMINATED BY ',' (id, v)"
    sql target "INSERT INTO d.l VALUES (9101, 'mine', NULL)"
    ship
    run apply
    fails 9 'LOAD DATA' 'passed over'
    [ "$(sql target 'SELECT COUNT(*) FROM d.l WHERE id = 9100')" -eq 0 ]
    sql target "DELETE FROM d.l WHERE id = 9101"
    apply
    same d
}

@test "CREATE TABLE ... SELECT as a statement, and as rows; killed behind the CREATE" {
    local format point

    runs STATEMENT "SET @v = 'x'; CREATE TABLE cs (k INT PRIMARY KEY) SELECT id AS k, v, @v AS w, RAND() AS r FROM t;
        CREATE OR REPLACE TABLE cs AS SELECT * FROM u; CREATE TABLE IF NOT EXISTS cs SELECT 1 AS one; CREATE TABLE cs2 ENGINE = MyISAM AS SELECT * FROM cs"
    for format in STATEMENT ROW; do
        for point in ddl-before ddl-after commit-before; do
            sql source "SET SESSION binlog_format = $format; CREATE TABLE d.c_${format}_${point#*-} SELECT * FROM d.u" d
            ship
            CCR_FAILPOINT=$point run apply
            [ "$status" -eq 137 ]
            apply
            same d
            sql source "DROP TABLE d.c_${format}_${point#*-}"
        done
    done
}

# stops CODE STATEMENTS -- TEXT...: the run ends so, and a new snapshot leads on.
stops() {
    local code=$1 statements=$2

    shift 3
    sql_client source d <<<"SET SESSION binlog_format = STATEMENT; $statements" >/dev/null
    ship
    run apply
    fails "$code" "$@"
    follow_start --replace
}

@test "what cannot be replayed exactly stops by name" {
    sql source "CREATE TABLE d.with_trigger (a INT PRIMARY KEY); CREATE TRIGGER d.tr AFTER INSERT ON d.with_trigger FOR EACH ROW INSERT INTO d.t (v) VALUES (NEW.a);
        CREATE TABLE d.ids (a INT PRIMARY KEY, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, e BIGINT UNSIGNED GENERATED ALWAYS AS ROW END,
            PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING; CREATE VIEW d.beyond AS SELECT a FROM d.with_trigger"
    replay
    stops 8 "INSERT INTO with_trigger VALUES (1)" -- 'with_trigger has triggers' 'INSERT INTO with_trigger'
    stops 8 "INSERT INTO beyond VALUES (2)" -- 'with_trigger has triggers'
    stops 8 "INSERT INTO ids (a) VALUES (1)" -- 'versioned by transaction ids'
    stops 8 "INSERT INTO t (v) VALUES (UUID())" -- UUID
    stops 8 "INSERT INTO t (v) VALUES (@@hostname)" -- @@hostname
    stops 8 "DELETE FROM t LIMIT 1" -- LIMIT
    # (the ids of the snapshot are those of the target)
    runs STATEMENT "DROP TABLE ids; DELETE FROM t ORDER BY id LIMIT 1"
    runs ROW "CREATE TABLE made (a INT PRIMARY KEY, b VARCHAR(64) DEFAULT (UUID()), c DATETIME DEFAULT NOW(), d VARCHAR(9) DEFAULT '(@@x)'); INSERT INTO made (a) VALUES (1), (2)"
    stops 8 "INSERT INTO made (a) VALUES (3)" -- 'default of made.b'
    runs STATEMENT "UPDATE made SET c = NULL, b = 'x'; DELETE FROM made WHERE a = 1"
}

@test "the names of savepoints are quoted as the source's session quotes" {
    runs ROW "CREATE TABLE mine (id INT PRIMARY KEY) ENGINE = MyISAM; SET sql_mode = 'ANSI_QUOTES'; START TRANSACTION; INSERT INTO t (v) VALUES ('kept'); SAVEPOINT \"a b\";
        INSERT INTO t (v) VALUES ('undone'); INSERT INTO mine VALUES (1); ROLLBACK TO \"a b\"; SET NAMES latin1; SAVEPOINT \"$(printf '\344')\"; INSERT INTO mine VALUES (2);
        INSERT INTO t (v) VALUES ('goes'); ROLLBACK TO \"$(printf '\344')\"; COMMIT"
    [ "$(sql target "SELECT COUNT(*) FROM d.t WHERE v IN ('undone', 'goes')")" -eq 0 ]
}
