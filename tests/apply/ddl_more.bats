# DDL that tests/apply/ddl.bats does not have: every way to change a partition or a column, comments, modes, objects.

load ../lib/common
load follow

setup_file() {
    follow_servers --log-bin-trust-function-creators=ON
    sql source "CREATE DATABASE d; CREATE DATABASE other; CREATE TABLE d.p (id INT PRIMARY KEY, n INT, t VARCHAR(20)); INSERT INTO d.p SELECT seq, seq, 'x' FROM d.seq_1_to_50"
    follow_start
}

runs() {
    sql_client source --skip-column-names d <<<"$1" >/dev/null
    replay
    same d other
}

@test "partitions: by list, hash, key, range columns and subpartitions, converted, exchanged, rebuilt, removed" {
    runs "CREATE TABLE li (n INT, t INT) PARTITION BY LIST (n) (PARTITION a VALUES IN (1, 2), PARTITION b VALUES IN (3, NULL)); INSERT INTO li VALUES (1, 1), (2, 2), (3, 3), (NULL, 4);
        ALTER TABLE li ADD PARTITION (PARTITION c VALUES IN (5)); INSERT INTO li VALUES (5, 5); ALTER TABLE li REORGANIZE PARTITION a, b INTO (PARTITION ab VALUES IN (1, 2, 3, NULL));
        ALTER TABLE li ADD PARTITION (PARTITION z DEFAULT); INSERT INTO li VALUES (99, 1); ALTER TABLE li TRUNCATE PARTITION c, z; ALTER TABLE li DROP PARTITION IF EXISTS c, nope;
        ALTER TABLE li DROP PARTITION IF EXISTS nope2; ALTER TABLE li ADD PARTITION IF NOT EXISTS (PARTITION ab VALUES IN (77));
        CREATE TABLE rc (a DATE, b VARCHAR(5), n INT, KEY (n)) PARTITION BY RANGE COLUMNS (a, b) (PARTITION p0 VALUES LESS THAN ('2020-01-01', 'm'), PARTITION p1 VALUES LESS THAN (MAXVALUE, MAXVALUE));
        INSERT INTO rc VALUES ('2019-05-05', 'a', 1), ('2020-01-01', 'a', 2), ('2021-01-01', 'z', 3); UPDATE rc SET a = '2022-02-02' WHERE n = 1; ALTER TABLE rc REBUILD PARTITION p0;
        ALTER TABLE rc OPTIMIZE PARTITION p1; ALTER TABLE rc ANALYZE PARTITION ALL; ALTER TABLE rc CHECK PARTITION p0; ALTER TABLE rc CONVERT PARTITION p0 TO TABLE was_p0;
        CREATE TABLE to_be (a DATE, b VARCHAR(5), n INT, KEY (n)); INSERT INTO to_be VALUES ('2001-01-01', 'a', 9);
        CREATE TABLE r (n INT PRIMARY KEY, t INT) PARTITION BY RANGE (n) (PARTITION p0 VALUES LESS THAN (10)); CREATE TABLE r1 (n INT PRIMARY KEY, t INT); INSERT INTO r1 VALUES (15, 1); INSERT INTO r VALUES (5, 5);
        ALTER TABLE r CONVERT TABLE r1 TO PARTITION p1 VALUES LESS THAN (20); CREATE TABLE other.x (n INT PRIMARY KEY, t INT); INSERT INTO other.x VALUES (3, 3);
        ALTER TABLE r EXCHANGE PARTITION p0 WITH TABLE other.x; UPDATE r SET n = 16 WHERE n = 3; ALTER TABLE r REMOVE PARTITIONING; INSERT INTO r VALUES (100, 1);
        CREATE TABLE k (n INT, t VARCHAR(9) PRIMARY KEY) PARTITION BY KEY () PARTITIONS 3; INSERT INTO k VALUES (1, 'a'), (2, 'b'), (3, 'c'); ALTER TABLE k ADD PARTITION PARTITIONS 2; ALTER TABLE k COALESCE PARTITION 3;
        ALTER TABLE k PARTITION BY LINEAR KEY (t) PARTITIONS 2"
    runs "CREATE TABLE su (n INT, y DATE) PARTITION BY RANGE (YEAR(y)) SUBPARTITION BY HASH (TO_DAYS(y)) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE);
        INSERT INTO su VALUES (1, '1990-01-01'), (2, '2020-02-02'); ALTER TABLE su DROP PARTITION p0; ALTER TABLE su REORGANIZE PARTITION p1 INTO (PARTITION q0 VALUES LESS THAN (2021), PARTITION q1 VALUES LESS THAN MAXVALUE);
        UPDATE su SET y = '2025-01-01'; ALTER TABLE p PARTITION BY HASH (id) PARTITIONS 4; UPDATE p SET id = id + 1000 WHERE id < 20; ALTER TABLE p REMOVE PARTITIONING;
        CREATE TABLE h (n INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION h0 HISTORY, PARTITION c CURRENT); INSERT INTO h VALUES (1); UPDATE h SET n = 2; ALTER TABLE h ADD PARTITION (PARTITION h1 HISTORY)"
}

@test "columns and indexes: added, dropped, renamed, moved, at once and instantly" {
    runs "CREATE TABLE c (id INT PRIMARY KEY, a INT, b VARCHAR(10), g INT AS (a + 1) VIRTUAL, KEY by_g (g)); INSERT INTO c (id, a, b) VALUES (1, 1, 'a'), (2, 2, 'b'), (3, NULL, NULL);
        ALTER TABLE c ADD z INT DEFAULT 7; UPDATE c SET z = 8 WHERE id = 1; ALTER TABLE c DROP b; ALTER TABLE c MODIFY z INT FIRST; CREATE TABLE inst (id INT PRIMARY KEY, a INT, b VARCHAR(9)); INSERT INTO inst VALUES (1, 1, 'x'); ALTER TABLE inst ADD z INT DEFAULT 7 AFTER id, ALGORITHM = INSTANT; ALTER TABLE inst DROP a, ALGORITHM = INSTANT; UPDATE inst SET z = 8; ALTER TABLE inst MODIFY b VARCHAR(19) FIRST, ALGORITHM = INSTANT; INSERT INTO inst (id) VALUES (2); INSERT INTO c (id) VALUES (4);
        ALTER TABLE c ADD IF NOT EXISTS z INT, ADD COLUMN IF NOT EXISTS y INT NOT NULL AFTER a, DROP COLUMN IF EXISTS nope, ADD (k INT, l TEXT), ALTER z SET DEFAULT 9, ALTER y SET DEFAULT (1 + 1); ALTER TABLE c DROP KEY by_g, DROP g; ALTER TABLE c RENAME COLUMN a TO aa;
        UPDATE c SET aa = 0 WHERE aa IS NULL; ALTER TABLE c CHANGE aa a BIGINT NOT NULL DEFAULT 0, CHANGE IF EXISTS nope nope2 INT, MODIFY l VARCHAR(30) CHARACTER SET latin1 COLLATE latin1_german2_ci INVISIBLE; UPDATE c SET l = 'ä' WHERE id = 1; DELETE FROM c WHERE id = 2;
        ALTER TABLE c ADD INDEX i1 (a, y DESC), ADD UNIQUE KEY i2 (id, z) COMMENT 'unique', ADD FULLTEXT i3 (l); ALTER TABLE c RENAME INDEX i1 TO i11, ALTER INDEX i2 IGNORED; ALTER TABLE c DROP INDEX i3, DROP KEY IF EXISTS nope;
        CREATE UNIQUE INDEX IF NOT EXISTS i4 USING BTREE ON c (y, id) COMMENT 'x'; CREATE OR REPLACE INDEX i4 ON c (y); DROP INDEX IF EXISTS i9 ON c; DROP INDEX i4 ON c; ALTER TABLE c DROP PRIMARY KEY, ADD PRIMARY KEY (id, y);
        ALTER TABLE c ADD CONSTRAINT positive CHECK (y >= 0), ADD CHECK (z <> 5); ALTER TABLE c DROP CONSTRAINT positive; ALTER TABLE c MODIFY k INT CHECK (k > 0), ADD s VARCHAR(9) AS (CONCAT(k, '/')) STORED, ADD v INT AS (k * 2), ADD KEY (v);
        UPDATE c SET k = id; ALTER TABLE c MODIFY s VARCHAR(12) AS (CONCAT(k, '//')) STORED, DROP v; ALTER TABLE c COMMENT = 'it''s', ENGINE = Aria; ALTER TABLE c ENGINE = InnoDB ROW_FORMAT = COMPRESSED, AUTO_INCREMENT = 50;
        ALTER TABLE c CONVERT TO CHARACTER SET utf8mb3 COLLATE utf8mb3_bin; ALTER TABLE c ORDER BY id; ALTER TABLE c FORCE; SET innodb_strict_mode = OFF; CREATE TABLE lax (n INT) ROW_FORMAT = FIXED KEY_BLOCK_SIZE = 3; SET innodb_strict_mode = ON; ALTER TABLE c DISABLE KEYS; ALTER TABLE c ENABLE KEYS;
        ALTER TABLE c ADD SYSTEM VERSIONING; UPDATE c SET z = 77; SET system_versioning_alter_history = KEEP; ALTER TABLE c ADD w INT DEFAULT 4; ALTER TABLE c DROP SYSTEM VERSIONING;
        ALTER TABLE c ADD rs TIMESTAMP(6) GENERATED ALWAYS AS ROW START, ADD re TIMESTAMP(6) GENERATED ALWAYS AS ROW END, ADD PERIOD FOR SYSTEM_TIME (rs, re), ADD SYSTEM VERSIONING; DELETE FROM c WHERE id = 1;
        CREATE TABLE period (id INT, f DATE, t DATE, PERIOD FOR app (f, t)); INSERT INTO period VALUES (1, '2020-01-01', '2021-01-01'); DELETE FROM period FOR PORTION OF app FROM '2020-03-01' TO '2020-04-01';
        CREATE TABLE sd_p (id INT PRIMARY KEY); CREATE TABLE sd_c (id INT PRIMARY KEY, p INT DEFAULT 1, FOREIGN KEY (p) REFERENCES sd_p (id) ON DELETE SET DEFAULT ON UPDATE SET DEFAULT); INSERT INTO sd_p VALUES (1), (2), (3);
        INSERT INTO sd_c VALUES (1, 2), (2, NULL); DELETE FROM sd_p WHERE id = 3; DELETE FROM sd_c WHERE id = 1; DELETE FROM sd_p WHERE id = 2;
        ALTER TABLE period DROP PERIOD FOR app; SET SESSION binlog_alter_two_phase = ON; ALTER TABLE period ADD n INT DEFAULT 3, ALGORITHM = COPY; ALTER TABLE period DROP n; ALTER TABLE period RENAME TO other.period"
}

@test "renames and drops of several, across databases; comments; modes that change the text" {
    runs "CREATE TABLE a1 (n INT); CREATE TABLE a2 (n INT); CREATE TABLE a3 LIKE a1; CREATE TABLE a4 (LIKE a2); INSERT INTO a1 VALUES (1); INSERT INTO a2 VALUES (2); CREATE VIEW va AS SELECT 1 AS one; CREATE SEQUENCE sa;
        RENAME TABLE a1 TO swap, a2 TO a1, swap TO a2, a3 TO other.a3, va TO vb; RENAME TABLE IF EXISTS nope TO nope2, a4 TO a5; RENAME TABLE other.a3 TO a3, sa TO sb; ALTER TABLE a3 RENAME other.a3;
        DROP TABLE IF EXISTS a1, other.a3, nope; DROP TABLE /* all */ a2, /*!50000 a5 */; DROP VIEW vb; DROP SEQUENCE sb; INSERT INTO p VALUES (500, 1, 'y');
        CREATE /*!99999 TEMPORARY */ TABLE /*M!100000 IF NOT EXISTS */ cm /* ; DROP TABLE p */ (n INT /* , m INT */) -- DROP
        ; CREATE TABLE cm2 # (
        (\`a b\` INT, \`c;d\` INT COMMENT '/* not */'); /*M!100100 ALTER TABLE cm ADD m INT */; /*!40101 ALTER TABLE cm ADD o INT */; ALTER TABLE cm /*!50700 ADD mysql_only INT, */ ADD p INT;
        SET sql_mode = 'ANSI_QUOTES'; CREATE TABLE \"a\"\"q\" (\"x'y\" INT DEFAULT 5, s VARCHAR(9) DEFAULT 'a\\\\''b'); ALTER TABLE \"a\"\"q\" ADD \"drop\" INT; INSERT INTO \"a\"\"q\" VALUES (); RENAME TABLE \"a\"\"q\" TO \"other\".\"a q\";
        SET sql_mode = 'NO_BACKSLASH_ESCAPES'; CREATE TABLE nb (s VARCHAR(9) DEFAULT '\\', t VARCHAR(9) COMMENT '\\'';'); INSERT INTO nb VALUES (); ALTER TABLE nb COMMENT = '\\', ADD u INT; SET sql_mode = '';
        SET sql_mode = 'PIPES_AS_CONCAT,IGNORE_SPACE,HIGH_NOT_PRECEDENCE'; CREATE TABLE pc (a VARCHAR(5), b VARCHAR(20) AS (a || 'x') STORED, c INT AS (NOT a BETWEEN 1 AND 2)); INSERT INTO pc (a) VALUES ('q'), ('1');
        CREATE VIEW pv AS SELECT a || 'y' AS z FROM pc; SET sql_mode = 'ORACLE'; CREATE TABLE \"OraT\" (a VARCHAR2(9) DEFAULT ('x' || 'y'), n NUMBER(9,2), c CLOB, r RAW(9)); INSERT INTO \"OraT\" (n) VALUES (1.25);
        CREATE OR REPLACE VIEW ov AS SELECT a || 'z' AS q FROM \"OraT\"; SET sql_mode = DEFAULT; CREATE DATABASE IF NOT EXISTS other; CREATE OR REPLACE DATABASE third COMMENT 'c'; CREATE TABLE third.t (n INT);
        ALTER DATABASE third COLLATE latin1_bin COMMENT 'd'; CREATE TABLE third.u (v VARCHAR(5)); INSERT INTO third.u VALUES ('x'); RENAME TABLE third.u TO d.u3; DROP DATABASE third"
}

@test "routines, packages, triggers and events of every form" {
    runs "DELIMITER //
        CREATE OR REPLACE DEFINER = root@localhost FUNCTION f1(a INT) RETURNS VARCHAR(20) CHARACTER SET latin1 DETERMINISTIC SQL SECURITY INVOKER COMMENT 'f' BEGIN IF a > 1 THEN RETURN 'x;y'; END IF; RETURN f1(1); END//
        CREATE FUNCTION IF NOT EXISTS f1(a INT) RETURNS INT RETURN 1//
        CREATE AGGREGATE FUNCTION ag(x INT) RETURNS INT BEGIN DECLARE s INT DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN s; LOOP FETCH GROUP NEXT ROW; SET s = s + x; END LOOP; END//
        CREATE PROCEDURE pr(INOUT a INT, OUT b TEXT) READS SQL DATA BEGIN DECLARE c CURSOR FOR SELECT n FROM p; SELECT 1 INTO a; END//
        ALTER FUNCTION f1 SQL SECURITY DEFINER COMMENT 'g'// DROP FUNCTION IF EXISTS nope// DROP PROCEDURE IF EXISTS pr// CREATE PROCEDURE other.pr() BEGIN NOT ATOMIC SET @a = 1; END//
        SET sql_mode = 'ORACLE'// CREATE OR REPLACE PACKAGE pk COMMENT 'c' AS PROCEDURE a; FUNCTION b RETURN INT; END;
        // CREATE OR REPLACE PACKAGE BODY pk AS v INT := 1; PROCEDURE a AS BEGIN NULL; END; FUNCTION b RETURN INT AS BEGIN RETURN v; END; END;
        // CREATE PROCEDURE op(a IN VARCHAR2, b OUT NUMBER) AS x NUMBER := 1; BEGIN b := x; EXCEPTION WHEN OTHERS THEN NULL; END//
        DROP PACKAGE BODY pk// DROP PACKAGE IF EXISTS nope// SET sql_mode = DEFAULT//
        CREATE TRIGGER tr1 BEFORE UPDATE ON p FOR EACH ROW SET NEW.n = OLD.n + 1// CREATE OR REPLACE TRIGGER tr1 AFTER INSERT ON p FOR EACH ROW INSERT INTO other.log VALUES (NEW.id)//
        CREATE TABLE other.log (n INT)// CREATE TRIGGER tr2 AFTER INSERT ON p FOR EACH ROW PRECEDES tr1 SET @x = 1// INSERT INTO p VALUES (600, 1, 'z')// DROP TRIGGER IF EXISTS tr1// DROP TRIGGER IF EXISTS tr9//
        CREATE EVENT ev ON SCHEDULE AT '2037-01-01 00:00:00' ON COMPLETION PRESERVE DO INSERT INTO other.log VALUES (1)// ALTER EVENT ev RENAME TO other.ev2// DROP EVENT IF EXISTS ev//"
    [ "$(sql target "SELECT GROUP_CONCAT(name) FROM ccr.kept WHERE kind = 'trigger'")" = tr2 ]
    [ "$(sql source 'SELECT COUNT(*) FROM other.log')" -eq "$(sql target 'SELECT COUNT(*) FROM other.log')" ]
}

@test "a definer that the target does not have: a role stops the run before it is sent, a user is warned of" {
    sql source "CREATE ROLE keeper; GRANT keeper TO root@localhost; CREATE USER 'd''oe'@'10.%'"
    sql source "SET ROLE keeper; CREATE DEFINER = CURRENT_ROLE VIEW of_role AS SELECT id FROM p" d
    ship
    run apply
    fails 9 'of_role' "role that defines it does not exist on the target" 'CREATE ROLE keeper'
    [ -z "$(sql target "SELECT 1 FROM information_schema.views WHERE table_name = 'of_role'")" ]
    sql target "CREATE ROLE keeper"
    runs "ALTER TABLE p COMMENT 'behind it'"
    sql source "CREATE DEFINER = 'd''oe'@'10.%' PROCEDURE of_user() SELECT 1" d
    ship
    run ccr apply target --job j
    [ "$status" -eq 0 ]
    [[ $output == *"warning: d'oe@10.% defines what a statement of the log makes, and does not exist on the target"* ]]
    same d other
    sql_client source --default-character-set=latin1 d <<<$'CREATE USER m\xfcller@localhost; CREATE DEFINER = m\xfcller@localhost FUNCTION of_latin() RETURNS INT RETURN 1'
    sql target "CREATE USER müller@localhost"
    ship
    run ccr apply target --job j
    [ "$status" -eq 0 ]
    [[ $output != *"does not exist"* ]]
    same d other
}

@test "tables that have no ids, alike but for their rows, change places" {
    runs "CREATE TABLE i1 (n INT PRIMARY KEY) ENGINE = MyISAM; CREATE TABLE i2 LIKE i1; INSERT INTO i1 VALUES (1); INSERT INTO i2 VALUES (2), (3);
        RENAME TABLE i1 TO swap, i2 TO i1, swap TO i2; INSERT INTO i1 VALUES (4)"
    runs "CREATE TABLE parted (n INT PRIMARY KEY) ENGINE = MyISAM PARTITION BY RANGE (n) (PARTITION p0 VALUES LESS THAN (10)); CREATE TABLE whole (n INT PRIMARY KEY) ENGINE = MyISAM;
        INSERT INTO parted VALUES (1); INSERT INTO whole VALUES (2), (3); ALTER TABLE parted EXCHANGE PARTITION p0 WITH TABLE whole; INSERT INTO parted VALUES (4)"
}
