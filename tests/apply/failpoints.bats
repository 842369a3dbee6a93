# Every failpoint (lib/base/failpoint.h) that a run passes: killed there, at each passing, the next run goes on; in the
# end both sides are equal and nothing was done twice. Rows go to tables without keys, where a second time shows.

load ../lib/common
load follow
load failpoints

setup_file() {
    follow_servers
    failpoints_schema
    follow_start
}

@test "ccr-apply killed at every passing of every failpoint" {
    every_failpoint
}

# Where no advisory lock tells (another node of a Galera cluster), the row does.
@test "another run takes over the position: 75, and nothing of the batch is written" {
    local first

    sql source "INSERT INTO d.ledger VALUES ('taken', 'over'); UPDATE d.counter SET n = n + 1"
    ship
    CCR_FAILPOINT=claim-after:1:stop "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" \
        --job j 2>"$T/first.log" 3>&- &
    first=$!
    wait_until 20 process_stopped "$first"
    sql target "UPDATE ccr.position_j SET previous_nonce = nonce, nonce = REPEAT('a', 32)"
    kill -CONT "$first"
    status=0
    wait "$first" || status=$?
    [ "$status" -eq 75 ]
    grep -q 'another run has taken over job j' "$T/first.log"
    [ "$(sql target "SELECT COUNT(*) FROM d.ledger WHERE at = 'taken'")" -eq 0 ]
    apply
    same d
    nothing_twice
}

@test "the position row's time is the clock's, not the source's: SET timestamp = DEFAULT behind the rows" {
    sql source "SET timestamp = 1500000000; INSERT INTO d.ledger VALUES ('old', 'times')"
    replay
    [ "$(sql target 'SELECT ABS(TIMESTAMPDIFF(SECOND, updated, NOW())) < 60 FROM ccr.position_j')" -eq 1 ]
}

# As a server killed in the midst of a CREATE may leave it; the failpoints of the way out are passed here.
@test "InnoDB's parts of a table without its definition are cleared away, also by runs that are killed" {
    local point

    sql source "CREATE TABLE d.\`half-made\` (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2;
        INSERT INTO d.\`half-made\` VALUES (1), (2)"
    ship
    status=0
    killed_at ddl-after || status=$?
    [ "$status" -eq 137 ]
    server_stop target
    rm "$T"/target/data/d/half@002dmade.*
    target_start
    # it is in the way of any CREATE
    run sql target "CREATE TABLE d.\`half-made\` (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2"
    [ "$status" -ne 0 ]
    [[ $output == *1050* ]]
    for point in debris-before debris-after; do
        status=0
        killed_at "$point" || status=$?
        [ "$status" -eq 137 ]
    done
    apply
    same d
}

@test "a sequence without its row is cleared away as well" {
    sql source "CREATE SEQUENCE d.half; DO NEXTVAL(d.half)"
    ship
    status=0
    killed_at ddl-after || status=$?
    [ "$status" -eq 137 ]
    server_stop target
    cp "$T/target/data/d/half.frm" "$T/half.frm"
    target_start
    sql target "DROP SEQUENCE d.half; CREATE TABLE d.half (next_not_cached_value BIGINT NOT NULL, minimum_value BIGINT NOT NULL,
        maximum_value BIGINT NOT NULL, start_value BIGINT NOT NULL, increment BIGINT NOT NULL, cache_size BIGINT UNSIGNED NOT NULL,
        cycle_option TINYINT(1) UNSIGNED NOT NULL, cycle_count BIGINT NOT NULL) ENGINE = InnoDB"
    server_stop target
    cp "$T/half.frm" "$T/target/data/d/half.frm"
    target_start
    run sql target "SHOW CREATE TABLE d.half"
    [[ $output == *1032* ]]
    apply
    same d
}

# partly STATEMENT DONE: a run that was killed within the source's statement, of which the target's server had done that much.
partly() {
    sql source "$1" part
    ship
    status=0
    killed_at ddl-before || status=$?
    [ "$status" -eq 137 ]
    sql target "$2" part
    run apply
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    same part && [ -z "$(sql target "SELECT intent FROM ccr.position_j WHERE intent IS NOT NULL")" ]
}

@test "statements of several objects of which a part was done: what is left is done" {
    sql source "CREATE DATABASE part; USE part; $(for i in {1..20}; do echo "CREATE TABLE part.t$i (id INT PRIMARY KEY); INSERT INTO t$i VALUES ($i);"; done)
        CREATE VIEW part.v1 AS SELECT 1 AS one; CREATE VIEW part.v2 AS SELECT 2 AS two; CREATE SEQUENCE part.s1 NOCACHE; CREATE SEQUENCE part.s2 NOCACHE; CREATE PROCEDURE part.p() SELECT 1"
    replay
    partly "DROP TABLE t1, t2, t3" "DROP TABLE t2"
    partly "DROP TABLE t4, t5" "DROP TABLE t4, t5"
    partly "DROP VIEW v1, v2" "DROP VIEW v1"
    partly "DROP SEQUENCE s1, s2" "DROP SEQUENCE s2"
    sql source "CREATE TABLE part.child (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES part.t6 (id))"
    replay
    partly "DROP TABLE child, t6" "DROP TABLE child"
    # as seen of a server killed in the midst: half of the tables are left, and the database
    sql source "DROP DATABASE part; CREATE DATABASE part; CREATE TABLE part.again (id INT PRIMARY KEY); INSERT INTO part.again VALUES (1)"
    ship
    status=0
    killed_at ddl-before || status=$?
    [ "$status" -eq 137 ]
    sql target "DROP TABLE t7, t8, t9, t10, t11, t12, t13; DROP PROCEDURE p" part
    apply
    same part
}
