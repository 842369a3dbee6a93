# The swap and readers of the target's replica: what began there before the rows have arrived would see the tables empty.

# shellcheck disable=SC2154 # restore.bash sets restore, bats stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/replica
load restore

setup_file() {
    servers
    replica_start other target
    sql target "$(readme_grants source)"
    printf '[client]\nuser = root\nsocket = %s\n' "$(server_socket other)" >"$T/other.cnf"
    bank_generation 2 0
    ccr restore target --job bank --quiet
    bank_generation 2 1
}

# A session of the replica: its statements come through descriptor 6, what it says is in $T/reader.
reader_start() {
    rm -f "$T/statements"
    mkfifo "$T/statements"
    sql_client other --skip-column-names --unbuffered <"$T/statements" >"$T/reader" 2>&1 3>&- &
    exec 6>"$T/statements"
    echo "START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT 'began', COUNT(*) FROM mysql.innodb_table_stats;" >&6
    wait_until 30 grep -q began "$T/reader"
}

generation() {
    sql other "SELECT GROUP_CONCAT(DISTINCT generation) FROM bank.account2"
}

replica_is_equal() {
    replica_has_all other target && same_tables target other bank
}

@test "a REPEATABLE READ transaction of a replica makes the swap wait until it ends" {
    reader_start
    restore_start --job bank --readers-on "$T/other.cnf"
    wait_until 60 grep -q "waiting for 1 transactions on $T/other.cnf that are older" "$T/out"
    [ "$(sql target "SELECT DISTINCT generation FROM bank.account2")" -eq 0 ]
    # it may read the old tables as long as it lasts
    echo "SELECT 'old', SUM(amount), MAX(generation) FROM bank.account1; COMMIT; SELECT 'over';" >&6
    wait_until 30 grep -q over "$T/reader"
    grep -q "old.50000.0" "$T/reader"
    wait "$restore"
    exec 6>&-
    wait_until 30 replica_is_equal
    [ "$(generation)" = 1 ]
}

@test "one that does not end is named, and the load is kept; a replica that does not replicate is an error too" {
    bank_generation 2 2
    reader_start
    run --separate-stderr ccr restore target --job bank --readers-on "$T/other.cnf" --swap-wait 2
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"readers on $T/other.cnf: open: connection "*"the wait for older readers took more than 2 s (--swap-wait)"* ]]
    exec 6>&-
    sql other "STOP SLAVE"
    run --separate-stderr ccr restore target --job bank --readers-on "$T/other.cnf" --swap-wait 2
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"it did not get to the target's position"*"hint: is it a replica of the target"* ]]
    [ "$(sql target "SELECT DISTINCT generation FROM bank.account2")" -eq 1 ]
    sql other "START SLAVE"
    run --separate-stderr ccr restore target --job bank --readers-on "$T/other.cnf" --json
    [ "$status" -eq 0 ]
    [ "$(json_of .resumed_chunks)" -eq 2 ]
    wait_until 30 replica_is_equal
    [ "$(generation)" = 2 ]
}
