#!/usr/bin/env bats
# One moment for all tables: snapshots taken while many sessions write, on engines with and without transactions.

load ../lib/common
load hand_load

setup_file() {
    server_start a
    server_start b
    server_grant a source
    sql a "CREATE DATABASE bank; USE bank;
        CREATE TABLE plain (id INT PRIMARY KEY, money INT NOT NULL, pad VARCHAR(100));
        CREATE TABLE parts (id INT PRIMARY KEY, money INT NOT NULL) PARTITION BY HASH (id) PARTITIONS 4;
        CREATE TABLE no_key (id INT, money INT NOT NULL, KEY (id));
        INSERT INTO plain SELECT seq, 1000, REPEAT('x', 100) FROM seq_1_to_3000;
        INSERT INTO parts SELECT seq, 1000 FROM seq_1_to_300;
        INSERT INTO no_key SELECT seq, 1000 FROM seq_1_to_300;
        CREATE TABLE steps (writer INT, n INT, PRIMARY KEY (writer, n));
        CREATE TABLE steps_my (writer INT, n INT, PRIMARY KEY (writer, n)) ENGINE=MyISAM;
        CREATE TABLE steps_aria (writer INT, n INT, KEY (n)) ENGINE=Aria;
        CREATE TABLE steps_memory (writer INT, n INT) ENGINE=MEMORY MAX_ROWS=1000000;
        CREATE TABLE stop (a INT)"
    sql_client a bank --delimiter=// -e "
        CREATE PROCEDURE transfer() BEGIN
            DECLARE a INT; DECLARE b INT; DECLARE m INT;
            WHILE (SELECT COUNT(*) FROM stop) = 0 DO BEGIN
                DECLARE EXIT HANDLER FOR 1205, 1213 ROLLBACK;
                SET a = 1 + FLOOR(RAND() * 300), b = 1 + FLOOR(RAND() * 300), m = FLOOR(RAND() * 100);
                START TRANSACTION;
                UPDATE plain SET money = money - m WHERE id = a * 10;
                UPDATE parts SET money = money + m WHERE id = b;
                UPDATE parts SET money = money - m WHERE id = a;
                UPDATE no_key SET money = money + m WHERE id = b;
                COMMIT;
            END; END WHILE;
        END//
        CREATE PROCEDURE count_on(w INT) BEGIN
            DECLARE i INT DEFAULT 0;
            SELECT COALESCE(MAX(n), 0) INTO i FROM steps_memory WHERE writer = w;
            WHILE (SELECT COUNT(*) FROM stop) = 0 DO
                SET i = i + 1;
                INSERT INTO steps VALUES (w, i);
                INSERT INTO steps_my VALUES (w, i);
                INSERT INTO steps_aria VALUES (w, i);
                INSERT INTO steps_memory VALUES (w, i);
                DO SLEEP(0.001);
            END WHILE;
        END"
}

written() {
    [ "$(sql a "SELECT COUNT(DISTINCT writer) FROM steps_memory" bank)" = 3 ]
}

writers_start() {
    sql a "DELETE FROM stop" bank
    for i in 1 2 3; do
        sql a "CALL count_on($i)" bank >/dev/null 3>&- &
        sql a "CALL transfer()" bank >/dev/null 3>&- &
    done
    wait_until 20 written
}

writers_stop() {
    sql a "INSERT INTO stop VALUES (1)" bank
    wait
}

@test "every total is right in a snapshot, whatever is being written, and the log goes on from its position" {
    local round file offset position log logs

    for round in 1 2 3; do
        store_use "store-$round"
        writers_start
        run ccr backup a --threads 4 --chunk-size 16K --lock-wait 30
        writers_stop
        echo "$output"
        [ "$status" -eq 0 ]
        [ "$(grep -c 'engine without transactions' <<<"$output")" = 3 ]
        snapshot_check
        hand_load b

        [ "$(sql b "SELECT (SELECT SUM(money) FROM plain) + (SELECT SUM(money) FROM parts) + (SELECT SUM(money) FROM no_key)" bank)" = 3600000 ]
        # a writer's steps reach one table after the other: no gap, and at most one step between them
        [ "$(sql b "SELECT COUNT(*) FROM
            (SELECT writer, MAX(n) AS n, COUNT(*) AS c FROM steps GROUP BY writer) i
            JOIN (SELECT writer, MAX(n) AS n, COUNT(*) AS c FROM steps_my GROUP BY writer) y USING (writer)
            JOIN (SELECT writer, MAX(n) AS n, COUNT(*) AS c FROM steps_aria GROUP BY writer) r USING (writer)
            JOIN (SELECT writer, MAX(n) AS n, COUNT(*) AS c FROM steps_memory GROUP BY writer) m USING (writer)
            WHERE i.n = i.c AND y.n = y.c AND r.n = r.c AND m.n = m.c AND
                i.n - y.n IN (0, 1) AND y.n - r.n IN (0, 1) AND r.n - m.n IN (0, 1) AND i.n - m.n IN (0, 1)" bank)" = 3 ]

        file=$(jq -r .source_file "$(snapshot_manifest)")
        offset=$(jq -r .source_offset "$(snapshot_manifest)")
        position=$(jq -r .position "$(snapshot_manifest)")
        [ "$(sql a "SELECT BINLOG_GTID_POS('$file', $offset)")" = "$position" ]
        logs=()
        for log in "$T"/a/data/binlog.[0-9]*; do
            [[ ${log##*/} < $file ]] || logs+=("$log")
        done
        mariadb-binlog --no-defaults --start-position="$offset" --disable-log-bin \
            "${logs[@]}" |
            sql_client b >/dev/null
        same_tables a b bank
        sql b "DROP DATABASE bank"
    done
}

backup_waits() {
    [ "$(sql a "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'ccr' AND
        state = 'Waiting for table metadata lock'")" = 1 ]
}

@test "tables without transactions are free again as soon as they are copied" {
    store_use free
    sql a "CREATE TABLE bank.held (id INT PRIMARY KEY)"
    mkfifo "$T/hold"
    mariadb --no-defaults --socket="$(server_socket a)" --user=root -N -B --unbuffered <"$T/hold" >"$T/hold.out" 3>&- &
    exec 7>"$T/hold"
    echo "LOCK TABLES bank.held WRITE; SELECT 'held';" >&7
    wait_until 10 grep -q held "$T/hold.out"
    ccr backup a --lock-wait 60 >"$T/backup.out" 2>&1 3>&- 7>&- &
    wait_until 30 backup_waits
    # the backup still stands before the held table, and writers of the others do not wait
    wait_until 10 sql a "SET lock_wait_timeout = 1; INSERT INTO steps_my VALUES (9, 9)" bank
    exec 7>&-
    wait
    cat "$T/backup.out"
    grep -q ^snapshot "$T/backup.out"
}

@test "a table without transactions is cut into chunks while writers wait for it" {
    store_use cut
    sql a "CREATE TABLE bank.cut (id INT PRIMARY KEY, v VARCHAR(200)) ENGINE = MyISAM;
        INSERT INTO bank.cut SELECT seq, REPEAT('v', 200) FROM bank.seq_1_to_20000"
    while [ ! -e "$T/cut.done" ]; do
        sql a "UPDATE bank.cut SET v = 'w' WHERE id = 1"
    done 3>&- &
    run ccr backup a --tables bank.cut --chunk-size 64K --lock-wait 20
    touch "$T/cut.done"
    wait
    [ "$status" -eq 0 ]
    [ "$(jq '.tables[0].chunks | length' "$STORE_DIR"/streams/main/snapshots/*/manifest.json)" -gt 5 ]
}
