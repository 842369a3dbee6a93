# shellcheck shell=bash
# ccr-apply killed at every passing of a failpoint (load follow, then this).
#
#   failpoints_schema        what the histories change, on the source
#   history NAME             statements of every kind, each between rows that would tell of a second time; NAME makes names differ
#   killed_at POINT[:NTH]    a run that dies there; its status is that of the run
#   kill_everywhere POINT    runs killed at each passing of a point, until one comes to the end
#   every_failpoint          that, for each point that a run of a history passes, with a history of its own; fails where one of
#                            the replay's is never passed
#   nothing_twice            what the rows tell

# Behind these a run that is killed is where it was before; the others come with what stays.
PER_RUN='^(claim|status|dml)-'

# Rows go to tables without keys, where a second time shows. (A Galera node wants sequences without a cache.)
failpoints_schema() {
    sql source "CREATE DATABASE d; USE d; CREATE TABLE ledger (at VARCHAR(20), what VARCHAR(40)); CREATE TABLE counter (n INT);
        INSERT INTO counter VALUES (0); CREATE SEQUENCE s NOCACHE"
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
ALTER SEQUENCE s NOCACHE INCREMENT BY 3;
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
        [ "$status" -ne 75 ] || continue # the server still works on what the killed run had begun
        [ "$status" -ne 0 ] || break
        [ "$status" -eq 137 ] || { echo "$name:$nth: status $status"; cat "$T/killed.log"; return 1; }
        kills=$((kills + 1))
        [ "$kills" -lt 300 ] || return 1
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
    [ "$(sql target 'SELECT COUNT(*) FROM d.ledger')" = "$(sql target 'SELECT COUNT(DISTINCT at, what) FROM d.ledger')" ] &&
        [ "$(sql target 'SELECT n FROM d.counter')" = "$(sql source 'SELECT n FROM d.counter')" ]
}

every_failpoint() {
    local name

    history h0 | sql_client source d
    ship
    rm -f "$T/passed"
    CCR_FAILPOINT_LOG=$T/passed apply
    # none is forgotten: those of the replay, but for the one that a killed server needs
    grep -rhoE 'failpoint\("[a-z-]+"\)' "$CCR_ROOT/lib/replay" | grep -oE '[a-z]+-[a-z-]+' | grep -v '^debris-' | sort -u >"$T/known"
    sort -u "$T/passed" | grep -v '^statement$' >"$T/names"
    diff "$T/known" "$T/names" || return 1
    while read -r name; do
        history "${name//-/_}" | sql_client source d
        ship
        kill_everywhere "$name" || return 1
    done <"$T/names"
    same d && nothing_twice && [ "$(sql target "SELECT COUNT(*) FROM ccr.kept")" -eq 0 ]
}
