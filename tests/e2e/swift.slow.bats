# The source's side and ccr-prune on a store that cannot create atomically and has signature V4: OpenStack Swift. Two of each
# at once, which claims keep apart.

# shellcheck disable=SC2154 # at_once sets codes

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/s3

setup_file() {
    units_find
    mkdir -p "$T/swift"
    swift_can_run || return 0
    swift_start
    s3_use swift
    server_start source
    server_grant source source
    sql source "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100))"
    change
    ccr backup source
}

setup() {
    # Swift keeps its metadata in user xattrs
    [ -e "$T/swift/port" ] || skip "no user xattrs on this file system"
    s3_point swift
    export STORE=s3://ccr/store
}

teardown_file() {
    servers_end
    s3_end
}

change() {
    sql source "INSERT INTO shop.t (v) SELECT UUID_SHORT() FROM seq_1_to_20" shop
}

verify() {
    "$CCR_BIN/ccr-verify" --store "$STORE" --json 3>&- >"$T/verified"
}

prune() {
    "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1 --yes 3>&-
}

snapshots() {
    s3_tool GET /ccr list-type=2 prefix=store/streams/main/snapshots/ | grep -o manifest.json | wc -l
}

@test "two shippers at once: one writes, the other leaves with 'locked', and the log is whole" {
    local locked=0 i

    [ "$("$UNITS/store_tool" atomic x --store "$STORE" 3>&-)" = no ]
    for ((i = 0; i < 2 || (locked == 0 && i < 40); i++)); do
        change
        at_once ccr ship source
        [ "$codes" = "0 75" ] || [ "$codes" = "0 0" ]
        [ "$codes" = "0 0" ] || locked=1
    done
    [ "$locked" -eq 1 ]
    verify
}

@test "two backups at once are two snapshots; of two pruners at once one or both end well, and the store is whole" {
    local before
    before=$(snapshots)
    at_once ccr backup source
    [ "$codes" = "0 0" ]
    [ "$(snapshots)" -eq $((before + 2)) ]
    verify
    change
    ccr ship source
    at_once prune
    [ "$codes" = "0 75" ] || [ "$codes" = "0 0" ]
    prune
    verify
    [ "$(snapshots)" -eq 1 ]
    run ! grep '<Key>' <(s3_tool GET /ccr list-type=2 prefix=store/.claim/)
}
