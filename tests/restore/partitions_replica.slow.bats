# Single partitions and tables brought in on a target that has a replica of its own, and kept out of the target's binlog.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/replica
load ../apply/follow
load partial
load partitions

setup_file() {
    follow_servers
    replica_start other target
}

setup() {
    store_use "store$BATS_TEST_NUMBER"
    target_clean
    shop
    parts
}

everything_there() {
    replica_has_all other target && same_tables target other shop
}

@test "the replica gets partitions and tables as the target does" {
    follow_start --databases shop
    parts_work 1
    replay
    snapshot --partitions "$all_damaged"
    parts_work 2
    replay
    damage
    partial --partitions "$all_damaged"
    equal
    wait_until 30 everything_there
    snapshot --tables shop.orders
    spoil shop.orders
    parts_work 3
    ship
    partial --tables shop.orders
    apply
    equal
    wait_until 30 everything_there
    [ -z "$(sql other "SHOW DATABASES LIKE 'ccr\\_stage%'")" ]
}

@test "--skip-target-binlog: nothing of it is in the target's binlog, and the job goes on" {
    local before

    follow_start --databases shop
    parts_work 1
    replay
    snapshot --partitions "$all_damaged"
    parts_work 2
    replay
    damage
    before=$(sql target "SELECT @@gtid_binlog_pos")
    partial --partitions "$all_damaged" --skip-target-binlog
    [ "$(sql target "SELECT @@gtid_binlog_pos")" = "$before" ]
    equal
    snapshot --tables shop.orders
    parts_work 3
    replay
    spoil shop.orders
    before=$(sql target "SELECT @@gtid_binlog_pos")
    partial --tables shop.orders --skip-target-binlog
    [ "$(sql target "SELECT @@gtid_binlog_pos")" = "$before" ]
    equal
    parts_work 4
    replay --check-before-images
    equal
}
