# s3:// on a real Ceph radosgw: what is not every backend's (conformance.bats).

load ../lib/common
load ../lib/s3
load conformance

setup_file() {
    units_find
    ceph_start
    s3_use ceph
}

setup() {
    url=s3://ccr/$BATS_TEST_NUMBER
    STORE=$url
}

teardown_file() {
    s3_end
}

@test "TLS: a certificate must be that of a trusted authority, unless told otherwise" {
    export AWS_ENDPOINT_URL
    AWS_ENDPOINT_URL=https://127.0.0.1:$(cat "$T/ceph/tls-port")
    run store_tool list ''
    echo "$output"
    [ "$status" -eq 4 ]
    [[ $output == *"certificate refused"* ]]
    [[ $output == *"ca-file"* ]]
    AWS_CA_BUNDLE=$T/ceph/ca.crt store_tool list ''
    printf '[store main]\nurl = %s\nca-file = %s\n[store any]\nurl = %s\ntls_verify = off\n' \
        "$STORE" "$T/ceph/ca.crt" "$STORE" >"$T/ccr.conf"
    "$UNITS/store_tool" list '' --config "$T/ccr.conf" --store main
    "$UNITS/store_tool" list '' --config "$T/ccr.conf" --store any
}

@test "the bucket in the host's name" {
    local port
    port=$(s3_port ceph)
    printf '[store main]\nurl = %s\nendpoint = http://localhost:%s\naddressing = virtual\n' "$STORE" "$port" >"$T/ccr.conf"
    echo text | "$UNITS/store_tool" put 'a b/ü' --config "$T/ccr.conf"
    [ "$(store_tool get 'a b/ü')" = text ]
    [ "$("$UNITS/store_tool" list '' --config "$T/ccr.conf")" = 'a b/ü' ]
}

# with_keys ARGUMENTS...: store_tool with no keys in the environment and a config of these lines.
with_keys() {
    printf '%s\n' '[store main]' "url = $STORE" "$@" >"$T/keys.conf"
    env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY HOME="$T/home" "$UNITS/store_tool" list '' --config "$T/keys.conf"
}

@test "keys: from the config, from a credentials file and its profiles, from the environment; none is an error" {
    mkdir -p "$T/home/.aws"
    run with_keys
    echo "$output"
    [ "$status" -eq 3 ]
    [[ $output == *"no keys for the store"* ]]
    with_keys 'access-key = testaccess' 'secret-key = testsecret'
    run with_keys 'access-key = testaccess'
    [ "$status" -eq 3 ]
    [[ $output == *"only one of access-key and secret-key"* ]]
    printf '[default]\naws_access_key_id = testaccess\naws_secret_access_key = testsecret\n\n[other]\naws_access_key_id=x\n' \
        >"$T/home/.aws/credentials"
    with_keys
    run with_keys 'profile = other'
    echo "$output"
    [ "$status" -eq 3 ]
    [[ $output == *"no keys under [other]"* ]]
    sed 's/default/nightly/' "$T/home/.aws/credentials" >"$T/credentials"
    with_keys "credentials-file = $T/credentials" 'profile = nightly'
    store_tool list ''
}

@test "unusable URLs, endpoints and settings are refused with what is wrong" {
    STORE=s3:///x
    run store_tool list ''
    [ "$status" -eq 2 ]
    [[ $output == *"does not name a bucket"* ]]
    STORE=s3://ccr/a//b
    run store_tool list ''
    [ "$status" -eq 2 ]
    [[ $output == *"unusable prefix"* ]]
    STORE=s3://ccr
    AWS_ENDPOINT_URL=ftp://x run store_tool list ''
    [ "$status" -eq 3 ]
    [[ $output == *"endpoint 'ftp://x' is not usable"* ]]
    run with_keys 'addressing = sideways'
    [ "$status" -eq 3 ]
    [[ $output == *"path or virtual"* ]]
    run store_tool list '' --connections 0
    [ "$status" -eq 2 ]
}

@test "a body that is not the one that was written is noticed" {
    local sum
    sum=$(printf 'another text' | sha256sum | cut -d ' ' -f 1)
    s3_tool PUT "/ccr/$BATS_TEST_NUMBER/x" "x-amz-meta-ccr-sha256:$sum" <<<text
    run store_tool get x
    echo "$output"
    [ "$status" -eq 7 ]
    [[ $output == *"another body than was written"* ]]
}

@test "--bandwidth bounds what goes to and from the store" {
    local start
    head -c 600000 /dev/urandom >"$T/bytes"
    start=$EPOCHREALTIME
    store_tool put x --bandwidth 400K <"$T/bytes"
    store_tool get x --bandwidth 400K | cmp - "$T/bytes"
    # 1.2 MB at 400 KiB a second; never faster, whatever the machine
    awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a > 2.5) }'
}
