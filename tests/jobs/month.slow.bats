# A simulated month: cycles from cron on both sides, one step a day, and things that happen. At the end both sides are equal, and
# every full copy is explained by something that the test did. Both ends are a primary with a replica, and the store is pruned. CCR_SEED
# repeats a run; DAYS (30) is its length.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow
load ../lib/replica
load ../lib/stored

setup_file() {
    local s

    mkdir -p "$XDG_STATE_HOME"
    server_start source --log-slave-updates=ON
    server_start second --log-slave-updates=ON
    target_start --log-slave-updates=ON
    server_start spare --log-slave-updates=ON --log-bin-trust-function-creators=ON
    server_grant source source
    server_grant target target
    for s in source target; do
        sql "$s" "CREATE USER repl@'%' IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@'%'"
    done
    replicate second source
    replicate spare target
    cp "$T/source/ccr.cnf" "$T/second/"
    cp "$T/target/ccr.cnf" "$T/spare/"
    sql source "CREATE DATABASE d; USE d; CREATE TABLE t0 (id INT PRIMARY KEY AUTO_INCREMENT, v INT, c VARCHAR(50)); INSERT INTO t0 (v, c) SELECT seq, seq FROM seq_1_to_500"
    write_config source target
    ccr backup source --quiet --databases d
    ccr restore target --quiet --job j
}

# write_config SOURCE TARGET
write_config() {
    {
        printf '[store main]\nurl = %s\n\n[source db1]\nsocket = %s\ndefaults-file = %s\ndatabases = d\nsnapshot-every = 7d\n' \
            "$STORE" "$T/$1/sock" "$T/$1/ccr.cnf"
        printf '\n[target db2]\nsocket = %s\ndefaults-file = %s\njob = j\n' "$T/$2/sock" "$T/$2/ccr.cnf"
    } >"$T/ccr.conf"
}

note() {
    echo "day $day: $*" >>"$T/diary"
}

# What was written in this cycle is as old as the day says: stores have no clock that a test could set.
age_store() {
    local new=()

    mapfile -t new < <(find "$STORE_DIR" -type f -newercm "$T/stamp" -print 2>/dev/null)
    [ ${#new[@]} -eq 0 ] || touch -d "+$day days" "${new[@]}"
}

# One run as cron starts it. Codes that what happened may lead to are no failure of the test: 4 (the store is away), 5 and 6 (a
# server is down), 8, 10 and 75.
cycle() {
    local code=0

    touch "$T/stamp"
    CCR_CLOCK_SHIFT=$((day * 86400)) "$CCR_BIN/ccr-cycle" "$1" --config "$T/ccr.conf" --cron >>"$T/mail" 2>&1 3>&- || code=$?
    age_store
    case $code in
    0) ;;
    4 | 5 | 6 | 8 | 10 | 75) note "ccr-cycle $1: $code" ;;
    *) echo "day $day: ccr-cycle $1 ended with $code" && return 1 ;;
    esac
}

cycles() {
    cycle source && cycle target
}

# Kills a cycle and the binary at work at some moment.
cycle_killed() {
    local pid child

    note "kill -9 of ccr-cycle $1"
    touch "$T/stamp"
    CCR_CLOCK_SHIFT=$((day * 86400)) "$CCR_BIN/ccr-cycle" "$1" --config "$T/ccr.conf" --cron >>"$T/mail" 2>&1 3>&- &
    pid=$!
    sleep "0.$(printf '%02d' $((RANDOM % 40)))"
    child=$(pgrep -P "$pid" || :)
    kill -9 "$pid" 2>/dev/null || :
    [ -z "$child" ] || kill -9 "$child" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    [ -z "$child" ] || wait_until 20 process_ended "$child"
    age_store
}

write() {
    local table statements=''

    for table in $(sql "$primary" "SELECT table_name FROM information_schema.tables WHERE table_schema = 'd' ORDER BY table_name"); do
        statements+="INSERT INTO $table (v, c) SELECT seq, CONCAT('day $day ', seq) FROM seq_1_to_$((RANDOM % 40 + 1));
            UPDATE $table SET v = v + $((RANDOM % 9)) WHERE id % 7 = $((RANDOM % 7)); DELETE FROM $table WHERE id % 31 = $((RANDOM % 31));"
    done
    sql "$primary" "$statements" d
}

change_schema() {
    local n=$((RANDOM % 4))

    note "DDL $n"
    case $n in
    0) sql "$primary" "CREATE TABLE t$day (id INT PRIMARY KEY AUTO_INCREMENT, v INT, c VARCHAR(50))" d ;;
    1) sql "$primary" "ALTER TABLE t0 ADD COLUMN c$day INT DEFAULT $day" d ;;
    2) sql "$primary" "CREATE TABLE x$day LIKE t0; INSERT INTO x$day (v, c) VALUES ($day, 'x'); RENAME TABLE x$day TO y$day" d ;;
    3) sql "$primary" "CREATE TABLE z$day (id INT PRIMARY KEY, v INT, c VARCHAR(50)); INSERT INTO z$day VALUES (1, 1, 'z'); DROP TABLE z$day" d ;;
    esac
}

steer() {
    "$CCR_BIN/ccr-job" "$1" --config "$T/ccr.conf" --job j --reason "day $day" >/dev/null
    note "$1"
}

paused() {
    [ "$(sql "$down" "SELECT state FROM ccr.states WHERE job = 'j'")" = paused ]
}

# A gap is one only where something was written behind what is shipped.
gap() {
    write
    has_all "$other" "$primary"
    purge_all "$primary"
    note "gap"
    gaps=$((gaps + 1))
}

# The replica is the primary from now on, and the primary its replica.
switch_nodes() {
    note "the source is node $other"
    has_all "$other" "$primary"
    promote "$other"
    replicate "$primary" "$other"
    write_config "$other" "$down"
    set -- "$primary" "$other"
    primary=$2
    other=$1
}

# The target's primary is gone, at a moment when its replica had everything, and comes back as a replica.
switch_target() {
    note "the target is node $spare"
    has_all "$spare" "$down"
    server_kill "$down"
    cycles
    promote "$spare"
    server_start "$down"
    replicate "$down" "$spare"
    set -- "$down" "$spare"
    down=$2
    spare=$1
    write_config "$primary" "$down"
}

# The reasons for which epochs have ended, with those that were pruned.
note_terminators() {
    local object

    find "$STORE_DIR/streams/main/log" -name '*.binlog.zst' | sort | while read -r object; do
        footer "$object" | jq -r --arg object "$object" 'select(.kind == "terminator") | $object + " " + .reason'
    done >>"$T/terminators"
    sort -u -o "$T/terminators" "$T/terminators"
}

keep() {
    CCR_CLOCK_SHIFT=$((day * 86400)) "$CCR_BIN/ccr-$1" --store "$STORE" --quiet "${@:2}" 3>&-
}

RULES=(--keep-last 2 --keep-weekly 2 --pitr 3 --max-hold 60d --yes)

prune() {
    note prune
    note_terminators
    keep prune "${RULES[@]}"
    keep verify
}

prune_killed() {
    local pid

    note "kill -9 of ccr-prune"
    note_terminators
    # the binary itself, not a shell around it
    CCR_CLOCK_SHIFT=$((day * 86400)) "$CCR_BIN/ccr-prune" --store "$STORE" --quiet "${RULES[@]}" 3>&- &
    pid=$!
    sleep "0.0$((RANDOM % 10))"
    kill -9 "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    keep prune "${RULES[@]}"
    keep verify
}

event() {
    # some things happen every month
    case $day in
    5) change_schema; return ;;
    10) gap; return ;;
    12 | 19) prune_killed; return ;;
    15) switch_nodes; return ;;
    17) switch_target; return ;;
    26) prune; return ;;
    esac
    case $((RANDOM % 16)) in
    0) gap ;;
    1 | 2) change_schema ;;
    3) cycle_killed source ;;
    4 | 5) cycle_killed target ;;
    6) if paused; then steer resume; else steer pause; fi ;;
    7)
        note "the store is away"
        mv "$STORE_DIR" "$STORE_DIR.away"
        cycles
        mv "$STORE_DIR.away" "$STORE_DIR"
        ;;
    8)
        note "the source is restarted"
        server_restart "$primary"
        ;;
    9)
        note "the target is killed"
        server_kill "$down"
        cycles
        server_start "$down"
        ;;
    10) switch_nodes ;;
    11) switch_target ;;
    12) prune ;;
    *) ;;
    esac
}

full_copies() {
    sql "$down" "SELECT COUNT(*) FROM ccr.history WHERE job = 'j' AND what LIKE 'full copy %'"
}

in_step() {
    cycles && same_tables "$primary" "$down" d >/dev/null
}

# Every snapshot that is kept can be restored, and the newest one brought to the end of the log.
all_can_be_restored() {
    local id ids n=0

    keep verify
    mapfile -t ids < <(jq -r '"\(.started_us) \(.id)"' "$STORE_DIR"/streams/main/snapshots/*/manifest.json | sort -n | cut -d ' ' -f 2)
    for id in "${ids[@]}"; do
        n=$((n + 1))
        ccr restore "$down" --quiet --job "kept$n" --snapshot "$id" --rename-db "d:kept$n"
    done
    ccr apply "$down" --quiet --job "kept$n"
    same_tables "$primary" "$down" "d:kept$n"
}

@test "a month of cycles, and of what happens: equal at the end, and every full copy explained" {
    local day gaps=0 primary=source other=second down=target spare=spare

    seed
    for ((day = 1; day <= ${DAYS:-30}; day++)); do
        write
        event
        cycles
    done
    if paused; then steer resume; fi
    has_all "$other" "$primary"
    wait_until 60 in_step || { cat "$T/diary"; tail -n 40 "$T/mail"; return 1; }
    same_schema --followed "$primary" "$down" d
    cat "$T/diary"
    sql "$down" "SELECT what, reason FROM ccr.history WHERE job = 'j'"
    # what ended an epoch was a gap that the test made, each of them once
    note_terminators
    cat "$T/terminators"
    [ "$(grep -c ' a gap in the source' "$T/terminators")" -eq "$gaps" ]
    [ "$(wc -l <"$T/terminators")" -eq "$gaps" ]
    # each copy behind the first is for such an end (gaps while the job was paused may share one)
    [ "$(full_copies)" -ge 2 ]
    [ "$(full_copies)" -le $((gaps + 1)) ]
    [ "$(sql "$down" "SELECT COUNT(*) FROM ccr.history WHERE job = 'j' AND what LIKE 'full copy %' AND reason <> 'first run'
        AND reason NOT REGEXP 'epoch [0-9]+ .*ended'")" -eq 0 ]
    # nobody else wrote to the target, and no run has thought so
    [ -z "$(sql target "SELECT db, name FROM ccr.written_by_others WHERE job = 'j'")" ]
    # no other copies, and nobody was needed
    [ "$(sql "$down" "SELECT COUNT(*) FROM ccr.history WHERE job = 'j' AND what LIKE 'partial copy%'")" -eq 0 ]
    [ "$(sql "$down" "SELECT COUNT(*) FROM ccr.history WHERE job = 'j' AND what LIKE 'stopped by %'")" -eq 0 ]
    all_can_be_restored
    # and something was pruned
    [ "${DAYS:-30}" -lt 30 ] || [ "$(find "$STORE_DIR/streams/main/pruned" -type f | wc -l)" -ge 1 ]
    # by the schedule one a week, and one for each gap
    [ "$(find "$STORE_DIR/streams/main/snapshots" -name manifest.json | wc -l)" -le $((1 + gaps + day / 7 + 1)) ]
}
