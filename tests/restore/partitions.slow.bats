# Single partitions: snapshots of them, and partial restores that exchange them in.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow
load partial
load partitions

setup() {
    store_use "store$BATS_TEST_NUMBER"
    target_clean
    shop
    parts
}

@test "range, list, hash, subpartitions, from a snapshot of them: rows that moved in both directions, and nothing else is touched" {
    local before

    follow_start --databases shop
    parts_work 1
    replay
    snapshot --partitions "$all_damaged"
    parts_work 2
    parts_work 3
    replay
    equal
    damage
    run ! same_one shop.sale
    before=$(ids; untouched)
    partial --partitions "$all_damaged"
    [ "$(json_of .snapshot)" = "$snapshot" ]
    [ "$(json_of .partitions)" -eq 4 ]
    [ "$(json_of .replayed.rows)" -gt 0 ]
    [ "$(ids; untouched)" = "$before" ]
    equal
    [ "$(sql target "SELECT what FROM ccr.history WHERE job = 'j' ORDER BY id DESC LIMIT 1")" = \
        "partial copy of snapshot $snapshot: shop.sale:y2, shop.region:north, shop.spread:p1, shop.deep:d1" ]
    parts_work 4
    replay --check-before-images
    equal
}

@test "from a snapshot of the whole table, several at once or by turns; the counter does not go back" {
    local counter

    follow_start --databases shop
    parts_work 1
    replay
    snapshot --tables shop.sale
    parts_work 2
    sql source "USE shop; INSERT INTO sale (id, y) VALUES (70000, 15); DELETE FROM sale WHERE id = 70000"
    replay
    damage
    counter=$(sql target "SELECT auto_increment FROM information_schema.tables WHERE table_name = 'sale'")
    [ "$counter" -eq 70001 ]
    partial --partitions shop.sale:Y2,y1
    [ "$(json_of .partitions)" -eq 2 ]
    same_one shop.sale
    run ! same_one shop.deep
    snapshot --databases shop
    partial --partitions shop.spread:p1,shop.deep:d1
    partial --partitions "\`shop\`.region:north"
    equal
    [ "$(sql target "SELECT auto_increment FROM information_schema.tables WHERE table_name = 'sale'")" -eq "$counter" ]
}

@test "under other names, from a snapshot where the job stands" {
    follow_start --databases shop,crm --rename-db shop:copy --rename-table shop.sale:people.sold
    parts_work 1
    replay
    snapshot --partitions shop.sale:y1,y2,shop.deep:d2
    sql target "DELETE FROM people.sold PARTITION (y2); UPDATE people.sold PARTITION (y1) SET n = 5; DELETE FROM copy.deep PARTITION (d2)"
    partial --partitions shop.sale:y2,y1,shop.deep:d2
    [ "$(json_of .replayed.transactions)" -eq 0 ]
    [ "$(sql source "CHECKSUM TABLE shop.sale, shop.deep" | cut -f 2)" = "$(sql target "CHECKSUM TABLE people.sold, copy.deep" | cut -f 2)" ]
    parts_work 2
    replay
    [ "$(sql source "CHECKSUM TABLE shop.sale, shop.deep" | cut -f 2)" = "$(sql target "CHECKSUM TABLE people.sold, copy.deep" | cut -f 2)" ]
}

@test "the job is behind the snapshot: it goes on to it first; what it cannot pass needs the whole table" {
    follow_start --databases shop
    parts_work 1
    sql target "UPDATE shop.sale PARTITION (y2) SET note = 'wrong'"
    snapshot --partitions shop.sale:y2
    ship
    partial --partitions shop.sale:y2
    [[ "$stderr" == *"behind the snapshot"* ]]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needs")" -eq 0 ]
    equal
    sql target "DELETE FROM shop.sale PARTITION (y2)"
    parts_work 2
    snapshot --partitions shop.sale:y2
    ship
    run ccr restore target --job j --partitions shop.sale:y2
    fails 9 shop.sale "bring them in as a whole (--tables)"
    snapshot --tables shop.sale
    ship
    partial --tables shop.sale
    equal
}

@test "what is no change of rows ends with the request for a newer snapshot" {
    local change before

    follow_start --databases shop
    replay
    for change in "ALTER TABLE sale ADD extra INT DEFAULT 3, ALGORITHM=INSTANT" "ALTER TABLE sale TRUNCATE PARTITION y1" \
        "SET SESSION binlog_format = STATEMENT; UPDATE sale SET n = n + 1"; do
        snapshot --partitions shop.sale:y2
        sql source "USE shop; $change; UPDATE sale SET n = n + 2 WHERE id % 2; UPDATE sale SET n = 0, note = 'x' WHERE id % 3 = 0"
        replay
        sql target "UPDATE shop.sale PARTITION (y2) SET n = -1"
        before=$(sql target "CHECKSUM TABLE shop.sale")
        run ccr restore target --job j --partitions shop.sale:y2
        fails 8 "only partitions are staged" "take a newer snapshot of these partitions"
        [ "$(sql target "CHECKSUM TABLE shop.sale")" = "$before" ]
        snapshot --partitions shop.sale:y2
        partial --partitions shop.sale:y2
        equal
    done
    # from whole tables all that is replayed
    snapshot --tables shop.sale
    sql source "USE shop; ALTER TABLE sale ADD first INT DEFAULT 7 FIRST, ALGORITHM=INSTANT; ALTER TABLE sale DROP extra; UPDATE sale SET first = id"
    replay
    sql target "UPDATE shop.sale PARTITION (y2) SET n = -1"
    partial --partitions shop.sale:y2
    equal
    sql target "ALTER TABLE shop.sale FORCE; CHECK TABLE shop.sale" | grep -w OK
    parts_work 1
    replay --check-before-images
    equal
}

@test "nothing else takes a snapshot of partitions for one of tables: restores, ccr-ship, ccr-prune, the script" {
    local whole part

    snapshot --partitions shop.sale:y2
    run ccr restore target --job j
    fails 4 "holds shop.sale:y2"
    run ccr restore target --standalone --snapshot "$snapshot"
    fails 9 "only a part" "shop.sale:y2"
    run "$CCR_ROOT/formats/ccr-read.sh" "$STORE_DIR" main
    [ "$status" -ne 0 ]
    [[ $output == *"single partitions"* ]]
    snapshot --tables shop.sale
    whole=$snapshot
    ship
    sql source "UPDATE shop.sale SET n = 8"
    snapshot --partitions shop.sale:y2,y3
    part=$snapshot
    snapshot --partitions shop.sale:y3
    run --separate-stderr ccr restore target --json --job j --tables shop.sale
    [ "$(json_of .snapshot)" = "$whole" ]
    replay
    same_one shop.sale
    "$CCR_BIN/ccr-verify" --store "$STORE" | tee "$T/verified"
    grep -q 'shop.sale:y2 can be restored' "$T/verified"
    # the whole one stays, since no newer one holds the table; of the parts the first goes
    "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1 --yes
    [ "$(stored)" = "$(printf '%s\n' "$whole" "$part" "$snapshot" | sort)" ]
    snapshot --tables shop.sale
    "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1 --yes
    [ "$(stored)" = "$snapshot" ]
}

stored() {
    find "$STORE_DIR/streams/main/snapshots" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort
}

@test "refused by name: partitions, tables and words that do not fit" {
    sql source "USE shop; CREATE TABLE past (id INT PRIMARY KEY) WITH SYSTEM VERSIONING PARTITION BY HASH (id) PARTITIONS 2;
        CREATE TABLE rows_only (id INT) PARTITION BY HASH (id) PARTITIONS 2; INSERT INTO rows_only SELECT seq FROM seq_1_to_20;
        CREATE TABLE other_engine (id INT PRIMARY KEY) ENGINE=MyISAM PARTITION BY HASH (id) PARTITIONS 2"
    run ccr backup source --partitions shop.sale:y9
    fails 5 "has no partition y9" "y1, y2, y3"
    run ccr backup source --partitions shop.deep:d1sp0
    fails 5 "has no partition d1sp0" "it has d1, d2;"
    run ccr backup source --partitions shop.orders:p1
    fails 5 "shop.orders has no partitions"
    run ccr backup source --partitions shop.nothing:p1
    fails 5 "no table shop.nothing"
    run ccr backup source --partitions shop.past:p0
    fails 5 system-versioned --tables
    run ccr backup source --partitions shop.other_engine:p0
    fails 5 InnoDB
    run ccr backup source --partitions y1
    fails 2 "DB.TABLE:PARTITION"
    run ccr backup source --partitions shop.sale:y1 --tables shop.orders
    fails 2 "without --databases and --tables"
    follow_start --databases shop
    snapshot --partitions shop.rows_only:p1
    run ccr restore target --job j --partitions shop.rows_only:p1
    fails 9 "no key"
    run ccr restore target --job j --partitions shop.sale:y9
    fails 2 "no partition y9"
    run ccr restore target --job j --partitions shop.orders:y9
    fails 9 "it has none"
    run ccr restore target --job j --partitions shop.past:p0
    fails 9 system-versioned
    run ccr restore target --job j --partitions crm.person:p0
    fails 2 "does not follow"
    run ccr restore target --job none --partitions shop.sale:y1
    fails 2 "no job none"
    run ccr restore target --standalone --partitions shop.sale:y1
    fails 2 "not for --standalone"
    sql target "ALTER TABLE shop.sale ADD own INT"
    run ccr restore target --job j --partitions shop.sale:y1
    fails 9 "not what ccr left there"
}

@test "a need of the table as a whole is not settled; what is behind comes in as a whole" {
    follow_start --databases shop
    sql source "CREATE DATABASE IF NOT EXISTS other; CREATE OR REPLACE TABLE other.model (id INT, y INT, note VARCHAR(80), n INT DEFAULT 0, PRIMARY KEY (id, y), KEY (note)); CREATE TABLE shop.late LIKE other.model"
    ship
    run apply
    fails 8 shop.late
    snapshot --partitions shop.sale:y2
    run ccr restore target --job j --partitions shop.sale:y2
    fails 8 shop.late
    [ "$(sql target "SELECT name FROM ccr.needs")" = late ]
    snapshot --tables shop.late,shop.sale
    run ccr restore target --job j --tables shop.sale
    fails 8 shop.late
    run ccr restore target --job j --partitions shop.sale:y2
    fails 9 "behind" "--tables"
    partial --tables shop.sale,shop.late
    equal
}
