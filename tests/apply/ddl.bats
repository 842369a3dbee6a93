# Statements in the log: more than twenty kinds, replayed in the session they ran in; and those that are kept,
# skipped, or stop the run.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; CREATE DATABASE other; CREATE TABLE d.p (id INT PRIMARY KEY AUTO_INCREMENT, n VARCHAR(30), KEY (n));
        CREATE TABLE d.q (id INT PRIMARY KEY, n INT); CREATE TABLE d.r (id INT PRIMARY KEY, n INT)"
    follow_start
}

# runs STATEMENTS [DB]: on the source, shipped and applied, equal afterwards.
runs() {
    sql_client source --skip-column-names "${2:-d}" <<<"$1" >/dev/null
    replay
    same d
}

kept() {
    sql target "SELECT $2 FROM ccr.kept WHERE kind = '$1' ORDER BY name"
}

@test "tables: create, alter, rename columns and tables, truncate, drop" {
    runs "INSERT INTO p (n) VALUES ('a'), ('b'), ('c');
        CREATE TABLE c (id INT PRIMARY KEY, pid INT, CONSTRAINT fk FOREIGN KEY (pid) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE);
        INSERT INTO c VALUES (1, 1), (2, 1), (3, 2);
        ALTER TABLE p ADD COLUMN x INT DEFAULT 5 AFTER id; UPDATE p SET x = 7 WHERE id = 2; DELETE FROM p WHERE id = 1;
        ALTER TABLE p RENAME COLUMN n TO name, MODIFY x BIGINT UNSIGNED; ALTER TABLE p MODIFY x BIGINT FIRST;
        ALTER TABLE c DROP FOREIGN KEY fk; ALTER TABLE c ADD CONSTRAINT fk2 FOREIGN KEY (pid) REFERENCES p (id);
        ALTER TABLE p RENAME COLUMN id TO pk; INSERT INTO c VALUES (9, 2);
        CREATE TABLE l LIKE p; INSERT INTO l SELECT * FROM p;
        CREATE TABLE cs AS SELECT * FROM p; INSERT INTO cs VALUES (100, 5, 'zz');
        CREATE TABLE cs2 (k INT PRIMARY KEY) SELECT pk AS k, name FROM p;
        RENAME TABLE l TO l2, cs TO l, l2 TO cs; TRUNCATE TABLE l; DROP TABLE cs, cs2;
        CREATE OR REPLACE TABLE l (a INT PRIMARY KEY, b TEXT, UNIQUE (b)); INSERT INTO l VALUES (1, 'x');
        CREATE TABLE IF NOT EXISTS l (other INT); DROP TABLE IF EXISTS nope;
        RENAME TABLE p TO pp; ALTER TABLE pp RENAME TO p; INSERT INTO p VALUES (1, 50, 'after');
        CREATE INDEX i ON p (x); DROP INDEX i ON p; ALTER TABLE p ADD UNIQUE (name), COMMENT = 'c''x\"';
        ALTER TABLE c CONVERT TO CHARACTER SET utf8mb4, ALGORITHM = COPY;
        CREATE TABLE my (a INT PRIMARY KEY) ENGINE = MyISAM; INSERT INTO my VALUES (1), (2); DELETE FROM my WHERE a = 1;
        CREATE TABLE ar (a INT PRIMARY KEY) ENGINE = Aria; INSERT INTO ar VALUES (1), (2);
        START TRANSACTION; INSERT INTO l VALUES (2, 'y'); INSERT INTO ar VALUES (3); COMMIT;
        START TRANSACTION; INSERT INTO l VALUES (3, 'z'); INSERT INTO ar VALUES (4); ROLLBACK;
        ALTER TABLE my ENGINE = InnoDB; INSERT INTO my VALUES (7);
        CREATE TABLE v (a INT PRIMARY KEY) WITH SYSTEM VERSIONING; INSERT INTO v VALUES (1); UPDATE v SET a = 2;
        ALTER TABLE v DROP SYSTEM VERSIONING; ALTER TABLE c DROP FOREIGN KEY fk2; DROP TABLE c"
}

@test "partitions and sequences" {
    runs "CREATE TABLE pt (id INT, d INT) PARTITION BY RANGE (d) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
        INSERT INTO pt VALUES (1, 5), (2, 15); ALTER TABLE pt ADD PARTITION (PARTITION p2 VALUES LESS THAN (30));
        ALTER TABLE pt DROP PARTITION p0; ALTER TABLE pt TRUNCATE PARTITION p1; INSERT INTO pt VALUES (3, 16), (4, 25);
        UPDATE pt SET d = 26 WHERE id = 3; INSERT INTO pt VALUES (5, 16);
        CREATE TABLE pe LIKE pt; ALTER TABLE pe REMOVE PARTITIONING; INSERT INTO pe VALUES (9, 12);
        ALTER TABLE pt EXCHANGE PARTITION p1 WITH TABLE pe;
        ALTER TABLE pt REORGANIZE PARTITION p1, p2 INTO (PARTITION big VALUES LESS THAN (100));
        CREATE TABLE ph (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 4; INSERT INTO ph SELECT seq FROM seq_1_to_20;
        ALTER TABLE ph COALESCE PARTITION 2; ALTER TABLE ph REBUILD PARTITION ALL;
        CREATE SEQUENCE s START WITH 10 INCREMENT 3; DO NEXTVAL(s); DO SETVAL(s, 100); ALTER SEQUENCE s INCREMENT 5; DO NEXTVAL(s);
        CREATE TABLE ns (id INT PRIMARY KEY DEFAULT NEXTVAL(s), v INT); INSERT INTO ns (v) VALUES (1), (2);
        CREATE OR REPLACE SEQUENCE s2; DROP SEQUENCE s2; CREATE SEQUENCE s4; RENAME TABLE s4 TO s3; DO NEXTVAL(s3)"
    # the source hands values out of a cache; the log holds where it ends
    [ "$(sql source 'SELECT next_not_cached_value FROM d.s3')" = "$(sql target 'SELECT next_not_cached_value FROM d.s3')" ]
}

@test "views, routines, packages, databases" {
    runs "CREATE VIEW v1 AS SELECT * FROM p; CREATE OR REPLACE VIEW v1 AS SELECT 1 AS one; ALTER VIEW v1 AS SELECT 2 AS two;
        CREATE VIEW v2 AS SELECT * FROM v1; RENAME TABLE v2 TO v3; CREATE VIEW gone AS SELECT 3 AS x; DROP VIEW gone, v3;
        DELIMITER //
        CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC BEGIN RETURN a + 1; END//
        CREATE PROCEDURE pr(IN a INT) BEGIN INSERT INTO q VALUES (a, f(a)); END//
        CREATE OR REPLACE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN a + 2//
        SET sql_mode = 'ORACLE'//
        CREATE PACKAGE pk AS FUNCTION g RETURN INT; END//
        CREATE PACKAGE BODY pk AS FUNCTION g RETURN INT AS BEGIN RETURN 7; END; END//
        SET sql_mode = DEFAULT//
        CREATE PROCEDURE gone() SELECT 1//
        DELIMITER ;
        CALL pr(4); ALTER PROCEDURE pr COMMENT 'it''s'; DROP PROCEDURE gone;
        ALTER DATABASE d CHARACTER SET latin1; CREATE TABLE latin (a VARCHAR(10)); INSERT INTO latin VALUES (X'E4');
        CREATE DATABASE made CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; CREATE TABLE made.t (a INT); INSERT INTO made.t VALUES (1);
        RENAME TABLE made.t TO d.came; CREATE TABLE made.t2 (a VARCHAR(5)); DROP DATABASE made;
        CREATE DATABASE stays; CREATE TABLE stays.t (a INT PRIMARY KEY); INSERT INTO stays.t VALUES (5)"
    same stays
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'made'")" -eq 0 ]
    [ "$(sql target 'SELECT d.f(1)')" -eq 3 ]
}

@test "the session counts: sql_mode, time zone, time, character sets, checks, defaults" {
    runs "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,NO_ZERO_DATE'; CREATE TABLE \"quo\"\"ted\" (a VARCHAR(9) DEFAULT 'x\\');
        INSERT INTO \"quo\"\"ted\" VALUES (DEFAULT); SET sql_mode = '';
        CREATE TABLE zero (a DATE DEFAULT '0000-00-00', b TIMESTAMP, id INT);
        SET time_zone = '+03:00'; CREATE TABLE ts (id INT PRIMARY KEY, a TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00');
        INSERT INTO ts (id) VALUES (1); ALTER TABLE ts ADD b TIMESTAMP NOT NULL DEFAULT '2021-06-01 12:00:00';
        SET timestamp = 1500000000.123456; ALTER TABLE ts ADD c DATETIME(6) DEFAULT NOW(6); SET timestamp = DEFAULT;
        SET time_zone = DEFAULT; SET explicit_defaults_for_timestamp = 0; CREATE TABLE imp (a TIMESTAMP, b TIMESTAMP NULL);
        SET explicit_defaults_for_timestamp = 1; CREATE TABLE expl (a TIMESTAMP);
        SET NAMES latin1; CREATE TABLE named (a INT COMMENT '$(printf '\344\366')'); SET NAMES utf8mb4;
        CREATE TABLE \`ünï cödé-漢\` (\`ä b\` INT PRIMARY KEY); INSERT INTO \`ünï cödé-漢\` VALUES (1);
        ALTER TABLE \`ünï cödé-漢\` ADD \`c-d\` INT;
        SET foreign_key_checks = 0; CREATE TABLE kid (a INT, FOREIGN KEY (a) REFERENCES daddy (a));
        INSERT INTO kid VALUES (5); CREATE TABLE daddy (a INT PRIMARY KEY); SET foreign_key_checks = 1;
        SET lc_time_names = 'de_DE'; CREATE TABLE names (a VARCHAR(20) DEFAULT 'x'); SET sql_mode = 'ORACLE'; CREATE TABLE ora (a VARCHAR2(10)); SET sql_mode = '';
        SET STATEMENT sql_mode = 'NO_ZERO_DATE' FOR CREATE TABLE ora2 (a VARCHAR(10));
        /*!100000 CREATE TABLE executable (a INT) */; /* a */ CREATE /* b */ TABLE -- c
        commented (a INT)"
    [ "$(sql target 'SELECT COUNT(DISTINCT c) FROM d.ts')" -eq 1 ]
    [ "$(sql source 'SELECT a, b, c FROM d.ts')" = "$(sql target 'SELECT a, b, c FROM d.ts')" ]
}

@test "triggers are kept, and follow their tables" {
    runs "DELIMITER //
        CREATE TRIGGER t1 BEFORE INSERT ON q FOR EACH ROW BEGIN SET NEW.n = COALESCE(NEW.n, 0) + 1; END//
        CREATE TRIGGER t2 AFTER INSERT ON q FOR EACH ROW INSERT INTO r VALUES (NEW.id, 1)//
        CREATE TRIGGER t3 AFTER DELETE ON r FOR EACH ROW SET @x = 1//
        DELIMITER ;
        INSERT INTO q VALUES (10, 10); DROP TRIGGER t3; RENAME TABLE q TO q2"
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = 'd'")" -eq 0 ]
    [ "$(kept trigger "CONCAT(name, ':', table_name)" | xargs)" = "t1:q2 t2:q2" ]
    # what is kept works, once it is made
    sql target "CREATE DATABASE proof; CREATE TABLE proof.q2 (id INT, n INT); CREATE TABLE proof.r (id INT, n INT)"
    sql target "SELECT definition FROM ccr.kept WHERE kind = 'trigger' AND name = 't1'" >"$T/trigger.sql"
    { echo 'DELIMITER //' && cat "$T/trigger.sql"; } | sql_client target proof
    sql target "INSERT INTO proof.q2 VALUES (1, 1)"
    [ "$(sql target 'SELECT n FROM proof.q2')" -eq 2 ]
    sql target "DROP DATABASE proof"
    runs "DROP TABLE q2"
    [ -z "$(kept trigger name)" ]
    runs "CREATE TABLE q (id INT PRIMARY KEY, n INT)"
}

# The events of the target, as name:status, and as they are kept.
events() {
    sql target "SELECT CONCAT(event_name, ':', status) FROM information_schema.events WHERE event_schema = 'd' ORDER BY event_name" | xargs
    kept event "CONCAT(name, ':', status)" | xargs
}

@test "events are made, altered and dropped disabled, and kept as they are on the source" {
    runs "DELIMITER //
        CREATE EVENT e1 ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM p WHERE pk = 0//
        CREATE EVENT e2 ON SCHEDULE EVERY 1 HOUR COMMENT 'DO it' DO BEGIN DELETE FROM p WHERE pk = 0; END//
        CREATE EVENT IF NOT EXISTS e2 ON SCHEDULE EVERY 2 HOUR DISABLE DO SET @x = 1//
        CREATE DEFINER = root@localhost EVENT e3 ON SCHEDULE EVERY (1 + 1) HOUR ON COMPLETION PRESERVE ENABLE DO SET @x = 1//
        CREATE EVENT gone ON SCHEDULE EVERY 1 HOUR DO SET @x = 1//
        DELIMITER ;
        DROP EVENT gone"
    [ "$(events)" = "e1:SLAVESIDE_DISABLED e2:SLAVESIDE_DISABLED e3:SLAVESIDE_DISABLED
e1:DISABLED e2:ENABLED e3:ENABLED" ]
    runs "ALTER EVENT e1 ENABLE; ALTER EVENT e2 ON SCHEDULE EVERY 3 HOUR; ALTER EVENT e3 RENAME TO e4 DISABLE COMMENT 'c' DO SET @y = 2"
    [ "$(events)" = "e1:SLAVESIDE_DISABLED e2:SLAVESIDE_DISABLED e4:SLAVESIDE_DISABLED
e1:ENABLED e2:ENABLED e4:DISABLED" ]
    # what is kept, once it is made, is what the source has
    for event in e1 e2 e4; do
        sql target "SELECT definition FROM ccr.kept WHERE kind = 'event' AND name = '$event'" >"$T/event.kept"
        sql source "SHOW CREATE EVENT d.$event" | cut -f 4 >"$T/event.source"
        diff "$T/event.source" "$T/event.kept"
    done
}

@test "accounts and maintenance are skipped, and counted" {
    sql source "CREATE USER u1@localhost IDENTIFIED BY 'x'; GRANT SELECT ON d.* TO u1@localhost; SET PASSWORD FOR u1@localhost = PASSWORD('y');
        DROP USER u1@localhost; ANALYZE TABLE d.p; OPTIMIZE TABLE d.p; FLUSH TABLES; CREATE ROLE ro; DROP ROLE ro"
    ship
    run ccr apply target --job j --json
    [ "$status" -eq 0 ]
    [ "$(json_of .skipped.statements)" -ge 8 ]
    [ "$(json_of .ddl)" -eq 0 ]
    same d
}

@test "two-phase ALTER: run at COMMIT, in order with the changes around it" {
    sql source "SET SESSION binlog_alter_two_phase = ON; ALTER TABLE d.p ADD COLUMN late INT DEFAULT 4; INSERT INTO d.p (name) VALUES ('two');
        ALTER TABLE d.p DROP COLUMN late"
    ! sql source "SET SESSION binlog_alter_two_phase = ON; INSERT INTO d.p (name) VALUES ('phase'), ('phases');
        ALTER TABLE d.p ADD UNIQUE twice (x)" || true
    sql source "INSERT INTO d.p (name) VALUES ('three')"
    replay
    same d
}

@test "a table on the target that ccr did not make is not taken over by a CREATE" {
    sql target "CREATE TABLE d.mine (a INT); INSERT INTO d.mine VALUES (1)"
    sql source "CREATE TABLE IF NOT EXISTS d.mine (a INT)"
    ship
    run apply
    fails 9 d.mine
    [ "$(sql target 'SELECT COUNT(*) FROM d.mine')" -eq 1 ]
    sql target "DROP TABLE d.mine"
    apply
    same d
}

@test "--dry-run reads and checks everything, and changes nothing" {
    local before

    before=$(sql target "SELECT pos, nonce, updates FROM ccr.position_j")
    sql source "CREATE TABLE d.dry (a INT PRIMARY KEY); INSERT INTO d.dry VALUES (1); INSERT INTO d.r VALUES (77, 7)"
    ship
    run ccr apply target --job j --json --dry-run
    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.changed) \(.transactions) \(.ddl)"')" = "false 3 1" ]
    [ "$before" = "$(sql target "SELECT pos, nonce, updates FROM ccr.position_j")" ]
    apply
    same d
}
