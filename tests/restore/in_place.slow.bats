# A first restore in place: tables are made where they belong, marked until all is there, and nothing is swapped.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load restore

setup_file() {
    servers
    zoo
    sql source "CREATE DATABASE empty_one; CREATE DATABASE bulk; CREATE TABLE bulk.big (id INT NOT NULL PRIMARY KEY, k INT, t VARCHAR(200), KEY (k))"
    sql source "INSERT INTO big SELECT seq, seq % 100, REPEAT('x', 100) FROM seq_1_to_5000" bulk
    backup --chunk-size 64K
}

teardown_file() {
    servers_end
}

setup() {
    target_clean
}

equal_to_source() {
    same_tables source target zoo keepers bulk
    same_schema source target zoo keepers bulk empty_one
    nothing_left
}

# How many databases of the snapshot are marked. Marks that the swap has moved away are nobody's any more; their
# databases are dropped one after the other.
marks() {
    sql target "SELECT COUNT(*) FROM information_schema.tables
        WHERE table_name = 'ccr_unfinished' AND table_schema IN ('zoo', 'keepers', 'bulk', 'empty_one')"
}

# killed POINT: a restore that is killed there.
killed() {
    local status=0

    CCR_FAILPOINT=$1 ccr restore target --standalone --in-place --threads 1 >"$T/out" 2>&1 || status=$?
    echo "# $1: $status"
    [ "$status" -eq 137 ]
}

@test "all is as on the source, and no database was there besides" {
    run --separate-stderr ccr restore target --standalone --in-place --json
    echo "$status: $stderr"
    [ "$status" -eq 0 ]
    equal_to_source
    [ -z "$(sql target "SHOW DATABASES LIKE 'ccr'")" ]
}

@test "as a job, which is followed then; and not a second time" {
    ccr restore target --job j --in-place --rename-db bulk:heap
    same_tables source target zoo keepers bulk:heap
    same_schema --followed source target zoo keepers
    nothing_left
    [ "$(sql target "SELECT pos FROM ccr.position_j")" = "$(sql source "SELECT @@gtid_binlog_pos")" ]
    run --separate-stderr ccr restore target --job j --in-place
    echo "$status: $stderr"
    [ "$status" -eq 9 ]
    [[ "$stderr" == *"--in-place is for a first restore; job j has been copied already"* ]]
    run --separate-stderr ccr restore target --job j --in-place --tables zoo.animal
    echo "$status: $stderr"
    [ "$status" -eq 9 ]
    ccr restore target --job j
    same_tables source target zoo keepers bulk:heap
}

@test "a database that holds anything is refused by name, an empty one is not" {
    sql target "CREATE DATABASE keepers; CREATE DATABASE bulk; CREATE TABLE bulk.mine (id INT); INSERT INTO bulk.mine VALUES (7)"
    for option in --quiet --replace; do
        run --separate-stderr ccr restore target --standalone --in-place "$option"
        echo "$status: $stderr"
        [ "$status" -eq 9 ]
        [[ "$stderr" == *"--in-place is for databases that the target does not have yet; it has bulk.*"* ]]
    done
    [ "$(sql target "SELECT id FROM bulk.mine")" = 7 ]
    [ -z "$(sql target "SHOW DATABASES LIKE 'zoo'")" ]
    run --separate-stderr ccr restore target --standalone --in-place --rename-table bulk.big:bulk.large
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"--rename-table bulk.big:bulk.large: not with --in-place"* ]]
    # nor is another job's mark this one's
    sql target "DROP TABLE bulk.mine; CREATE TABLE bulk.ccr_unfinished (a INT) COMMENT = 'ccr-restore --in-place of other has not ended'"
    run --separate-stderr ccr restore target --standalone --in-place
    [ "$status" -eq 9 ]
    sql target "DROP TABLE bulk.ccr_unfinished"
    ccr restore target --standalone --in-place
    equal_to_source
}

@test "killed anywhere: what is there is marked, and the next run completes it" {
    local point statements

    CCR_FAILPOINT_LOG=$T/points ccr restore target --standalone --in-place --threads 1
    statements=$(grep -c '^statement$' "$T/points")
    for point in mark-before:2 swap-after "statement:$((statements / 4 + RANDOM % (statements / 4)))" \
        "statement:$((statements / 2 + RANDOM % (statements / 8)))" "statement:$((statements * 5 / 8 + RANDOM % (statements / 8)))"; do
        target_clean
        killed "$point"
        # whoever finds a table of the snapshot finds the mark, or all is there
        if [ "$(sql target "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'bulk' AND table_name = 'big'")" -eq 1 ] &&
            [ "$(marks)" -lt 4 ]; then
            [ "$(marks)" -eq 0 ]
            same_tables source target zoo keepers bulk
        fi
        ccr restore target --standalone --in-place --threads 1
        equal_to_source
    done
}

@test "an unfinished one is gone on with, begun anew where a table is missing, and dropped by a restore that is not in place" {
    killed swap-before
    [ "$(marks)" -eq 4 ]
    run --separate-stderr ccr restore target --standalone --in-place --json
    [ "$status" -eq 0 ]
    [ "$(json_of .resumed_chunks)" -ge 5 ]
    equal_to_source
    target_clean
    killed swap-before
    sql target "DROP TABLE bulk.big"
    run --separate-stderr ccr restore target --standalone --in-place --json
    [ "$status" -eq 0 ]
    [ "$(json_of .resumed_chunks)" -eq 0 ]
    equal_to_source
    target_clean
    killed swap-before
    ccr restore target --standalone --databases bulk
    same_tables source target bulk
    [ -z "$(sql target "SHOW DATABASES LIKE 'zoo'")" ]
    nothing_left
}

@test "a plain restore that was killed behind its swap is finished, and nothing of it stands in the way of another one" {
    killed swap-after
    run --separate-stderr ccr restore target --standalone --in-place --databases bulk --rename-db bulk:heap --json
    echo "$status: $stderr"
    [ "$status" -eq 0 ]
    [ "$(json_of .reason)" = "plain restore" ]
    equal_to_source
    same_tables source target bulk:heap
}

@test "the mark of another server's restore comes with no snapshot and no log: nothing is dropped for it" {
    store_use chain
    sql source "CREATE DATABASE chain; USE chain; CREATE TABLE t (id INT PRIMARY KEY);
        CREATE TABLE ccr_unfinished (a INT) COMMENT = 'ccr-restore --in-place of j has not ended'"
    backup --databases chain
    ccr restore target --job j --quiet
    sql source "CREATE DATABASE ccr_old_j_1; RENAME TABLE chain.ccr_unfinished TO ccr_old_j_1.ccr_unfinished; DROP DATABASE ccr_old_j_1;
        CREATE TABLE chain.ccr_unfinished (a INT) COMMENT = 'ccr-restore --in-place of j has not ended'; INSERT INTO chain.t VALUES (7)"
    ccr ship source --quiet
    ccr apply target --job j --quiet
    [ "$(sql target "SELECT id FROM chain.t")" -eq 7 ]
    [ "$(sql target "SHOW TABLES IN chain")" = t ]
    sql target "CREATE TABLE chain.mine (id INT)"
    backup --databases chain
    ccr restore target --job j --quiet
    [ "$(sql target "SHOW TABLES IN chain")" = $'mine\nt' ]
    sql source "DROP DATABASE chain"
}
