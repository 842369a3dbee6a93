# What an S3 server refuses, by both signatures, on Ceph and on Swift: the cause is named, with a hint, whatever was asked.
# tests/e2e/s3.slow.bats has the same for whole runs, with session tokens and other answers of Ceph.
# shellcheck disable=SC2154 # bats sets stderr, conformance.bash sets url

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/s3
load conformance

S3="ceph ceph-v2 swift swift-v2"

setup_file() {
    backends_start
    ceph_user reader >"$T/user.reader" 2>&1
    s3_point ceph
    s3_tool PUT /ccr policy= <<<'{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/reader"]},
        "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::ccr", "arn:aws:s3:::ccr/*"]}]}'
    [ -e "$T/swift/port" ] || return 0
    s3_point swift
    s3_tool PUT /ccr acl= x-amz-acl:public-read </dev/null
}

teardown_file() {
    s3_end
}

# refused TEXT COMMAND...: it fails with exit code 4, says the text, and has a hint.
refused() {
    run --separate-stderr "${@:2}"
    echo "$stderr"
    [ "$status" -eq 4 ]
    [[ $stderr == *"error: "*"$1"* ]]
    [[ $stderr == *"hint: "* ]]
}

# all_refused TEXT: every operation is.
all_refused() {
    local operation

    for operation in list put create head get delete; do
        refused "$1" store_tool $operation x --store-retry 3 <<<text
    done
}

is_v2() {
    [ "$CCR_SIGNATURE" = v2 ]
}

wrong_keys() {
    STORE=$url
    store_tool put x <<<text
    case $AWS_ACCESS_KEY_ID in
    test:*)
        AWS_SECRET_ACCESS_KEY=wrong all_refused "secret key is not that of access key test:tester"
        AWS_ACCESS_KEY_ID=test:nobody all_refused "secret key is not that of access key test:nobody"
        [[ $stderr == *"and the access key: some servers (Swift) say the same"* ]]
        ;;
    *)
        # with STS, Ceph says of both only that access is denied
        AWS_SECRET_ACCESS_KEY=wrong all_refused "the store denies access to access key testaccess"
        AWS_ACCESS_KEY_ID=nobody all_refused "the store denies access to access key nobody"
        [[ $stderr == *"the secret key is wrong, or the key is not allowed"* ]]
        ;;
    esac
    [ "$(store_tool get x)" = text ]
}

@test "a wrong secret, and an unknown key" {
    on "$S3" wrong_keys
}

no_bucket() {
    STORE=s3://nowhere/x
    all_refused "the store has no bucket nowhere"
    [[ $stderr == *"make the bucket, or correct the url"* ]]
}

@test "a bucket that is not there" {
    on "$S3" no_bucket
}

reading_only() {
    STORE=$url
    store_tool put x <<<text
    case $AWS_ACCESS_KEY_ID in
    test:*) export AWS_ACCESS_KEY_ID=test:reader AWS_SECRET_ACCESS_KEY=reading ;;
    *) s3_keys_of reader ;;
    esac
    [ "$(store_tool list '')" = x ]
    [ "$(store_tool get x)" = text ]
    refused "access key $AWS_ACCESS_KEY_ID" store_tool put x <<<other
    refused "access key $AWS_ACCESS_KEY_ID" store_tool create y <<<other
    refused "access key $AWS_ACCESS_KEY_ID" store_tool delete x
    [[ $stderr == *"not allowed to do this"*"the policy of the bucket"* ]]
    [ "$(store_tool get x)" = text ]
}

@test "keys that may only read" {
    on "$S3" reading_only
}

wrong_region() {
    STORE=$url
    export AWS_REGION=eu-west-1
    if is_v2 || [[ $AWS_ACCESS_KEY_ID != test:* ]]; then
        store_tool put x <<<text # the region has no part in signature V2, and Ceph takes any
    else
        all_refused "the store is not in the region eu-west-1"
        [[ $stderr == *"hint: set region"* ]]
    fi
    unset AWS_REGION
}

@test "a wrong region" {
    on "$S3" wrong_region
}

# What becomes of a token that has expired on Ceph, which has sessions, is in tests/e2e/s3.slow.bats.
made_up_session() {
    STORE=$url
    export AWS_SESSION_TOKEN=made-up
    if is_v2; then
        run store_tool list ''
        echo "$output"
        [ "$status" -eq 3 ]
        [[ $output == *"session tokens cannot be used with signature v2"*"these are from the environment"* ]]
    elif [[ $AWS_ACCESS_KEY_ID == test:* ]]; then
        store_tool put x <<<text # Swift has no sessions, and does not look at it
        [ "$(store_tool get x)" = text ]
    else
        all_refused "the store refuses the request (400 InvalidArgument)"
        [[ $stderr == *"a session token that is not theirs: check the one in the environment"* ]]
    fi
    unset AWS_SESSION_TOKEN
}

@test "a session token that no server gave" {
    on "$S3" made_up_session
}

# at SHIFT COMMAND...: with another clock.
at() {
    faketime -f "$1" "$UNITS/store_tool" "${@:2}" --store "$STORE" --store-retry 3
}

wrong_clock() {
    STORE=$url
    refused "this machine's clock" at +1h put x <<<text
    refused "this machine's clock" at -1h put x <<<text
    # a second or more may pass between the store's reading of its clock and ours
    refused "this machine's clock is 3" at -1h list ''
    [[ $stderr =~ "clock is 3"(600|5[0-9]{2})" s behind the store's" ]]
    [[ $stderr == *"NTP"* ]]
    if ! is_v2; then
        refused "this machine's clock is 36" at +1h list ''
        [[ $stderr =~ "clock is 36"[0-9]{2}" s ahead of the store's" ]]
    fi
    [ -z "$(store_tool list '')" ]
}

@test "a clock that is wrong, in both directions" {
    on "$S3" wrong_clock
}

# unusable TEXT [KEY=VALUE...]: with this in the section of a store by V2, nothing is asked of any server.
unusable() {
    printf '%s\n' '[store main]' "url = s3://ccr/unusable" 'signature = v2' "${@:2}" >"$T/v2.conf"
    run "$UNITS/store_tool" list '' --config "$T/v2.conf"
    echo "$output"
    [ "$status" -eq 3 ]
    [[ $output == *"$1"* ]]
}

@test "signature V2 is refused where it cannot be used safely: https, session tokens, other characters in the URL" {
    s3_point ceph-v2
    unusable "nothing can verify that" "endpoint = https://127.0.0.1:1"
    [[ $output == *"tls-verify = off"* ]]
    unusable "session tokens cannot be used" 'access-key = a' 'secret-key = b' 'session-token = c'
    unusable "an access key has at most 64" "access-key = $(printf '%065d' 1)" 'secret-key = b'
    printf '%s\n' '[store main]' 'url = s3://ccr/a b' 'signature = v2' >"$T/v2.conf"
    run "$UNITS/store_tool" list '' --config "$T/v2.conf"
    [ "$status" -eq 3 ]
    [[ $output == *"'a b/' cannot be a key"* ]]
    printf '%s\n' '[store main]' 'url = s3://ccr/a' 'signature = v3' >"$T/v2.conf"
    run "$UNITS/store_tool" list '' --config "$T/v2.conf"
    [ "$status" -eq 3 ]
    [[ $output == *"'v3' is not valid"*"v4 or v2"* ]]
}

@test "signature V2 over TLS that nobody verifies, and with the bucket in the host's name" {
    s3_point ceph-v2
    printf '%s\n' '[store main]' 'url = s3://ccr/tls' 'signature = v2' "endpoint = https://127.0.0.1:$(cat "$T/ceph/tls-port")" \
        'tls-verify = off' '[store other]' 'url = s3://ccr/tls' 'signature = v2' "endpoint = http://localhost:$(s3_port ceph)" \
        'addressing = virtual' >"$T/v2.conf"
    "$UNITS/store_tool" put x --config "$T/v2.conf" --store main <<<text
    [ "$("$UNITS/store_tool" list '' --config "$T/v2.conf" --store main)" = x ]
    [ "$("$UNITS/store_tool" get x --config "$T/v2.conf" --store other)" = text ]
    "$UNITS/store_tool" put y --config "$T/v2.conf" --store other <<<text
    [ "$("$UNITS/store_tool" head y --config "$T/v2.conf" --store main)" = 5 ]
}

listens() {
    [ -s "$T/silent" ]
}

@test "signature V2: a server that takes connections and says nothing is given up after store-timeout" {
    local silent
    python3 - >"$T/silent" 3>&- <<'PYTHON' &
import socket, time
s = socket.create_server(('127.0.0.1', 0))
print(s.getsockname()[1], flush=True)
time.sleep(600)
PYTHON
    silent=$!
    wait_until 30 listens
    s3_point ceph-v2
    export AWS_ENDPOINT_URL
    AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$T/silent")
    STORE=s3://ccr/x
    for operation in list put head delete; do
        refused "timeout" store_tool $operation x --store-timeout 1 --store-retry 1 <<<text
    done
    kill "$silent"
}
