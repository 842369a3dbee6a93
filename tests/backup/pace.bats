#!/usr/bin/env bats
# A backup that gives way: --max-rate, and pauses while a replica lags or the source has more to do than it should.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/replica

setup_file() {
    server_start a
    server_grant a source
    # no pattern that zstd could make small
    sql a "CREATE DATABASE d; USE d; CREATE TABLE d.t (id INT PRIMARY KEY, a CHAR(128), b CHAR(128));
        INSERT INTO d.t SELECT seq, SHA2(seq, 512), SHA2(-seq, 512) FROM seq_1_to_40000"
    replica_start r a
}

setup() {
    store_use "store-$BATS_TEST_NUMBER"
    BACKUP=
    SLEEPERS=()
}

teardown() {
    logs_keep
    [ -z "$BACKUP" ] || kill -9 "$BACKUP" 2>/dev/null || :
    [ ! -e "$T/r/held" ] || replica_catches_up r
    [ ${#SLEEPERS[@]} -eq 0 ] || kill "${SLEEPERS[@]}" 2>/dev/null || :
}

# In the background; what it says is in $T/out, its status in $T/status.
backup_start() {
    rm -f "$T/status"
    {
        status=0
        "$CCR_BIN/ccr-backup" --store "$STORE" --socket "$T/a/sock" --defaults-file "$T/a/ccr.cnf" --databases d --object-size 1M \
            --threads 1 "$@" >"$T/out" 2>&1 || status=$?
        echo "$status" >"$T/status"
    } 3>&- 6>&- &
    BACKUP=$!
}

said() {
    grep -q "$1" "$T/out"
}

ended_with() {
    wait_until 60 test -s "$T/status"
    BACKUP=
    cat "$T/out"
    [ "$(cat "$T/status")" = "$1" ]
}

# Of rows: that of the definitions is written before.
volumes() {
    find "$STORE_DIR" -name '*.tar.zst' ! -name 000001.tar.zst | wc -l
}

looked_beyond() {
    [ "$(replica_looks r)" -gt "$1" ]
}

more_volumes_than() {
    [ "$(volumes)" -gt "$1" ]
}

@test "a replica that lags: the copy pauses, nothing is stored meanwhile, and it goes on" {
    local there

    # slow enough to be met in its midst
    backup_start --max-rate 1M --lag-of "$T/r/replica.cnf" --max-lag 600
    wait_until 60 more_volumes_than 0
    [ ! -s "$T/status" ]
    replica_lags r a
    wait_until 30 said "paused: replica $T/r/replica.cnf lags by [0-9]* s (--max-lag 600)"
    # what a worker was about to store when the pause began is stored now
    wait_until 30 looked_beyond $(($(replica_looks r) + 1))
    there=$(volumes)
    wait_until 30 looked_beyond $(($(replica_looks r) + 2))
    [ "$(volumes)" = "$there" ]
    [ ! -s "$T/status" ]
    replica_catches_up r
    wait_until 30 said 'going on after a pause of'
    ended_with 0
    more_volumes_than "$there"
    [ "$(jq '[.tables[].rows] | add' "$STORE_DIR"/streams/main/snapshots/*/manifest.json)" = 40000 ]
}

@test "a lag from the beginning: not one volume is written before it is over" {
    replica_lags r a
    backup_start --lag-of "$T/r/replica.cnf" --max-lag 600 --chunk-size 1M
    wait_until 30 said 'paused: replica'
    wait_until 30 looked_beyond $(($(replica_looks r) + 2))
    [ "$(volumes)" = 0 ]
    replica_catches_up r
    ended_with 0
}

@test "a replica that stopped replicating, and one that is gone" {
    sql r "STOP SLAVE SQL_THREAD"
    backup_start --lag-of "$T/r/replica.cnf"
    wait_until 30 said 'is not replicating'
    server_kill r
    server_start r
    wait_until 60 said 'going on after'
    ended_with 0
}

@test "a pause that lasts too long ends the run" {
    replica_lags r a
    backup_start --lag-of "$T/r/replica.cnf" --max-pause 1s
    ended_with 5
    said 'the copy was paused for 1 s (--max-pause): replica .* lags by'
    [ "$(volumes)" = 0 ]
    replica_catches_up r
}

sleepers_run() {
    [ "$(sql a "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'")" = "$1" ]
}

@test "a source with much to do: the copy pauses; its own threads do not count" {
    while [ ${#SLEEPERS[@]} -lt 5 ]; do
        sql a "SELECT SLEEP(1000)" >/dev/null 2>&1 3>&- &
        SLEEPERS+=($!)
    done
    wait_until 30 sleepers_run 5
    backup_start --max-threads-running 4
    wait_until 30 said 'paused: the server runs [5-9] threads (--max-threads-running 4)'
    [ "$(volumes)" = 0 ]
    kill "${SLEEPERS[@]}"
    sql a "$(sql a "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'")"
    wait_until 30 said 'going on after'
    ended_with 0
    backup_start --max-threads-running 2 --threads 6 --chunk-size 1M
    ended_with 0
    run ! said paused
}

@test "a signal ends a paused copy" {
    replica_lags r a
    backup_start --lag-of "$T/r/replica.cnf"
    wait_until 30 said 'paused: replica'
    kill -TERM "$(pgrep -P "$BACKUP" ccr-backup)"
    ended_with 10
    replica_catches_up r
}

@test "what cannot be looked at is refused at the start" {
    run ccr backup a --lag-of "$T/a/ccr.cnf"
    echo "$output"
    [ "$status" -ne 0 ]
    printf '[client]\nuser = root\nsocket = %s\n' "$(server_socket a)" >"$T/no-replica.cnf"
    run ccr backup a --lag-of "$T/no-replica.cnf"
    echo "$output"
    [ "$status" -eq 2 ]
    [[ "$output" == *"that server is no replica"* ]]
    run ccr backup a --lag-of "$T/nowhere.cnf"
    [ "$status" -eq 3 ]
    for rate in 0 fast 5T rows 0rows 5Mrows; do
        run ccr backup a --max-rate "$rate"
        echo "$output"
        [ "$status" -eq 2 ]
        [[ "$output" == *"bytes a second, as in 20M, or rows a second, as in 100000rows"* ]]
    done
}

@test "progress in a log: rows and bytes, how fast and how long, as often as is asked for" {
    sql a "ANALYZE TABLE d.t" >/dev/null
    backup_start --max-rate 10000rows --progress-every 0
    ended_with 0
    grep -Eq 'backup: [0-9]+ of [0-9]+ rows \([0-9]+%\), [0-9.]+ of [0-9.]+ MB \([0-9]+%\), [0-9]+ rows/s, [0-9.]+ MB/s, [0-9]+ s left' "$T/out"
}
