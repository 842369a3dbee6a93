# The main job on a real S3 store (Ceph radosgw): under the least rights of README.md, with two of each at once, and refused
# with the cause named.

# shellcheck disable=SC2154 # at_once sets codes

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/s3

setup_file() {
    units_find
    ceph_start
    export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    s3_use ceph backups
    for name in ccr-source ccr-target ccr-prune reader; do
        ceph_user $name >"$T/user.$name" 2>&1
    done
    policy | s3_tool PUT /backups policy=
    server_start source
    server_grant source source
    server_start target --local-infile=ON
    server_grant target target
    sql source "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100))"
    change
}

setup() {
    export STORE=s3://backups/ccr
}

teardown_file() {
    servers_end
    s3_end
}

# The README's, and somebody who may only read.
policy() {
    awk '$0 == "```json bucket-policy" { inside = 1; next } /^```/ { inside = 0 } inside' "$CCR_ROOT/README.md" |
        jq '.Statement += [.Statement[0] | .Sid = "reader" | .Principal.AWS = ["arn:aws:iam:::user/reader"]]'
}

change() {
    sql source "INSERT INTO shop.t (v) SELECT UUID_SHORT() FROM seq_1_to_20; UPDATE shop.t SET v = 'x' WHERE id % 7 = 1" shop
}

# with KEYS BINARY NAME [options]: as ccr, with the keys of that user of the store.
with() {
    (
        s3_keys_of "$1"
        ccr "${@:2}"
    )
}

keep() {
    (
        s3_keys_of "$1"
        "$CCR_BIN/ccr-$2" --store "$STORE" "${@:3}" 3>&-
    )
}

# denied KEYS METHOD KEY
denied() {
    (
        s3_keys_of "$1"
        run s3_tool "$2" "/backups/ccr/$3" <<<x
        echo "$output"
        [[ $output == *AccessDenied* ]]
    )
}

# ask '{jq object}': a request of the target for a copy; prints its id.
ask() {
    jq -n "$1" | (
        s3_keys_of ccr-target
        "$UNITS/request_tool" --store "$STORE"
    )
}

keys_below() {
    s3_tool GET /backups list-type=2 prefix="ccr/$1" | grep -o '<Key>[^<]*' | cut -c 6-
}

follow() {
    with ccr-source ship source
    with ccr-target apply target --job shop
    same_tables source target shop
}

@test "backup, restore, ship, apply, verify and prune with the README's policy, and no right beyond it" {
    with ccr-source backup source
    with ccr-target restore target --job shop
    change
    follow
    with ccr-source backup source
    change
    follow
    sql source "ALTER TABLE shop.t ADD COLUMN w INT DEFAULT 7"
    change
    follow
    same_schema --followed source target shop
    keep reader verify
    [ "$(keys_below 'streams/main/snapshots/' | grep -c manifest.json)" -eq 2 ]
    keep ccr-prune prune --keep-last 1 --yes
    [ "$(keys_below 'streams/main/snapshots/' | grep -c manifest.json)" -eq 1 ]
    [ -n "$(keys_below streams/main/pruned/)" ]
    id=$(keys_below 'streams/main/snapshots/' | sed -n 's,.*/\([^/]*\)/manifest.json,\1,p')
    keep ccr-prune prune --pin "$id" --reason kept
    keep ccr-prune prune --unpin "$id"
    keep ccr-prune verify
    change
    follow

    # a copy is asked for, and made; who asked takes the request away, or ccr-prune does
    local segment manifest asked
    asked=$(ask "{job: \"shop\", position: \"$(sql source "SELECT @@gtid_binlog_pos")\"}")
    with ccr-source backup source --requested --json >"$T/answer"
    [ "$(jq -r '.requests[0] | "\(.id) \(.state)"' "$T/answer")" = "$asked answered" ]
    denied ccr-source PUT "jobs/shop/requests/$asked.json"
    denied ccr-source DELETE "jobs/shop/requests/$asked.json"
    denied ccr-prune PUT "jobs/shop/requests/$asked.json"
    denied ccr-target PUT "jobs/other/requests/$asked.json"
    (
        s3_keys_of ccr-target
        "$UNITS/store_tool" delete "jobs/shop/requests/$asked.json" --store "$STORE"
    )
    ask '{job: "shop", generation: 2, requested_us: ((now - 31 * 86400) * 1e6 | floor)}'
    keep ccr-prune prune --keep-last 1 --yes
    [ -z "$(keys_below jobs/shop/requests/)" ]
    keep reader verify

    segment=$(keys_below streams/main/log/ | tail -n 1)
    manifest=$(keys_below streams/main/snapshots/ | grep manifest.json)
    denied ccr-source DELETE "${segment#ccr/}"
    denied ccr-source DELETE "${manifest#ccr/}"
    denied ccr-source PUT jobs/shop/status.json
    denied ccr-source PUT streams/main/pruned/000000000001.json
    denied ccr-source PUT streams/other/stream.json
    denied ccr-target PUT "${segment#ccr/}"
    denied ccr-target DELETE "${manifest#ccr/}"
    denied ccr-target PUT jobs/other/status.json
    denied ccr-target PUT ccr.json
    denied ccr-prune PUT "${segment#ccr/}"
    denied ccr-prune PUT streams/main/alive.json
    denied ccr-prune DELETE ccr.json
    denied ccr-prune DELETE jobs/shop/status.json
    denied reader PUT ccr.json
    # whoever would do another's work is told so
    change
    run with ccr-target ship source
    echo "$output"
    [ "$status" -eq 4 ]
    follow
}

@test "by signature V2, the same policy serves, too" {
    export CCR_SIGNATURE=v2
    change
    follow
    with ccr-source backup source
    change
    follow
    # what a killed run has claimed is removed when it is old
    change
    with ccr-source ship source
    [ -z "$(keys_below .claim/)" ]
    change
    CCR_FAILPOINT=claim-after run with ccr-source ship source
    [ "$status" -eq 137 ]
    [ "$(keys_below .claim/ | wc -l)" -eq 1 ]
    keep ccr-prune prune --keep-last 1 --yes
    [ "$(keys_below .claim/ | wc -l)" -eq 1 ]
    CCR_CLOCK_SHIFT=172800 keep ccr-prune prune --keep-last 1 --yes
    [ -z "$(keys_below .claim/)" ]
    keep reader verify
    [ "$(keys_below 'streams/main/snapshots/' | grep -c manifest.json)" -eq 1 ]
    export CCR_SIGNATURE=v4
    follow
}

two_shippers() {
    local locked=0 i

    for ((i = 0; i < 4 || (locked == 0 && i < 40); i++)); do
        change
        at_once with ccr-source ship source
        [ "$codes" = "0 75" ] || [ "$codes" = "0 0" ]
        [ "$codes" = "0 0" ] || locked=1
    done
    [ "$locked" -eq 1 ]
    cat "$T/errors1" "$T/errors2"
    follow
    keep reader verify
}

@test "two shippers at once: one writes, the other leaves with 'locked', and the target gets all of it" {
    two_shippers
}

@test "two shippers at once, by signature V2" {
    CCR_SIGNATURE=v2
    two_shippers
}

# two_backups_and_pruners ROUNDS
two_backups_and_pruners() {
    local i

    for ((i = 0; i < $1; i++)); do
        at_once with ccr-source backup source
        [ "$codes" = "0 0" ]
        keep reader verify
        change
        with ccr-source ship source
        at_once keep ccr-prune prune --keep-last 1 --yes
        [ "$codes" = "0 75" ] || [ "$codes" = "0 0" ]
        keep ccr-prune prune --keep-last 1 --yes
        keep reader verify
        [ "$(keys_below 'streams/main/snapshots/' | grep -c manifest.json)" -eq 1 ]
    done
    follow
}

@test "two backups at once are two snapshots; of two pruners at once one or both end well, and the store is whole" {
    two_backups_and_pruners 2
}

@test "two backups at once, and two pruners, by signature V2" {
    CCR_SIGNATURE=v2
    two_backups_and_pruners 1
}

# gateway NAME [radosgw options]: one more gateway of the same Ceph, which becomes the endpoint; its clock is $SHIFT minutes off.
gateway() {
    local port

    port=$(server_find_port)
    # shellcheck disable=SC2016  # the dynamic linker expands it
    s3_spawn ceph "$1" env ${SHIFT:+FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME="${SHIFT}m" 'LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1'} \
        radosgw -f -n client.rgw -c "$T/ceph/ceph.conf" --log-file="$T/ceph/$1.log" --rgw-frontends="beast endpoint=127.0.0.1:$port" "${@:2}"
    wait_until 60 s3_answers "$port" / || return 1
    AWS_ENDPOINT_URL=http://127.0.0.1:$port
}

# refused TEXT [options]: a ship with something to do fails with exit code 4, says the text, and has a hint.
refused() {
    run ccr ship source --store-retry 5 "${@:2}"
    echo "$output"
    [ "$status" -eq 4 ]
    [[ $output == *"error: "*"$1"* ]]
    [[ $output == *"hint: "* ]]
}

@test "a wrong secret, an unknown key, keys that may only read, a bucket that is not there" {
    change
    s3_keys_of ccr-source
    # with STS, Ceph says of the first two only that access is denied
    AWS_SECRET_ACCESS_KEY=wrong refused "the store denies access to access key ccr-sourceaccess"
    [[ $output == *"the secret key is wrong, or the key is not allowed"* ]]
    gateway plain --rgw-s3-auth-use-sts=false
    AWS_SECRET_ACCESS_KEY=wrong refused "the secret key is not that of access key ccr-sourceaccess"
    AWS_ACCESS_KEY_ID=nobody refused "the store does not know the access key nobody"
    STORE=s3://nowhere/ccr refused "the store has no bucket nowhere"
    [[ $output == *"make the bucket, or correct the url"* ]]
    s3_keys_of reader
    refused "access key readeraccess is not allowed to do this"
    [[ $output == *"check the policy of the bucket"* ]]
    follow
}

@test "a clock that is wrong, in both directions" {
    change
    s3_keys_of ccr-source
    # a second or more may pass between the store's reading of its clock and ours
    CCR_CLOCK_SHIFT=3600 refused "this machine's clock is 36"
    [[ $output =~ "clock is 36"[0-9]{2}" s ahead of the store's" ]]
    CCR_CLOCK_SHIFT=-3600 refused "this machine's clock is 3"
    [[ $output =~ "clock is 3"(600|5[0-9]{2})" s behind the store's" ]]
    [[ $output == *"NTP"* ]]
    follow
}

@test "another machine's claim counts while it is young by the store's clock, and not once it is old" {
    local folder
    export STORE=s3://backups/claims CCR_SIGNATURE=v2
    folder=/backups/claims/.claim/$(printf x | sha256sum | cut -d ' ' -f 1)
    s3_keys_of test
    s3_tool PUT "$folder/00000000000000000000000000000000-1-0123456789abcdef-1-1" <<<x
    run "$UNITS/store_tool" create x --store "$STORE" --store-retry 1 <<<mine
    echo "$output"
    [ "$status" -eq 75 ]
    [[ $output == *"another run seems to be writing this object"* ]]
    s3_tool DELETE "$folder/00000000000000000000000000000000-1-0123456789abcdef-1-1"
    (
        SHIFT=-20 gateway behind
        CCR_CLOCK_SHIFT=-1200 s3_tool PUT "$folder/00000000000000000000000000000000-2-0123456789abcdef-1-1" <<<x
    )
    [ "$("$UNITS/store_tool" create x --store "$STORE" --store-retry 1 <<<mine)" = yes ]
    [ "$("$UNITS/store_tool" get x --store "$STORE")" = mine ]
}

# session_keys: exports those of a session of the user in use, as the endpoint in use gives them.
session_keys() {
    S3_SERVICE=sts s3_tool POST / Action=GetSessionToken DurationSeconds=900 </dev/null >"$T/session"
    AWS_ACCESS_KEY_ID=$(sed 's,.*<AccessKeyId>\([^<]*\).*,\1,' "$T/session")
    AWS_SECRET_ACCESS_KEY=$(sed 's,.*<SecretAccessKey>\([^<]*\).*,\1,' "$T/session")
    AWS_SESSION_TOKEN=$(sed 's,.*<SessionToken>\([^<]*\).*,\1,' "$T/session")
    export AWS_SESSION_TOKEN
}

@test "an expired session, and one that goes on" {
    ceph_admin caps add --uid=test --caps='user-policy=*' >"$T/caps"
    s3_keys_of test
    s3_tool POST / Action=PutUserPolicy UserName=test PolicyName=p </dev/null \
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:*","s3:*"],"Resource":"*"}]}'
    change
    # its tokens of 15 minutes have expired elsewhere
    (
        endpoint=$AWS_ENDPOINT_URL
        SHIFT=-20 gateway late
        CCR_CLOCK_SHIFT=-1200 session_keys
        AWS_ENDPOINT_URL=$endpoint
        refused "the store denies access to access key $AWS_ACCESS_KEY_ID"
        [[ $output == *"the session token has expired, or"*"get new temporary keys"* ]]
    )
    (
        session_keys
        ccr ship source
    )
    follow
}
