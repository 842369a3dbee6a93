# --lanes: the tables of a batch divided over connections; together or not at all, also when a run is killed between
# their commits.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql_file source "$BATS_TEST_DIRNAME/workload.sql"
    sql source "CREATE DATABASE d; $(for t in a b c; do echo "CREATE TABLE d.$t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100));"; done)
        CREATE TABLE d.parent (id INT PRIMARY KEY); CREATE TABLE d.child (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES d.parent (id));
        CREATE TABLE d.toy (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES d.child (id))"
    follow_start
}

# N rounds of transactions on all of a, b and c, each on all or on one of them.
rounds() {
    for ((i = 0; i < $1; i++)); do
        echo "BEGIN; INSERT INTO a (v) VALUES ('$i'); INSERT INTO b (v) VALUES ('$i'); DELETE FROM c ORDER BY id LIMIT 1; COMMIT;
            INSERT INTO c (v) VALUES ('$i'), ('$i'); DELETE FROM a WHERE id % 7 = $((i % 7)); UPDATE b SET v = CONCAT(LEFT(v, 50), '.') WHERE id % 5 = 0;"
    done | sql_client source d
}

# How many positions the lanes are at.
places() {
    sql target "SELECT COUNT(DISTINCT pos) FROM ccr.lanes"
}

@test "random changes by two lanes, then three, then one; and definitions that change" {
    seed
    for lanes in 2 3 1; do
        awk -v seed="$RANDOM" -v count=150 -f "$BATS_TEST_DIRNAME/workload.awk" | sql_client source --force w >/dev/null 2>&1 || :
        rounds 20
        sql source "ALTER TABLE d.a ADD x$lanes INT; UPDATE d.a SET x$lanes = id"
        rounds 5
        ship
        run ccr apply target --job j --json --quiet --lanes "$lanes" --batch-transactions 20
        [ "$status" -eq 0 ] || { echo "$output"; return 1; }
        [ "$(json_of .redone)" -eq 0 ]
        same w d
        [ "$lanes" -eq 1 ] || [ "$(sql target "SELECT COUNT(*), COUNT(DISTINCT pos) FROM ccr.lanes WHERE pos = (SELECT pos FROM ccr.position_j)")" = "$lanes"$'\t1' ]
    done
}

@test "tables joined by foreign keys, in several steps, go by one lane: none waits for another one's rows" {
    sql source "$(for i in {1..60}; do echo "INSERT INTO d.parent VALUES ($i); INSERT INTO d.child VALUES ($i); INSERT INTO d.toy VALUES ($i);"; done)"
    ship
    run ccr apply target --job j --json --quiet --lanes 3
    [ "$status" -eq 0 ]
    [ "$(json_of .redone)" -eq 0 ]
    same d
}

@test "a transaction that holds a statement is one lane's: what the statement needs to see is there" {
    sql source "CREATE TABLE d.isam (id INT PRIMARY KEY) ENGINE = MyISAM"
    rounds 3
    # the table without transactions keeps the log from leaving out what was rolled back
    for i in {1..5}; do
        sql source "BEGIN; INSERT INTO a (v) VALUES ('stays'); SAVEPOINT s; INSERT INTO b (v) VALUES ('goes'); INSERT INTO c (v) VALUES ('goes');
            INSERT INTO isam VALUES ($i); ROLLBACK TO s; INSERT INTO c (v) VALUES ('stays'); COMMIT" d
    done
    rounds 3
    replay --lanes 3
    same d
    sql source "DROP TABLE d.isam"
    [ "$(sql target "SELECT COUNT(*) FROM (SELECT v FROM d.b UNION ALL SELECT v FROM d.c) x WHERE v = 'goes'")" -eq 0 ]
}

@test "a row that is refused in one lane: nothing of its transaction is in any, all before it is in every one" {
    local before

    rounds 10
    before=$(sql source "SELECT @@gtid_binlog_pos")
    sql source "BEGIN; INSERT INTO d.a (v) VALUES ('all'); INSERT INTO d.b (id, v) VALUES (100000, 'all'); INSERT INTO d.c (v) VALUES ('all'); COMMIT"
    rounds 10
    ship
    sql target "INSERT INTO d.b (id, v) VALUES (100000, 'mine')"
    run apply --lanes 3
    fails 9 'insert of d.b (id=100000)'
    [ "$(sql target "SELECT pos FROM ccr.position_j")" = "$before" ]
    [ "$(places)" -eq 1 ]
    [ "$(sql target "SELECT COUNT(*) FROM (SELECT v FROM d.a UNION ALL SELECT v FROM d.c) x WHERE v = 'all'")" -eq 0 ]
    sql target "DELETE FROM d.b WHERE id = 100000"
    apply --lanes 3
    same d
}

@test "a row that is refused in a lane while much more of its batch is to come" {
    local before

    # the run's first table goes by the first lane
    sql source "INSERT INTO d.a (v) VALUES ('first')"
    before=$(sql source "SELECT @@gtid_binlog_pos")
    sql source "INSERT INTO d.b (id, v) VALUES (200000, 'source')"
    for i in {1..10}; do
        sql source "INSERT INTO d.a (v) SELECT REPEAT('a', 90) FROM d.seq_1_to_1000; INSERT INTO d.b (v) SELECT REPEAT('b', 90) FROM d.seq_1_to_1000"
    done
    ship
    sql target "INSERT INTO d.b (id, v) VALUES (200000, 'mine')"
    run apply --lanes 3 --road ordered
    fails 9 'insert of d.b (id=200000)'
    [ "$(sql target "SELECT pos FROM ccr.position_j")" = "$before" ]
    sql target "DELETE FROM d.b WHERE id = 200000"
    sql source "DELETE FROM d.a WHERE v LIKE 'aaa%'; DELETE FROM d.b WHERE v LIKE 'bbb%'"
    replay --lanes 3 --road ordered
    same d
}

@test "killed between the lanes' commits: the next run, whatever its lanes, first gives the others what they lack" {
    for lanes in 1 2 3; do
        rounds 15
        ship
        # the first of three lanes has committed its first, second or third batch
        CCR_FAILPOINT=commit-after:$((3 * lanes - 2)) run apply --lanes 3 --batch-transactions 10
        [ "$status" -eq 137 ]
        [ "$(places)" -eq 2 ]
        # and killed again when it is at that
        CCR_FAILPOINT=commit-before run apply --lanes "$lanes" --batch-transactions 7
        [ "$status" -eq 137 ]
        [ "$(places)" -eq 2 ]
        run ccr apply target --job j --lanes "$lanes" --batch-transactions 7
        [ "$status" -eq 0 ] || { echo "$output"; return 1; }
        [[ $output == *'evened out'* ]]
        same d
    done
}

@test "killed between the commits, then up to a moment: no less than what some lanes had" {
    local before

    rounds 15
    before=$(sql target "SELECT pos FROM ccr.position_j")
    ship
    CCR_FAILPOINT=commit-after run apply --lanes 2 --batch-transactions 10
    [ "$status" -eq 137 ]
    apply --lanes 2 --until-gtid "$before"
    [ "$(places)" -eq 1 ]
    [ "$(sql target "SELECT pos FROM ccr.position_j")" = "${before%-*}-$((${before##*-} + 10))" ]
    apply
    same d
}

@test "a COMMIT that fails behind the first one ends the run; the next one goes on" {
    rounds 15
    ship
    # one lane has committed, and the other one is about to, when its connection goes
    CCR_FAILPOINT=commit-after:1:stop "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" \
        --job j --quiet --lanes 2 --batch-transactions 10 >"$T/out" 2>&1 3>&- &
    run=$!
    wait_until 10 process_stopped "$run"
    sql target "SELECT CONCAT('KILL ', trx_mysql_thread_id, ';') FROM information_schema.innodb_trx" | sql_client target
    kill -CONT "$run"
    status=0
    wait "$run" || status=$?
    [ "$status" -eq 6 ]
    [ "$(places)" -eq 2 ]
    apply --lanes 2
    same d
}

@test "a restore in between: rows of lanes that no longer mean anything are not believed" {
    rounds 15
    ship
    CCR_FAILPOINT=commit-after run apply --lanes 2 --batch-transactions 10
    [ "$status" -eq 137 ]
    follow_start --replace
    rounds 5
    ship
    apply --lanes 2
    same d
    [ "$(places)" -eq 1 ]
}

@test "how many" {
    run apply --lanes 0
    fails 2 --lanes
    run apply --lanes 65
    fails 2 --lanes
}
