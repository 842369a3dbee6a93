# The swap as readers of the target see it: the old tables or the new, never a mixture, never none.

# shellcheck disable=SC2154 # bats sets stderr, restore.bash sets restore

bats_require_minimum_version 1.5.0
load ../lib/common
load restore

setup_file() {
    servers
    bank_generation 4 0
    ccr restore target --job bank
}

teardown_file() {
    servers_end
}

total=200000

# One line a look: kind, total of all amounts, lowest and highest generation. A failed statement leaves NULL.
reader_autocommit() {
    cat <<'SQL'
SELECT 'auto', SUM(a), MIN(g), MAX(g) FROM (
    SELECT SUM(amount) AS a, MIN(generation) AS g FROM bank.account1 UNION ALL SELECT SUM(amount), MAX(generation) FROM bank.account2
    UNION ALL SELECT SUM(amount), MIN(generation) FROM bank.account3 UNION ALL SELECT SUM(amount), MAX(generation) FROM bank.account4) t;
DO SLEEP(0.003);
SQL
}

reader_repeatable() {
    local i

    echo "SET @a1 = NULL, @a2 = NULL, @a3 = NULL, @a4 = NULL; START TRANSACTION$1;"
    for i in 1 2 3 4; do
        echo "SELECT SUM(amount), MIN(generation) INTO @a$i, @g$i FROM bank.account$i;"
    done
    echo "COMMIT; SELECT 'rr', @a1 + @a2 + @a3 + @a4, LEAST(@g1, @g2, @g3, @g4), GREATEST(@g1, @g2, @g3, @g4); DO SLEEP(0.003);"
}

# Repeats the statements on standard input in one session until $T/stop exists.
reader_run() {
    local name=$1 batch

    batch=$(cat)
    while [ ! -e "$T/stop" ]; do
        printf '%s\n' "$batch" "$batch" "$batch" "$batch" "$batch"
        sleep 0.05
    done | sql_client target --skip-column-names --force --unbuffered >"$T/reader.$name" 2>"$T/reader.$name.errors"
}

@test "readers during repeated restores see the same total at every moment" {
    local generation looks readers=()

    rm -f "$T/stop"
    reader_autocommit | reader_run auto 3>&- &
    readers+=("$!")
    reader_repeatable '' | reader_run repeatable 3>&- &
    readers+=("$!")
    reader_repeatable ' WITH CONSISTENT SNAPSHOT' | reader_run snapshot 3>&- &
    readers+=("$!")
    for generation in 1 2 3 4 5 6; do
        bank_generation 4 "$generation"
        ccr restore target --job bank --quiet
    done
    touch "$T/stop"
    wait "${readers[@]}"
    cat "$T"/reader.*.errors
    # nothing but 1412, "table definition has changed", may happen to a reader
    [ "$(cat "$T"/reader.*.errors | grep '^ERROR' | grep -cv '^ERROR 1412 ')" -eq 0 ]
    looks=$(cat "$T"/reader.auto "$T"/reader.repeatable "$T"/reader.snapshot | wc -l)
    echo "$looks looks"
    [ "$looks" -gt 100 ]
    # every complete look: the total, and one generation only
    [ -z "$(awk -F '\t' -v total="$total" '$2 != "NULL" && ($2 != total || $3 != $4)' "$T/reader.auto" "$T/reader.repeatable" "$T/reader.snapshot")" ]
    # a look is incomplete only where a statement failed
    [ "$(cat "$T/reader.auto" "$T/reader.repeatable" "$T/reader.snapshot" | grep -c NULL)" -le "$(cat "$T"/reader.*.errors | grep -c '^ERROR')" ]
    # they saw the generations change
    [ "$(cut -f 3 "$T/reader.auto" | sort -un | wc -l)" -ge 3 ]
    [ "$(sql target "SELECT DISTINCT generation FROM bank.account3")" -eq 6 ]
}

# A session of another user that runs the statements, then sleeps; sets $session to its connection's id.
session_open() {
    sql target "CREATE USER IF NOT EXISTS reader@localhost; GRANT SELECT, LOCK TABLES ON *.* TO reader@localhost"
    mariadb --no-defaults --socket="$T/target/sock" --user=reader -N -e "$1; SELECT 'held' AS here, SLEEP(100)" >/dev/null 2>&1 3>&- &
    session_client=$!
    wait_until 10 session_sleeps
    session=$(sql target "SELECT id FROM information_schema.processlist WHERE user = 'reader' AND info LIKE '%held%'")
}

session_sleeps() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'reader' AND info LIKE '%held%'")" -eq 1 ]
}

session_close() {
    sql target "KILL $session"
    wait "$session_client" || true
}

gives_up() {
    local before

    before=$(sql target "CHECKSUM TABLE bank.account1, bank.account2, ccr.position_bank")
    run --separate-stderr ccr restore target --job bank --swap-wait 3 --lock-wait 1
    echo "$status: $stderr"
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"gave up after 3 s"* ]]
    [[ "$stderr" == *"connection $session (reader@localhost"* ]]
    [[ "$stderr" == *"the old tables are as they were"* ]]
    [ "$(sql target "CHECKSUM TABLE bank.account1, bank.account2, ccr.position_bank")" = "$before" ]
    [ -z "$(sql target "SHOW DATABASES LIKE 'ccr\\_old%'")" ]
}

@test "a transaction that began before the load ended: gives up in time and names it; later the load is still there" {
    bank_generation 4 7
    session_open "START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT * FROM mysql.innodb_table_stats"
    gives_up
    [[ "$stderr" == *"transactions that began before"* ]]
    session_close
    run --separate-stderr ccr restore target --job bank --json
    [ "$status" -eq 0 ]
    [ "$(json_of .resumed_chunks)" -eq 4 ]
    [ "$(sql target "SELECT DISTINCT generation FROM bank.account2")" -eq 7 ]
    nothing_left
}

@test "a lock that is held: gives up in time and names who may hold it" {
    bank_generation 4 8
    session_open "LOCK TABLES bank.account2 READ"
    gives_up
    session_close
    ccr restore target --job bank
    [ "$(sql target "SELECT DISTINCT generation FROM bank.account2")" -eq 8 ]
    nothing_left
}

@test "staging that another session holds: gives up in time and names it; then it is loaded anew" {
    local status=0 stage

    bank_generation 4 9
    CCR_FAILPOINT=swap-before ccr restore target --job bank 2>"$T/out" || status=$?
    [ "$status" -eq 137 ]
    stage=$(sql target "SELECT table_schema FROM information_schema.tables WHERE table_schema LIKE 'ccr\\_stage%' AND table_name = 'account2'")
    bank_generation 4 10
    session_open "LOCK TABLES $stage.account2 READ"
    run --separate-stderr ccr restore target --job bank --swap-wait 1
    echo "$status: $stderr"
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"locks are candidates: connection $session (reader@localhost"*"hint: wait until those sessions are at their end, or end them"* ]]
    session_close
    ccr restore target --job bank
    [ "$(sql target "SELECT DISTINCT generation FROM bank.account2")" -eq 10 ]
    nothing_left
}

a_row_is_waited_for() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.innodb_lock_waits")" -gt 0 ]
}

dead_is_there() {
    [ -n "$(sql target "$dead")" ]
}

@test "rows that a killed run's session has not given up yet: the next run waits for its end, and goes on" {
    local status=0 stage dead dead_client

    bank_generation 4 11
    CCR_FAILPOINT=swap-before ccr restore target --job bank 2>"$T/out" || status=$?
    [ "$status" -eq 137 ]
    stage=$(sql target "SELECT table_schema FROM information_schema.tables WHERE table_schema LIKE 'ccr\\_stage%' AND table_name = 'account2'")
    # as if it had been killed in the midst of that table
    sql target "DELETE FROM ccr.loads WHERE name = 'account2'; DELETE FROM $stage.account2"
    mariadb --defaults-file="$T/target/ccr.cnf" --socket="$T/target/sock" -e "START TRANSACTION;
        INSERT INTO $stage.account2 SELECT seq, 0, 0 FROM $stage.seq_1_to_500; SELECT 'dead' AS here, SLEEP(100)" >/dev/null 2>&1 3>&- &
    dead_client=$!
    dead="SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT ''dead''%'"
    wait_until 20 dead_is_there
    restore_start --job bank
    wait_until 30 a_row_is_waited_for
    sql target "KILL $(sql target "$dead")"
    wait "$dead_client" || true
    wait "$restore" || { cat "$T/out"; false; }
    [ "$(sql target "SELECT COUNT(*), SUM(generation) FROM bank.account2")" = "$(printf '500\t5500')" ]
    nothing_left
}

@test "giving up on a first restore leaves no database behind" {
    target_clean
    session_open "START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT * FROM mysql.innodb_table_stats"
    run --separate-stderr ccr restore target --job bank --swap-wait 1
    [ "$status" -eq 6 ]
    [ -z "$(sql target "SHOW DATABASES LIKE 'bank'")" ]
    session_close
}

@test "SIGINT while it waits: a clean stop, code 10; the next run goes on" {
    session_open "START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT * FROM mysql.innodb_table_stats"
    local status=0

    restore_start --job bank
    wait_until 20 grep -q "waiting for" "$T/out"
    kill -INT "$restore"
    wait "$restore" || status=$?
    cat "$T/out"
    [ "$status" -eq 10 ]
    grep -q "stopped by SIGINT" "$T/out"
    session_close
    ccr restore target --job bank
    [ "$(sql target "SELECT DISTINCT generation FROM bank.account4")" -eq 11 ]
    nothing_left
}
