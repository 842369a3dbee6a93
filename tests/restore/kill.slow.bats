# kill -9 of ccr-restore, and of the server, at random moments: the old tables or the new, and the next run completes. SOAK=N: more of
# them.

# shellcheck disable=SC2154 # bats sets stderr, restore.bash sets restore

bats_require_minimum_version 1.5.0
load ../lib/common
load restore

MORE=$((${SOAK:-1} > 1 ? 3 * SOAK : 1))

setup_file() {
    servers
    zoo
    sql source "CREATE DATABASE bulk; CREATE TABLE bulk.big (id INT NOT NULL PRIMARY KEY, k INT, t VARCHAR(200), KEY (k));
        CREATE TABLE bulk.plain (id INT NOT NULL PRIMARY KEY, t VARCHAR(200)) ENGINE=MyISAM"
    next_generation 1
    ccr restore target --job all --quiet
}

teardown_file() {
    servers_end
}

# Changes every row of the source, then a snapshot in many small chunks.
next_generation() {
    sql source "USE bulk; REPLACE INTO big SELECT seq, seq % 100, REPEAT(CONCAT('$1-', seq, ' '), 12) FROM seq_1_to_60000;
        REPLACE INTO plain SELECT seq, REPEAT('$1 ', 20) FROM seq_1_to_3000;
        UPDATE zoo.animal SET weight = $1; UPDATE zoo.visit SET animal = 1 + $1 % 3; UPDATE keepers.person SET name = $1"
    backup --chunk-size 256K --object-size 1M
}

# Generation of each table, by its content: all the same.
generation() {
    sql target "SELECT COUNT(DISTINCT g), MAX(g), SUM(n) FROM (
        SELECT SUBSTRING_INDEX(MIN(t), '-', 1) + 0 AS g, COUNT(*) AS n FROM bulk.big UNION ALL SELECT SUBSTRING_INDEX(MIN(t), ' ', 1) + 0, COUNT(*) FROM bulk.plain
        UNION ALL SELECT MIN(weight), 1 FROM zoo.animal UNION ALL SELECT MAX(name) + 0, COUNT(*) FROM keepers.person) t"
}

# generation_is OLD NEW: one of them everywhere, complete.
generation_is() {
    local found

    found=$(generation)
    echo "# found $found, expected $1 or $2"
    [ "$found" = "$(printf '1\t%s\t63004' "$1")" ] || [ "$found" = "$(printf '1\t%s\t63004' "$2")" ]
}

equal_to_source() {
    same_tables source target zoo keepers bulk
    same_schema --followed source target zoo keepers bulk
    nothing_left
    [ "$(sql target "SELECT pending IS NULL FROM ccr.position_all")" -eq 1 ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.loads")" -eq 0 ]
    [ "$(sql target "SELECT pos FROM ccr.position_all")" = "$(sql source "SELECT @@gtid_binlog_pos")" ]
}

@test "kill -9 of ccr-restore, $((7 * MORE)) times or more" {
    local generation=1 round duration start resumed=0 finished=0

    seed
    next_generation 2
    start=${EPOCHREALTIME/[.,]/}
    ccr restore target --job all --quiet
    duration=$((${EPOCHREALTIME/[.,]/} - start))
    generation=2
    # how often a load is met in its midst depends on the machine
    for ((round = 1; round <= 7 * MORE || (resumed == 0 && round <= 40 * MORE); round++)); do
        next_generation $((generation + 1))
        restore_start --job all
        sleep "$(awk -v us=$((RANDOM * 32768 + RANDOM)) -v most="$duration" 'BEGIN { print us % most / 1e6 }')"
        kill -9 "$restore" || true
        wait "$restore" || true
        generation_is "$generation" $((generation + 1))
        generation=$((generation + 1))
        run --separate-stderr ccr restore target --job all --json
        echo "$status $stderr"
        [ "$status" -eq 0 ]
        [ "$(json_of .resumed_chunks)" -eq 0 ] || resumed=$((resumed + 1))
        [ "$(json_of .finished_earlier)" = false ] || finished=$((finished + 1))
        generation_is "$generation" "$generation"
        equal_to_source
    done
    echo "# of $((round - 1)): $resumed loads resumed, $finished swaps finished" >&3
    [ "$resumed" -ge 1 ]
}

@test "kill -9 between the swap and its end: every step can be done again" {
    local round killed=0

    seed
    # how often the short time behind a swap is met depends on the machine
    for ((round = 1; round <= 40 * MORE && killed < $((2 * MORE)); round++)); do
        next_generation $((100 + round))
        restore_start --job all
        wait_until 30 swap_is_pending
        sleep "$(awk -v us=$((RANDOM * 8)) 'BEGIN { print us / 1e6 }')"
        if kill -9 "$restore"; then
            killed=$((killed + 1))
        fi
        wait "$restore" || true
        generation_is $((100 + round)) $((100 + round))
        ccr restore target --job all
        equal_to_source
    done
    echo "# killed $killed times in $((round - 1)) rounds" >&3
    [ "$killed" -ge 1 ]
}

swap_is_pending() {
    [ "$(sql target "SELECT pending IS NOT NULL FROM ccr.position_all")" -eq 1 ] || process_ended "$restore"
}

@test "ccr-apply finishes a killed run's swap as well" {
    next_generation 150
    ccr ship source
    restore_start --job all
    wait_until 30 swap_is_pending
    kill -9 "$restore" || true
    wait "$restore" || true
    ccr apply target --job all
    equal_to_source
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = 'zoo'")" -eq 0 ]
}

@test "kill -9 while tables with triggers and named keys are replaced" {
    local round delay

    seed
    target_clean
    ccr restore target --standalone
    for ((round = 1; round <= $((4 * MORE)); round++)); do
        restore_start --standalone --replace
        wait_until 30 plain_swap_is_pending
        delay=$((RANDOM * 8))
        sleep "$(awk -v us="$delay" 'BEGIN { print us / 1e6 }')"
        kill -9 "$restore" || true
        wait "$restore" || true
        if [ -n "$(sql target "SHOW DATABASES LIKE 'ccr'")" ]; then
            ccr restore target --standalone --replace
        fi
        same_tables source target zoo keepers bulk
        same_schema source target zoo keepers bulk
        nothing_left
    done
}

plain_swap_is_pending() {
    [ -n "$(sql target "SHOW TABLES IN ccr LIKE 'position_standalone'" 2>/dev/null)" ] || process_ended "$restore"
}

@test "kill -9 of a plain restore: the next run with the same words completes it" {
    local round

    seed
    for ((round = 1; round <= $((3 * MORE)); round++)); do
        target_clean
        restore_start --standalone
        sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
        kill -9 "$restore" || true
        wait "$restore" || true
        # it may have ended just before
        if [ -n "$(sql target "SHOW DATABASES LIKE 'ccr'")" ] || [ -z "$(sql target "SHOW DATABASES LIKE 'bulk'")" ]; then
            ccr restore target --standalone
        fi
        same_tables source target zoo keepers bulk
        same_schema source target zoo keepers bulk
        nothing_left
        [ -z "$(sql target "SHOW DATABASES LIKE 'ccr'")" ]
    done
}

@test "the server killed during a restore, $((3 * MORE)) times" {
    local round status

    seed
    target_clean
    next_generation 200
    ccr restore target --job all --quiet
    for ((round = 1; round <= $((3 * MORE)); round++)); do
        next_generation $((200 + round))
        restore_start --job all
        sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
        server_kill target
        status=0
        wait "$restore" || status=$?
        cat "$T/out"
        [ "$status" -eq 6 ] || [ "$status" -eq 0 ]
        server_start target
        generation_is $((199 + round)) $((200 + round))
        restore_behind_debris
        equal_to_source
    done
}

# A server killed in the midst of CREATE TABLE may leave a file that no table owns, and then cannot drop the staging
# database: it stays, and is in nobody's way.
restore_behind_debris() {
    local db

    ccr restore target --job all
    find "$T/target/data" -mindepth 2 -path '*/ccr_stage_all_*' -delete
    for db in $(sql target "SHOW DATABASES LIKE 'ccr\\_stage%'"); do
        sql target "DROP DATABASE $db"
    done
}

loaded_chunks() {
    sql target "SELECT COUNT(*) FROM ccr.loads WHERE name <> 'plain' AND name NOT IN ('notes', 'log_aria')"
}

@test "the server killed when chunks are loaded: they are not loaded again" {
    local status=0 there

    target_clean
    next_generation 298
    restore_start --job all --threads 1 --max-rate 4M
    wait_until 30 chunks_are_loaded
    server_kill target
    wait "$restore" || status=$?
    cat "$T/out"
    [ "$status" -eq 6 ]
    server_start target
    there=$(loaded_chunks)
    [ "$there" -ge 1 ]
    run --separate-stderr ccr restore target --job all --json
    echo "$output $stderr"
    [ "$status" -eq 0 ]
    [ "$(json_of .resumed_chunks)" -eq "$there" ]
    equal_to_source
}

# The name of a table in staging, or nothing.
staged() {
    sql target "SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables WHERE table_name = '$1'
        AND table_schema LIKE 'ccr\\_stage\\_%'"
}

is_loaded() {
    [ "$(sql target "SELECT COUNT(*) FROM ccr.loads WHERE name = '$1'" 2>/dev/null || echo 0)" -gt 0 ]
}

# A reader of the staging table, who lets no ALTER TABLE of it through.
stage_is_read() {
    [ -n "$(sql target "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(1000) FROM%'")" ]
}

keys_are_waited_for() {
    [ -n "$(sql target "SELECT id FROM information_schema.processlist WHERE info LIKE 'ALTER TABLE%keyed%ADD KEY%'")" ]
}

@test "the server killed when all rows are loaded and keys are missing: only those are added" {
    local status=0 there

    target_clean
    # large enough for its key to be put off
    sql source "CREATE TABLE bulk.keyed (id INT NOT NULL PRIMARY KEY, k INT, t VARCHAR(400), KEY (k));
        INSERT INTO keyed SELECT seq, seq % 100, REPEAT('x', 400) FROM seq_1_to_40000" bulk
    next_generation 299
    restore_start --job all --threads 1 --max-rate 8M
    wait_until 60 is_loaded keyed
    sql target "SELECT SLEEP(1000) FROM $(staged keyed) LIMIT 1" >/dev/null 2>&1 3>&- &
    wait_until 30 stage_is_read
    wait_until 60 keys_are_waited_for
    server_kill target
    wait "$restore" || status=$?
    cat "$T/out"
    [ "$status" -eq 6 ]
    server_start target
    there=$(loaded_chunks)
    [ "$(sql target "SELECT COUNT(*) FROM $(staged keyed)")" -eq 40000 ]
    run --separate-stderr ccr restore target --job all --json
    echo "$output $stderr"
    [ "$status" -eq 0 ]
    [ "$(json_of .resumed_chunks)" -eq "$there" ]
    equal_to_source
    sql source "DROP TABLE bulk.keyed"
}

@test "another snapshot or other options: the dead run's staging is dropped first" {
    local status=0

    target_clean
    next_generation 300
    restore_start --job all --max-rate 4M
    wait_until 30 chunks_are_loaded
    kill -9 "$restore"
    wait "$restore" || true
    run --separate-stderr ccr restore target --job all --rename-db bulk:heap --json
    [ "$status" -eq 0 ]
    [ "$(json_of .resumed_chunks)" -eq 0 ]
    same_tables source target bulk:heap
    [ -z "$(sql target "SHOW DATABASES LIKE 'bulk'")" ]
    nothing_left
}

chunks_are_loaded() {
    [ "$(sql target "SELECT COUNT(*) > 0 FROM ccr.loads WHERE name = 'big'" 2>/dev/null)" = 1 ]
}

@test "files in staging that the server does not know: other names are taken, and found again" {
    local there

    target_clean
    sql source "CREATE SEQUENCE bulk.numbers NOCACHE; CREATE TABLE bulk.plan (id BIGINT NOT NULL PRIMARY KEY, n INT DEFAULT (NEXT VALUE FOR bulk.numbers)); INSERT INTO bulk.plan VALUES (1, 1)"
    next_generation 400
    # the second one looks like the first without its column
    sql target "CREATE DATABASE ccr_stage_all_0; CREATE DATABASE ccr_stage_all_1; CREATE TABLE ccr_stage_all_1.plan (id BIGINT NOT NULL PRIMARY KEY)"
    : >"$T/target/data/ccr_stage_all_0/left.ibd"
    restore_start --job all --threads 1 --max-rate 4M
    wait_until 60 chunks_are_loaded
    kill -9 "$restore"
    wait "$restore" || true
    there=$(loaded_chunks)
    # taken up again, killed behind the swap, and finished
    status=0
    CCR_FAILPOINT=swap-after ccr restore target --job all >"$T/out" 2>&1 || status=$?
    cat "$T/out"
    [ "$status" -eq 137 ]
    grep -q "going on with an interrupted load: $there chunks" "$T/out"
    run --separate-stderr ccr restore target --job all --json
    echo "$output $stderr"
    [ "$status" -eq 0 ]
    [ "$(json_of .finished_earlier)" = true ]
    [[ $stderr == *"warning: database ccr_stage_all_0 cannot be dropped"* ]]
    same_tables source target bulk zoo keepers
    [[ $(sql target "SHOW CREATE TABLE bulk.plan") == *"nextval(\`bulk\`.\`numbers\`)"* ]]
    [ "$(sql target "SHOW DATABASES LIKE 'ccr\\_stage%'")" = ccr_stage_all_0 ]
    # dropped when it can be
    rm "$T/target/data/ccr_stage_all_0/left.ibd"
    next_generation 401
    ccr restore target --job all
    equal_to_source
    sql source "DROP TABLE bulk.plan; DROP SEQUENCE bulk.numbers"
}

@test "SIGINT while it loads: code 10, and the next run goes on with the chunks that are there" {
    local status=0 there

    target_clean
    next_generation 301
    restore_start --job all --threads 1 --max-rate 4M
    wait_until 30 chunks_are_loaded
    kill -INT "$restore"
    wait "$restore" || status=$?
    cat "$T/out"
    [ "$status" -eq 10 ]
    there=$(sql target "SELECT COUNT(*) FROM ccr.loads WHERE name <> 'plain' AND name NOT IN ('notes', 'log_aria')")
    [ "$there" -ge 1 ]
    run --separate-stderr ccr restore target --job all --json
    [ "$status" -eq 0 ]
    [ "$(json_of .resumed_chunks)" -eq "$there" ]
    equal_to_source
}

# As behind a network that was cut: the server has noticed of none of them, or of one only.
@test "connections that outlive their run: the one with the lock is named, the others are ended by the next run" {
    next_generation 302
    CCR_FAILPOINT=rows-before:1:stop restore_start --job all --threads 2
    wait_until 60 process_stopped "$restore"
    run --separate-stderr ccr restore target --job all
    echo "$status $stderr"
    [ "$status" -eq 75 ]
    [[ $stderr =~ "hint: it is connection "([0-9]+)" on the server, from localhost, for "[0-9]+" s in state Sleep; if that run is gone "[^,]*", KILL "([0-9]+), ]]
    [ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
    sql target "KILL ${BASH_REMATCH[2]}"
    # another one has written, and still holds it
    run sql target "SELECT * FROM ccr.loads FOR UPDATE NOWAIT"
    echo "$output"
    [[ $output == *"ERROR 1205 "* ]]
    run timeout 120 "$CCR_BIN/ccr-restore" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job all --quiet
    kill -9 "$restore"
    wait "$restore" || true
    echo "$status $output"
    [ "$status" -eq 0 ]
    equal_to_source
}

# As a run on another node of a Galera cluster, which has its own locks.
@test "a chunk that another run has loaded meanwhile is not there twice: the run leaves with 75" {
    next_generation 402
    restore_start --job all --threads 1 --max-rate 1000rows
    wait_until 60 chunks_are_loaded
    sql target "INSERT IGNORE INTO ccr.loads SELECT 'all', 'bulk', 'big', seq, 1 FROM ccr.seq_1_to_1000"
    status=0
    wait "$restore" || status=$?
    cat "$T/out"
    [ "$status" -eq 75 ]
    grep -q "another run of job all is loading the same tables" "$T/out"
    sql target "DELETE FROM ccr.loads WHERE name = 'big' AND row_count = 1"
    ccr restore target --job all --quiet
    equal_to_source
}

@test "memory stays under 100 MB, whatever the size" {
    local most=0 now

    target_clean
    store_use large
    sql source "USE bulk; CREATE TABLE wide (id INT NOT NULL PRIMARY KEY, b LONGBLOB);
        INSERT INTO wide SELECT seq, (SELECT GROUP_CONCAT(UNHEX(SHA2(CONCAT(a.seq, '-', s.seq), 512)) SEPARATOR '')
            FROM seq_1_to_15000 a) FROM seq_1_to_130 s"
    backup --databases bulk
    restore_start --standalone --threads 8
    until process_ended "$restore"; do
        now=$(awk '/^VmHWM/ { print $2 }' "/proc/$restore/status" 2>/dev/null) || now=0
        [ "${now:-0}" -le "$most" ] || most=$now
        sleep 0.02
    done
    wait "$restore"
    echo "# peak $((most / 1024)) MB for $(du -sm "$STORE_DIR" | cut -f 1) MB in the store" >&3
    [ "$most" -gt 0 ]
    [ "$most" -lt $((100 * 1024)) ]
    [ "$(du -sm "$STORE_DIR" | cut -f 1)" -gt 100 ]
    # by sums: sorted texts of such rows would take longer than all else
    [ "$(table_sums source bulk)" = "$(table_sums target bulk)" ]
}
