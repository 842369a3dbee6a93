# ccr-cycle: what is due on one side, by the binaries that do it.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow

setup_file() {
    mkdir -p "$XDG_STATE_HOME"
    follow_servers
    server_start second --local-infile=ON --log-bin-trust-function-creators=ON
    server_grant second target
    sql source "CREATE DATABASE d; USE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v INT); INSERT INTO d.t SELECT seq, 0 FROM seq_1_to_100"
    config >"$T/ccr.conf"
    follow_start --databases d
    ccr restore second --quiet --job k --databases d
}

# config [SOURCE LINE...]: one source, two targets; the second names no job.
config() {
    printf '[store main]\nurl = %s\n\n[source db1]\nsocket = %s\ndefaults-file = %s\n' "$STORE" "$T/source/sock" "$T/source/ccr.cnf"
    [ $# -eq 0 ] || printf '%s\n' "$@"
    printf '\n[target db2]\nsocket = %s\ndefaults-file = %s\njob = j\n' "$T/target/sock" "$T/target/ccr.cnf"
    printf '\n[target db3]\nsocket = %s\ndefaults-file = %s\n' "$T/second/sock" "$T/second/ccr.cnf"
}

cycle() {
    run --separate-stderr "$CCR_BIN/ccr-cycle" "$1" --config "$T/ccr.conf" "${@:2}"
    echo "status $status: $output"
    echo "${stderr:-}"
}

requested=", db1 ccr-backup --requested 0"

# What was run: "db1 ccr-ship 0, db1 ccr-backup 0". Looks for what a job needs that find nothing are left out.
steps() {
    json_of '[.steps[] | select((.program == "ccr-restore" and .code == 0 and (.result.changed | not)) | not) | "\(.section) \(if .job then .job + " " else "" end)\(.program)\(if .flag then " " + .flag else "" end) \(.code)"] | join(", ")'
}

write() {
    sql source "INSERT INTO t (v) SELECT seq FROM seq_1_to_$1" d
}

snapshots() {
    find "$STORE_DIR/streams/main/snapshots" -name manifest.json | wc -l
}

newest_manifest() {
    find "$STORE_DIR/streams/main/snapshots" -name manifest.json -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2
}

in_step() {
    same_tables source target d && same_tables source second d
}

@test "one line on each side keeps all in step; silent under --cron" {
    write 10
    cycle source --json
    [ "$status" -eq 0 ]
    [ "$(steps)" = "db1 ccr-ship 0$requested" ]
    [ "$(json_of '"\(.side) \(.changed) \(.steps[0].result.transactions)"')" = "source true 1" ]
    cycle target --json
    [ "$status" -eq 0 ]
    # a section without a job stands for all that the target has
    [ "$(steps)" = "db2 j ccr-apply 0, db3 k ccr-apply 0" ]
    in_step
    write 10
    for side in source target; do
        cycle "$side" --cron
        [ "$status" -eq 0 ]
        [ -z "$output$stderr" ]
    done
    in_step
    cycle target
    [[ $output == *"[target db2], job j: ccr-apply: ok, nothing to do, at 0-"* ]]
}

@test "one section, or one job" {
    cycle target --target db3 --json
    [ "$(steps)" = "db3 k ccr-apply 0" ]
    cycle target --target db3 --job nobody --json
    [ "$status" -eq 6 ]
    [ "$(steps)" = "db3 nobody ccr-restore --requested 6, db3 nobody ccr-apply 6" ]
    cycle target --job k
    [ "$status" -eq 2 ]
    [[ $stderr == *"--target NAME"* ]]
    cycle target --target db4
    [ "$status" -eq 3 ]
}

@test "how a job is run is in its section, and holds for no other; a flag wins" {
    config | sed '/^job = j/a on-drift = repair' >"$T/policy.conf"
    sql target "DELETE FROM t WHERE id = 1" d
    sql second "DELETE FROM t WHERE id = 1" d
    sql source "UPDATE t SET v = 7 WHERE id = 1" d
    cycle source --quiet
    run --separate-stderr "$CCR_BIN/ccr-cycle" target --config "$T/policy.conf" --json
    [ "$status $(json_of '[.steps[] | select(.program == "ccr-apply") | "\(.section) \(.code)"] | join(", ")')" = "9 db2 0, db3 9" ]
    [ "$(sql target "SELECT v FROM t WHERE id = 1" d)" = 7 ]
    "$CCR_BIN/ccr-apply" --config "$T/policy.conf" --target db3 --job k --on-drift repair --quiet 3>&-
    in_step
}

@test "usage" {
    run "$CCR_BIN/ccr-cycle" source
    [ "$status" -eq 2 ]
    [[ $output == *"--config"* ]]
    cycle source --job j
    [ "$status" -eq 2 ]
    cycle target --snapshot-every 1d
    [ "$status" -eq 2 ]
    run "$CCR_BIN/ccr-cycle" --config "$T/ccr.conf"
    [ "$status" -eq 2 ]
    printf '[store main]\nurl = %s\n' "$STORE" >"$T/none.conf"
    run "$CCR_BIN/ccr-cycle" source --config "$T/none.conf"
    [ "$status" -eq 3 ]
    [[ $output == *"no [source] section"* ]]
}

@test "a gap: the snapshot that the log needs, and the log behind it, in one cycle" {
    local before

    before=$(snapshots)
    write 10
    purge_all source
    cycle source --json
    [ "$status" -eq 0 ]
    [ "$(steps)" = "db1 ccr-ship 8, db1 ccr-backup 0, db1 ccr-ship 0$requested" ]
    [[ $(json_of '.steps[0].result.error.message') == *"a gap in the source's log"* ]]
    [[ $(json_of '.steps[1].reason') == *"the log cannot go on"* ]]
    [ "$(snapshots)" -eq $((before + 1)) ]
    [[ $stderr == *"[source db1]: ccr-backup: the log cannot go on"* ]]
    write 10
    cycle source --json
    [ "$(steps)" = "db1 ccr-ship 0$requested" ]
    # the targets have seen the end of the epoch, bring in what opens the next, and go on, in one cycle, too
    cycle target --json
    [ "$status" -eq 0 ]
    for turn in "db2 j" "db3 k"; do
        [[ $(steps) == *"$turn ccr-apply 8, $turn ccr-restore --requested 0, $turn ccr-apply 0"* ]]
    done
    in_step
    [[ $(sql target "SELECT reason FROM ccr.history WHERE job = 'j' ORDER BY id DESC LIMIT 1") == *"a gap in the source's log"* ]]
}

@test "a table that the log does not hold: asked for, taken and brought in by the next cycles" {
    sql source "CREATE DATABASE e; CREATE TABLE e.x (id INT PRIMARY KEY); INSERT INTO e.x VALUES (1), (2); RENAME TABLE e.x TO d.x"
    "$CCR_BIN/ccr-job" pause --config "$T/ccr.conf" --target db3 --job k --reason "one is enough"
    cycle source
    cycle target --json
    [ "$status" -eq 8 ]
    [ "$(steps)" = "db2 j ccr-apply 8" ] || [ "$(steps)" = "db2 j ccr-apply 8, db3 k ccr-apply 0" ]
    cycle source --json
    [ "$status" -eq 0 ]
    [ "$(json_of '.steps[-1] | "\(.flag) \(.result.changed)"')" = "--requested true" ]
    cycle target --json
    [ "$status" -eq 0 ]
    [[ $(steps) == "db2 j ccr-restore --requested 0, db2 j ccr-apply 0"* ]]
    same_tables source target d
    "$CCR_BIN/ccr-job" resume --config "$T/ccr.conf" --target db3 --job k --reason "done"
    # what was taken for the one serves the other
    cycle target --json
    [ "$status" -eq 0 ]
    [[ $(steps) == *"db3 k ccr-apply 8, db3 k ccr-restore --requested 0, db3 k ccr-apply 0" ]]
    in_step
}

@test "a stream without a snapshot gets one" {
    mv "$STORE_DIR" "$T/away"
    mkdir -p "$STORE_DIR/streams/main"
    cp "$T/away/ccr.json" "$STORE_DIR"
    cp "$T/away/streams/main/stream.json" "$STORE_DIR/streams/main"
    cycle source --json
    rm -r "$STORE_DIR"
    mv "$T/away" "$STORE_DIR"
    [ "$status" -eq 0 ]
    [ "$(steps)" = "db1 ccr-ship 8, db1 ccr-backup 0, db1 ccr-ship 0$requested" ]
}

@test "snapshot-every: when the newest full one is older, by the store's clock" {
    config "snapshot-every = 7d" >"$T/ccr.conf"
    cycle source --json
    [ "$(steps)" = "db1 ccr-ship 0$requested" ]
    find "$STORE_DIR/streams/main/snapshots" -name manifest.json -exec touch -d '8 days ago' {} +
    # one of a single table is none
    ccr backup source --quiet --tables d.t
    cycle source --json
    [ "$status" -eq 0 ]
    [ "$(steps)" = "db1 ccr-ship 0, db1 ccr-backup 0$requested" ]
    [[ $(json_of '.steps[1].reason') == "no full snapshot since 20"*"(snapshot-every)" ]]
    cycle source --json
    [ "$(steps)" = "db1 ccr-ship 0$requested" ]
    CCR_CLOCK_SHIFT=$((6 * 86400)) cycle source --json
    [ "$(steps)" = "db1 ccr-ship 0$requested" ]
    CCR_CLOCK_SHIFT=$((8 * 86400)) cycle source --json
    [ "$(steps)" = "db1 ccr-ship 0, db1 ccr-backup 0$requested" ]
    # a flag wins
    cycle source --json --snapshot-every 365d
    [ "$(steps)" = "db1 ccr-ship 0$requested" ]
    config >"$T/ccr.conf"
    cycle target
    in_step
}

@test "a failure ends its own turn, and no other; the worst code counts" {
    write 10
    cycle source
    server_stop target
    cycle target --json
    [ "$status" -eq 6 ]
    [ "$(steps)" = "db2 j ccr-restore --requested 6, db2 j ccr-apply 6, db3 k ccr-apply 0" ]
    [[ $(json_of .error.message) == "[target db2], job j: ccr-restore: target; [target db2], job j: ccr-apply: target" ]]
    same_tables source second d
    # a server of which it cannot even be learned which jobs it has
    sed -i "s|$T/second/sock|$T/nowhere|" "$T/ccr.conf"
    target_start
    cycle target --json
    [ "$status" -eq 6 ]
    [ "$(steps)" = "db2 j ccr-apply 0" ]
    [[ $stderr == *"[target db3]: which jobs it has: "* ]]
    config >"$T/ccr.conf"
    # a store that is gone
    mv "$STORE_DIR" "$STORE_DIR.away"
    cycle source --json
    mv "$STORE_DIR.away" "$STORE_DIR"
    [ "$status" -eq 4 ]
    [ "$(steps)" = "db1 ccr-ship 4" ]
    in_step
}

@test "what a person has paused stays paused" {
    write 1
    "$CCR_BIN/ccr-job" pause --config "$T/ccr.conf" --target db2 --reason "an audit"
    cycle source
    cycle target --json
    [ "$status" -eq 0 ]
    [ "$(json_of '[.steps[] | select(.program == "ccr-apply") | .result.state] | join(" ")')" = "paused following" ]
    "$CCR_BIN/ccr-job" resume --config "$T/ccr.conf" --target db2 --reason "done"
    cycle target
    in_step
}

@test "a section that another cycle is at work on is left out at once; the others have their turn" {
    local lock=$T/db2.lock

    config >"$T/ccr.conf"
    sed -i "s|^job = j|job = j\nlock-file = $lock|" "$T/ccr.conf"
    write 1
    cycle source
    (
        flock 9
        echo 4711 >"$lock"
        cycle target --json
        [ "$status" -eq 75 ]
        [ "$(steps)" = "db3 k ccr-apply 0" ]
        [[ $stderr == *"[target db2]: another cycle is at work (process 4711, lock $lock)"* ]]
        cycle target --cron
        [ "$status" -eq 75 ]
        [ -z "$output$stderr" ]
    ) 9>>"$lock"
    cycle target
    [ "$status" -eq 0 ]
    in_step
    # no place for it
    sed -i "s|^lock-file = .*|lock-file = $T/no/such/folder|" "$T/ccr.conf"
    cycle target --json
    [ "$status" -eq 3 ]
    [ "$(steps)" = "db3 k ccr-apply 0" ]
    config >"$T/ccr.conf"
    XDG_STATE_HOME='' HOME='' cycle target
    [ "$status" -eq 3 ]
    [[ $stderr == *"set lock-file"* ]]
}

@test "the disk under the locks is full: every section has its turn all the same" {
    mkdir "$T/small"
    mount -t tmpfs -o size=64k tmpfs "$T/small" 2>/dev/null || skip "mounting a small file system needs root"
    cat /dev/zero >"$T/small/filler" 2>/dev/null || :
    config >"$T/ccr.conf"
    write 1
    XDG_STATE_HOME=$T/small cycle source
    XDG_STATE_HOME=$T/small cycle target
    umount "$T/small"
    [ "$status" -eq 0 ]
    in_step
}

# A cycle whose ccr-backup takes its time is at work.
start_slow() {
    config "snapshot-every = 1s" "max-rate = 100rows" >"$T/ccr.conf"
    find "$STORE_DIR/streams/main/snapshots" -name manifest.json -exec touch -d '1 hour ago' {} +
    "$CCR_BIN/ccr-cycle" source --config "$T/ccr.conf" --json >"$T/slow.out" 2>"$T/slow.err" 3>&- &
    slow=$!
    wait_until 20 child_is ccr-backup
}

child_is() {
    child=$(pgrep -P "$slow" -x "$1")
}

@test "a signal is passed on to the binary at work, and ends the cycle with 10" {
    write 2000
    start_slow
    kill -TERM "$slow"
    status=0
    wait "$slow" || status=$?
    [ "$status" -eq 10 ]
    process_ended "$child"
    output=$(cat "$T/slow.out")
    [ "$(steps)" = "db1 ccr-ship 0, db1 ccr-backup 10" ]
    config >"$T/ccr.conf"
    cycle source
    [ "$status" -eq 0 ]
}

@test "killed: the lock lasts as long as the binary that it has left behind" {
    start_slow
    kill -9 "$slow"
    wait "$slow" || true
    config >"$T/ccr.conf"
    cycle source --json
    [ "$status" -eq 75 ]
    [ "$(steps)" = "" ]
    kill -TERM "$child"
    wait_until 20 process_ended "$child"
    cycle source --json
    [ "$status" -eq 0 ]
    cycle target
    in_step
}

# As systemd does it: started again whenever it ends.
follow_all_the_time() {
    while [ ! -e "$T/stop" ]; do
        "$CCR_BIN/ccr-apply" --config "$T/ccr.conf" --target db2 --follow --quiet >>"$T/followed" 2>&1 3>&- || echo "code $?" >>"$T/followed"
        read -r -t 0.2 <>"$T/never" || :
    done
}

copied_while_followed() {
    "$CCR_BIN/ccr-cycle" target --config "$T/ccr.conf" --target db2 --cron || :
    [ "$(sql target "SELECT COUNT(*) FROM ccr.history WHERE job = 'j' AND what LIKE '$1 copy of snapshot%' AND reason LIKE '%beside%'")" -eq 1 ]
}

target_in_step() {
    same_tables source target d >/dev/null
}

@test "beside ccr-apply --follow: copies that are asked for come in, and it goes on" {
    local follow

    config >"$T/ccr.conf"
    mkfifo "$T/never"
    follow_all_the_time 3>&- &
    follow=$!
    for kind in full partial; do
        write 5
        cycle source
        [ "$status" -eq 0 ]
        wait_until 30 target_in_step
        if [ "$kind" = full ]; then
            "$CCR_BIN/ccr-job" resync --config "$T/ccr.conf" --target db2 --job j --reason "beside a run" --quiet
        else
            "$CCR_BIN/ccr-job" resync --config "$T/ccr.conf" --target db2 --job j --reason "beside a run" --tables d.t --quiet
        fi
        cycle source
        [ "$status" -eq 0 ]
        wait_until 60 copied_while_followed "$kind"
        write 5
        cycle source
        wait_until 30 target_in_step
    done
    touch "$T/stop"
    "$CCR_BIN/ccr-job" pause --config "$T/ccr.conf" --target db2 --reason "the end"
    wait "$follow"
    "$CCR_BIN/ccr-job" resume --config "$T/ccr.conf" --target db2 --reason "the end"
    grep -v "^code 75$" "$T/followed" | grep "^code" && return 1
    in_step || cycle target
}

@test "a binary that is killed, and one that is not there" {
    start_slow
    kill -9 "$child"
    status=0
    wait "$slow" || status=$?
    output=$(cat "$T/slow.out")
    [ "$status" -eq 10 ]
    [ "$(json_of '.steps[1] | "\(.code_name) \(.result)"')" = "interrupted null" ]
    config >"$T/ccr.conf"
    mkdir "$T/bin"
    cp "$CCR_BIN/ccr-cycle" "$T/bin"
    run "$T/bin/ccr-cycle" source --config "$T/ccr.conf"
    [ "$status" -eq 1 ]
    [[ $output == *"starting $T/bin/ccr-ship: No such file"*"hint: "* ]]
}
