# The failpoints of failpoints.bats on other targets: without a binlog, and a Galera node.

load ../lib/common
load follow
load failpoints

setup_file() {
    server_start source
    server_grant source source
}

teardown() {
    logs_keep
    server_remove target
}

# The target of one test; the source begins anew.
failpoints_on() {
    export TARGET_VARIANT=$1
    store_use "store-$1"
    target_start
    server_grant target target
    sql source "DROP DATABASE IF EXISTS d"
    failpoints_schema
    follow_start
    every_failpoint
}

@test "a target without a binlog" {
    failpoints_on nobinlog
}

@test "one Galera node" {
    failpoints_on galera
}
