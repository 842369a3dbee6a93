#!/usr/bin/env bats
# ccr-ship and the nodes of a replicated source: another node of the same cluster is the same source.

bats_require_minimum_version 1.5.0
load ../lib/common
load log

setup_file() {
    server_start source
    server_grant source source
    sql source "CREATE USER repl@'%' IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@'%'"
}

setup() {
    store_use "store$BATS_TEST_NUMBER"
    DB=d$BATS_TEST_NUMBER
    sql source "CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100))"
    snapshot source
}

# A replica of the source that logs what it replicates, up to date.
replica_start() {
    server_remove "$1"
    server_start "$1" --log-slave-updates=ON "${@:2}"
    sql "$1" "CHANGE MASTER TO master_host='127.0.0.1', master_port=$(server_port source), master_user='repl',
        master_password='repl', master_use_gtid=slave_pos; START SLAVE"
    replica_catch_up "$1"
    cp "$T/source/ccr.cnf" "$T/$1/ccr.cnf"
}

replica_catch_up() {
    [ "$(sql "$1" "SELECT MASTER_GTID_WAIT('$(sql source 'SELECT @@gtid_binlog_pos')', 30)")" = 0 ]
}

@test "a lagging replica is behind; caught up, it goes on as the same cluster" {
    insert source 3
    replica_start replica
    sql replica "STOP SLAVE"
    insert source 4
    run ccr ship source
    [ "$status" -eq 0 ]
    run ccr ship replica
    [ "$status" -eq 0 ]
    [[ $output == *"nothing to do: the source is behind the store"* ]]
    sql replica "START SLAVE"
    replica_catch_up replica
    run ccr ship replica
    [ "$status" -eq 0 ]
    [[ $output == *"nothing new"* ]]
    insert source 5
    sql source "CREATE TABLE $DB.u (a INT); DROP TABLE $DB.u"
    replica_catch_up replica
    run ccr ship replica --verbose
    [ "$status" -eq 0 ]
    [[ $output != *"could not be"* ]]
    insert source 2
    run ccr ship source
    [ "$status" -eq 0 ]
    [[ $output != *"could not be"* ]]
    log_complete source
    server_remove replica
}

@test "every kind of statement has one fingerprint on source and replica" {
    # with another format a replica logs rows where its source logged a statement (formats/segment.md)
    replica_start replica --binlog-format=STATEMENT
    cat >"$T/kinds.sql" <<'SQL'
CREATE TABLE k (a INT PRIMARY KEY AUTO_INCREMENT, b VARCHAR(250), c TIMESTAMP DEFAULT CURRENT_TIMESTAMP)
INSERT INTO k (b) VALUES ('one'), ('two'), ('three')
UPDATE k SET b = CONCAT(b, RAND(), UUID(), NOW(6))
ALTER TABLE k ADD d DATETIME(6) DEFAULT NOW(6), ADD UNIQUE (b)
CREATE TABLE l ENGINE=InnoDB SELECT * FROM k
CREATE OR REPLACE TABLE l (a INT) SELECT 1 a
CREATE TABLE m LIKE k
TRUNCATE TABLE m
DROP TABLE m
DROP TABLE IF EXISTS m, nothing
CREATE TEMPORARY TABLE tmp (a INT); INSERT INTO tmp VALUES (1); INSERT INTO l SELECT a FROM tmp; DROP TABLE tmp
START TRANSACTION; INSERT INTO l VALUES (5); SAVEPOINT s; DELETE FROM l; ROLLBACK TO s; INSERT INTO l VALUES (6); COMMIT
CREATE TABLE my (a INT, b TEXT) ENGINE=MyISAM
INSERT INTO my VALUES (1, 'x'), (2, 'y')
DELETE FROM my
CREATE SEQUENCE seq1
SELECT NEXTVAL(seq1)
DROP SEQUENCE seq1
CREATE VIEW v AS SELECT a, b FROM k
CREATE TRIGGER tr BEFORE INSERT ON k FOR EACH ROW SET NEW.b = UPPER(NEW.b)
INSERT INTO k (b) VALUES ('trigger')
CREATE FUNCTION f(x INT) RETURNS INT DETERMINISTIC RETURN x + 1
CREATE PROCEDURE p() INSERT INTO l VALUES (7)
CALL p()
CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DO DELETE FROM l
ALTER EVENT ev DISABLE
DROP EVENT ev
RENAME TABLE my TO mine
ALTER TABLE mine ENGINE=InnoDB
XA START 'x'; INSERT INTO l VALUES (8); XA END 'x'; XA PREPARE 'x'; XA COMMIT 'x'
XA START 'y'; INSERT INTO l VALUES (9); XA END 'y'; XA PREPARE 'y'; XA ROLLBACK 'y'
CREATE USER someone@localhost IDENTIFIED BY 'p'
GRANT SELECT ON *.* TO someone@localhost
DROP USER someone@localhost
CREATE TABLE part (a INT PRIMARY KEY) PARTITION BY HASH (a) PARTITIONS 4
INSERT INTO part SELECT seq FROM seq_1_to_50
ALTER TABLE part COALESCE PARTITION 2
ALTER TABLE part TRUNCATE PARTITION p0
OPTIMIZE TABLE part
ANALYZE TABLE part
SET binlog_format = MIXED; INSERT INTO l VALUES (10)
SET binlog_format = STATEMENT; INSERT INTO l VALUES (LAST_INSERT_ID()), (FLOOR(RAND() * 1000)); UPDATE k SET b = CONCAT(b, @@server_id) LIMIT 1
SET @x = 'variable'; SET binlog_format = STATEMENT; INSERT INTO k (b) VALUES (@x)
SET binlog_alter_two_phase = ON; ALTER TABLE l ADD z INT
CREATE DATABASE other; DROP DATABASE other
DROP TABLE k, l
SQL
    while IFS= read -r statement; do
        sql source "$statement" "$DB" >/dev/null
        run ccr ship source
        echo "$statement: $output"
        [ "$status" -eq 0 ]
        [[ $output != *"could not be"* ]]
        replica_catch_up replica
        run ccr ship replica
        echo "replica: $output"
        [ "$status" -eq 0 ]
        [[ $output == *"nothing new"* ]]
    done <"$T/kinds.sql"
    log_complete source
    server_remove replica
}

@test "a replica that does not log what it replicates: both binaries warn of it" {
    store_use unlogged
    replica_start replica --log-slave-updates=OFF
    insert replica 1
    run ccr backup replica --databases "$DB"
    [ "$status" -eq 0 ]
    [[ $output == *"warning: "*"is in this snapshot, and missing in the log behind it"* ]]
    run ccr ship replica
    [ "$status" -eq 0 ]
    [[ $output == *"warning: "*"what it gets from its master is missing in its log"* ]]
    server_remove replica
}

@test "a failover that lost transactions: a fork" {
    replica_start replica
    sql replica "STOP SLAVE"
    insert source 2 lost
    run ccr ship source
    [ "$status" -eq 0 ]
    sql replica "RESET SLAVE ALL"
    insert replica 1 kept
    run ccr ship replica
    [ "$status" -eq 8 ] || [[ $output == *"behind the store"* ]]
    insert replica 4 kept
    run ccr ship replica
    [ "$status" -eq 8 ]
    run ccr ship replica
    epoch_ends replica
    server_remove replica
    sql source "RESET MASTER"
}

@test "a replica built from a copy, whose log begins behind the store's end" {
    insert source 3
    run ccr ship source
    [ "$status" -eq 0 ]
    # the copy is taken at exactly the shipped position
    server_start built --log-slave-updates=ON --gtid-domain-id=0
    at=$(sql source "SELECT @@gtid_binlog_pos")
    sql built "SET sql_log_bin = 0; $(readme_grants source) CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100));
        SET sql_log_bin = 1; SET GLOBAL gtid_slave_pos = '$at'; CHANGE MASTER TO master_host='127.0.0.1',
        master_port=$(server_port source), master_user='repl', master_password='repl', master_use_gtid=slave_pos; START SLAVE"
    cp "$T/source/ccr.cnf" "$T/built/ccr.cnf"
    insert source 2
    replica_catch_up built
    run ccr ship built
    [ "$status" -eq 0 ]
    [[ $output == *"log begins behind 0-101-"* ]]
    run ccr ship source
    [ "$status" -eq 0 ]
    log_complete source
    # one that begins later has a gap
    insert source 1
    at=$(sql source "SELECT @@gtid_binlog_pos")
    sql built "STOP SLAVE; RESET SLAVE ALL; RESET MASTER; SET GLOBAL gtid_slave_pos = '$at'; CHANGE MASTER TO
        master_host='127.0.0.1', master_port=$(server_port source), master_user='repl', master_password='repl',
        master_use_gtid=slave_pos; START SLAVE"
    insert source 2
    replica_catch_up built
    run ccr ship built
    [ "$status" -eq 8 ]
    [[ $output == *"a gap in the source's log: "* ]]
    server_remove built
}
