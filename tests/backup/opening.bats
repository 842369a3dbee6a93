#!/usr/bin/env bats
# Opening the snapshot: who is refused and why, locks, XA, DDL meanwhile, and whether it still is the same source.

load ../lib/common
load hand_load

setup_file() {
    server_start a
    server_grant a source
    sql a "CREATE DATABASE d; USE d; CREATE TABLE d.big (id INT PRIMARY KEY, t VARCHAR(200));
        INSERT INTO d.big SELECT seq, REPEAT('x', 200) FROM seq_1_to_10000;
        CREATE TABLE d.small (id INT PRIMARY KEY, t VARCHAR(20)); INSERT INTO d.small VALUES (1, 'one'), (2, 'two');
        ANALYZE TABLE d.big, d.small" >/dev/null
}

setup() {
    store_use "store-$BATS_TEST_NUMBER"
    HOLDER=
    BACKUP=
}

teardown() {
    logs_keep
    [ -z "$HOLDER" ] || release || :
    [ -z "$BACKUP" ] || kill -9 "$BACKUP" 2>/dev/null || :
    # whatever happened, nobody may be left with a lock
    sql a "SET lock_wait_timeout = 50; CREATE TABLE d.unlocked (a INT); DROP TABLE d.unlocked"
}

no_snapshot() {
    [ -z "$(find "$STORE_DIR" -name '*.tar.zst' -o -name manifest.json)" ]
}

# hold "STATEMENTS": a session that runs them and stays, until release. Its connection id is in $HOLDER_ID.
hold() {
    rm -f "$T/hold"
    mkfifo "$T/hold"
    mariadb --no-defaults --socket="$(server_socket a)" --user=root -N -B --unbuffered <"$T/hold" >"$T/hold.out" 2>&1 3>&- &
    HOLDER=$!
    exec 7>"$T/hold"
    echo "$1; SELECT CONCAT('id ', CONNECTION_ID());" >&7
    wait_until 10 grep -q '^id ' "$T/hold.out"
    HOLDER_ID=$(sed -n 's/^id //p' "$T/hold.out")
}

release() {
    exec 7>&-
    wait "$HOLDER" || :
    HOLDER=
}

# The backup in the background; its output and status are in $T/backup.out and $T/backup.status.
backup_start() {
    rm -f "$T/backup.status"
    {
        status=0
        ccr backup a "$@" >"$T/backup.out" 2>&1 || status=$?
        echo "$status" >"$T/backup.status"
    } 3>&- 7>&- &
    BACKUP=$!
}

backup_end() {
    wait_until 60 test -s "$T/backup.status"
    BACKUP=
    output=$(cat "$T/backup.out")
    status=$(cat "$T/backup.status")
    echo "$output"
}

is_one() {
    [ "$(sql a "$1")" = 1 ]
}

backup_waits() {
    is_one "SELECT COUNT(*) > 0 FROM information_schema.processlist WHERE user = 'ccr' AND state LIKE 'Waiting for%lock%'"
}

@test "a source without a binlog is refused" {
    server_start nolog --skip-log-bin
    server_grant nolog source
    run ccr backup nolog
    [ "$status" -eq 5 ]
    [[ $output == *"writes no binlog"*"hint: set log_bin"* ]]
    no_snapshot
    server_remove nolog
}

@test "a source that does not log rows gets a warning" {
    sql a "SET GLOBAL binlog_format = MIXED"
    run ccr backup a --databases d
    sql a "SET GLOBAL binlog_format = ROW"
    [ "$status" -eq 0 ]
    [[ $output == *"warning: the source logs in MIXED format"* ]]
}

@test "wrong password and unreachable server" {
    sed 's/^password.*/password = wrong/' "$T/a/ccr.cnf" >"$T/wrong.cnf"
    run ccr backup a --defaults-file "$T/wrong.cnf"
    [ "$status" -eq 5 ]
    [[ $output == *"1045"*"hint: check user and password"* ]]
    run ccr backup a --socket "$T/nothing"
    [ "$status" -eq 5 ]
    [[ $output == *"hint: is the server up"* ]]
    run ccr backup a --defaults-file "$T/nothing.cnf"
    [ "$status" -eq 3 ]
    no_snapshot
}

@test "every missing privilege is told, and gives no snapshot" {
    local missing

    for missing in SELECT 'SHOW VIEW' TRIGGER EVENT PROCESS 'LOCK TABLES' 'BINLOG ADMIN' 'BINLOG MONITOR' 'REPLICATION SLAVE'; do
        sql a "CREATE TABLE IF NOT EXISTS d.nontrans (a INT) ENGINE=MyISAM; REVOKE $missing ON *.* FROM ccr@localhost"
        run ccr backup a --databases d
        echo "$missing: $output"
        [ "$status" -eq 5 ]
        [[ $output == *"$missing"* || $output == *"denied"* ]]
        [[ $output == *"hint: "* ]]
        no_snapshot
        sql a "GRANT $missing ON *.* TO ccr@localhost; DROP TABLE d.nontrans"
    done
}

@test "privileges may come from a role, or from a grant on the database" {
    sql a "CREATE ROLE reader; GRANT SELECT, TRIGGER ON *.* TO reader; GRANT reader TO ccr@localhost;
        SET DEFAULT ROLE reader FOR ccr@localhost; REVOKE TRIGGER, EVENT ON *.* FROM ccr@localhost;
        GRANT EVENT ON \`d%\`.* TO ccr@localhost"
    run ccr backup a --databases d
    sql a "DROP ROLE reader; GRANT TRIGGER, EVENT ON *.* TO ccr@localhost; REVOKE EVENT ON \`d%\`.* FROM ccr@localhost"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "a grant on the database itself hides one on a pattern, and D is not d" {
    sql a "CREATE TRIGGER d.hidden BEFORE DELETE ON d.big FOR EACH ROW SET @hidden = 1; REVOKE TRIGGER ON *.* FROM ccr@localhost;
        GRANT TRIGGER ON \`d%\`.* TO ccr@localhost"
    run ccr backup a --databases d
    echo "$output"
    [ "$status" -eq 0 ]
    sql a "GRANT EVENT ON d.* TO ccr@localhost"
    run ccr backup a --databases d
    echo "$output"
    [ "$status" -eq 5 ]
    [[ $output == *"lacks the privilege TRIGGER on database d"* ]]
    sql a "GRANT TRIGGER ON d.* TO ccr@localhost"
    run ccr backup a --databases d
    echo "$output"
    [ "$status" -eq 0 ]
    sql a "REVOKE TRIGGER ON \`d%\`.* FROM ccr@localhost; REVOKE TRIGGER, EVENT ON d.* FROM ccr@localhost; GRANT TRIGGER ON D.* TO ccr@localhost"
    run ccr backup a --databases d
    sql a "DROP TRIGGER d.hidden; REVOKE TRIGGER ON D.* FROM ccr@localhost; GRANT TRIGGER ON *.* TO ccr@localhost"
    echo "$output"
    [ "$status" -eq 5 ]
    [[ $output == *"lacks the privilege TRIGGER on database d"* ]]
}

@test "a table without transactions is locked, with a limit, and the blocker is named" {
    sql a "CREATE TABLE d.my (a INT) ENGINE=Aria"
    hold "LOCK TABLES d.my WRITE"
    run ccr backup a --databases d --lock-wait 1
    echo "$output"
    release
    [ "$status" -eq 5 ]
    [[ $output == *"waited 1 s (--lock-wait)"*"hint:"*"connection $HOLDER_ID (root@localhost"* ]]
    no_snapshot
    run ccr backup a --databases d
    [ "$status" -eq 0 ]
    [[ $output == *"warning: d.my has an engine without transactions (Aria)"* ]]
    sql a "DROP TABLE d.my"
}

# So many connections that a moment without a commit is hardly ever long enough to open them all; where one was, the
# tests try again.
busy() {
    sql a "CREATE TABLE d.busy (id INT PRIMARY KEY, n INT) ENGINE=InnoDB; INSERT INTO d.busy SELECT seq, 0 FROM d.seq_1_to_8;
        CREATE TABLE d.stop (a INT)"
    sql_client a --delimiter=// -e "CREATE PROCEDURE d.write_on(i INT) WHILE (SELECT COUNT(*) FROM d.stop) = 0 DO
        UPDATE d.busy SET n = n + 1 WHERE id = i; END WHILE"
    for i in 1 2 3 4; do
        sql a "CALL d.write_on($i)" >/dev/null 2>&1 3>&- &
    done
    wait_until 10 is_one "SELECT SUM(n) > 100 FROM d.busy"
}

quiet() {
    sql a "INSERT INTO d.stop VALUES (1)"
    wait_until 10 is_one "SELECT COUNT(*) = 0 FROM information_schema.processlist WHERE info LIKE 'CALL%'"
    sql a "DROP TABLE d.busy, d.stop; DROP PROCEDURE d.write_on"
}

@test "on a busy source commits are held for the moment of opening" {
    busy
    for _ in {1..20}; do
        run ccr backup a --databases d --threads 120 --verbose
        [[ $output != *"holding its commits"* ]] || break
    done
    echo "$output"
    quiet
    [ "$status" -eq 0 ]
    [[ $output == *"holding its commits"* ]] || skip "commits never had to be held here"
}

@test "who keeps commits from being held is named after the lock wait" {
    busy
    hold "BACKUP STAGE START"
    for _ in {1..20}; do
        run ccr backup a --databases d --threads 120 --lock-wait 1
        [ "$status" -eq 0 ] || break
    done
    echo "$output"
    release
    quiet
    # a loaded machine may not get the source busy enough
    [ "$status" -ne 0 ] || skip "commits never had to be held here"
    [ "$status" -eq 5 ]
    [[ $output == *"waited 1 s (--lock-wait): holding commits"*"hint:"*"connection $HOLDER_ID (root@localhost"* ]]
}

@test "a prepared XA transaction is waited for" {
    hold "XA START 'gtrid','bqual',3; INSERT INTO d.small VALUES (3, 'xa'); XA END 'gtrid','bqual',3; XA PREPARE 'gtrid','bqual',3"
    run ccr backup a --databases d --xa-wait 1
    echo "$output"
    [ "$status" -eq 5 ]
    [[ $output == *"1 prepared XA transactions did not end within 1 s (--xa-wait), the first is 'gtrid','bqual',3"*"hint:"* ]]
    no_snapshot
    backup_start --databases d --xa-wait 60
    wait_until 10 is_one "SELECT COUNT(*) >= 2 FROM information_schema.processlist WHERE user = 'ccr'"
    echo "XA COMMIT 'gtrid','bqual',3;" >&7
    backup_end
    release
    [ "$status" -eq 0 ]
    snapshot_open
    [ "$(cat "$T/open/d/small/000001.tsv")" = $'1\tone\n2\ttwo\n3\txa' ]
    sql a "DELETE FROM d.small WHERE id = 3"
}

# The backup stands before the table big when the DDL on small comes.
ddl_meanwhile() {
    hold "LOCK TABLES d.big WRITE"
    backup_start --tables d.big,d.small --threads 1 --lock-wait 60
    wait_until 20 backup_waits
    sql a "SET lock_wait_timeout = 50; $1" d
    release
    backup_end
}

@test "a table that is changed before it was copied fails the run by name" {
    local change

    for change in "ALTER TABLE small ADD COLUMN n INT" "ALTER TABLE small DROP COLUMN t" "ALTER TABLE small FORCE" \
        "DROP TABLE small" "TRUNCATE TABLE small" "ALTER TABLE small RENAME COLUMN t TO u" "RENAME TABLE small TO small2" \
        "ALTER TABLE small MODIFY t VARCHAR(30)" "ALTER TABLE small COMMENT = 'x'" \
        "CREATE TABLE n LIKE small; INSERT INTO n SELECT * FROM small; RENAME TABLE small TO o, n TO small"; do
        sql a "CREATE OR REPLACE TABLE d.small (id INT PRIMARY KEY, t VARCHAR(20)); INSERT INTO d.small VALUES (1, 'one'), (2, 'two');
            DROP TABLE IF EXISTS d.o, d.small2"
        ddl_meanwhile "$change"
        echo "after: $change"
        [ "$status" -eq 5 ]
        [[ $output == *d.small*changed*hint:* ]]
        no_snapshot
    done
    sql a "CREATE OR REPLACE TABLE d.small (id INT PRIMARY KEY, t VARCHAR(20)); INSERT INTO d.small VALUES (1, 'one'), (2, 'two');
        DROP TABLE IF EXISTS d.o, d.small2"
}

@test "a table renamed into place by an older table is not taken for empty" {
    # as online schema changes do it: filled before and after the snapshot, then swapped in
    sql a "CREATE TABLE d.shadow LIKE d.small; INSERT INTO d.shadow SELECT * FROM d.small WHERE id = 1"
    ddl_meanwhile "INSERT INTO shadow SELECT * FROM small WHERE id = 2; RENAME TABLE small TO o, shadow TO small; DROP TABLE o"
    [ "$status" -eq 5 ]
    [[ $output == *d.small*changed*hint:* ]]
    no_snapshot
}

@test "DDL elsewhere does no harm, and is not in the snapshot" {
    ddl_meanwhile "CREATE TABLE newcomer (a INT); CREATE VIEW v AS SELECT * FROM small; CREATE TABLE ccr_drop (a INT);
        CREATE TRIGGER tr BEFORE INSERT ON small FOR EACH ROW SET NEW.id = NEW.id"
    [ "$status" -eq 0 ]
    [ "$(jq -r '[.tables[].name] | join(" ")' "$(snapshot_manifest)")" = "big small" ]
    [ "$(jq '[.objects[] | select(.kind == "view" or .kind == "trigger")] | length' "$(snapshot_manifest)")" = 0 ]
    sql a "DROP TABLE d.newcomer, d.ccr_drop; DROP VIEW d.v; DROP TRIGGER d.tr"
}

@test "DDL while the snapshot is opened: it is opened again, with the new definition" {
    sql a "CREATE TABLE d.my (a INT) ENGINE=MyISAM"
    hold "LOCK TABLES d.my WRITE"
    backup_start --databases d --lock-wait 60 --verbose
    wait_until 20 backup_waits
    sql a "ALTER TABLE d.small ADD COLUMN n INT DEFAULT 7; CREATE TABLE d.other (a INT)"
    release
    backup_end
    [ "$status" -eq 0 ]
    [[ $output == *"was changed while the snapshot was opened"* ]]
    snapshot_open
    grep -q "\`n\`" "$T/open/d/small/schema.sql"
    [ "$(cat "$T/open/d/small/000001.tsv")" = $'1\tone\t7\n2\ttwo\t7' ]
    [ "$(jq -r '[.tables[].name] | join(" ")' "$(snapshot_manifest)")" = "big my other small" ]
    sql a "DROP TABLE d.my, d.other; ALTER TABLE d.small DROP COLUMN n"
}

@test "the definition of a copied table is not held any longer" {
    hold "LOCK TABLES d.small WRITE"
    backup_start --databases d --threads 1 --lock-wait 60
    wait_until 20 backup_waits
    sql a "SET lock_wait_timeout = 50; ALTER TABLE d.big ADD COLUMN later INT, FORCE"
    release
    backup_end
    [ "$status" -eq 0 ]
    snapshot_open
    [ "$(grep -c later "$T/open/d/big/schema.sql")" = 0 ]
    [ "$(jq '.tables[] | select(.name == "big") | .rows' "$(snapshot_manifest)")" = 10000 ]
    sql a "ALTER TABLE d.big DROP COLUMN later"
}

@test "a table lock that does not end: the wait is limited" {
    hold "LOCK TABLES d.small WRITE"
    run ccr backup a --databases d --lock-wait 1
    echo "$output"
    [ "$status" -eq 5 ]
    [[ $output == *"copying d.small"*1205* || $output == *"dividing d.small"*1205* ]]
    no_snapshot
}

@test "SIGINT and SIGTERM end a run at once, and nothing is left" {
    local signal

    for signal in INT TERM; do
        hold "LOCK TABLES d.small WRITE"
        rm -f "$T/backup.status"
        # bash lets background jobs ignore SIGINT; setsid's child starts anew with what env sets
        {
            env --default-signal=INT "$CCR_BIN/ccr-backup" --store "$STORE" --socket "$(server_socket a)" \
                --defaults-file "$T/a/ccr.cnf" --databases d --lock-wait 60 >"$T/backup.out" 2>&1 &
            echo $! >"$T/backup.pid"
            status=0
            wait $! || status=$?
            echo "$status" >"$T/backup.status"
        } 3>&- 7>&- &
        wait_until 20 backup_waits
        kill -"$signal" "$(cat "$T/backup.pid")"
        wait_until 5 test -s "$T/backup.status"
        cat "$T/backup.out"
        [ "$(cat "$T/backup.status")" = 10 ]
        grep -q "stopped by SIG$signal" "$T/backup.out"
        release
        no_snapshot
    done
}

@test "a source whose history forked is refused until ccr-ship has ended the epoch" {
    server_start f
    server_grant f source
    sql f "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1)"
    ccr backup f
    sql f "INSERT INTO d.t VALUES (2)"
    ccr ship f
    run ccr backup f --json
    [ "$status" -eq 0 ]
    [ "$(jq -c '[.epoch, .last_object, .position[0:4], (.fingerprints | length)]' "$(snapshot_manifest)")" = '[1,1,"0-10",1]' ]

    # as many transactions as before, but others
    sql f "RESET MASTER; INSERT INTO d.t VALUES (3); INSERT INTO d.t VALUES (4); INSERT INTO d.t VALUES (5);
        INSERT INTO d.t VALUES (6); INSERT INTO d.t VALUES (7); INSERT INTO d.t VALUES (8)"
    run ccr backup f
    echo "$output"
    [ "$status" -eq 8 ]
    [[ $output == *"hint: run ccr-ship first"* ]]
    run ccr ship f
    [ "$status" -eq 8 ]
    run ccr backup f
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(jq -c '[.epoch, .last_object]' "$(snapshot_manifest)")" = '[2,0]' ]
    run ccr ship f
    echo "$output"
    [ "$status" -eq 0 ]
    server_remove f
}

@test "a source behind the store is refused" {
    server_start f
    server_grant f source
    sql f "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)"
    ccr backup f
    sql f "INSERT INTO d.t VALUES (1)"
    ccr ship f
    sql f "RESET MASTER"
    run ccr backup f
    echo "$output"
    [ "$status" -eq 5 ]
    [[ $output == *"behind the store"*"hint:"* ]]
    server_remove f
}

@test "options that make no sense" {
    run ccr backup a --threads 0
    [ "$status" -eq 2 ]
    run ccr backup a --object-size 65M
    [ "$status" -eq 2 ]
    run ccr backup a --object-size 10K
    [ "$status" -eq 2 ]
    run ccr backup a --stream ../x
    [ "$status" -eq 2 ]
    no_snapshot
}
