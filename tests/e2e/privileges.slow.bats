# The README's GRANT statements are enough, and none of them is too much: without any one of them a whole cycle
# fails with a message, and copies nothing incomplete in silence.

bats_require_minimum_version 1.5.0
load ../lib/common

setup_file() {
    server_start source
    # a target with everything that asks for a privilege: its own binlog, read_only
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON --read-only=ON
    server_grant source source
    server_grant target target
    sql target "CREATE USER owner@localhost; GRANT ALL ON *.* TO owner@localhost"
    sql_client source <<'SQL'
CREATE USER owner@localhost;
GRANT ALL ON *.* TO owner@localhost;
CREATE DATABASE shop;
USE shop;
CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20));
CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parent (id));
INSERT INTO parent (v) SELECT seq FROM seq_1_to_100;
INSERT INTO child SELECT seq, seq FROM seq_1_to_50;
CREATE SEQUENCE numbers;
CREATE TABLE old (id INT PRIMARY KEY) ENGINE = MyISAM;
INSERT INTO old VALUES (1);
CREATE DEFINER = owner@localhost VIEW seen AS SELECT id FROM parent;
CREATE DEFINER = owner@localhost TRIGGER marked BEFORE INSERT ON parent FOR EACH ROW SET NEW.v = CONCAT(NEW.v, '!');
CREATE DEFINER = owner@localhost FUNCTION half(n INT) RETURNS INT DETERMINISTIC RETURN n DIV 2;
CREATE DEFINER = owner@localhost PROCEDURE nothing() SELECT 1;
CREATE DEFINER = owner@localhost FUNCTION third(n INT) RETURNS INT DETERMINISTIC SQL SECURITY INVOKER RETURN n DIV 3;
CREATE DEFINER = owner@localhost SQL SECURITY INVOKER VIEW kids AS SELECT id, parent FROM child;
CREATE DEFINER = owner@localhost VIEW halves AS SELECT half(id) AS h FROM seen;
CREATE DEFINER = owner@localhost EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO SELECT 1;
SQL
}

setup() {
    changes=0
    target_anew
}

# As if it had never seen ccr; whoever creates a routine would be granted it (automatic_sp_privileges), even beyond
# its end.
target_anew() {
    sql target "DROP DATABASE IF EXISTS shop; DROP DATABASE IF EXISTS plain; DROP DATABASE IF EXISTS ccr;
        SET GLOBAL automatic_sp_privileges = OFF; DELETE FROM mysql.procs_priv; FLUSH PRIVILEGES"
}

change() {
    changes=$((changes + 1))
    sql_client source shop >/dev/null <<SQL
INSERT INTO parent (v) VALUES ('change $changes');
UPDATE child SET parent = 2 WHERE id = $changes;
DELETE FROM child WHERE id = $((50 - changes));
SELECT NEXT VALUE FOR numbers;
SET SESSION binlog_format = STATEMENT;
UPDATE kids SET parent = third(9) WHERE id = 40;
SET SESSION binlog_format = ROW;
CREATE TABLE t$changes (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id));
INSERT INTO t$changes VALUES (1, 1);
ALTER TABLE t$changes ADD INDEX (p, id);
RENAME TABLE t$changes TO u$changes;
CREATE INDEX again ON u$changes (p);
CREATE DEFINER = owner@localhost VIEW v$changes AS SELECT id FROM u$changes;
CREATE DEFINER = owner@localhost PROCEDURE p$changes() SELECT 1;
ALTER PROCEDURE p$changes COMMENT 'x';
CREATE DEFINER = owner@localhost EVENT e$changes ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO SELECT 1;
DROP EVENT e$changes;
DROP VIEW v$changes;
DROP PROCEDURE p$changes;
DROP TABLE u$changes;
SQL
}

# Everything that the four binaries do, step by step; the first failure ends it.
cycle() {
    store_use "store-$RANDOM$RANDOM"
    ccr backup source --quiet || return
    ccr restore target --quiet --standalone --rename-db shop:plain || return
    ccr restore target --quiet --job j || return
    change
    ccr ship source --quiet || return
    ccr apply target --quiet --job j || return
    ccr backup source --quiet || return
    ccr restore target --quiet --job j || return
}

privileges() {
    readme_grants "$1" | tr '\n' ' ' | sed 's/.*GRANT \(.*\) ON \*\.\* *TO.*/\1/; s/, */\n/g' | sed 's/^ *//; s/ *$//'
    echo
}

# without SERVER SIDE PRIVILEGE EXPECTED-CODES
without() {
    sql "$1" "REVOKE $2 ON *.* FROM ccr@localhost"
    run cycle
    sql "$1" "GRANT $2 ON *.* TO ccr@localhost"
    echo "without $2: status $status, $(grep -m 1 error: <<<"$output")"
    [[ " $3 " == *" $status "* ]]
}

@test "with all of them, a whole cycle works" {
    cycle
    same_tables source target shop
    same_schema --followed source target shop
}

@test "without any one of the source's privileges the run fails on the source's side" {
    local privilege failed=
    while read -r privilege; do
        target_anew
        # only for a source so busy that its commits must be held for a moment: not to be had at will
        [ "$privilege" != RELOAD ] || continue
        # without it ccr-ship does not tell how far a source that is a replica is behind (tests/jobs/switches.slow.bats)
        [ "$privilege" != "REPLICA MONITOR" ] || continue
        without source "$privilege" "5 9" || failed+="$privilege; "
    done < <(privileges source)
    [ -z "$failed" ] || { echo "not needed, or not noticed: $failed"; return 1; }
}

@test "without any one of the target's privileges the run fails on the target's side" {
    local privilege failed=
    while read -r privilege; do
        target_anew
        # without it ccr-apply only says that it does not know what others write (tests/jobs/protect.bats)
        [ "$privilege" != "REPLICATION SLAVE" ] || continue
        without target "$privilege" "6 9" || failed+="$privilege; "
    done < <(privileges target)
    [ -z "$failed" ] || { echo "not needed, or not noticed: $failed"; return 1; }
}
