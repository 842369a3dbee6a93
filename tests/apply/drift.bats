# What the server would not check: a target that is not as ccr left it stops the run, by name, and nothing of
# the transaction that met it is applied.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; CREATE TABLE d.t (a INT, b VARCHAR(20), n INT, PRIMARY KEY (a, b), UNIQUE (n));
        CREATE TABLE d.u (id INT PRIMARY KEY, v VARCHAR(20)); CREATE TABLE d.k (x INT, y VARCHAR(20)) COMMENT 'no key';
        INSERT INTO d.t VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3); INSERT INTO d.u VALUES (1, 'x');
        INSERT INTO d.k VALUES (1, 'a'), (2, 'b')"
    follow_start
}

# The last transaction that the source logged.
last_gtid() {
    sql source 'SELECT @@gtid_binlog_pos'
}

@test "a missing row: table, key and transaction named; what lies before it is applied, the rest is not" {
    local culprit

    sql target "DELETE FROM d.t WHERE a = 2"
    sql source "INSERT INTO d.u VALUES (2, 'before')"
    sql source "START TRANSACTION; INSERT INTO d.u VALUES (3, 'within'); UPDATE d.t SET n = n + 10 ORDER BY n DESC; COMMIT"
    culprit=$(last_gtid)
    sql source "INSERT INTO d.u VALUES (4, 'behind')"
    ship
    run apply
    fails 9 "transaction $culprit" "update of d.t (a=2, b='two')" missing
    [ "$(sql target 'SELECT GROUP_CONCAT(id) FROM d.u')" = 1,2 ]
    [ "$(sql target 'SELECT SUM(n) FROM d.t')" -eq 4 ]
    sql target "INSERT INTO d.t VALUES (2, 'two', 2)"
    apply
    same d
}

@test "a duplicate row, also of a secondary key, also where the source did not check it" {
    sql target "INSERT INTO d.t VALUES (9, 'nine', 90)"
    sql source "SET unique_checks = 0; INSERT INTO d.t VALUES (8, 'eight', 90)"
    ship
    run apply
    fails 9 "transaction $(last_gtid)" "insert of d.t (a=8, b='eight')" 'has such a row' "'90'"
    sql target "DELETE FROM d.t WHERE a = 9"
    apply
    sql target "INSERT INTO d.u VALUES (77, 'mine')"
    sql source "INSERT INTO d.u VALUES (77, 'yours')"
    ship
    run apply
    fails 9 'insert of d.u (id=77)'
    [ "$(sql target 'SELECT v FROM d.u WHERE id = 77')" = mine ]
    sql target "DELETE FROM d.u WHERE id = 77"
    apply
    same d
}

@test "a table without a key: any difference" {
    sql target "UPDATE d.k SET y = 'changed' WHERE x = 1"
    sql source "DELETE FROM d.k WHERE x = 1"
    ship
    run apply
    fails 9 "delete of d.k (x=1, y='a')" missing
    sql target "UPDATE d.k SET y = 'a' WHERE x = 1"
    apply
    same d
}

# For another row of the source's d.u.
new_id() {
    echo $(($(sql source "SELECT COALESCE(MAX(id), 0) FROM d.u") + 1000))
}

# altered CHANGE BACK TEXT...: the target's d.u is changed; a row of the source stops the run, with these texts.
altered() {
    local change=$1 back=$2 before

    shift 2
    sql target "ALTER TABLE d.u $change"
    before=$(sql target 'SELECT COUNT(*) FROM d.u')
    sql source "INSERT INTO d.u VALUES ($(new_id), 'x')"
    ship
    run apply
    fails 9 d.u "$@" || return 1
    [ "$(sql target 'SELECT COUNT(*) FROM d.u')" -eq "$before" ] || return 1
    sql target "ALTER TABLE d.u $back"
    apply
}

@test "a definition changed on the target: any change, down to a comment" {
    altered "ADD extra INT" "DROP extra" definition
    altered "MODIFY v VARCHAR(21)" "MODIFY v VARCHAR(20)" definition
    altered "MODIFY id INT UNSIGNED" "MODIFY id INT" definition
    altered "COMMENT = 'mine'" "COMMENT = ''" definition
    altered "ADD UNIQUE mine (v, id)" "DROP KEY mine" definition
    altered "ADD KEY mine (v)" "DROP KEY mine" definition
    same d
}

# silently CHANGE TEXT...: the source's d.u is changed without a trace in its log; its next row stops the run.
silently() {
    local change=$1

    shift
    sql source "SET sql_log_bin = 0; DELETE FROM d.u; ALTER TABLE d.u $change"
    sql source "INSERT INTO d.u (id) VALUES ($(new_id))"
    ship
    run apply
    fails 9 "$@" || return 1
    follow_start --replace
}

@test "a source whose tables were changed outside the log is caught by the shape of its table maps" {
    silently "MODIFY v VARCHAR(21)" 'table d.u: column 2 (v) is VARCHAR of 84 bytes on the source and VARCHAR of 80 bytes on the target'
    silently "MODIFY v VARCHAR(21) NOT NULL DEFAULT ''" 'VARCHAR of 84 bytes NOT NULL on the source'
    silently "MODIFY v TEXT" 'BLOB or TEXT'
    silently "ADD w DECIMAL(10,2)" 'd.u has 3 columns on the source and 2 on the target'
    silently "MODIFY w DECIMAL(10,3)" 'DECIMAL(10,3) on the source and DECIMAL(10,2)'
    silently "ADD UNIQUE hidden (v)" 'd.u has 4 columns on the source and 3'
    silently "DROP w, DROP KEY hidden, MODIFY v VARCHAR(20)" 'd.u has 2 columns'
    same d
}

@test "a table that the job did not make" {
    sql target "DELETE FROM ccr.tables WHERE name = 'u'"
    sql source "INSERT INTO d.u VALUES (500, 'x')"
    ship
    run apply
    fails 9 d.u 'not made by job j'
    follow_start --replace
    same d
}

@test "a dropped table, and one dropped before DDL" {
    sql target "RENAME TABLE d.k TO d.away"
    sql source "INSERT INTO d.k VALUES (5, 'e')"
    ship
    run apply
    fails 9 'd.k does not exist on the target'
    sql target "RENAME TABLE d.away TO d.k"
    apply
    sql target "ALTER TABLE d.k ADD z INT"
    sql source "ALTER TABLE d.k ADD w INT"
    ship
    run apply
    fails 9 'definition of table d.k'
    sql target "ALTER TABLE d.k DROP z"
    apply
    sql target "DROP TABLE d.k"
    sql source "INSERT INTO d.k (x, y) VALUES (6, 'f')"
    ship
    run apply
    fails 9 'd.k does not exist on the target' 'ccr-job resync --tables d.k --reason TEXT'
    "$CCR_BIN/ccr-job" resync --job j --tables d.k --reason "as the hint says" --store "$STORE" --socket "$T/target/sock" \
        --defaults-file "$T/target/ccr.cnf" --quiet 3>&-
    ccr backup source --requested --quiet
    ccr restore target --job j --requested --quiet
    apply
    same d
}

@test "server settings under which rows would be applied otherwise" {
    local setting

    for setting in "slave_exec_mode='IDEMPOTENT'" "slave_run_triggers_for_rbr='YES'" "slave_type_conversions='ALL_LOSSY'"; do
        sql target "SET GLOBAL $setting"
        run apply
        sql target "SET GLOBAL slave_exec_mode = 'STRICT', slave_run_triggers_for_rbr = 'NO', slave_type_conversions = ''"
        fails 9 "${setting%%=*}" 'SET GLOBAL'
    done
    apply
}

@test "a trigger on the target does not run" {
    sql target "CREATE TRIGGER d.extra AFTER INSERT ON d.u FOR EACH ROW INSERT INTO d.k (x) VALUES (99)"
    sql source "INSERT INTO d.u VALUES (600, 'x')"
    replay
    sql target "DROP TRIGGER d.extra"
    same d
}

@test "two runs at once: one is locked out" {
    sql source "INSERT INTO d.u SELECT seq, 'many' FROM d.seq_10000_to_14000"
    ship
    sql target "START TRANSACTION; SELECT COUNT(*) FROM d.u WHERE id >= 10000 FOR UPDATE; DO SLEEP(60)" >/dev/null 2>&1 3>&- &
    wait_until 10 locked_by_sleep
    apply --batch-transactions 1 3>&- &
    local first=$!
    wait_until 10 apply_is_connected
    run apply
    fails 75 j
    sql target "KILL CONNECTION $(sql target "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'")"
    wait "$first"
    same d
}

locked_by_sleep() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'")" -eq 1 ]
}

apply_is_connected() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'ccr' AND info LIKE 'BINLOG%'")" -eq 1 ]
}

@test "a cloned target is noticed; a restore settles it" {
    server_stop target
    cp -a "$T/target/data" "$T/clone-data"
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON
    sql source "INSERT INTO d.u VALUES (700, 'a')"
    replay
    sql source "INSERT INTO d.u VALUES (701, 'a')"
    replay
    server_stop target
    rm -rf "$T/target/data"
    mv "$T/clone-data" "$T/target/data"
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON
    run apply
    fails 9 cloned 'ccr-job adopt --job j'
    follow_start --replace
    apply
    same d
}
