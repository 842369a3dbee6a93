# How far a run goes: --until-gtid, --until-time, --follow, batch limits; and split transactions.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; CREATE TABLE d.t (id INT AUTO_INCREMENT PRIMARY KEY, v LONGTEXT)"
    follow_start
}

count() {
    sql target 'SELECT COUNT(*) FROM d.t'
}

@test "nothing new: success, changed is false" {
    apply
    run ccr apply target --job j --json
    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.changed) \(.transactions) \(.batches)"')" = "false 0 0" ]
}

@test "--until-gtid stops exactly there, and is reached again at once" {
    local gtid first

    sql source "INSERT INTO d.t (v) VALUES ('a')"
    first=$(sql source 'SELECT @@gtid_binlog_pos')
    sql source "INSERT INTO d.t (v) VALUES ('b')"
    gtid=$(sql source 'SELECT @@gtid_binlog_pos')
    sql source "INSERT INTO d.t (v) VALUES ('c')"
    ship
    run ccr apply target --job j --json --until-gtid "$gtid"
    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.position) \(.until_reached) \(.transactions)"')" = "$gtid true 2" ]
    [ "$(count)" -eq 2 ]
    run ccr apply target --job j --json --until-gtid "$gtid"
    [ "$(json_of '"\(.until_reached) \(.transactions)"')" = "true 0" ]
    [[ $output != *"beyond"* ]]
    run ccr apply target --job j --until-gtid "$first"
    fails 0 "warning: the target is beyond --until-gtid already"
    run ccr apply target --job j --until-time 2001-01-01T00:00:00Z
    fails 0 "warning: the target is beyond --until-time already"
    run ccr apply target --job j --json --until-gtid "0-1-99999"
    [ "$(json_of '"\(.until_reached) \(.transactions)"')" = "false 1" ]
    run ccr apply target --job j --until-gtid nonsense
    fails 2 nonsense
    same d
}

@test "--until-time stops before the first later transaction, whatever comes behind it" {
    sql source "SET timestamp = 1700000000; INSERT INTO d.t (v) VALUES ('early')"
    sql source "SET timestamp = 1700000100; INSERT INTO d.t (v) VALUES ('late')"
    sql source "SET timestamp = 1700000000; INSERT INTO d.t (v) VALUES ('early again')"
    ship
    apply --until-time '2023-11-14 22:14:00'
    [ "$(sql target "SELECT GROUP_CONCAT(v) FROM d.t WHERE v LIKE '%early%' OR v = 'late'")" = early ]
    apply --until-time 2023-11-14T22:15:00Z
    [ "$(sql target "SELECT COUNT(*) FROM d.t WHERE v LIKE '%early%' OR v = 'late'")" -eq 3 ]
    same d
}

@test "batches: as many commits as the limits ask for" {
    sql source "$(for i in {1..40}; do echo "INSERT INTO d.t (v) VALUES (REPEAT('x', 1000));"; done)"
    ship
    run ccr apply target --job j --json --batch-transactions 10
    [ "$(json_of '"\(.transactions) \(.batches) \(.rows)"')" = "40 4 40" ]
    sql source "$(for i in {1..40}; do echo "INSERT INTO d.t (v) VALUES (REPEAT('x', 1000));"; done)"
    ship
    run ccr apply target --job j --json --batch-size 10K
    [ "$(json_of '.batches >= 4')" = true ]
    # a batch is over as soon as it has begun
    sql source "$(for i in {1..40}; do echo "INSERT INTO d.t (v) VALUES (REPEAT('x', 1000));"; done)"
    ship
    run ccr apply target --job j --json --batch-seconds 0
    [ "$(json_of '.batches')" -eq 40 ]
    run ccr apply target --job j --batch-transactions 0
    fails 2 batch-transactions
    same d
}

@test "--follow applies what comes, and ends on SIGTERM with everything committed" {
    local pid before

    before=$(count)
    "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --follow --poll 1 \
        --quiet 2>"$T/follow.log" 3>&- &
    pid=$!
    for i in 1 2; do
        sql source "INSERT INTO d.t (v) VALUES ('follow')"
        ship
        wait_until 10 count_is $((before + i))
    done
    kill -TERM "$pid"
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 10 ]
    same d
}

count_is() {
    [ "$(count)" -eq "$1" ]
}

# descriptors and threads of a process
held() {
    echo $(($(find "/proc/$1/fd" -mindepth 1 | wc -l) + $(find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l)))
}

# A few come and go with the work.
holds_about() {
    [ "$(held "$1")" -le $(($2 + 8)) ]
}

@test "after hundreds of objects --follow of both holds no more descriptors and threads than before" {
    local applier shipper before applier_held shipper_held

    before=$(count)
    "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --follow --quiet 3>&- &
    applier=$!
    "$CCR_BIN/ccr-ship" --store "$STORE" --socket "$T/source/sock" --defaults-file "$T/source/ccr.cnf" --follow --segment-size 4K --quiet 3>&- &
    shipper=$!
    sql source "INSERT INTO d.t (v) VALUES (REPEAT('x', 5000))"
    wait_until 30 count_is $((before + 1))
    applier_held=$(held "$applier") shipper_held=$(held "$shipper")
    printf "INSERT INTO d.t (v) VALUES (REPEAT('x', 5000));\n%.0s" {1..150} | sql_client source
    wait_until 60 count_is $((before + 151))
    wait_until 20 holds_about "$applier" "$applier_held"
    wait_until 20 holds_about "$shipper" "$shipper_held"
    [ "$(find "$STORE_DIR/streams/main/log" -name '*.zst' | wc -l)" -gt 150 ]
    kill "$applier" "$shipper"
    wait "$applier" "$shipper" || :
    same d
}

@test "rows and transactions larger than a segment; a split transaction waits for its last part" {
    local objects

    sql source "SET GLOBAL max_allowed_packet = 1073741824"
    sql source "INSERT INTO d.t (v) VALUES (REPEAT('l', 3000000)); UPDATE d.t SET v = CONCAT(v, 'm') WHERE LENGTH(v) = 3000000;
        INSERT INTO d.t (v) SELECT REPEAT('n', 2000) FROM d.seq_1_to_2000"
    ccr ship source --quiet --segment-size 1M
    objects=$(find "$STORE_DIR/streams/main/log" -name '*.zst' | sort | tail -n 1)
    mv "$objects" "$T/last"
    apply
    [ "$(sql target "SELECT COUNT(*) FROM d.t WHERE v LIKE 'n%'")" -eq 0 ]
    mv "$T/last" "$objects"
    apply
    same d
}

@test "a row too large for one packet of the target, and one too large for any" {
    sql target "SET GLOBAL max_allowed_packet = 65536"
    sql source "INSERT INTO d.t (v) SELECT REPEAT('o', 500) FROM d.seq_1_to_2000; UPDATE d.t SET v = CONCAT(v, 'o') WHERE v LIKE 'o%'"
    replay
    same d
    sql target "SET GLOBAL max_allowed_packet = 2097152"
    sql source "INSERT INTO d.t (v) VALUES (REPEAT('p', 1800000))"
    replay
    same d
    sql source "INSERT INTO d.t (v) VALUES (REPEAT('q', 4000000))"
    ship
    run apply
    fails 11 d.t max_allowed_packet
    sql target "SET GLOBAL max_allowed_packet = 16777216"
    apply
    same d
}

@test "an epoch that has ended: applied to its end, then a new snapshot is needed" {
    sql source "INSERT INTO d.t (v) VALUES ('last of the epoch')"
    ship
    sql source "RESET MASTER; $(for i in {1..150}; do echo "INSERT INTO d.t (v) VALUES ('of another history');"; done)"
    run ship
    [ "$status" -eq 8 ]
    run apply
    fails 8 'epoch 1' ccr-restore
    [ "$(sql target "SELECT COUNT(*) FROM d.t WHERE v = 'last of the epoch'")" -eq 1 ]
    follow_start --replace
    sql source "INSERT INTO d.t (v) VALUES ('next epoch')"
    replay
    same d
}
