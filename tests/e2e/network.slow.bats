# Networks that break between ccr and its servers, in the worst moments: connections are reset, refused, stalled by a machine in the
# middle that hangs, or packets vanish without a word. Every run ends, with an error and a hint; the next one completes; nothing is lost
# or doubled, and nothing is copied anew.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/network

# Faults are waited for, so several are at once, each in a world of its own: world N is the source's stream wN and the target's job jN,
# whose copy of the database is dN, and a network to each of the two servers, sourceN and targetN.
setup_file() {
    local s n

    # a server knows by its own means that a client behind a dead network is gone
    for s in source target; do
        server_start "$s" --tcp-keepalive-time=1 --tcp-keepalive-interval=1 --tcp-keepalive-probes=2 \
            --local-infile=ON --log-bin-trust-function-creators=ON
        server_grant "$s" "$s"
        sql "$s" "$(readme_grants "$s" | sed "s/ccr@localhost/ccr@'127.0.0.1'/")"
    done
    sql source "CREATE DATABASE d; USE d; CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT); CREATE TABLE loose (v TEXT);
        CREATE TABLE counter (n INT); INSERT INTO counter VALUES (0); INSERT INTO t (v) SELECT REPEAT(UUID(), 20) FROM seq_1_to_2000"
    for n in {1..5}; do
        network_start "source$n" source
        network_start "target$n" target
        ccr backup source --stream "w$n" --quiet
        ccr restore target --stream "w$n" --job "j$n" --rename-db "d:d$n" --quiet
    done
}

teardown_file() {
    networks_end
    servers_end
}

# in_worlds FUNCTION FAULT...: `FUNCTION FAULT` for each, side by side, in world $N. All of them succeed.
in_worlds() {
    local function=$1 n bad=0 pids=()

    shift
    for n in $(seq $#); do
        (N=$n && "$function" "${!n}") >"$T/world$n" 2>&1 3>&- &
        pids[n]=$!
    done
    for n in $(seq $#); do
        wait "${pids[n]}" || bad=1
        sed "s/^/world $n: /" "$T/world$n"
    done
    return "$bad"
}

# Short ones, for runs that are to meet them.
TIMEOUTS=(--connect-timeout 2 --server-timeout 1)

# through SIDE BINARY [OPTIONS]: by the world's network. To be run in a shell of its own.
through() {
    local side=$1 binary=$2

    shift 2
    exec timeout --foreground 120 "$CCR_BIN/ccr-$binary" --store "$STORE" --host 127.0.0.1 --port "$(network_port "$side$N")" \
        --defaults-file "$T/$side/ccr.cnf" --stream "w$N" "$@" 3>&-
}

# broken SIDE "FAULT" BINARY [OPTIONS]: a run through the network that breaks so; it ends with that side's code, and a hint.
broken() {
    local side=$1 fault=$2 code=5

    shift 2
    [ "$side" = source ] || code=6
    network "$side$N" "$fault"
    run through "$side" "$@" "${TIMEOUTS[@]}"
    echo "$fault: $1 ended with $status: $output"
    network_broken "$side$N"
    [ "$status" -eq "$code" ]
    [[ $output == *"error: "* && $output == *"hint: "* ]]
    network "$side$N" pass
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

# ship WORLDS, apply WORLDS: of the first so many.
ship() {
    local n

    for n in $(seq "$1"); do
        ccr ship source --stream "w$n" --quiet || return 1
    done
}

apply() {
    local n

    for n in $(seq "$1"); do
        ccr apply target --job "j$n" --quiet || return 1
    done
}

# equal COPIES WORLD...: and so many full copies were ever made in each.
equal() {
    local n copies=$1

    shift
    for n in "$@"; do
        same_tables source target "d:d$n" || return 1
        same_schema --followed source target "d:d$n" || return 1
        [ "$(sql target "SELECT SUM(what LIKE 'full copy%'), SUM(what LIKE 'partial copy%') FROM ccr.history WHERE job = 'j$n'")" = "$copies"$'\t'0 ] || return 1
        [ "$(cd "$STORE_DIR/streams/w$n/log" && echo *)" = 0001 ] || return 1
    done
}

shipped_all() {
    [ "$(sql source "SELECT @@gtid_binlog_pos")" = "$("$CCR_BIN/ccr-verify" --store "$STORE" --quick --json 2>/dev/null | jq -r --arg s "w$N" '.streams[] | select(.stream == $s) | .ranges[-1].to_position')" ]
}

cut_ship() {
    broken source "$1" ship
    again source ship --quiet
    shipped_all
}

@test "ccr-ship: cut while it reads the log, in the midst of a large transaction" {
    local fault faults=()

    work 3000
    work
    for fault in reset refuse drop stall; do
        faults+=("$fault all bytes 900000")
    done
    in_worlds cut_ship "${faults[@]}"
    apply 4
    equal 1 1 2 3 4
}

cut_apply() {
    broken target "$1" apply --job "j$N"
    again target apply --job "j$N" --quiet
}

@test "ccr-apply: the answer to a COMMIT does not come, or the COMMIT does not arrive" {
    work
    ship 4
    in_worlds cut_apply 'reset all after BINLOG..COMMIT' 'reset all before BINLOG..COMMIT' 'drop all after BINLOG..COMMIT' 'stall all before BINLOG..COMMIT'
    equal 1 1 2 3 4
}

@test "ccr-apply: the answer to DDL does not come, or the DDL does not arrive" {
    work
    sql source "ALTER TABLE t ADD COLUMN c INT DEFAULT 1; CREATE TABLE made (id INT) SELECT seq AS id FROM seq_1_to_9; INSERT INTO loose VALUES ('x')" d
    ship 3
    in_worlds cut_apply 'reset all after ADD COLUMN' 'stall all after ADD COLUMN' 'drop all before ADD COLUMN'
    equal 1 1 2 3
}

cut_lanes() {
    broken target "$1" apply --job "j$N" --lanes 3
    again target apply --job "j$N" --lanes 3 --quiet
}

@test "ccr-apply --lanes: one of the connections is cut" {
    work
    ship 3
    in_worlds cut_lanes 'reset one after BINLOG..COMMIT' 'drop one before COMMIT' 'stall one after BINLOG'
    equal 1 1 2 3
}

applied() {
    [ "$(sql target "SELECT n FROM d$N.counter")" = "$(sql source "SELECT n FROM d.counter")" ]
}

# "FAULT FOR ccr-apply|FAULT FOR ccr-ship"
cut_followers() {
    local applier shipper status=0

    through source ship --follow --segment-age 1 --quiet "${TIMEOUTS[@]}" >"$T/shipper$N" 2>&1 &
    shipper=$!
    through target apply --job "j$N" --follow --quiet "${TIMEOUTS[@]}" >"$T/applier$N" 2>&1 &
    applier=$!
    work
    wait_until 30 applied
    network "target$N" "${1%|*}"
    work
    wait "$applier" || status=$?
    cat "$T/applier$N"
    [ "$status" -eq 6 ]
    network "target$N" pass
    # the one that ships goes on by itself, when the network comes back
    network "source$N" "${1#*|}"
    work
    network "source$N" pass
    wait_until 60 shipped_all
    kill "$shipper"
    status=0
    wait "$shipper" || status=$?
    cat "$T/shipper$N"
    [ "$status" -eq 10 ]
}

@test "ccr-apply --follow and ccr-ship --follow: cut at work and at rest" {
    in_worlds cut_followers 'reset all after BINLOG..COMMIT|drop all now' 'drop all now|refuse all now'
    ship 2
    apply 2
    equal 1 1 2
}

snapshots() {
    find "$STORE_DIR/streams/w$N" -name manifest.json | wc -l
}

cut_backup() {
    local before

    before=$(snapshots)
    broken source "$1" backup --threads 2
    [ "$(snapshots)" -eq "$before" ]
    again source backup --quiet
    [ "$(snapshots)" -eq $((before + 1)) ]
}

@test "ccr-backup: a worker, the control connection, or all of them are cut" {
    in_worlds cut_backup 'reset one bytes 900000' 'drop one bytes 900000' 'stall one after SAVEPOINT' 'reset one after SHOW BINLOG' 'drop all after SAVEPOINT'
    "$CCR_BIN/ccr-verify" --store "$STORE" --quiet
}

# A session whose answer was lost is only given up after minutes, and every swap waits for what it had begun.
cut_restore() {
    ccr backup source --stream "w$N" --quiet
    broken target "$1" restore --job "j$N"
    network "target$N" forget
    again target restore --job "j$N" --quiet
}

@test "ccr-restore: cut while it loads, at the swap, and behind it" {
    work
    in_worlds cut_restore 'reset all sent 900000' 'drop all sent 900000' 'stall all before RENAME TABLE' 'drop all after RENAME TABLE' \
        'reset all after INSERT INTO ccr.history'
    work
    ship 5
    apply 5
    equal 2 1 2 3 4 5
}

# "MS [BYTES]|BINARY...": through networks that slow, with the timeouts that nobody has set.
go_slowly() {
    local binary binaries

    read -ra binaries <<<"${1#*|}"
    network "source$N" slow "${1%|*}"
    network "target$N" slow "${1%|*}"
    for binary in "${binaries[@]}"; do
        case $binary in
        backup | ship) run through source "$binary" ;;
        restore | apply) run through target "$binary" --job "j$N" ;;
        esac
        echo "$binary ended with $status: $output"
        [ "$status" -eq 0 ]
    done
    network "source$N" pass
    network "target$N" pass
}

@test "packets that come late, and a trickle, are no network that fails" {
    work 200
    ccr backup source --stream w2 --quiet
    ccr ship source --stream w5 --quiet
    in_worlds go_slowly '25|backup' '25|restore' '200|ship' '10 2000|ship apply' '80|apply'
    ship 3
    apply 3
    equal 3 2
    equal 2 1 3 4 5
}

# So many connections that a moment without a commit is hardly ever long enough to open them all.
@test "a source whose commits are held for a snapshot's opening is not held for long by a network that hangs" {
    local i writers=() N=1

    sql source "CREATE TABLE d.stop (n INT); CREATE TABLE d.busy (id INT PRIMARY KEY, n INT); INSERT INTO d.busy VALUES (1, 0), (2, 0), (3, 0)"
    sql_client source --delimiter=// -e "CREATE PROCEDURE d.write_on(i INT) WHILE NOT EXISTS (SELECT * FROM d.stop) DO UPDATE d.busy SET n = n + 1 WHERE id = i; END WHILE"
    for i in 1 2 3; do
        sql source "CALL d.write_on($i)" 3>&- &
        writers+=($!)
    done
    network source1 "stall all after BLOCK_COMMIT"
    for i in {1..10}; do
        run through source backup --threads 60 "${TIMEOUTS[@]}"
        ! network_broken source1 || break
    done
    echo "$output"
    # a COMMIT is let through, at the latest, when the server ends the session
    sql source "INSERT INTO d.stop VALUES (1)"
    wait "${writers[@]}"
    network_broken source1 || skip "commits never had to be held here"
    [ "$status" -eq 5 ]
    network source1 pass
}
