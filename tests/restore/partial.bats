# Some tables of a job that is there, from a snapshot: staged, brought to the job's position, swapped in.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow
load partial

@test "the job is further on: the table comes in at the job's position, and all else stays as it is" {
    local before

    follow_start --databases shop
    work 1
    replay
    snapshot --tables shop.orders
    work 2
    replay
    spoil shop.orders
    before=$(untouched)
    partial --tables shop.orders
    [ "$(json_of .partial)" = true ]
    [ "$(json_of .snapshot)" = "$snapshot" ]
    [ "$(json_of .tables)" -eq 1 ]
    [ "$(json_of .reason)" = "asked for by hand" ]
    [ "$(json_of .replayed.transactions)" -gt 0 ]
    [ "$(json_of .replayed.rows)" -gt 0 ]
    [ "$(json_of .position)" = "$(sql source 'SELECT @@gtid_binlog_pos')" ]
    [ "$(untouched)" = "$before" ]
    equal
    work 3
    replay
    equal
    [ "$(sql target "SELECT what FROM ccr.history WHERE job = 'j' ORDER BY id DESC LIMIT 1")" = \
        "partial copy of snapshot $snapshot: shop.orders" ]
}

@test "the job stands where the snapshot is: nothing to replay" {
    follow_start --databases shop
    work 1
    replay
    snapshot --tables shop.orders
    spoil shop.orders
    partial --tables shop.orders
    [ "$(json_of .replayed.transactions)" -eq 0 ]
    equal
    work 2
    replay
    equal
}

@test "the job is behind the snapshot, and goes on to it first, past what it could not apply" {
    follow_start --databases shop
    work 1
    replay
    sql target "DELETE FROM shop.orders"
    work 2
    ship
    run apply
    fails 9 shop.orders
    snapshot --tables shop.orders
    partial --tables shop.orders
    [[ "$stderr" == *"behind the snapshot"* ]]
    [ "$(json_of .replayed.transactions)" -eq 0 ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needs")" -eq 0 ]
    equal
    work 3
    replay
    equal
}

@test "a whole snapshot will do as well; with wildcards" {
    follow_start --databases shop
    work 1
    replay
    spoil shop.orders shop.item
    partial --tables 'shop.*e*'
    [ "$(json_of .tables)" -eq 4 ]
    equal
    work 2
    replay
    equal
}

@test "the log is not in the store as far as the snapshot: code 4, and the next run completes" {
    follow_start --databases shop
    spoil shop.orders
    work 1
    snapshot --tables shop.orders
    run ccr restore target --job j --tables shop.orders
    fails 4 "before" "run ccr-ship"
    run apply
    fails 8 "tables of job j are behind" "shop.orders" "ccr-restore --job j --tables shop.orders"
    ship
    partial --tables shop.orders
    equal
    apply
}

@test "ccr-apply passes over tables that are behind, and says so at its end with code 8" {
    follow_start --databases shop
    work 1
    snapshot --tables shop.orders
    run ccr restore target --job j --tables shop.orders
    fails 4
    work 2
    ship
    run --separate-stderr ccr apply target --job j --json
    [ "$status" -eq 8 ]
    [[ "$stderr" == *"are behind"*"shop.orders"* ]]
    [ "$(json_of .position)" = "$(sql source 'SELECT @@gtid_binlog_pos')" ]
    same_one shop.customer
    run ! same_one shop.orders
    partial --tables shop.orders
    [ "$(json_of .replayed.rows)" -gt 0 ]
    equal
    work 3
    replay
    equal
}

@test "what a partial restore is not: another job's tables, no job, all of a job" {
    follow_start --databases shop
    run ccr restore target --job j --tables crm.person
    fails 2 "job j does not follow crm.person: it follows shop" "--full"
    run ccr restore target --job j --tables 'shop.*,c*.x'
    fails 2 "does not follow c*.x"
    run ccr restore target --job j --tables shop.nothing
    fails 2 "shop.nothing"
    # the first restore of a job
    ccr restore target --quiet --job part --tables crm.person
    [[ "$(sql target "SELECT what FROM ccr.history WHERE job = 'part'")" == "full copy"* ]]
    # the same again: all that the job follows
    run --separate-stderr ccr restore target --json --job part --tables crm.person
    [ "$(json_of .partial)" = false ]
    # another scope
    run --separate-stderr ccr restore target --json --job part --tables crm.person,crm.note --full
    [ "$(json_of .partial)" = false ]
    [ "$(sql target "SHOW TABLES IN crm")" = "$(printf 'note\nperson')" ]
}

@test "tables under other names" {
    follow_start --databases shop,crm --rename-db shop:copy --rename-table crm.person:people.human
    work 1
    replay
    spoil copy.orders people.human
    work 2
    replay
    partial --tables shop.orders,crm.person
    equal copy people
    work 3
    replay
    equal copy people
}

@test "a run that follows the log makes way; behind another one the load is kept" {
    local follower

    follow_start --databases shop
    work 1
    replay
    spoil shop.orders
    apply_follow
    partial --tables shop.orders
    wait "$follower"
    equal
    spoil shop.orders
    sql target "SELECT GET_LOCK('ccr job j', 0), SLEEP(300)" >/dev/null 2>&1 3>&- &
    wait_until 10 job_is_locked
    run ccr restore target --job j --tables shop.orders
    fails 75 "another run of job j" "what was loaded is kept"
    sql target "KILL $(sql target "SELECT IS_USED_LOCK('ccr job j')")"
    partial --tables shop.orders
    [[ "$stderr" == *"going on with what an interrupted run has loaded"* ]]
    equal
}

# --- what only a snapshot can bring in (ccr.needs)

needed() {
    [ "$(sql target "SELECT CONCAT(db, '.', name) FROM ccr.needs WHERE job = 'j' AND kind = 'partial'")" = "$1" ]
}

@test "a need is settled, and the job goes on: a table that was renamed into scope" {
    sql source "CREATE DATABASE IF NOT EXISTS other; USE other; CREATE OR REPLACE TABLE other.coming (id INT PRIMARY KEY, t TEXT); INSERT INTO other.coming SELECT seq, 'a' FROM seq_1_to_500"
    follow_start --databases shop
    sql source "INSERT INTO shop.log VALUES (NOW(), 'before'); RENAME TABLE other.coming TO shop.arrived; UPDATE shop.arrived SET t = 'b' WHERE id % 2"
    work 1
    ship
    run apply
    fails 8 shop.arrived
    needed shop.arrived
    work 2
    snapshot --tables shop.arrived
    sql source "INSERT INTO shop.arrived VALUES (1000, 'behind the snapshot')"
    work 3
    ship
    partial --tables shop.arrived
    [[ "$(json_of .reason)" == "needed since 0-101-"*"renamed into"* ]]
    [ "$(sql target "SELECT COUNT(*), MAX(id) FROM shop.arrived")" = "$(printf '500\t500')" ]
    [ "$(json_of .position)" = "$(jq -r .position "$STORE_DIR/streams/main/snapshots/$snapshot/manifest.json")" ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needs")" -eq 0 ]
    [[ "$(sql target "SELECT reason FROM ccr.history WHERE job = 'j' ORDER BY id DESC LIMIT 1")" == "needed since"* ]]
    apply
    equal
    work 4
    sql source "ALTER TABLE shop.arrived ADD n INT DEFAULT 4; DELETE FROM shop.arrived WHERE id % 3 = 0"
    replay
    equal
}

@test "other needs: made like a table outside, exchanged with one, a replaced view; one after the other" {
    sql source "CREATE DATABASE IF NOT EXISTS other; USE other; CREATE OR REPLACE TABLE other.model (id INT PRIMARY KEY, n INT);
        CREATE TABLE shop.parts (id INT PRIMARY KEY, n INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (100), PARTITION p1 VALUES LESS THAN MAXVALUE);
        INSERT INTO shop.parts SELECT seq, 1 FROM seq_1_to_200; INSERT INTO other.model SELECT seq, 2 FROM seq_1_to_50"
    follow_start --databases shop
    sql source "CREATE TABLE shop.copy LIKE other.model; INSERT INTO shop.copy VALUES (1, 1)"
    replay_needs shop.copy
    sql source "ALTER TABLE shop.parts EXCHANGE PARTITION p0 WITH TABLE other.model; UPDATE shop.parts SET n = n + 1"
    replay_needs shop.parts
    sql source "CREATE TABLE other.base (id INT PRIMARY KEY); CREATE VIEW shop.outside AS SELECT * FROM other.base; DROP TABLE other.base"
    replay_needs shop.outside
    sql source "RENAME TABLE shop.copy TO other.gone, shop.parts TO shop.parts2; UPDATE shop.parts2 SET n = 7"
    ship
    run apply
    fails 8 shop.copy
    snapshot --databases shop
    partial --tables 'shop.copy,shop.parts*'
    sql source "DROP VIEW shop.outside"
    work 1
    replay
    equal
}

replay_needs() {
    ship
    run apply
    fails 8 "$1"
    needed "$1"
    round=$((${round:-10} + 1))
    work "$round"
    snapshot --tables "$1"
    ship
    partial --tables "$1"
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needs")" -eq 0 ]
    apply
}
