# s3:// on a real OpenStack Swift: the conformance of every backend on a server without an atomic create-if-absent.

load ../lib/common
load ../lib/s3
load conformance

setup_file() {
    units_find
    mkdir -p "$T/swift"
    swift_can_run || return 0
    swift_start
    s3_use swift
}

setup() {
    swift_can_run || skip "Swift keeps its metadata in user xattrs, which $T has not"
    url=s3://ccr/$BATS_TEST_NUMBER
    export STORE=$url
}

teardown_file() {
    s3_end
}

@test "create, get, head, put, delete, and what is missing; ranges" {
    probe basics
    url=$url/r probe ranges
}

@test "listings in byte order, with folders, prefixes and start_after" {
    probe listing
}

@test "awkward keys: spaces, percent signs, UTF-8, very long; unusable ones are refused" {
    probe keys
}

@test "an object of the largest size, and one byte more" {
    probe big
}

@test "readers of an object that is replaced see the old bytes or the new ones" {
    probe put-race 20
}

@test "kill -9 while writing leaves whole objects only" {
    kill_writers 2
}

@test "create-if-absent is found not to be atomic: it looks, then writes, and an object that is there stays" {
    [ "$(store_tool atomic x)" = no ]
    [ "$(store_tool create x <<<one)" = yes ]
    [ "$(store_tool create x <<<two)" = no ]
    [ "$(store_tool get x)" = one ]
    [ "$(store_tool list '')" = x ]
}

@test "a wrong secret, an unknown key, a wrong region, and a bucket that is not there have their messages" {
    AWS_SECRET_ACCESS_KEY=wrong run "$CCR_BIN/ccr-verify" --store "$STORE"
    echo "$output"
    [ "$status" -eq 4 ]
    [[ $output == *"secret key is not that of access key test:tester"* ]]
    AWS_ACCESS_KEY_ID=test:nobody run "$CCR_BIN/ccr-verify" --store "$STORE"
    echo "$output"
    [ "$status" -eq 4 ]
    [[ $output == *"and the access key: some servers (Swift) say the same"* ]]
    AWS_REGION=eu-west-1 run "$CCR_BIN/ccr-verify" --store "$STORE"
    echo "$output"
    [ "$status" -eq 4 ]
    [[ $output == *"the store is not in the region eu-west-1"*"hint: set region"* ]]
    run "$CCR_BIN/ccr-verify" --store s3://nowhere
    echo "$output"
    [ "$status" -eq 4 ]
    [[ $output == *"no bucket nowhere"* ]]
}
