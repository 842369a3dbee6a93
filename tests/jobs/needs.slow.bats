# What the log alone cannot bring to single tables: each case is a need of exactly these tables, and the others go on.

bats_require_minimum_version 1.5.0
load ../lib/common
load needs

setup_file() {
    mkdir -p "$XDG_STATE_HOME"
    follow_servers
    sql source "CREATE DATABASE d; CREATE DATABASE other; CREATE TABLE d.t (id INT PRIMARY KEY, v INT); INSERT INTO d.t SELECT seq, 0 FROM d.seq_1_to_100; CREATE TABLE d.a (id INT PRIMARY KEY, n INT) ENGINE=MyISAM; CREATE TABLE d.b (id INT PRIMARY KEY, n INT) ENGINE=Aria TRANSACTIONAL=0; CREATE TABLE d.c LIKE d.a;
        CREATE TABLE d.m (id INT PRIMARY KEY, n INT) ENGINE=MEMORY; INSERT INTO d.a VALUES (1, 1), (2, 2); INSERT INTO d.b SELECT * FROM d.a; INSERT INTO d.c SELECT * FROM d.a; INSERT INTO d.m SELECT * FROM d.a"
    follow_start --databases d
}

# killed FAILPOINT: a run of ccr-apply that ends there.
killed() {
    ship
    CCR_FAILPOINT=$1 run apply
    [ "$status" -eq 137 ]
}

needs_are() {
    [ "$(sql target "SELECT GROUP_CONCAT(kind, ' ', db, '.', name ORDER BY name SEPARATOR ',') FROM ccr.needs WHERE job = 'j'")" = "$1" ] ||
        { sql target "SELECT * FROM ccr.needs"; return 1; }
}

# narrow "d.a d.b" TEXT...: the run needs these tables and no others, shows why, and follows again when they are brought in.
narrow() {
    local tables=$1 reason

    shift
    ship
    run ccr apply target --job j
    fails 8 "$@"
    needs_are "partial ${tables// /,partial }"
    reason=$(sql target "SELECT DISTINCT reason FROM ccr.needs WHERE job = 'j'")
    [[ $reason == *"$1"* ]]
    # another run comes to the same, and does not count as a failure of its own
    run ccr apply target --job j
    fails 8 "$@"
    [ "$(status_of j '"\(.state) \(.failures) \(.tables_behind | map("\(.db).\(.name)") | join(" "))"')" = "following 1 $tables" ]
    run ccr status target --job j
    fails 0 "${tables%% *} needs a copy since"
    answer
    sql source "UPDATE d.t SET v = v + 1 WHERE id = 7"
    ship
    requested
    [ "$(json_of '"\(.partial) \(.copies) \(.tables)"')" = "true 1 $(wc -w <<<"$tables")" ]
    [[ $(sql target "SELECT reason FROM ccr.history WHERE job = 'j' ORDER BY id DESC LIMIT 1") == "needed since 0-101-"*"$1"* ]]
    no_requests
    apply
    needs_are NULL
    same d
}

@test "killed within tables without transactions: just those of the transaction are needed, whatever else it did is done once" {
    # two tables and one with transactions, by one statement
    sql source "UPDATE d.a, d.b, d.t SET a.n = a.n + 1, b.n = b.n + 1, t.v = t.v + 1 WHERE a.id = b.id AND t.id = a.id"
    killed commit-before:2
    [ "$(sql target "SELECT n FROM d.a WHERE id = 1")" -eq 2 ]
    narrow "d.a d.b" "applied transaction 0-101-" "d.a,d.b, which have no transactions"
    # the intent of a run with lanes, and a table that is gone with every restart
    sql source "INSERT INTO d.t VALUES (1001, 0); INSERT INTO d.m VALUES (3, 3); INSERT INTO d.t VALUES (1002, 0)"
    ship
    CCR_FAILPOINT=intent-after run apply --lanes 2
    [ "$status" -eq 137 ]
    narrow "d.m" "d.m, which has no transactions"
    # a table that the transaction makes, its rows logged
    sql source "CREATE TABLE d.made ENGINE=MyISAM SELECT * FROM d.a"
    killed commit-before:4
    [ "$(sql target "SELECT COUNT(*) FROM d.made")" -eq 2 ]
    narrow "d.made" "d.made, which has no transactions"
}

@test "a half done statement: what it writes is needed" {
    sql_client source d <<<"SET SESSION binlog_format = STATEMENT; INSERT INTO d.c SELECT id + 10, n FROM d.a"
    killed dml-after
    narrow "d.c" "d.c, which has no transactions"
}

@test "a copy by hand settles it with all that is needed, and with no less; a kill before the swap forgets nothing" {
    sql source "UPDATE d.a, d.b SET a.n = a.n + 1, b.n = b.n + 1 WHERE a.id = b.id"
    ccr backup source --quiet --reason "from behind it"
    killed commit-before:2
    run ccr restore target --job j --tables d.a
    fails 9 "ccr-apply was stopped in the midst of transaction 0-101-" "ccr-apply tells which" d.b d.c d.m
    run apply
    fails 8 "d.a,d.b, which have no transactions"
    run ccr restore target --job j --tables d.a
    fails 9 "ccr-apply was stopped in the midst of transaction 0-101-" "name these with --tables too: d.b"
    CCR_FAILPOINT=announce-before run ccr restore target --job j --tables d.a,d.b
    [ "$status" -eq 137 ]
    run apply
    fails 8 "are behind"
    ccr restore target --job j --tables d.a,d.b --quiet
    apply
    needs_are NULL
    same d
}

@test "a statement of which it cannot be told what became of it: its tables are needed" {
    # two names without ids change places
    sql source "RENAME TABLE d.a TO d.aside, d.b TO d.a, d.aside TO d.b"
    killed ddl-before
    narrow "d.a d.b" "what became of it cannot be told" "RENAME TABLE d.a TO d.aside"
    # a table that the target's server lost
    sql source "CREATE TABLE d.lost (id INT PRIMARY KEY); INSERT INTO d.lost VALUES (1)"
    replay
    sql source "ALTER TABLE d.lost ADD n INT DEFAULT 5; INSERT INTO d.t VALUES (1003, 0)"
    killed ddl-before
    sql target "DROP TABLE d.lost"
    narrow "d.lost" "what became of it cannot be told" "ALTER TABLE d.lost"
}

# A statement that must not run on the target, in the source's session of that format.
statement() {
    sql_client source d <<<"SET SESSION binlog_format = STATEMENT; $1"
}

@test "a statement on a table with triggers: what it and they write is needed, as far as their definitions tell" {
    sql_client source d <<'SQL'
CREATE TABLE watched (id INT PRIMARY KEY, n INT); CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, n INT, at DATETIME); CREATE TABLE total (n INT PRIMARY KEY);
CREATE TABLE bystander (id INT PRIMARY KEY, n INT); INSERT INTO bystander VALUES (1, 1); INSERT INTO total VALUES (0);
CREATE VIEW window AS SELECT id, n FROM watched;
DELIMITER //
CREATE PROCEDURE add_up (x INT) UPDATE total SET n = n + x//
CREATE TRIGGER watched_insert AFTER INSERT ON watched FOR EACH ROW
BEGIN
    DECLARE more INT DEFAULT (SELECT MAX(n) FROM bystander);
    INSERT INTO audit (n, at) VALUES (NEW.n + more, NOW());
END//
CREATE TRIGGER audit_insert BEFORE INSERT ON audit FOR EACH ROW CALL add_up(NEW.n)//
SQL
    replay
    statement "INSERT INTO window SELECT id + 10, n FROM bystander"
    narrow "d.audit d.total d.watched" "table watched has triggers" "INSERT INTO window"
    [ "$(sql target "SELECT n FROM d.total")" -eq 2 ]
    # what is written by the statement beside it; what differs elsewhere; and a table made from such
    statement "UPDATE bystander JOIN c USING (id) SET bystander.n = UUID_SHORT() % 100"
    narrow "d.bystander d.c" "UUID_SHORT gives another result"
    statement "CREATE TABLE mine SELECT id, UUID() AS u FROM bystander"
    narrow "d.mine" "UUID gives another result"
}

@test "a statement that writes only what the job does not follow is passed, whatever it reads" {
    sql source "CREATE TABLE other.t (id INT PRIMARY KEY, v INT)"
    statement "INSERT INTO other.t SELECT * FROM d.t; CREATE TABLE other.u SELECT * FROM d.t"
    ship
    run apply
    fails 0
    statement "INSERT INTO d.t SELECT id + 5000, v FROM other.t"
    narrow "d.t" "touches what the job follows and what it does not (other.t)"
}

@test "a job of single tables follows no routines: the server's own functions are known, others leave open what is changed" {
    sql_client source d <<'SQL'
CREATE TABLE watched2 (id INT PRIMARY KEY); CREATE TABLE audit2 (id INT PRIMARY KEY, at DATETIME); CREATE FUNCTION twice (x INT) RETURNS INT DETERMINISTIC RETURN 2 * x;
CREATE TRIGGER watched2_insert BEFORE INSERT ON watched2 FOR EACH ROW INSERT INTO audit2 VALUES (GREATEST(NEW.id, 1), NOW());
SQL
    ccr backup source --quiet
    ccr restore target --job k --tables d.watched2,d.audit2 --rename-db d:k --quiet
    statement "INSERT INTO watched2 VALUES (1)"
    ship
    run ccr apply target --job k
    fails 8 "table watched2 has triggers"
    [ "$(sql target "SELECT GROUP_CONCAT(kind, name ORDER BY name) FROM ccr.needs WHERE job = 'k'")" = partialaudit2,partialwatched2 ]
    sql source "CREATE OR REPLACE TRIGGER d.watched2_insert BEFORE INSERT ON d.watched2 FOR EACH ROW INSERT INTO d.audit2 VALUES (d.twice(NEW.id), NOW())"
    ccr backup source --quiet
    ccr restore target --job k --quiet
    statement "INSERT INTO watched2 VALUES (2)"
    ship
    run ccr apply target --job k
    fails 8 "table watched2 has triggers"
    [ "$(sql target "SELECT GROUP_CONCAT(kind, name) FROM ccr.needs WHERE job = 'k'")" = full ]
    job desync --job k --yes --quiet
    ccr backup source --quiet
    ccr restore target --job j --quiet
    apply
    same d
}

@test "a trigger that is made on a table that is behind: what it does to others is not lost" {
    sql source "CREATE TABLE other.slow (id INT PRIMARY KEY, n INT); RENAME TABLE other.slow TO d.slow"
    ship
    run ccr apply target --job j --on-need pass
    fails 8 "are behind"
    sql source "CREATE TRIGGER d.slow_insert AFTER INSERT ON d.slow FOR EACH ROW UPDATE d.t SET v = v + NEW.n"
    statement "INSERT INTO slow VALUES (1, 5)"
    ship
    run ccr apply target --job j
    fails 8 "table slow, which is behind, has triggers that change others"
    needs_are "behind d.slow,partial d.t"
    answer
    requested
    apply
    needs_are NULL
    same d
}

@test "where it cannot be told what a trigger writes, the whole job is needed" {
    sql_client source d <<'SQL'
CREATE TABLE hidden (id INT PRIMARY KEY);
CREATE PROCEDURE other.secret (x INT) INSERT INTO d.t VALUES (x + 9000, x);
CREATE TRIGGER hidden_insert AFTER INSERT ON hidden FOR EACH ROW CALL other.secret(NEW.id);
SQL
    replay
    statement "INSERT INTO hidden VALUES (1)"
    ship
    run ccr apply target --job j
    fails 8 "table hidden has triggers"
    needs_are "full ."
    answer
    requested
    [ "$(json_of '"\(.partial) \(.copies)"')" = "false 1" ]
    apply
    same d
}

@test "on-need = pass: the same run goes on, with several lanes too; a half done transaction is no obstacle" {
    local pid lanes

    for lanes in 1 3; do
        sql source "UPDATE d.a, d.b, d.t SET a.n = a.n + 1, b.n = b.n + 1, t.v = t.v + 1 WHERE a.id = b.id AND t.id = a.id"
        killed commit-before:2
        sql source "CREATE TABLE other.late$lanes (id INT PRIMARY KEY, v INT); INSERT INTO other.late$lanes VALUES (1, 1); RENAME TABLE other.late$lanes TO d.late$lanes;
            INSERT INTO d.late$lanes VALUES (2, 2); UPDATE d.t SET v = v + 1; UPDATE d.a SET n = n + 1"
        ship
        run ccr apply target --job j --on-need pass --lanes "$lanes"
        fails 8 "the job goes on without what it needs" "tables of job j are behind" "d.late$lanes"
        needs_are "behind d.a,behind d.b,behind d.late$lanes"
        [ "$(sql target "SELECT pos FROM ccr.position_j")" = "$(sql source "SELECT @@gtid_binlog_pos")" ]
        [ "$(sql source "CHECKSUM TABLE d.t, d.c")" = "$(sql target "CHECKSUM TABLE d.t, d.c")" ]
        [ "$(requests j '[.[] | .scope.include.tables | length] | add')" -eq 3 ]
        [ "$(sql target "SELECT COUNT(*) FROM ccr.history WHERE what = 'going on without d.late$lanes'")" -eq 1 ]
        answer
        requested
        no_requests
        apply
        needs_are NULL
        same d
    done
}

@test "on-need = pass with --follow: the copy is asked for at once, and the run goes on" {
    local pid

    sql source "CREATE TABLE other.soon (id INT PRIMARY KEY); RENAME TABLE other.soon TO d.soon"
    ship
    "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --on-need pass --follow --poll 1s >"$T/follow.log" 2>&1 3>&- &
    pid=$!
    wait_until 20 asked_for
    sql source "INSERT INTO d.t VALUES (7001, 0)"
    ship
    wait_until 20 went_on
    kill "$pid"
    wait "$pid" || :
    answer
    requested
    apply
    same d
}

asked_for() {
    [ "$(requests j length)" -eq 1 ]
}

went_on() {
    [ "$(sql target "SELECT COUNT(*) FROM d.t WHERE id = 7001")" -eq 1 ]
}

@test "a table that keys with CASCADE join with others is needed together with them" {
    sql source "CREATE TABLE d.parent (id INT PRIMARY KEY, grand INT); CREATE TABLE d.child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES d.parent (id) ON DELETE CASCADE);
        CREATE TABLE d.calm (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES d.parent (id)); INSERT INTO d.parent VALUES (1, 1), (2, 2); INSERT INTO d.child VALUES (1, 1), (2, 2)"
    replay
    sql source "SET foreign_key_checks = 0; ALTER TABLE d.child ADD u CHAR(36) DEFAULT (UUID())"
    narrow "d.child d.parent" "not in the log"
    sql source "DELETE FROM d.parent WHERE id = 1"
    replay
    same d
}
