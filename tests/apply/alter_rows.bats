# DDL whose effect on rows that are there is not in the log: exact where it can be told, a clear stop where it cannot.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, n INT); INSERT INTO d.t VALUES (1, 1), (2, 2);
        CREATE TABLE d.keyless (n INT); INSERT INTO d.keyless VALUES (1), (2), (3); CREATE TABLE d.empty (n INT); CREATE SEQUENCE d.s;
        CREATE TABLE d.isam (id INT PRIMARY KEY, n INT) ENGINE = MyISAM; INSERT INTO d.isam VALUES (2, 2), (1, 1);
        CREATE TABLE d.past (id INT PRIMARY KEY) WITH SYSTEM VERSIONING"
    follow_start
}

runs() {
    sql_client source <<<"USE d; $1"
    replay
    same d
}

# stops STATEMENT TEXT: nothing of it is done on the target; a new snapshot goes on behind it.
stops() {
    local before

    before=$(sql target "SELECT GROUP_CONCAT(column_name) FROM information_schema.columns WHERE table_schema = 'd'")
    sql source "$1" d
    ship
    run apply
    fails 8 "$2" "$1" || return 1
    [ "$before" = "$(sql target "SELECT GROUP_CONCAT(column_name) FROM information_schema.columns WHERE table_schema = 'd'")" ] || return 1
    follow_start --replace && same d
}

@test "new columns: the clock is the source's, in its time zone and to the microsecond" {
    runs "SET time_zone = '+05:00'; ALTER TABLE t ADD a DATETIME(6) DEFAULT NOW(6), ADD b TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
            ADD c DATE DEFAULT (CURDATE()), ADD d BIGINT DEFAULT (UNIX_TIMESTAMP()), ADD e DATETIME DEFAULT (UTC_TIMESTAMP()), ADD f INT DEFAULT (n * 2);
        SET time_zone = DEFAULT; SET system_versioning_alter_history = KEEP; ALTER TABLE past ADD g DATETIME(6) DEFAULT NOW(6); ALTER TABLE keyless ADD SYSTEM VERSIONING; ALTER TABLE keyless DROP SYSTEM VERSIONING;
        ALTER TABLE t ADD stored INT AS (n + 1) STORED, ADD virtual VARCHAR(9) AS (CONCAT(n, 'x')) VIRTUAL, ADD CHECK (n > 0), ADD KEY (virtual)"
}

@test "a default that gives other values here stops the run, unless there are no rows" {
    stops "ALTER TABLE t ADD g CHAR(36) DEFAULT (UUID())" 'the values that this statement gave to rows that were there are not in the log'
    stops "ALTER TABLE t ADD (h DOUBLE DEFAULT (RAND()))" 'not in the log'
    stops "ALTER TABLE keyless ADD i BIGINT DEFAULT (NEXT VALUE FOR s)" 'not in the log'
    stops "ALTER TABLE keyless ADD j VARCHAR(80) DEFAULT (CURRENT_USER())" 'not in the log'
    stops "ALTER TABLE t ADD k INT DEFAULT (@@server_id)" 'not in the log'
    sql source "INSERT INTO d.past (id) VALUES (1); DELETE FROM d.past"
    sql source "SET system_versioning_alter_history = KEEP; ALTER TABLE d.past ADD k CHAR(36) DEFAULT (UUID())" # it has history only
    ship
    run apply
    fails 8 'not in the log' 'ADD k CHAR(36)'
    follow_start --replace
    runs "ALTER TABLE empty ADD g CHAR(36) DEFAULT (UUID()), ADD h DOUBLE DEFAULT (RAND()); INSERT INTO empty (n) VALUES (1), (2);
        ALTER TABLE empty MODIFY g VARCHAR(40) DEFAULT (UUID()), ALTER h SET DEFAULT (RAND() + 1); INSERT INTO empty (n) VALUES (3);
        CREATE TABLE made (id UUID DEFAULT UUID() PRIMARY KEY, r DOUBLE DEFAULT (RAND()), t DATETIME(6) DEFAULT SYSDATE(6), n INT); INSERT INTO made (n) VALUES (1), (2); UPDATE made SET r = DEFAULT"
}

@test "rows are numbered in the order of their key; without one the run stops" {
    runs "SET auto_increment_increment = 10, auto_increment_offset = 3; ALTER TABLE t ADD number INT AUTO_INCREMENT UNIQUE; SET auto_increment_increment = DEFAULT, auto_increment_offset = DEFAULT;
        CREATE TABLE one (n INT); INSERT INTO one VALUES (7); ALTER TABLE one ADD id INT AUTO_INCREMENT PRIMARY KEY FIRST; INSERT INTO one (n) VALUES (5)"
    stops "ALTER TABLE keyless ADD id INT AUTO_INCREMENT PRIMARY KEY" 'depends on the order of rows'
    stops "ALTER TABLE isam ADD number INT AUTO_INCREMENT UNIQUE" 'depends on the order of rows'
    runs "CREATE TABLE twice (n INT); INSERT INTO twice VALUES (1), (1)"
    stops "ALTER IGNORE TABLE twice ADD UNIQUE (n)" 'depends on the order of rows'
    runs "ALTER IGNORE TABLE t ADD UNIQUE (n)"
}

@test "what lies in a partition of history: by time it is the source's, by numbers of rows it need not be" {
    runs "SET timestamp = 1700000000; CREATE TABLE months (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 MONTH STARTS '2023-11-01' (PARTITION p0 HISTORY, PARTITION p1 HISTORY, PARTITION now CURRENT);
        INSERT INTO months VALUES (1, 1); UPDATE months SET v = 2; SET timestamp = 1702000000; UPDATE months SET v = 3"
    follow_start --replace # a snapshot puts rows where they were
    runs "ALTER TABLE months DROP PARTITION p0"
    [ "$(sql target "SELECT COUNT(*) FROM d.months FOR SYSTEM_TIME ALL")" = "$(sql source "SELECT COUNT(*) FROM d.months FOR SYSTEM_TIME ALL")" ]
    runs "CREATE TABLE counted (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 2 (PARTITION p0 HISTORY, PARTITION p1 HISTORY, PARTITION p2 HISTORY, PARTITION now CURRENT);
        INSERT INTO counted VALUES (1, 1); UPDATE counted SET v = 2; UPDATE counted SET v = 3; UPDATE counted SET v = 4; UPDATE counted SET v = 5"
    follow_start --replace
    stops "ALTER TABLE counted DROP PARTITION p0" 'SYSTEM_TIME LIMIT'
    stops "ALTER TABLE counted TRUNCATE PARTITION p1" 'SYSTEM_TIME LIMIT'
    runs "ALTER TABLE counted ADD PARTITION (PARTITION p3 HISTORY)"
    runs "CREATE TABLE gone LIKE months; ALTER TABLE gone REMOVE PARTITIONING; ALTER TABLE gone DROP SYSTEM VERSIONING; ALTER TABLE counted REMOVE PARTITIONING"
}
