# Facts of the server that replay guards against, shown on the server itself; and servers set up otherwise.

load ../lib/common
load follow

setup_file() {
    export PROBE=$CCR_BIN/../build/unit/dropped_rows
    case $CCR_BIN in
    */build/*/bin) PROBE=${CCR_BIN%/bin}/unit/dropped_rows ;;
    esac
    follow_servers
    sql source "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(2000))"
    follow_start
}

@test "rows without their table map are dropped by the server without an error, and noticed by the batch" {
    sql source "INSERT INTO d.t SELECT seq, 'x' FROM d.seq_1_to_20"
    ship
    run "$PROBE" "$STORE" "$T/target/sock" "$T/target/ccr.cnf" j
    fails 9 'did not apply what it was sent' 'grown by 20 writes'
    # the server itself raised nothing, and wrote nothing
    [ "$(sql target 'SELECT COUNT(*) FROM d.t')" -eq 0 ]
    apply
    same d
}

@test "the target's binlog holds the rows once, and not the text they came in" {
    local before after

    sql target "SET GLOBAL binlog_annotate_row_events = ON; FLUSH BINARY LOGS"
    sql source "INSERT INTO d.t SELECT seq + 1000, REPEAT('y', 1000) FROM d.seq_1_to_2000"
    ship
    before=$(du -sb --exclude='ib*' "$T/target/data" | cut -f 1)
    apply
    after=$(du -sb --exclude='ib*' "$T/target/data" | cut -f 1)
    # 2 MB of rows in the table and 2 MB in the binlog
    [ $((after - before)) -lt 20000000 ]
    same d
}

@test "a deadlock: the batch is done again" {
    sql source "INSERT IGNORE INTO d.t SELECT seq + 1000, 'y' FROM d.seq_1_to_2000; INSERT INTO d.t VALUES (5001, 'a'), (5002, 'b')"
    replay
    sql source "START TRANSACTION; UPDATE d.t SET v = 'second' WHERE id = 5002; UPDATE d.t SET v = 'first' WHERE id = 5001; COMMIT"
    ship
    # heavier than the batch, so that the batch is the victim
    rows_hold target "UPDATE d.t SET v = 'mine' WHERE id < 3000; UPDATE d.t SET v = 'mine' WHERE id = 5001; SELECT 'held'"
    # in the order of the log, which is not that of the keys
    ccr apply target --job j --json --quiet --road ordered >"$T/result" 7>&- &
    run=$!
    wait_until 10 row_is_awaited
    rows_release "UPDATE d.t SET v = 'mine' WHERE id = 5002"
    wait "$run"
    output=$(<"$T/result")
    [ "$(json_of '"\(.redone >= 1) \(.transactions)"')" = "true 1" ]
    same d
}

@test "cascades under foreign_key_checks on and off, in one batch" {
    sql source "CREATE TABLE d.p (id INT PRIMARY KEY, n INT); CREATE TABLE d.c (id INT PRIMARY KEY, p INT,
        FOREIGN KEY (p) REFERENCES d.p (id) ON DELETE CASCADE ON UPDATE SET NULL)"
    replay
    sql source "INSERT INTO d.p VALUES (1, 1), (2, 2), (3, 3), (4, 4); INSERT INTO d.c VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 1);
        SET foreign_key_checks = 0; DELETE FROM d.p WHERE id = 1; SET foreign_key_checks = 1; DELETE FROM d.p WHERE id = 2;
        UPDATE d.p SET id = 30 WHERE id = 3; SET foreign_key_checks = 0; UPDATE d.p SET id = 40 WHERE id = 4; INSERT INTO d.c VALUES (6, 777)"
    replay
    same d
    [ "$(sql target 'SELECT GROUP_CONCAT(id ORDER BY id) FROM d.c')" = 1,3,4,5,6 ]
    [ "$(sql target 'SELECT COUNT(*) FROM d.c WHERE p IS NULL')" -eq 1 ]
}

# A lost flag is one that the server checks by: 4025.
@test "check constraints switched off for some rows, and on for others, in one batch" {
    local road

    sql source "CREATE TABLE d.checked (id INT PRIMARY KEY, n INT CHECK (n > 0), CONSTRAINT both_small CHECK (id + n < 1000)); INSERT INTO d.checked VALUES (1, 1)"
    replay
    for road in merged ordered; do
        sql source "INSERT INTO d.checked VALUES (2, 2); SET check_constraint_checks = 0; INSERT INTO d.checked VALUES (3, -3); UPDATE d.checked SET n = 5000 WHERE id = 1;
            SET check_constraint_checks = 1; INSERT INTO d.checked VALUES (4, 4); SET check_constraint_checks = 0; DELETE FROM d.checked WHERE id = 3; UPDATE d.checked SET n = -1 WHERE id = 2"
        ship
        run ccr apply target --job j --json --quiet --road "$road"
        [ "$status" -eq 0 ]
        [ "$(json_of '"\(.batches) \(.unmerged) \(.redone)"')" = "1 0 0" ]
        same d
        sql source "DELETE FROM d.checked WHERE id > 1; UPDATE d.checked SET n = 1"
        replay
    done
}

@test "a sequence keeps what a rolled back transaction took from it; the rows go" {
    local road from=0

    sql source "CREATE SEQUENCE d.s NOCACHE; CREATE TABLE d.numbered (id BIGINT PRIMARY KEY, v INT)"
    replay
    for road in merged ordered; do
        sql source "START TRANSACTION; INSERT INTO d.numbered VALUES (NEXTVAL(d.s), 1); INSERT INTO d.numbered VALUES (NEXTVAL(d.s), 1); ROLLBACK;
            START TRANSACTION; INSERT INTO d.numbered VALUES (NEXTVAL(d.s), 2); SAVEPOINT a; INSERT INTO d.numbered VALUES (NEXTVAL(d.s), 3); ROLLBACK TO a; COMMIT;
            DO SETVAL(d.s, $((from += 100))); START TRANSACTION; DO NEXTVAL(d.s); ROLLBACK"
        replay --road "$road"
        same d
        [ "$(sql source "SELECT next_not_cached_value FROM d.s")" = "$(sql target "SELECT next_not_cached_value FROM d.s")" ]
        [ "$(sql target "SELECT COUNT(*) FROM d.numbered WHERE v <> 2")" -eq 0 ]
    done
}

@test "the position row has the target's own time, not the source's" {
    sql source "SET timestamp = 1500000000; INSERT INTO d.t VALUES (6001, 'long ago')"
    replay
    [ "$(sql target "SELECT ABS(TIMESTAMPDIFF(SECOND, updated, NOW())) < 60 FROM ccr.position_j")" -eq 1 ]
    sql source "DELETE FROM d.t WHERE id = 6001"
    replay
}

@test "a source that was restarted, and a batch that is sent in two pieces" {
    sql source "CREATE TABLE d.first (id INT PRIMARY KEY); CREATE TABLE d.second (id INT PRIMARY KEY)"
    replay
    server_restart source
    # the second table is new to the run, so that the batch is sent up to there, and begun again behind it
    sql source "INSERT INTO d.first VALUES (1); INSERT INTO d.second VALUES (1); INSERT INTO d.first VALUES (2)"
    ship
    run ccr apply target --job j --json --quiet
    [ "$(json_of '"\(.batches) \(.rows)"')" = "1 3" ]
    same d
}

@test "a target without a binlog, read-only, in another time zone, with another sql_mode" {
    server_restart target --local-infile=ON --skip-log-bin --read-only=ON --default-time-zone=+09:00 --sql-mode=TRADITIONAL \
        --character-set-server=utf8mb3 --lower-case-table-names=0 --innodb-lock-wait-timeout=50
    sql source "CREATE TABLE d.z (id INT PRIMARY KEY, a TIMESTAMP NULL, b DATETIME, c DATE)"
    sql source "SET sql_mode = ''; INSERT INTO d.z VALUES (0, '2024-05-05 05:05:05', '0000-00-00', '2024-00-00'), (1, NULL, NOW(), NOW());
        UPDATE d.t SET v = '' WHERE id < 10; CREATE VIEW d.v AS SELECT * FROM d.z; DELETE FROM d.z WHERE id = 1"
    replay
    same d
}

@test "a table versioned by transaction id: its ids would be others here, so the run stops" {
    sql source "CREATE TABLE d.by_id (id INT PRIMARY KEY, a BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, b BIGINT UNSIGNED GENERATED ALWAYS AS ROW END,
        PERIOD FOR SYSTEM_TIME (a, b)) WITH SYSTEM VERSIONING"
    replay
    sql source "INSERT INTO d.by_id (id) VALUES (1)"
    ship
    run apply
    fails 8 'by_id is versioned by transaction ids'
    [ "$(sql target 'SELECT COUNT(*) FROM d.by_id')" -eq 0 ]
}
