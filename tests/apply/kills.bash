# shellcheck shell=bash
# kill -9 of ccr-apply and of the target's server under DML and DDL (load follow, then this).
#
#   kills_schema              what the workloads below change
#   more                      more to apply: changes of rows, and statements of every kind
#   kill_apply COUNT          kills so many runs at random moments
#   kill_server COUNT         the target's server so many times, mostly in the midst of DDL
#   finished                  the last run completes, and both sides are equal
#   recoveries                what the runs found half done: to be shown
#
# Every run's messages are in $T/runs.log.

kills_schema() {
    sql_file source "$BATS_TEST_DIRNAME/workload.sql"
    # rows of a table without transactions cannot be applied exactly once (a test of its own),
    # and a Galera node wants sequences without a cache
    sql source "ALTER TABLE w.isam ENGINE = InnoDB; ALTER SEQUENCE w.counter NOCACHE; CREATE DATABASE d; USE d; CREATE TABLE sum (id INT PRIMARY KEY, n INT);
        INSERT INTO sum VALUES (1, 0); CREATE TABLE ledger (at VARCHAR(20), what INT)"
}

# words TEXT COUNT: the text with # as 1, 2, ..., divided by commas
words() {
    local i out=()

    for ((i = 1; i <= $2; i++)); do
        out+=("${1//#/$i}")
    done
    (IFS=,; echo "${out[*]}")
}

# Statements of some fifty kinds. $1 makes names differ.
statements() {
    local n=$1 i

    cat <<SQL
CREATE TABLE a$n (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20));
INSERT INTO a$n (v) SELECT seq FROM seq_1_to_200;
ALTER TABLE a$n ADD x INT NOT NULL DEFAULT 1;
ALTER TABLE a$n ADD KEY (v), ALGORITHM = COPY;
UPDATE a$n SET x = x + 1;
ALTER TABLE a$n ADD KEY (x), ADD y INT AFTER id, ALGORITHM = INPLACE;
ALTER TABLE a$n RENAME COLUMN v TO w;
ALTER TABLE a$n FORCE;
CREATE INDEX i ON a$n (y);
DROP INDEX i ON a$n;
CREATE TABLE b$n LIKE a$n;
INSERT INTO b$n SELECT * FROM a$n WHERE id < 50;
RENAME TABLE a$n TO t$n, b$n TO a$n, t$n TO b$n;
DELETE FROM a$n WHERE id % 2 = 0;
CREATE TABLE c$n AS SELECT * FROM a$n;
INSERT INTO c$n VALUES (1000, 1, 'c', 5);
TRUNCATE TABLE b$n;
INSERT INTO b$n (w) VALUES ('after');
CREATE OR REPLACE TABLE c$n (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 5;
INSERT INTO c$n SELECT seq FROM seq_1_to_30;
ALTER TABLE c$n COALESCE PARTITION 1;
ALTER TABLE c$n ADD PARTITION PARTITIONS 2;
TRUNCATE TABLE c$n;
INSERT INTO c$n SELECT seq FROM seq_1_to_30;
CREATE OR REPLACE TABLE c$n LIKE a$n;
CREATE VIEW v$n AS SELECT * FROM a$n;
ALTER VIEW v$n AS SELECT id FROM a$n;
CREATE OR REPLACE VIEW v$n AS SELECT id, w FROM a$n;
RENAME TABLE v$n TO vv$n;
CREATE SEQUENCE s$n NOCACHE;
DO NEXTVAL(s$n);
ALTER SEQUENCE s$n NOCACHE INCREMENT 7;
CREATE TABLE p$n (id INT, d INT) PARTITION BY RANGE (d) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES LESS THAN (30), PARTITION p3 VALUES LESS THAN (40));
INSERT INTO p$n SELECT seq, seq % 40 FROM seq_1_to_100;
ALTER TABLE p$n TRUNCATE PARTITION p1, p2, p3;
INSERT INTO p$n SELECT seq, seq % 40 FROM seq_1_to_100;
ALTER TABLE p$n REORGANIZE PARTITION p2, p3 INTO (PARTITION p23 VALUES LESS THAN (40));
ALTER TABLE p$n ADD PARTITION (PARTITION p4 VALUES LESS THAN (50));
CREATE TABLE e$n (id INT, d INT);
INSERT INTO e$n VALUES (1, 1), (2, 2);
ALTER TABLE p$n EXCHANGE PARTITION p0 WITH TABLE e$n;
UPDATE e$n SET id = id + 1;
ALTER TABLE p$n DROP PARTITION p1, p4;
ALTER TABLE p$n REMOVE PARTITIONING;
CREATE FUNCTION f$n(x INT) RETURNS INT DETERMINISTIC RETURN x + 1;
CREATE OR REPLACE FUNCTION f$n(x INT) RETURNS INT DETERMINISTIC RETURN x + 2;
CREATE PROCEDURE q$n() SELECT 1;
CREATE TRIGGER g$n AFTER INSERT ON a$n FOR EACH ROW UPDATE sum SET n = n + 1;
INSERT INTO a$n (w) VALUES ('fires');
CREATE EVENT ev$n ON SCHEDULE EVERY 1 YEAR DO SET @x = 1;
ALTER EVENT ev$n RENAME TO eve$n COMMENT 'c';
DROP EVENT eve$n;
ALTER TABLE a$n RENAME TO aa$n;
ALTER TABLE aa$n RENAME TO a$n, ADD z INT;
CREATE DATABASE db$n;
$(for ((i = 1; i <= 25; i++)); do echo "CREATE TABLE db$n.t$i (id INT PRIMARY KEY);"; done)
INSERT INTO db$n.t1 VALUES (1);
ALTER DATABASE db$n CHARACTER SET latin1;
RENAME TABLE $(words "db$n.t# TO db$n.u#" 20);
INSERT INTO db$n.u1 VALUES (2);
RENAME TABLE $(words "db$n.u# TO d.m${n}_#" 8);
DROP TABLE $(words "m${n}_#" 8);
CREATE TABLE parent$n (id INT PRIMARY KEY);
CREATE TABLE child$n (id INT, FOREIGN KEY (id) REFERENCES parent$n (id) ON DELETE CASCADE);
INSERT INTO parent$n VALUES (1), (2);
INSERT INTO child$n VALUES (1), (2);
DELETE FROM parent$n WHERE id = 1;
RENAME TABLE parent$n TO father$n;
DROP TABLE e$n, b$n;
DROP TABLE IF EXISTS nothing$n;
DROP FUNCTION f$n;
DROP PROCEDURE q$n;
DROP VIEW vv$n;
DROP SEQUENCE s$n;
DROP TABLE child$n, father$n, p$n, c$n;
DROP DATABASE db$n;
DROP TABLE a$n;
SQL
}

# With a row behind each that tells of it.
told() {
    awk -v n="$1" '{ print; printf "INSERT INTO ledger VALUES (\"%s\", %d); UPDATE sum SET n = n + 1;\n", n, NR }'
}

more() {
    awk -v seed="$RANDOM" -v count=60 -f "$BATS_TEST_DIRNAME/workload.awk" | sql_client source --force w >/dev/null 2>&1 || :
    ROUND=$((${ROUND:-0} + 1))
    statements "$ROUND" | told "$ROUND" | sql_client source --skip-column-names d >/dev/null
    # one that stays, half done
    statements "stays$ROUND" | told "stays$ROUND" | head -n $((RANDOM % 60 + 5)) | sql_client source --skip-column-names d >/dev/null
    ship
}

# Starts a run in the background: $pid. The failpoint may be none.
apply_start() {
    CCR_FAILPOINT=$1 "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" \
        --job j --batch-transactions $((RANDOM % 20 + 1)) >>"$T/runs.log" 2>&1 3>&- &
    pid=$!
}

apply_wait() {
    status=0
    wait "$pid" 2>/dev/null || status=$?
}

state_is() {
    local state

    state=$(process_state "$pid")
    [[ "${state:-Z}" == [$1] ]]
}

moment() {
    sleep "$(printf '0.%03d' $((RANDOM % $1)))"
}

# The server does not change partitions atomically: killed in the midst it may lose the table. The run says so (8), and a
# new snapshot leads past it; where the server cannot even rename what is left of the table, that is dropped first, as
# README.md says.
lost_partitions() {
    [ "$status" -eq 8 ] || return 0
    tail -n 8 "$T/runs.log" | grep -qE 'cannot be told \(table [^)]*\): ALTER TABLE .*PARTITION' || return 0
    if ! follow_start --replace >>"$T/runs.log" 2>&1; then
        tail -n 8 "$T/runs.log" | grep -q 'does not exist in the storage engine' || return 1
        wait_until 30 sql target "SET foreign_key_checks = 0; DROP DATABASE IF EXISTS d"
        follow_start --replace || return 1
    fi
    echo "lost partitions" >>"$T/runs.log"
    status=0
}

# Anything but these ends the test: killed; nothing more to do; the server still works on what a killed run had begun.
unexpected() {
    case " $1 " in
    *" $status "*) return 1 ;;
    esac
    echo "status $status, expected one of $1"
    tail -n 20 "$T/runs.log"
}

kill_apply() {
    local kills=0 tries=0 pid

    while [ "$kills" -lt "$1" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt $(($1 * 8 + 20)) ] || return 1
        apply_start ''
        moment 600
        kill -9 "$pid" 2>/dev/null || :
        apply_wait
        ! unexpected '137 0 75' || return 1
        if [ "$status" -eq 137 ]; then
            kills=$((kills + 1))
        elif [ "$status" -eq 0 ]; then
            more
        fi
    done
}

# One of three kills comes at any moment; the others a little after the server was sent one of the next DDL statements.
kill_server() {
    local kills=0 pid

    while [ "$kills" -lt "$1" ]; do
        if [ $((RANDOM % 3)) -eq 0 ]; then
            apply_start ''
            moment 500
        else
            apply_start "ddl-before:$((RANDOM % 5 + 1)):stop"
            wait_until 60 state_is TZ
            if state_is Z; then # nothing is left to do
                apply_wait
                lost_partitions || return 1
                ! unexpected 0 || return 1
                more
                continue
            fi
            kill -CONT "$pid"
            moment $((RANDOM % 4 ? 25 : 250))
        fi
        server_kill target
        kills=$((kills + 1))
        apply_wait
        target_start
        lost_partitions || return 1
        ! unexpected '0 6' || return 1
        [ "$status" -ne 0 ] || more
    done
}

applied() {
    apply_start ''
    apply_wait
    [ "$status" -ne 75 ]
}

finished() {
    wait_until 60 applied
    lost_partitions || return 1
    apply_start ''
    apply_wait
    ! unexpected 0 || return 1
    same d w || return 1
    [ "$(sql source 'SELECT SUM(n) FROM d.sum')" -eq "$(sql target 'SELECT SUM(n) FROM d.sum')" ]
}

recoveries() {
    awk '/had been run already/ { done++ } /half made/ { debris++ } /rolled back, doing it again/ { again++ } /^lost partitions/ { lost++ }
        END { printf "%d statements found done, %d half made, %d batches done again, %d tables lost by the server\n",
            done, debris, again, lost }' "$T/runs.log"
}
