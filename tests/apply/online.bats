# Changes of big tables as people make them online: by a shadow table and RENAME, with triggers or without, while rows
# change; and by ALTER in two phases, whose beginning and end reach the target in different runs.

bats_require_minimum_version 1.5.0
load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; USE d; CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), KEY (v)); INSERT INTO t (v) SELECT CONCAT('v', seq) FROM seq_1_to_500;
        CREATE TABLE u LIKE t; INSERT INTO u SELECT * FROM t; CREATE TABLE w LIKE t; INSERT INTO w SELECT * FROM t"
    follow_start
}

# What others do meanwhile.
changes() {
    sql source "USE d; UPDATE $1 SET v = CONCAT('n', id) WHERE id % 7 = $2; DELETE FROM $1 WHERE id % 50 = $2; INSERT INTO $1 (v) VALUES ('a$2'), ('b$2')"
}

@test "by a shadow table that triggers keep in step" {
    sql source "USE d; CREATE TABLE _t_new LIKE t; ALTER TABLE _t_new ADD n INT DEFAULT 5, ADD KEY (n)"
    sql source "USE d; CREATE TRIGGER t_del AFTER DELETE ON t FOR EACH ROW DELETE IGNORE FROM _t_new WHERE id <=> OLD.id;
        CREATE TRIGGER t_ins AFTER INSERT ON t FOR EACH ROW REPLACE INTO _t_new (id, v) VALUES (NEW.id, NEW.v)"
    sql_client source d <<'SQL'
DELIMITER //
CREATE TRIGGER t_upd AFTER UPDATE ON t FOR EACH ROW BEGIN DELETE IGNORE FROM _t_new WHERE OLD.id <> NEW.id AND id <=> OLD.id; REPLACE INTO _t_new (id, v) VALUES (NEW.id, NEW.v); END//
SQL
    replay
    for ((i = 0; i < 5; i++)); do
        changes t "$i"
        sql source "INSERT LOW_PRIORITY IGNORE INTO d._t_new (id, v) SELECT id, v FROM d.t WHERE id BETWEEN $((i * 100 + 1)) AND $((i * 100 + 100)) LOCK IN SHARE MODE"
        [ $((i % 2)) -eq 0 ] || replay
    done
    sql source "USE d; INSERT IGNORE INTO _t_new (id, v) SELECT id, v FROM t; ANALYZE TABLE _t_new; RENAME TABLE t TO _t_old, _t_new TO t; DROP TABLE _t_old"
    changes t 6
    replay
    same d
    [ "$(sql target "SELECT COUNT(*) FROM ccr.kept")" -eq 0 ]
}

@test "by a shadow table that is filled from the log" {
    sql source "USE d; CREATE TABLE _u_gho LIKE u; ALTER TABLE _u_gho MODIFY v VARCHAR(40), ADD at TIMESTAMP NULL; CREATE TABLE _u_ghc (id BIGINT AUTO_INCREMENT PRIMARY KEY, hint VARCHAR(64) UNIQUE, value VARCHAR(255));
        INSERT INTO _u_ghc VALUES (1, 'state', 'copying')"
    for ((i = 0; i < 5; i++)); do
        changes u "$i"
        sql source "USE d; INSERT IGNORE INTO _u_gho (id, v) SELECT id, v FROM u WHERE id BETWEEN $((i * 100 + 1)) AND $((i * 100 + 100)) LOCK IN SHARE MODE;
            REPLACE INTO _u_gho (id, v) SELECT id, v FROM u WHERE id % 7 = $i OR id > 500; DELETE FROM _u_gho WHERE id % 50 = $i AND id <= 500; UPDATE _u_ghc SET value = $i WHERE id = 1"
        [ $((i % 2)) -eq 0 ] || replay
    done
    sql source "USE d; DELETE g FROM _u_gho g LEFT JOIN u USING (id) WHERE u.id IS NULL; REPLACE INTO _u_gho (id, v) SELECT id, v FROM u;
        CREATE TABLE _u_del (id INT) COMMENT 'magic'; DROP TABLE _u_del; RENAME TABLE u TO _u_del, _u_gho TO u; DROP TABLE _u_ghc"
    changes u 6
    replay
    same d
}

# ALTER in two phases that has begun and cannot end before rows_release.
begin_alter() {
    local before

    before=$(sql source "SELECT @@gtid_binlog_pos")
    rows_hold source "SELECT COUNT(*) FROM d.w"
    sql source "SET SESSION binlog_alter_two_phase = ON, lock_wait_timeout = 60; $1" >"$T/alter" 2>&1 3>&- 7>&- &
    alter=$!
    wait_until 10 log_has_grown "$before"
}

log_has_grown() {
    [ "$(sql source "SELECT @@gtid_binlog_pos")" != "$1" ]
}

@test "ALTER in two phases: begun in one run, with other changes in between, committed in another" {
    begin_alter "ALTER TABLE d.w ADD n INT DEFAULT 7, ALGORITHM=COPY"
    sql source "INSERT INTO d.t (v) VALUES ('between')"
    replay
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'd' AND table_name = 'w' AND column_name = 'n'")" -eq 0 ]
    rows_release
    wait "$alter"
    changes w 1
    replay
    same d
    [ "$(sql target "SELECT DISTINCT n FROM d.w")" -eq 7 ]
}

@test "ALTER in two phases: begun in one run, rolled back in another" {
    begin_alter "ALTER TABLE d.w ADD m INT DEFAULT 8, ALGORITHM=COPY"
    replay
    sql source "KILL QUERY $(sql source "SELECT id FROM information_schema.processlist WHERE info LIKE '%ADD m INT%' AND info NOT LIKE '%processlist%'")"
    wait "$alter" || true
    rows_release
    changes w 2
    replay
    same d
}
