# ccr-promote: a followed target becomes a server of its own: the log's rest, triggers, events, counters, and what may be lost.

load ../lib/common
load ../apply/follow
export PROTECT=detect

setup_file() {
    mkdir -p "$XDG_STATE_HOME"
    follow_servers --event-scheduler=ON
    sql source "CREATE DATABASE d; USE d;
        CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT) AUTO_INCREMENT = 500;
        CREATE TABLE seen (n INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(40));
        CREATE TABLE ticks (id INT);
        CREATE SEQUENCE s;
        CREATE TABLE q (id BIGINT DEFAULT (NEXTVAL(s)) PRIMARY KEY, v INT);
        INSERT INTO t (id, v) SELECT seq, 0 FROM seq_1_to_100; INSERT INTO q (v) VALUES (1), (2);
        CREATE TRIGGER second AFTER INSERT ON t FOR EACH ROW INSERT INTO seen (what) VALUES ('second');
        CREATE TRIGGER first AFTER INSERT ON t FOR EACH ROW PRECEDES second INSERT INTO seen (what) VALUES (CONCAT('first ', @@sql_mode LIKE '%ANSI%'));
        CREATE USER ghost@localhost; GRANT ALL ON d.* TO ghost@localhost;
        CREATE DEFINER = ghost@localhost VIEW shown AS SELECT id FROM t;
        CREATE DEFINER = ghost@localhost SQL SECURITY INVOKER VIEW invoked AS SELECT id FROM t;
        CREATE DEFINER = ghost@localhost FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;
        CREATE DEFINER = ghost@localhost EVENT haunts ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM ticks WHERE id < 0;
        CREATE DEFINER = ghost@localhost TRIGGER g BEFORE INSERT ON q FOR EACH ROW SET NEW.v = NEW.v;
        CREATE EVENT often ON SCHEDULE EVERY 1 SECOND DO INSERT INTO ticks SELECT 1 FROM (SELECT 1) x WHERE @@server_id = 102;
        CREATE EVENT off ON SCHEDULE EVERY 1 SECOND DISABLE DO INSERT INTO seen (what) VALUES ('off')"
    sql target "CREATE USER ghost@localhost; GRANT ALL ON d.* TO ghost@localhost"
    follow_start
    sql source "SET sql_mode = 'ANSI'; USE d; CREATE TRIGGER third BEFORE DELETE ON t FOR EACH ROW FOLLOWS nobody SET @x = 1" && return 1
    sql source "SET sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES', time_zone = '+03:00'; USE d;
        CREATE TRIGGER \"third\" AFTER INSERT ON t FOR EACH ROW INSERT INTO seen (what) VALUES (CONCAT('third \\', @@sql_mode LIKE '%ANSI%'));
        CREATE DEFINER = root@localhost EVENT late ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ON COMPLETION PRESERVE DO DELETE FROM d.seen WHERE n < 0"
}

promote() {
    ccr promote target --job j "$@"
}

@test "usage" {
    run promote --accept-loss everything
    fails 2 "'everything' is not known" "xa, tables, half-done and unshipped"
    run ccr promote target --job nobody
    fails 6 "the target has no job 'nobody'"
    run ccr promote target
    fails 2 "--job is missing"
}

@test "without --yes it says what it would do, and changes nothing" {
    sql source "INSERT INTO d.t (v) VALUES (1)"
    ship
    run promote
    fails 0 "the target has everything up to 0-101-" "transactions of the stored log are not applied" "last seen at 20" \
        "trigger d.first of table t" "event d.often: ENABLED" "event d.off: DISABLED" "would be promoted, after the rest of the log is applied"
    run promote --json
    [ "$(json_of '"\(.changed) \(.state) \(.loss.known) \(.loss.not_applied > 0) \(.kept | length)"')" = "false following false true 6" ]
    [ "$(sql target "SHOW TRIGGERS FROM d" | wc -l)" -eq 0 ]
}

locked() {
    [ "$(sql target "SELECT IS_USED_LOCK('ccr job j') IS NOT NULL")" -eq 1 ]
}

@test "at three in the morning: each failure says what it is, and what to do" {
    run "$CCR_BIN/ccr-promote" --store "$STORE" --socket "$T/nowhere" --defaults-file "$T/target/ccr.cnf" --job j --yes
    fails 6 "target: connecting" "is the server up"
    printf '[client]\nuser = ccr\npassword = wrong\n' >"$T/wrong.cnf"
    chmod 600 "$T/wrong.cnf"
    run "$CCR_BIN/ccr-promote" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/wrong.cnf" --job j --yes
    fails 6 "Access denied"
    run "$CCR_BIN/ccr-promote" --store "file://$T/gone" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --yes
    fails 4 "--without-store"
    sql target "SELECT GET_LOCK('ccr job j', 0), SLEEP(60)" >/dev/null 2>&1 3>&- &
    wait_until 10 locked
    run promote --yes
    fails 75 "ccr-job pause --job j"
    sql target "KILL $(sql target "SELECT IS_USED_LOCK('ccr job j')")"
    # a definer, which a view that runs with its invoker's rights does not need
    sql target "DROP USER ghost@localhost"
    run promote
    fails 0 "trigger d.g is defined by ghost@localhost, which does not exist on the target" "(error 1449)" \
        "event d.haunts is defined by ghost@localhost" "view d.shown is defined by ghost@localhost" \
        "function d.f is defined by ghost@localhost"
    [[ "$output" != *"d.invoked"* ]]
    sql target "CREATE USER ghost@localhost; GRANT ALL ON d.* TO ghost@localhost"
    [ "$(sql target "SELECT COUNT(*) FROM ccr.states WHERE state LIKE 'promot%'")" -eq 0 ]
}

@test "what would be lost is refused, until a word accepts it" {
    sql target "CREATE TRIGGER d.second AFTER INSERT ON d.seen FOR EACH ROW SET @x = 1"
    run promote --yes
    fails 9 "trigger d.second exists on the target"
    sql target "DROP TRIGGER d.second"
    sql target "INSERT INTO ccr.needs (job, kind, db, name, gtid, reason) VALUES ('j', 'behind', 'd', 'gone', '', 'a test')"
    run promote --yes --now
    fails 9 "need another copy" "d.gone" "--accept-loss tables"
    sql target "DELETE FROM ccr.needs"
    sql source "XA START 'a'; INSERT INTO d.t (v) VALUES (77); XA END 'a'; XA PREPARE 'a'"
    ship
    run promote --yes
    fails 9 "XA transactions are prepared" "--accept-loss xa"
    sql source "XA COMMIT 'a'"
    ship
}

@test "promoted: the log's rest, triggers in their order, events, counters above everything" {
    # an UPDATE does not raise the counter; and what a killed run leaves is no one's concern
    sql source "UPDATE d.t SET id = 9000 WHERE id = 3; UPDATE d.q SET id = 9000 WHERE id = 2"
    ship
    sql target "CREATE DATABASE ccr_stage_j_1"
    run promote --yes --reason "the source's hall is dark" --json

    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.changed) \(.state) \(.loss.not_applied) \([.counters[].name] | join(","))"')" = "true promoted 0 q" ]
    same_schema source target d
    [ "$(sql target "SELECT COUNT(*) FROM d.t WHERE v = 77")" -eq 1 ]
    sql target "INSERT INTO d.t (v) VALUES (5)"
    [ "$(sql target "SELECT MAX(id) FROM d.t")" -eq 9001 ]
    sql target "INSERT INTO d.q (v) VALUES (5)"
    [ "$(sql target "SELECT MAX(id) FROM d.q")" -eq 9001 ]
    [ "$(sql target "SELECT what FROM d.seen ORDER BY n" | tail -n 3 | paste -sd ,)" = 'first 0,second,third \\1' ]
    wait_until 20 has_rows "SELECT 1 FROM d.ticks"
    [ -z "$(sql target "SELECT 1 FROM d.seen WHERE what = 'off'")" ]
    [ -z "$(sql target "SHOW DATABASES LIKE 'ccr\\_%'")" ]
    [ ! -e "$STORE_DIR/jobs/j/status.json" ]
}

has_rows() {
    [ -n "$(sql target "$1")" ]
}

@test "afterwards: it is in the history, and nothing is applied or restored any more" {
    run ccr status target --job j
    fails 0 $'job j, stream main: promoted; idle\n' "promoted by ccr-promote (" "the source's hall is dark: the target has everything up to 0-101-"
    run ccr apply target --job j --cron --json
    [ "$(json_of '"\(.code) \(.state) \(.changed)"')" = "0 promoted false" ]
    run ccr apply target --job j
    fails 9 "job j was promoted at 20" "follows nothing any more" "ccr-job desync --job j"
    run ccr restore target --job j
    fails 9 "job j was promoted"
    run "$CCR_BIN/ccr-job" resume --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --reason x
    fails 9 "does not follow any more"
    run promote --yes
    fails 0 "job j is promoted already"
}

@test "it is a source at once: a new stream, with what was written since" {
    sql target "INSERT INTO d.t (v) VALUES (6)"
    server_grant target source
    ccr backup target --stream second --quiet
    sql target "INSERT INTO d.t (v) VALUES (7)"
    ccr ship target --stream second --quiet
    # what was the source has to be copied as a whole, over what it has; and then follows
    server_grant source target
    sql source "SET GLOBAL event_scheduler = OFF, log_bin_trust_function_creators = ON"
    run ccr restore source --stream second --job back --quiet --databases d
    fails 9 "--replace"
    ccr restore source --stream second --job back --quiet --databases d --replace
    [ "$(sql source "SELECT COUNT(*) FROM ccr.history WHERE job = 'back' AND what LIKE 'full copy of snapshot %' AND reason = 'first run'")" -eq 1 ]
    ccr apply source --job back --quiet
    [ "$(sql source "SELECT GROUP_CONCAT(v ORDER BY id DESC) FROM d.t WHERE id > 9000")" = 7,6,5 ]
}
