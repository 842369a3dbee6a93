# kill -9 of ccr-apply, and of the target's server, at random moments under DML and DDL: the next run goes on,
# nothing is lost, nothing is done twice.

load ../lib/common
load follow

KILLS=30
SERVER_KILLS=6

setup_file() {
    follow_servers
    sql_file source "$BATS_TEST_DIRNAME/workload.sql"
    # its rows cannot be applied exactly once (the test below)
    sql source "ALTER TABLE w.isam ENGINE = InnoDB; CREATE DATABASE d; CREATE TABLE d.sum (id INT PRIMARY KEY, n INT);
        INSERT INTO d.sum VALUES (1, 0)"
    follow_start
}

# Statements of some thirty kinds, with rows between them that count each statement. $1 makes names differ.
statements() {
    local n=$1

    cat <<SQL
CREATE TABLE a$n (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20));
INSERT INTO a$n (v) SELECT seq FROM seq_1_to_200;
ALTER TABLE a$n ADD x INT NOT NULL DEFAULT 1;
UPDATE sum SET n = n + 1;
ALTER TABLE a$n ADD KEY (v), ALGORITHM = COPY;
UPDATE a$n SET x = x + 1;
ALTER TABLE a$n RENAME COLUMN v TO w;
CREATE TABLE b$n LIKE a$n;
INSERT INTO b$n SELECT * FROM a$n WHERE id < 50;
RENAME TABLE a$n TO t$n, b$n TO a$n, t$n TO b$n;
DELETE FROM a$n WHERE id % 2 = 0;
CREATE TABLE c$n AS SELECT * FROM a$n;
INSERT INTO c$n VALUES (1000, 'c', 5);
UPDATE sum SET n = n + 1;
TRUNCATE TABLE b$n;
INSERT INTO b$n (w) VALUES ('after');
CREATE OR REPLACE TABLE c$n (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3;
INSERT INTO c$n SELECT seq FROM seq_1_to_30;
ALTER TABLE c$n COALESCE PARTITION 1;
CREATE VIEW v$n AS SELECT * FROM a$n;
ALTER VIEW v$n AS SELECT id FROM a$n;
RENAME TABLE v$n TO vv$n;
CREATE SEQUENCE s$n;
DO NEXTVAL(s$n);
ALTER SEQUENCE s$n INCREMENT 7;
CREATE TABLE p$n (id INT, d INT) PARTITION BY RANGE (d) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
INSERT INTO p$n SELECT seq, seq % 20 FROM seq_1_to_100;
CREATE TABLE e$n (id INT, d INT);
INSERT INTO e$n VALUES (1, 1), (2, 2);
ALTER TABLE p$n EXCHANGE PARTITION p0 WITH TABLE e$n;
UPDATE e$n SET id = id + 1;
ALTER TABLE p$n DROP PARTITION p1;
UPDATE sum SET n = n + 1;
CREATE FUNCTION f$n(x INT) RETURNS INT DETERMINISTIC RETURN x + 1;
CREATE TRIGGER g$n AFTER INSERT ON a$n FOR EACH ROW UPDATE sum SET n = n + 1;
INSERT INTO a$n (w) VALUES ('fires');
CREATE EVENT ev$n ON SCHEDULE EVERY 1 YEAR DO SET @x = 1;
ALTER EVENT ev$n RENAME TO eve$n COMMENT 'c';
DROP EVENT eve$n;
ALTER TABLE a$n RENAME TO aa$n;
CREATE DATABASE db$n;
CREATE TABLE db$n.t (id INT PRIMARY KEY);
INSERT INTO db$n.t VALUES (1);
ALTER DATABASE db$n CHARACTER SET latin1;
CREATE TABLE parent$n (id INT PRIMARY KEY);
CREATE TABLE child$n (id INT, FOREIGN KEY (id) REFERENCES parent$n (id) ON DELETE CASCADE);
INSERT INTO parent$n VALUES (1), (2);
INSERT INTO child$n VALUES (1), (2);
DELETE FROM parent$n WHERE id = 1;
RENAME TABLE parent$n TO father$n;
DROP TABLE e$n, b$n;
DROP TABLE IF EXISTS nothing$n;
DROP FUNCTION f$n;
DROP VIEW vv$n;
DROP SEQUENCE s$n;
DROP TABLE child$n, father$n, p$n, c$n;
UPDATE sum SET n = n + 1;
DROP DATABASE db$n;
DROP TABLE aa$n;
SQL
}

# More to apply: changes of rows, and statements of every kind.
more() {
    awk -v seed="$RANDOM" -v count=60 -f "$BATS_TEST_DIRNAME/workload.awk" | sql_client source --force w >/dev/null 2>&1 || :
    ROUND=$((${ROUND:-0} + 1))
    statements "$ROUND" | sql_client source --skip-column-names d >/dev/null
    # one that stays, half done
    statements "stays$ROUND" | head -n $((RANDOM % 50 + 5)) | sql_client source --skip-column-names d >/dev/null
    ship
}

# Starts a run and kills it within so many milliseconds: true if the kill came in time.
killed() {
    local pid

    status=0
    "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --quiet \
        --batch-transactions $((RANDOM % 20 + 1)) >"$T/killed.log" 2>&1 3>&- &
    pid=$!
    sleep "$(printf '0.%03d' $((RANDOM % $1)))"
    kill -9 "$pid" 2>/dev/null || :
    wait "$pid" || status=$?
    [ "$status" -eq 137 ] && return 0
    # 75: the server still works on what the killed run had begun
    [ "$status" -eq 0 ] || [ "$status" -eq 75 ] || { cat "$T/killed.log" >&2; return 2; }
    return 1
}

applied() {
    run apply
    [ "$status" -ne 75 ]
}

finished() {
    wait_until 30 applied
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    same d w
}

@test "ccr-apply killed $KILLS times under DML and DDL" {
    local done=0 tries=0 result

    seed
    more
    while [ "$done" -lt "$KILLS" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt $((KILLS * 8)) ]
        result=0
        killed 600 || result=$?
        [ "$result" -ne 2 ]
        if [ "$result" -eq 0 ]; then
            done=$((done + 1))
        elif [ "$status" -eq 0 ]; then
            more
        fi
    done
    finished
    [ "$(sql source 'SELECT n FROM d.sum')" -eq "$(sql target 'SELECT n FROM d.sum')" ]
}

@test "the target's server killed $SERVER_KILLS times under DML and DDL" {
    local pid

    seed
    ROUND=1000
    for ((i = 0; i < SERVER_KILLS; i++)); do
        more
        "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --quiet \
            --batch-transactions 10 >"$T/killed.log" 2>&1 3>&- &
        pid=$!
        sleep "$(printf '0.%03d' $((RANDOM % 700)))"
        server_kill target
        status=0
        wait "$pid" || status=$?
        [ "$status" -eq 0 ] || [ "$status" -eq 6 ] || { cat "$T/killed.log"; return 1; }
        server_start target --local-infile=ON --log-bin-trust-function-creators=ON
    done
    finished
}

@test "rows of a table without transactions: killed on the way, the next run asks for a new snapshot" {
    local pid

    sql source "CREATE TABLE d.isam (id INT PRIMARY KEY) ENGINE = MyISAM"
    replay
    sql source "INSERT INTO d.isam SELECT seq FROM d.seq_1_to_1000"
    sql source "INSERT INTO d.sum VALUES (99, 99)"
    ship
    # held up between the intent and the rows
    sql target "LOCK TABLES d.isam WRITE; DO SLEEP(5)" 3>&- &
    wait_until 10 sleeping
    "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --quiet 3>&- &
    pid=$!
    wait_until 10 waiting
    kill -9 "$pid"
    wait_until 20 applied
    fails 8 d.isam 'no transactions' ccr-restore
    run apply
    fails 8 d.isam
    follow_start --replace
    finished
}

sleeping() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'")" -eq 1 ]
}

waiting() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'ccr' AND state LIKE 'Waiting for table%'")" -eq 1 ]
}
