# Several lanes under kill -9 at random moments: the next run, with any number of lanes, goes on exactly. SOAK=N: N times
# as often.

load ../lib/common
load follow

KILLS=$((30 * ${SOAK:-1}))

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; $(for i in {1..6}; do echo "CREATE TABLE d.t$i (id INT AUTO_INCREMENT PRIMARY KEY, n INT, v VARCHAR(200), KEY (n));"; done)
        CREATE TABLE d.parent (id INT AUTO_INCREMENT PRIMARY KEY, n INT); CREATE TABLE d.child (id INT AUTO_INCREMENT PRIMARY KEY, parent INT,
            FOREIGN KEY (parent) REFERENCES d.parent (id) ON DELETE CASCADE)"
    follow_start
}

# Transactions on some of the tables, and now and then a definition that changes.
more() {
    for ((i = 0; i < 120; i++)); do
        a=$((RANDOM % 6 + 1)) b=$((RANDOM % 6 + 1)) n=$((RANDOM % 50))
        case $((RANDOM % 8)) in
        0 | 1) echo "BEGIN; INSERT INTO t$a (n, v) VALUES ($n, REPEAT('v', $n)), ($n, NULL); INSERT INTO t$b (n) VALUES ($n); COMMIT;" ;;
        2) echo "UPDATE t$a SET n = n + 1 WHERE n < $n;" ;;
        3) echo "DELETE FROM t$a WHERE n = $n;" ;;
        4) echo "BEGIN; INSERT INTO parent (n) VALUES ($n); INSERT INTO child (parent) VALUES (LAST_INSERT_ID()); UPDATE t$b SET v = '$n' LIMIT 3; COMMIT;" ;;
        5) echo "DELETE FROM parent WHERE n = $n;" ;;
        6) echo "BEGIN; DELETE FROM t$a ORDER BY id LIMIT 2; SAVEPOINT s; INSERT INTO t$b (n) VALUES ($n); COMMIT;" ;;
        7) [ $((RANDOM % 10)) -gt 0 ] || echo "ALTER TABLE t$a ADD x$RANDOM INT, ADD KEY (n, id);" ;;
        esac
    done | sql_client source --force d >/dev/null 2>&1 || :
    ship
}

# A run that is killed within so many milliseconds.
killed() {
    local pid

    status=0
    "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --quiet \
        --batch-transactions $((RANDOM % 10 + 2)) --lanes $((RANDOM % 4 + 1)) >"$T/killed.log" 2>&1 3>&- &
    pid=$!
    sleep "$(printf '0.%03d' $((RANDOM % $1)))"
    kill -9 "$pid" 2>/dev/null || :
    wait "$pid" || status=$?
    # 75: the server still works on what the killed run had begun
    [[ $status == 137 || $status == 0 || $status == 75 ]] || { cat "$T/killed.log"; return 1; }
}

uneven() {
    [ "$(sql target "SELECT COUNT(DISTINCT l.pos) FROM ccr.lanes l JOIN ccr.position_j p USING (nonce)")" -gt 1 ]
}

applied() {
    run apply --lanes $((RANDOM % 4 + 1))
    [ "$status" -ne 75 ]
}

# As behind a network that was cut, where the server has noticed of one connection only.
@test "lanes that outlive their run are ended by the next one, whatever of their batch was committed" {
    local point run

    for point in commit-before commit-after; do
        sql source "BEGIN; $(for i in {1..6}; do echo "INSERT INTO t$i (n, v) VALUES (1, '$point');"; done) COMMIT" d
        ship
        CCR_FAILPOINT=$point:1:stop "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" \
            --job j --quiet --lanes 3 >"$T/out" 2>&1 3>&- &
        run=$!
        wait_until 60 process_stopped "$run"
        sql target "KILL $(sql target "SELECT IS_USED_LOCK('ccr job j')")"
        # the others have written, and still hold it
        run sql target "SELECT * FROM ccr.lanes FOR UPDATE NOWAIT"
        echo "$output"
        [[ $output == *"ERROR 1205 "* ]]
        run timeout 120 "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j
        kill -9 "$run"
        wait "$run" || true
        echo "$status $output"
        [ "$status" -eq 0 ]
        [ "$point" = commit-before ] || [[ $output == *"evened out"* ]]
        same d
    done
}

@test "killed $KILLS times" {
    local done=0 tries=0 point

    seed
    more
    while [ "$done" -lt "$KILLS" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt $((KILLS * 8)) ]
        if [ $((RANDOM % 3)) -eq 0 ]; then
            # at one of the places where it matters
            for point in commit-after commit-before statement claim-after; do
                [ $((RANDOM % 3)) -gt 0 ] || break
            done
            CCR_FAILPOINT=$point:$((RANDOM % 12 + 1)) killed 990
        else
            killed 300
        fi
        if [ "$status" -eq 137 ]; then
            done=$((done + 1))
            ! uneven || uneven=$((${uneven:-0} + 1))
        elif [ "$status" -eq 0 ]; then
            more
        fi
    done
    wait_until 30 applied
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    same d
    echo "# ${uneven:-0} of $done times some lanes were ahead" >&3
}
