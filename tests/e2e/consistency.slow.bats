# Money moves between accounts in four tables, by eight writers. Whatever is read on a target, at any moment of a
# restore, a swap or an apply, the total is the same.
# Stores: file ceph ceph-v2

bats_require_minimum_version 1.5.0
load ../lib/common

TOTAL=400000

setup_file() {
    stores_start
    server_start source
    server_start plain --local-infile=ON --skip-log-bin
    server_start follower --local-infile=ON --log-bin-trust-function-creators=ON
    server_grant source source
    server_grant plain target
    server_grant follower target
    sql_client source <<'SQL'
CREATE DATABASE bank;
USE bank;
DELIMITER //
BEGIN NOT ATOMIC
    FOR n IN 1..4 DO
        EXECUTE IMMEDIATE CONCAT('CREATE TABLE a', n, ' (id INT PRIMARY KEY, balance INT NOT NULL, moves INT NOT NULL DEFAULT 0)');
        EXECUTE IMMEDIATE CONCAT('INSERT INTO a', n, ' (id, balance) SELECT seq, 100 FROM seq_1_to_1000');
    END FOR;
END//
CREATE PROCEDURE move(times INT)
BEGIN
    DECLARE amount, giver, taker INT;
    DECLARE EXIT HANDLER FOR 1213, 1205 ROLLBACK;
    WHILE times > 0 DO
        SET amount = FLOOR(RAND() * 50), giver = 1 + FLOOR(RAND() * 4), taker = 1 + FLOOR(RAND() * 4);
        START TRANSACTION;
        EXECUTE IMMEDIATE CONCAT('UPDATE a', giver, ' SET balance = balance - ?, moves = moves + 1 WHERE id = 1 + FLOOR(? * 1000)')
            USING amount, RAND();
        IF ROW_COUNT() = 1 THEN
            EXECUTE IMMEDIATE CONCAT('UPDATE a', taker, ' SET balance = balance + ?, moves = moves + 1 WHERE id = 1 + FLOOR(? * 1000)')
                USING amount, RAND();
        END IF;
        IF ROW_COUNT() = 1 THEN
            COMMIT;
        ELSE
            ROLLBACK;
        END IF;
        SET times = times - 1;
    END WHILE;
END//
DELIMITER ;
SQL
}

teardown_file() {
    servers_end
    stores_end
}

setup() {
    rm -f "$T"/writer.* "$T"/reads.*
}

total_of() {
    sql "$1" "SELECT (SELECT SUM(balance) FROM bank.a1) + (SELECT SUM(balance) FROM bank.a2) +
        (SELECT SUM(balance) FROM bank.a3) + (SELECT SUM(balance) FROM bank.a4)"
}

# Statements for a client until the file is gone. The pipe keeps it from running ahead: blanks fill it, so that only
# a few statements are on their way.
while_there() {
    while [ -e "$1" ]; do
        printf '%s %8000s\n' "$2" ''
    done
}

writers_start() {
    local n

    touch "$T/busy"
    writers=()
    for n in 1 2 3 4 5 6 7 8; do
        while_there "$T/busy" "CALL move(5); DO SLEEP(0.01);" | sql_client source bank >"$T/writer.$n" 2>&1 3>&- &
        writers+=($!)
    done
    wait_until 30 has_moved
}

has_moved() {
    [ "$(sql source "SELECT SUM(moves) > 0 FROM bank.a1")" = 1 ]
}

writers_stop() {
    rm -f "$T/busy"
    wait "${writers[@]}"
    # a writer that could not work would make the test worthless
    [ -z "$(cat "$T"/writer.*)" ]
}

# One reader of single statements, one of REPEATABLE READ transactions with a pause between its reads.
readers_start() {
    touch "$T/reading"
    readers=()
    while_there "$T/reading" "SELECT 'one', SUM(balance) FROM (SELECT balance FROM a1 UNION ALL SELECT balance FROM a2
        UNION ALL SELECT balance FROM a3 UNION ALL SELECT balance FROM a4) AS everything;" |
        sql_client follower --force --skip-column-names bank >"$T/reads.one" 2>"$T/reads.one.err" 3>&- &
    readers+=($!)
    while_there "$T/reading" "START TRANSACTION; SELECT 'begin';
        SELECT SUM(balance) FROM a1; DO SLEEP(0.01); SELECT SUM(balance) FROM a2; DO SLEEP(0.01);
        SELECT SUM(balance) FROM a3; SELECT SUM(balance) FROM a4; SELECT 'end'; COMMIT;" |
        sql_client follower --force --skip-column-names bank >"$T/reads.several" 2>"$T/reads.several.err" 3>&- &
    readers+=($!)
}

readers_stop() {
    rm -f "$T/reading"
    wait "${readers[@]}"
}

# Every complete read shows the total; the only error is 1412; and there were many reads.
reads_are_right() {
    local wrong

    wrong=$(awk -v total=$TOTAL '$1 == "one" && $2 != total { print "one statement:", $0 }' "$T/reads.one"
        awk -v total=$TOTAL '$1 == "begin" { n = sum = 0; next }
            $1 == "end" { if (n == 4 && sum != total) print "one transaction:", sum; next }
            $1 == "NULL" { print "an empty table" } { n++; sum += $1 }' "$T/reads.several"
        grep -h '^ERROR' "$T"/reads.*.err | grep -v '^ERROR 1412 ' || :)
    [ -z "$wrong" ] || { echo "$wrong" | sort | uniq -c | head -n 20; return 1; }
    [ "$(grep -c one "$T/reads.one")" -ge 50 ]
    [ "$(grep -c end "$T/reads.several")" -ge 20 ]
}

@test "a snapshot taken while eight writers work has the total, however often it is taken" {
    local n
    writers_start
    for n in 1 2 3; do
        store_use "store$n"
        ccr backup source --chunk-size 4K
        ccr restore plain --standalone --rename-db "bank:copy$n"
        [ "$(sql plain "SELECT SUM(moves) > 0 FROM copy$n.a1")" = 1 ]
        sql plain "CREATE OR REPLACE DATABASE bank; RENAME TABLE copy$n.a1 TO bank.a1, copy$n.a2 TO bank.a2,
            copy$n.a3 TO bank.a3, copy$n.a4 TO bank.a4"
        [ "$(total_of plain)" = $TOTAL ]
    done
    writers_stop
}

@test "readers of a followed target see the total through apply, and through a swap under their eyes" {
    local n
    writers_start
    ccr backup source
    ccr restore follower --job bank
    readers_start
    for n in 1 2 3 4 5 6; do
        ccr ship source
        ccr apply follower --job bank --batch-transactions 50
    done
    for n in 1 2 3; do
        ccr backup source
        ccr restore follower --job bank
        ccr ship source
        ccr apply follower --job bank
    done
    readers_stop
    writers_stop
    reads_are_right
    ccr ship source
    ccr apply follower --job bank
    [ "$(total_of source)" = $TOTAL ]
    same_tables source follower bank
}

@test "a reader held open too long: the swap gives up in time, the old tables stay" {
    local reader before moves
    ccr backup source
    ccr restore follower --job bank
    moves="SELECT SUM(moves) FROM bank.a1"
    before=$(sql follower "$moves")
    sql source "CALL bank.move(200)"
    ccr backup source
    # holds its snapshot, and a lock on the table, until it is told to end
    mkfifo "$T/hold"
    sql_client follower --unbuffered --skip-column-names bank <"$T/hold" >"$T/held" 2>&1 3>&- &
    reader=$!
    exec 7>"$T/hold"
    echo "START TRANSACTION; SELECT SUM(balance) FROM a1;" >&7
    wait_until 10 test -s "$T/held"
    run ccr restore follower --job bank --swap-wait 2 --lock-wait 1
    [ "$status" -eq 6 ] || [ "$status" -eq 9 ]
    [[ $output == *hint:* ]]
    [ "$(sql follower "$moves")" = "$before" ]
    echo "COMMIT;" >&7
    exec 7>&-
    wait "$reader"
    ccr restore follower --job bank
    same_tables source follower bank
}
