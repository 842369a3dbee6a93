# Partitions that are exchanged in by runs that are killed: each partition is the old one or the new, and the next run completes.

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

words=shop.sale:y1,y2,shop.deep:d1

# What lies before, in staging, is that of partial.slow.bats.
points() {
    rm -f "$T/points"
    CCR_FAILPOINT_LOG=$T/points ccr restore target --job j --partitions "$words" --quiet
    sort -u "$T/points" | grep -E '^(staged|announce|claim|exchange|record)-'
}

killed_restore() {
    local status=0

    CCR_FAILPOINT=$1 ccr restore target --job j --partitions "$words" --quiet || status=$?
    [ "$status" -eq 137 ]
}

wrong() {
    sql target "USE shop; UPDATE sale PARTITION (y1, y2) SET n = -7; UPDATE deep PARTITION (d1) SET n = -7"
}

# Of each partition all rows are wrong, or none.
old_or_new() {
    [ "$(sql target "USE shop; SELECT (SELECT COUNT(DISTINCT n = -7) FROM sale PARTITION (y1)) = 1 AND (SELECT COUNT(DISTINCT n = -7) FROM sale PARTITION (y2)) = 1")" -eq 1 ]
}

@test "killed at every failpoint: ccr-apply or the next run goes on, and nothing is exchanged twice" {
    local point n=1 all

    follow_start --databases shop
    snapshot --partitions "$words"
    parts_work 1
    replay
    wrong
    all=$(points)
    equal
    for point in $all exchange-before:2 exchange-after:2 exchange-after:3; do
        n=$((n + 1))
        wrong
        echo "# $point"
        killed_restore "$point"
        old_or_new
        if ((n % 2)); then
            # of what is announced nothing comes behind the next run
            sql source "UPDATE shop.orders SET total = $n"
            replay
            [ "$(sql target "SELECT intent IS NULL FROM ccr.position_j")" -eq 1 ]
        fi
        partial --partitions "$words"
        same_one shop.sale
        same_one shop.deep
    done
    equal
    [[ $all == *announce-after* && $all == *exchange-after* && $all == *staged-before* && $all == *record-before* ]]
}

# A statement may outlive the run that sent it: it waits for a reader's lock when the run is killed.
@test "an exchange that is still waiting when its run is killed does not come when the job has moved on" {
    local reader

    follow_start --databases shop
    parts_work 1
    replay
    snapshot --partitions shop.sale:y2
    wrong
    sql target "START TRANSACTION; SELECT COUNT(*) FROM shop.sale; DO SLEEP(60)" 3>&- &
    reader=$!
    wait_until 30 waits "DO SLEEP"
    "$CCR_BIN/ccr-restore" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --partitions shop.sale:y2 --quiet --lock-wait 60 3>&- &
    restore=$!
    wait_until 30 waits EXCHANGE
    kill -9 "$restore"
    wait "$restore" || true
    sql source "UPDATE shop.orders SET total = 99"
    ship
    sql target "KILL $(sql target "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'")"
    wait "$reader" || true
    apply
    sql source "UPDATE shop.sale SET note = 'after'"
    ship
    apply
    [ "$(sql target "SELECT COUNT(*) FROM shop.sale WHERE note <> 'after'")" -eq 0 ]
    snapshot --partitions shop.sale:y1,y2,shop.deep:d1
    partial --partitions "$words"
    equal
}

waits() {
    [ -n "$(sql target "SELECT id FROM information_schema.processlist WHERE info LIKE '%$1%' AND id <> CONNECTION_ID()")" ]
}
