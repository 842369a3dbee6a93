# Every failpoint (lib/base/failpoint.h) that a run passes: killed there, at each passing, the next run goes on; in the
# end both sides are equal and nothing was done twice. Rows go to tables without keys, where a second time shows.

load ../lib/common
load follow

# Behind these a run that is killed is where it was before; the others come with what stays.
PER_RUN='^(claim|status|dml)-'

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; USE d; CREATE TABLE ledger (at VARCHAR(20), what VARCHAR(40)); CREATE TABLE counter (n INT);
        INSERT INTO counter VALUES (0); CREATE SEQUENCE s"
    follow_start
}

# Statements of every kind, each between rows that would tell of a second time. $1 makes names differ.
history() {
    local n=$1

    awk -v n="$n" '{ print; printf "INSERT INTO ledger VALUES (\"%s\", \"%d\"); UPDATE counter SET n = n + 1;\n", n, NR }' <<SQL
CREATE TABLE a$n (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20));
INSERT INTO a$n (v) SELECT seq FROM seq_1_to_20;
ALTER TABLE a$n ADD x INT NOT NULL DEFAULT 1, ADD KEY (v);
RENAME TABLE a$n TO b$n;
TRUNCATE TABLE b$n;
SET binlog_format = STATEMENT; INSERT INTO ledger VALUES ('$n', 'stated'); UPDATE counter SET n = n + 1; SET binlog_format = ROW;
INSERT INTO b$n (v) VALUES ('after');
CREATE TABLE a$n LIKE b$n;
CREATE OR REPLACE TABLE a$n (id INT, d INT) PARTITION BY RANGE (d) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
INSERT INTO a$n VALUES (1, 1), (2, 12);
ALTER TABLE a$n TRUNCATE PARTITION p1;
CREATE TABLE e$n (id INT, d INT);
INSERT INTO e$n VALUES (3, 3);
ALTER TABLE a$n EXCHANGE PARTITION p0 WITH TABLE e$n;
RENAME TABLE e$n TO t$n, b$n TO e$n, t$n TO b$n;
CREATE VIEW v$n AS SELECT 1 AS one;
CREATE OR REPLACE VIEW v$n AS SELECT 2 AS two;
CREATE FUNCTION f$n(x INT) RETURNS INT DETERMINISTIC RETURN x + 1;
CREATE TRIGGER g$n AFTER INSERT ON a$n FOR EACH ROW UPDATE counter SET n = n + 1;
INSERT INTO a$n VALUES (5, 5);
CREATE EVENT ev$n ON SCHEDULE EVERY 1 YEAR DO SET @x = 1;
DO NEXTVAL(s);
ALTER SEQUENCE s INCREMENT BY 3;
CREATE DATABASE db$n;
CREATE TABLE db$n.t (id INT PRIMARY KEY);
DROP DATABASE db$n;
DROP TABLE a$n, b$n;
DROP VIEW v$n;
DROP FUNCTION f$n;
DROP EVENT ev$n;
SQL
}

killed_at() {
    # within braces, where the shell itself tells that it was killed
    { CCR_FAILPOINT=$1 ccr apply target --job j --quiet --batch-transactions 7; } 2>"$T/killed.log"
}

# Kills runs at each passing of a point, until one comes to the end. A run that goes on where a killed one was passes the
# same "before" once more, and the same "ddl-after" where the statement is one that is simply run again.
kill_everywhere() {
    local name=$1 nth=1 kills=0 position='' before status

    while :; do
        status=0
        killed_at "$name:$nth" || status=$?
        [ "$status" -ne 0 ] || break
        [ "$status" -eq 137 ] || { echo "$name:$nth: status $status"; cat "$T/killed.log"; return 1; }
        kills=$((kills + 1))
        [ "$kills" -lt 300 ]
        if [[ $name =~ $PER_RUN ]]; then
            nth=$((nth + 1))
        elif [[ $name == *-before ]]; then
            nth=2
        elif [ "$name" = ddl-after ]; then
            before=$position
            position=$(sql target 'SELECT pos FROM ccr.position_j')
            nth=1
            [ "$before" != "$position" ] || nth=2
        fi
    done
    echo "$name: $kills kills"
    [ "$kills" -gt 0 ]
}

nothing_twice() {
    [ "$(sql target 'SELECT COUNT(*) FROM d.ledger')" = "$(sql target 'SELECT COUNT(DISTINCT at, what) FROM d.ledger')" ]
    [ "$(sql target 'SELECT n FROM d.counter')" = "$(sql source 'SELECT n FROM d.counter')" ]
}

@test "ccr-apply killed at every passing of every failpoint" {
    local name

    history h0 | sql_client source d
    ship
    CCR_FAILPOINT_LOG=$T/passed apply
    # none is forgotten: those of the replay, but for the one that a killed server needs
    grep -rhoE 'failpoint\("[a-z-]+"\)' "$CCR_ROOT/lib/replay" | grep -oE '[a-z]+-[a-z-]+' | grep -v '^debris-' | sort -u >"$T/known"
    sort -u "$T/passed" | grep -v '^statement$' >"$T/names"
    diff "$T/known" "$T/names"
    while read -r name; do
        history "${name//-/_}" | sql_client source d
        ship
        kill_everywhere "$name"
    done <"$T/names"
    same d
    nothing_twice
    [ "$(sql target 'SELECT COUNT(*) FROM ccr.kept')" -eq 0 ]
}

# Where no advisory lock tells (another node of a Galera cluster), the row does.
@test "another run takes over the position: 75, and nothing of the batch is written" {
    local first

    sql source "INSERT INTO d.ledger VALUES ('taken', 'over'); UPDATE d.counter SET n = n + 1"
    ship
    CCR_FAILPOINT=claim-after:1:stop "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" \
        --job j 2>"$T/first.log" 3>&- &
    first=$!
    wait_until 20 grep -q '^State:.T' "/proc/$first/status"
    sql target "UPDATE ccr.position_j SET previous_nonce = nonce, nonce = REPEAT('a', 32)"
    kill -CONT "$first"
    status=0
    wait "$first" || status=$?
    [ "$status" -eq 75 ]
    grep -q 'another run has taken over job j' "$T/first.log"
    [ "$(sql target "SELECT COUNT(*) FROM d.ledger WHERE at = 'taken'")" -eq 0 ]
    apply
    same d
    nothing_twice
}

@test "the position row's time is the clock's, not the source's: SET timestamp = DEFAULT behind the rows" {
    sql source "SET timestamp = 1500000000; INSERT INTO d.ledger VALUES ('old', 'times')"
    replay
    [ "$(sql target 'SELECT ABS(TIMESTAMPDIFF(SECOND, updated, NOW())) < 60 FROM ccr.position_j')" -eq 1 ]
}

# As a server killed in the midst of a CREATE may leave it; the failpoints of the way out are passed here.
@test "InnoDB's parts of a table without its definition are cleared away, also by runs that are killed" {
    local point

    sql source "CREATE TABLE d.\`half-made\` (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2;
        INSERT INTO d.\`half-made\` VALUES (1), (2)"
    ship
    status=0
    killed_at ddl-after || status=$?
    [ "$status" -eq 137 ]
    server_stop target
    rm "$T"/target/data/d/half@002dmade.*
    target_start
    # it is in the way of any CREATE
    run sql target "CREATE TABLE d.\`half-made\` (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2"
    [ "$status" -ne 0 ]
    [[ $output == *1050* ]]
    for point in debris-before debris-after; do
        status=0
        killed_at "$point" || status=$?
        [ "$status" -eq 137 ]
    done
    apply
    same d
}

@test "a sequence without its row is cleared away as well" {
    sql source "CREATE SEQUENCE d.half; DO NEXTVAL(d.half)"
    ship
    status=0
    killed_at ddl-after || status=$?
    [ "$status" -eq 137 ]
    server_stop target
    cp "$T/target/data/d/half.frm" "$T/half.frm"
    target_start
    sql target "DROP SEQUENCE d.half; CREATE TABLE d.half (next_not_cached_value BIGINT NOT NULL, minimum_value BIGINT NOT NULL,
        maximum_value BIGINT NOT NULL, start_value BIGINT NOT NULL, increment BIGINT NOT NULL, cache_size BIGINT UNSIGNED NOT NULL,
        cycle_option TINYINT(1) UNSIGNED NOT NULL, cycle_count BIGINT NOT NULL) ENGINE = InnoDB"
    server_stop target
    cp "$T/half.frm" "$T/target/data/d/half.frm"
    target_start
    run sql target "SHOW CREATE TABLE d.half"
    [[ $output == *1032* ]]
    apply
    same d
}
