# Networks that break between ccr and its servers, in the worst moments: connections are reset, refused, stalled by a machine in the
# middle that hangs, or packets vanish without a word. Every run ends, with an error and a hint; the next one completes; nothing is lost
# or doubled, and nothing is copied anew.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/network

setup_file() {
    local s

    # a server knows by its own means that a client behind a dead network is gone
    for s in source target; do
        server_start "$s" --tcp-keepalive-time=1 --tcp-keepalive-interval=1 --tcp-keepalive-probes=2 \
            --local-infile=ON --log-bin-trust-function-creators=ON
        server_grant "$s" "$s"
        sql "$s" "$(readme_grants "$s" | sed "s/ccr@localhost/ccr@'127.0.0.1'/")"
        network_start "$s" "$s"
    done
    sql source "CREATE DATABASE d; USE d; CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT); CREATE TABLE loose (v TEXT);
        CREATE TABLE counter (n INT); INSERT INTO counter VALUES (0); INSERT INTO t (v) SELECT REPEAT(UUID(), 20) FROM seq_1_to_2000"
    ccr backup source --quiet
    ccr restore target --job j --quiet
}

teardown_file() {
    networks_end
    servers_end
}

# Short ones, for runs that are to meet them.
TIMEOUTS=(--connect-timeout 2 --server-timeout 1)

# through SIDE BINARY [OPTIONS]: by the network. To be run in a shell of its own.
through() {
    local name=$1 binary=$2

    shift 2
    exec timeout --foreground 60 "$CCR_BIN/ccr-$binary" --store "$STORE" --host 127.0.0.1 --port "$(network_port "$name")" \
        --defaults-file "$T/$name/ccr.cnf" "$@" 3>&-
}

# broken SIDE "FAULT" BINARY [OPTIONS]: a run through the network that breaks so; it ends with that side's code, and a hint.
broken() {
    local name=$1 fault=$2 code=5

    shift 2
    [ "$name" = source ] || code=6
    network "$name" "$fault"
    run through "$name" "$@" "${TIMEOUTS[@]}"
    echo "$fault: $1 ended with $status: $output"
    network_broken "$name"
    [ "$status" -eq "$code" ]
    [[ $output == *"error: "* && $output == *"hint: "* ]]
    network "$name" pass
}

# A port of a connection whose packets are dropped is of no use to a new one.
is_let_in() {
    run through "$@"
    [ "$status" -ne 75 ] && [[ $output != *"connecting: error 2002"* ]]
}

# again SIDE BINARY [OPTIONS]: the next run. The server may not know yet that the one before is gone.
again() {
    wait_until 60 is_let_in "$@"
    echo "again: $2 ended with $status: $output"
    [ "$status" -eq 0 ]
}

# Rows in tables without keys would tell of a second time.
work() {
    sql source "INSERT INTO loose SELECT UUID() FROM seq_1_to_50; UPDATE counter SET n = n + 1; INSERT INTO t (v) SELECT REPEAT(UUID(), 20) FROM seq_1_to_${1:-50};
        UPDATE t SET v = UUID() WHERE id % 97 = 5; UPDATE counter SET n = n + 1" d
}

# equal COPIES: and so many full copies were ever made.
equal() {
    same_tables source target d
    same_schema --followed source target d
    [ "$(sql target "SELECT SUM(what LIKE 'full copy%'), SUM(what LIKE 'partial copy%') FROM ccr.history")" = "$1"$'\t'0 ]
    [ "$(cd "$STORE_DIR/streams/main/log" && echo *)" = 0001 ]
}

shipped_all() {
    [ "$(sql source "SELECT @@gtid_binlog_pos")" = "$("$CCR_BIN/ccr-verify" --store "$STORE" --quick --json 2>/dev/null | jq -r '.streams[0].ranges[-1].to_position')" ]
}

@test "ccr-ship: cut while it reads the log, in the midst of a large transaction" {
    local fault

    for fault in reset refuse drop stall; do
        work 3000
        work
        broken source "$fault all bytes 900000" ship
        again source ship --quiet
        shipped_all
    done
    ccr apply target --job j --quiet
    equal 1
}

@test "ccr-apply: the answer to a COMMIT does not come, or the COMMIT does not arrive" {
    local fault

    for fault in 'reset all after' 'reset all before' 'drop all after' 'stall all before'; do
        work
        ccr ship source --quiet
        broken target "$fault BINLOG..COMMIT" apply --job j
        again target apply --job j --quiet
        equal 1
    done
}

@test "ccr-apply: the answer to DDL does not come, or the DDL does not arrive" {
    local fault n=0

    for fault in 'reset all after' 'stall all after' 'drop all before'; do
        n=$((n + 1))
        work
        sql source "ALTER TABLE t ADD COLUMN c$n INT DEFAULT $n; CREATE TABLE made$n (id INT) SELECT seq AS id FROM seq_1_to_9; INSERT INTO loose VALUES ('$n')" d
        ccr ship source --quiet
        broken target "$fault ADD COLUMN" apply --job j
        again target apply --job j --quiet
        equal 1
    done
}

@test "ccr-apply --lanes: one of the connections is cut" {
    local fault

    for fault in 'reset one after BINLOG..COMMIT' 'drop one before COMMIT' 'stall one after BINLOG'; do
        work
        ccr ship source --quiet
        broken target "$fault" apply --job j --lanes 3
        again target apply --job j --lanes 3 --quiet
        equal 1
    done
}

applied() {
    [ "$(sql target "SELECT n FROM d.counter")" = "$(sql source "SELECT n FROM d.counter")" ]
}

@test "ccr-apply --follow and ccr-ship --follow: cut at work and at rest" {
    local applier shipper fault status

    through source ship --follow --segment-age 1 --quiet "${TIMEOUTS[@]}" >"$T/shipper" 2>&1 &
    shipper=$!
    for fault in 'reset all after BINLOG..COMMIT' 'drop all now'; do
        through target apply --job j --follow --quiet "${TIMEOUTS[@]}" >"$T/applier" 2>&1 &
        applier=$!
        work
        wait_until 30 applied
        # shellcheck disable=SC2086 # words
        network target $fault
        work
        status=0
        wait "$applier" || status=$?
        cat "$T/applier"
        [ "$status" -eq 6 ]
        network target pass
    done
    # the one that ships goes on by itself, when the network comes back
    for fault in drop refuse; do
        network source "$fault all now"
        work
        network source pass
        wait_until 60 shipped_all
    done
    kill "$shipper"
    status=0
    wait "$shipper" || status=$?
    cat "$T/shipper"
    [ "$status" -eq 10 ]
    again target apply --job j --quiet
    equal 1
}

@test "ccr-backup: a worker, the control connection, or all of them are cut" {
    local fault snapshots

    snapshots=$(find "$STORE_DIR" -name manifest.json | wc -l)
    for fault in 'reset one bytes 900000' 'drop one bytes 900000' 'stall one after SAVEPOINT' 'reset one after SHOW BINLOG' 'drop all after SAVEPOINT'; do
        broken source "$fault" backup --threads 2
        [ "$(find "$STORE_DIR" -name manifest.json | wc -l)" -eq "$snapshots" ]
        work
    done
    again source backup --quiet
    [ "$(find "$STORE_DIR" -name manifest.json | wc -l)" -eq $((snapshots + 1)) ]
    "$CCR_BIN/ccr-verify" --store "$STORE" --quiet
}

@test "ccr-restore: cut while it loads, at the swap, and behind it" {
    local fault n=0

    for fault in 'reset all sent 900000' 'drop all sent 900000' 'stall all before RENAME TABLE' 'drop all after RENAME TABLE' \
        'reset all after INSERT INTO ccr.history'; do
        work
        ccr backup source --quiet
        broken target "$fault" restore --job j
        again target restore --job j --quiet
        ccr ship source --quiet
        ccr apply target --job j --quiet
        n=$((n + 1))
        equal $((1 + n))
    done
}

# So many connections that a moment without a commit is hardly ever long enough to open them all.
@test "a source whose commits are held for a snapshot's opening is not held for long by a network that hangs" {
    local i writers=()

    sql source "CREATE TABLE d.stop (n INT); CREATE TABLE d.busy (id INT PRIMARY KEY, n INT); INSERT INTO d.busy VALUES (1, 0), (2, 0), (3, 0)"
    sql_client source --delimiter=// -e "CREATE PROCEDURE d.write_on(i INT) WHILE NOT EXISTS (SELECT * FROM d.stop) DO UPDATE d.busy SET n = n + 1 WHERE id = i; END WHILE"
    for i in 1 2 3; do
        sql source "CALL d.write_on($i)" 3>&- &
        writers+=($!)
    done
    network source "stall all after BLOCK_COMMIT"
    for i in {1..10}; do
        run through source backup --threads 60 "${TIMEOUTS[@]}"
        ! network_broken source || break
    done
    echo "$output"
    # a COMMIT is let through, at the latest, when the server ends the session
    sql source "INSERT INTO d.stop VALUES (1)"
    wait "${writers[@]}"
    network_broken source || skip "commits never had to be held here"
    [ "$status" -eq 5 ]
    network source pass
}
