# XA transactions: applied at their XA COMMIT, from wherever in the log they were prepared.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; CREATE DATABASE other; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(100)); CREATE TABLE other.t (id INT PRIMARY KEY)"
    follow_start --databases d
}

# prepare NAME STATEMENTS: a branch that stays prepared when its session ends.
prepare() {
    sql source "XA START '$1'; $2; XA END '$1'; XA PREPARE '$1'" d
}

held() {
    sql target "SELECT COALESCE(JSON_LENGTH(held), 0) FROM ccr.position_j"
}

@test "prepared and committed, rolled back, in one phase, all in one run" {
    sql source "XA START 'a'; INSERT INTO t VALUES (1, 'a'); XA END 'a'; XA PREPARE 'a'; XA COMMIT 'a';
        XA START 'b', 'branch', 7; INSERT INTO t VALUES (2, 'b'); XA END 'b', 'branch', 7; XA PREPARE 'b', 'branch', 7; XA ROLLBACK 'b', 'branch', 7;
        XA START 'c'; INSERT INTO t VALUES (3, 'c'); UPDATE t SET v = 'cc' WHERE id = 1; XA END 'c'; XA COMMIT 'c' ONE PHASE;
        XA START 'e'; XA END 'e'; XA PREPARE 'e'; XA COMMIT 'e';
        XA START 'a'; INSERT INTO t VALUES (4, 'again'); XA END 'a'; XA PREPARE 'a'; XA COMMIT 'a'" d
    replay
    same d
    [ "$(sql target 'SELECT GROUP_CONCAT(id ORDER BY id) FROM d.t')" = 1,3,4 ]
    [ "$(held)" -eq 0 ]
}

@test "across segments and runs: nothing shows before the COMMIT, and order is that of the COMMITs" {
    prepare x "INSERT INTO t VALUES (10, 'x'); UPDATE t SET v = 'by x' WHERE id = 1"
    prepare y "INSERT INTO t VALUES (11, 'y'), (12, 'y'); DELETE FROM t WHERE id = 3"
    prepare z "INSERT INTO t VALUES (13, 'z')"
    sql source "FLUSH BINARY LOGS; INSERT INTO d.t VALUES (20, 'between')"
    replay
    [ "$(held)" -eq 3 ]
    [ "$(sql target 'SELECT COUNT(*) FROM d.t WHERE id BETWEEN 10 AND 13')" -eq 0 ]
    sql source "INSERT INTO d.t VALUES (21, 'between'); XA COMMIT 'y'"
    replay
    [ "$(held)" -eq 2 ]
    sql source "FLUSH BINARY LOGS; XA ROLLBACK 'z'; UPDATE d.t SET v = 'later' WHERE id = 12; XA COMMIT 'x'"
    replay
    [ "$(held)" -eq 0 ]
    same d
}

@test "a branch of several segments" {
    sql source "SET GLOBAL max_allowed_packet = 1073741824; CREATE TABLE d.big (id INT PRIMARY KEY, v LONGTEXT)"
    prepare big "INSERT INTO big SELECT seq, REPEAT(MD5(seq), 100) FROM seq_1_to_3000; UPDATE big SET v = CONCAT(v, id)"
    ccr ship source --quiet --segment-size 1M
    apply
    sql source "INSERT INTO d.t VALUES (30, 'x'); XA COMMIT 'big'"
    replay
    same d
}

@test "rows and statements of a branch, its format mixed" {
    sql source "SET SESSION binlog_format = MIXED; XA START 'm'; INSERT INTO t VALUES (40, UUID()); UPDATE t SET v = CONCAT(v, '!') WHERE id >= 20;
        SET @v = 'var'; INSERT INTO t VALUES (41, @v); XA END 'm'; XA PREPARE 'm'" d
    replay
    [ "$(held)" -eq 1 ]
    sql source "XA COMMIT 'm'"
    replay
    same d
}

@test "a branch outside of the scope" {
    prepare o "INSERT INTO other.t VALUES (1)"
    replay
    sql source "XA COMMIT 'o'; INSERT INTO d.t VALUES (50, 'x')"
    replay
    same d
}

@test "the run is killed with the branch's rows sent, and before its own commit" {
    local point

    for point in commit-before commit-after; do
        prepare k "INSERT INTO t VALUES (60, 'k') ON DUPLICATE KEY UPDATE v = CONCAT(v, '$point')"
        replay
        sql source "XA COMMIT 'k'"
        ship
        CCR_FAILPOINT=$point run apply
        [ "$status" -eq 137 ]
        apply
        same d
        [ "$(held)" -eq 0 ]
    done
}

@test "a commit whose branch the log does not hold: a clear stop" {
    prepare gone "INSERT INTO t VALUES (70, 'x')"
    replay
    sql target "UPDATE ccr.position_j SET held = NULL"
    sql source "XA COMMIT 'gone'"
    ship
    run apply
    fails 8 'XA transaction was committed' ccr-restore
    # nothing tells which tables it has changed
    [ "$(sql target "SELECT CONCAT(kind, db, name) FROM ccr.needs")" = full ]
    [[ $(sql target "SELECT reason FROM ccr.needs") == *"XA transaction was committed"* ]]
    follow_start --databases d --replace
    apply
    same d
}

skip_last() {
    "$CCR_BIN/ccr-job" skip --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --gtid "$(sql source "SELECT @@gtid_binlog_pos")" \
        --reason "not on the target" --quiet 3>&-
}

@test "an XA PREPARE that is passed over: its COMMIT applies nothing, in that run or a later one; nor does its ROLLBACK" {
    local later

    for later in '' ship_and_apply; do
        prepare skipped "INSERT INTO t VALUES (80, 'x'); UPDATE t SET v = 'x' WHERE id = 1"
        skip_last
        $later
        sql source "XA COMMIT 'skipped'; INSERT INTO d.t VALUES (81, 'y')"
        ship
        run apply
        fails 0 "commits an XA transaction that was passed over"
        [ "$(sql target "SELECT GROUP_CONCAT(id) FROM d.t WHERE id >= 80")" = 81 ]
        [ "$(sql target "SELECT COUNT(*) FROM ccr.skips WHERE done_at IS NULL")" -eq 0 ]
        [ "$(held)" -eq 0 ]
        sql source "DELETE FROM d.t WHERE id = 81; UPDATE d.t SET v = 'a' WHERE id = 1; SET sql_log_bin = 0; DELETE FROM d.t WHERE id = 80"
        replay
        same d
    done
    prepare skipped "INSERT INTO t VALUES (80, 'x')"
    skip_last
    replay
    [ "$(held)" -eq 1 ]
    sql source "XA ROLLBACK 'skipped'"
    replay
    [ "$(held)" -eq 0 ]
    same d
}

ship_and_apply() {
    replay
    [ "$(held)" -eq 1 ]
}
