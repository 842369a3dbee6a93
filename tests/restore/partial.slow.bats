# Partial restores that are killed at every place where something becomes durable: the old table or the new one, and the
# next run completes.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow
load partial

setup_file() {
    follow_servers
}

setup() {
    store_use "store$BATS_TEST_NUMBER"
    target_clean
    shop
}

# Every name that a run of the words passes, without those of single statements.
points() {
    rm -f "$T/points"
    CCR_FAILPOINT_LOG=$T/points ccr restore target --job j --tables shop.orders --quiet
    sort -u "$T/points" | grep -v '^statement$'
}

killed_restore() {
    local status=0

    CCR_FAILPOINT=$1 ccr restore target --job j --tables shop.orders --quiet || status=$?
    [ "$status" -eq 137 ]
}

prepared() {
    sql source "ALTER TABLE shop.orders ADD c$1 INT DEFAULT 1"
    family_work "$1"
    replay
    spoil shop.orders
}

@test "killed at every failpoint: the old table or the new one, and the next run completes" {
    local point before n=2 all

    family ''
    follow_start --databases shop
    snapshot --tables shop.orders
    prepared 1
    all=$(points)
    equal
    for point in $all; do
        n=$((n + 1))
        spoil shop.orders
        before=$(sql target "CHECKSUM TABLE shop.orders")
        echo "# $point"
        killed_restore "$point"
        if [ "$(sql target "CHECKSUM TABLE shop.orders")" != "$before" ]; then
            same_one shop.orders
        fi
        partial --tables shop.orders
        equal
        apply
    done
    [ "$(references)" = "$(printf 'shop.item>shop.orders\nshop.orders>shop.customer')" ]
    [[ $all == *announce-after* && $all == *swap-before* && $all == *staged-before* && $all == *ddl-after* ]]
}

@test "killed when the job is left behind: ccr-apply goes on without the table, and the next run brings it in" {
    local point n=0

    follow_start --databases shop
    for point in behind-before behind-after claim-after commit-after swap-after; do
        n=$((n + 1))
        work $n
        spoil shop.orders
        snapshot --tables shop.orders
        ship
        echo "# $point"
        killed_restore "$point"
        work $((n + 20))
        ship
        status=0
        apply || status=$?
        [ "$status" -eq 0 ] || [ "$status" -eq 8 ]
        same_one shop.customer
        partial --tables shop.orders
        equal
    done
}

@test "a swap that was announced: whoever takes the job over makes it fail" {
    local before

    follow_start --databases shop
    work 1
    replay
    snapshot --tables shop.orders
    work 2
    replay
    spoil shop.orders
    killed_restore announce-after
    [ "$(sql target "SELECT intent FROM ccr.position_j" | jq -r .kind)" = swap ]
    [ -n "$(sql target "SHOW TABLES IN ccr_stage_j_0 LIKE 'position_j'")" ]
    before=$(sql target "CHECKSUM TABLE shop.orders")
    apply
    [ -z "$(sql target "SHOW TABLES IN ccr_stage_j_0 LIKE 'position_j'")" ]
    [ "$(sql target "SELECT intent IS NULL FROM ccr.position_j")" -eq 1 ]
    [ "$(sql target "CHECKSUM TABLE shop.orders")" = "$before" ]
    partial --tables shop.orders
    equal
}
