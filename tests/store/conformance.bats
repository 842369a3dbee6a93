# What every backend has to do (lib/store/store.h): file://, and s3:// on Ceph and on Swift, by signature V4 and V2. Then what
# is file://'s own; s3.bats and v2.bats have what is S3's.

load ../lib/common
load ../lib/s3
load conformance

setup_file() {
    backends_start
}

setup() {
    url=file://$T/$BATS_TEST_NUMBER
    dir=$T/$BATS_TEST_NUMBER
}

teardown_file() {
    s3_end
}

@test "create, get, head, put, delete, and what is missing" {
    on "$EVERY" probe basics
}

@test "ranges, also from the end and beyond it" {
    on "$EVERY" probe ranges
}

@test "listings in byte order, with folders, prefixes and start_after" {
    on "$EVERY" probe listing
}

@test "awkward keys: spaces, percent signs, UTF-8, very long; unusable ones are refused" {
    on "file ceph swift" probe keys
}

@test "signature V2 takes keys of A-Z a-z 0-9 . _ - only, and refuses others" {
    on "ceph-v2 swift-v2" probe few-keys
}

@test "an object of the largest size, and one byte more" {
    on "$EVERY" probe big
}

@test "of many processes and threads that create many objects, exactly one wins each, where the server creates atomically" {
    on "$ATOMIC" probe create-race
}

@test "of four that create one object at the same moment, one is told so, and the object is its own: on every backend, in each round" {
    on "$ATOMIC" probe create-rounds 40
    on ceph-v2 probe create-rounds 12
    on "swift swift-v2" probe create-rounds 3
}

# An empty store, $url and $STORE, on a server that does not create atomically.
by_claims() {
    [ -e "$T/ceph/port" ]
    s3_point ceph-v2
    url=s3://ccr/ceph-v2/$BATS_TEST_NUMBER
    export STORE=$url
}

claims() {
    s3_tool GET /ccr list-type=2 prefix="${url#s3://ccr/}/.claim/" | grep -o '<Key>[^<]*' | cut -c 6- || :
}

# CCR_FAILPOINT=claim-after: it has claimed the key, and not written it yet.
killed_with_its_claim() {
    export STORE=$url
    run env CCR_FAILPOINT=claim-after "$UNITS/store_tool" create x --store "$STORE" <<<one 3>&-
    [ "$status" -eq 137 ]
    [ "$(claims | wc -l)" -eq 1 ]
    [ -z "$(store_tool list '')" ]
    [ "$(store_tool create x <<<two)" = yes ]
    [ "$(store_tool get x)" = two ]
    [ "$(claims | wc -l)" -eq 1 ]
}

@test "who is killed with a claim keeps nobody on this machine away" {
    on ceph-v2 killed_with_its_claim
}

@test "who only stands still keeps its claim: others leave with 'locked', and it goes on" {
    local pid
    by_claims
    echo one >"$T/one"
    CCR_FAILPOINT=claim-after:1:stop "$UNITS/store_tool" create x --store "$STORE" <"$T/one" >"$T/told" 3>&- &
    pid=$!
    wait_until 60 process_stopped $pid
    run store_tool create x --store-retry 1 <<<two
    echo "$output"
    [ "$status" -eq 75 ]
    [[ $output == *"another run seems to be writing this object"* ]]
    [[ $output == *"hint: "* ]]
    [ -z "$(store_tool list '')" ]
    [ "$(claims | wc -l)" -eq 1 ]
    kill -CONT $pid
    wait $pid
    [ "$(cat "$T/told")" = yes ]
    [ "$(store_tool create x <<<two)" = no ]
    [ "$(store_tool get x)" = one ]
    [ -z "$(claims)" ]
}

# With a clock that this file moves, the monotonic one too.
@test "who stood still for so long that its claim may count no more writes nothing" {
    local pid

    by_claims
    echo one >"$T/one"
    echo +0 >"$T/clock"
    # a build with sanitizers would be the first library
    # shellcheck disable=SC2016 # the dynamic linker expands it
    env ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" CCR_FAILPOINT=claim-after:1:stop FAKETIME_TIMESTAMP_FILE="$T/clock" \
        FAKETIME_NO_CACHE=1 'LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1' \
        "$UNITS/store_tool" create x --store "$STORE" <"$T/one" >"$T/told" 2>&1 3>&- &
    pid=$!
    wait_until 60 process_stopped $pid
    echo +301 >"$T/clock"
    kill -CONT $pid
    status=0
    wait $pid || status=$?
    cat "$T/told"
    [ "$status" -eq 4 ]
    grep -q "it must be written within 300 s of its claim" "$T/told"
    [ -z "$(store_tool list '')" ]
    # what it may have sent all the same keeps others waiting
    [ "$(claims | wc -l)" -eq 1 ]
}

@test "where nothing may be deleted, claims are marked as lost instead" {
    by_claims
    ceph_user adder >"$T/user.adder" 2>&1
    jq -n '{Version: "2012-10-17", Statement: [{Effect: "Allow", Principal: {AWS: ["arn:aws:iam:::user/adder"]},
        Action: ["s3:ListBucket", "s3:GetObject", "s3:PutObject"], Resource: ["arn:aws:s3:::ccr", "arn:aws:s3:::ccr/*"]}]}' |
        s3_tool PUT /ccr policy=
    s3_keys_of adder
    [ "$(store_tool create x <<<one)" = yes ]
    [ "$(store_tool create x <<<two)" = no ]
    [ "$(store_tool get x)" = one ]
    [ "$(claims | wc -l)" -eq 2 ]
    [ "$(claims | grep -c '[.]lost$')" -eq 1 ]
    run store_tool delete x
    [ "$status" -eq 4 ]
    # a key that is there no more can be created again
    s3_keys_of test
    store_tool delete x
    s3_keys_of adder
    [ "$(store_tool create x <<<three)" = yes ]
    url+=/more
    probe create-rounds 4
}

@test "a folder that others empty and make anew at the same time disturbs nobody" {
    on file probe folder-race
}

@test "readers of an object that is replaced see the old bytes or the new ones; on Swift they may see none for a moment" {
    on "file ceph ceph-v2" probe put-race
    on "swift swift-v2" probe put-race-gaps 20
}

@test "kill -9 while writing leaves whole objects only" {
    seed
    on file kill_writers 20
    on ceph kill_writers 5
    on "ceph-v2 swift swift-v2" kill_writers 2
}

# What is created stays as it is, whoever comes second; ATOMIC says whether the server sees to it.
creates_once() {
    export STORE=$url
    [ "$(store_tool atomic x)" = "$1" ]
    [ -z "$(store_tool list '')" ]
    [ "$(store_tool create x <<<one)" = yes ]
    [ "$(store_tool create x <<<two)" = no ]
    [ "$(store_tool get x)" = one ]
    [ "$(store_tool list '')" = x ]
}

@test "create-if-absent is found to be atomic, or not to be: then it goes by claims; nothing shows in the listing" {
    on "$ATOMIC" creates_once yes
    on "ceph-v2 swift swift-v2" creates_once no
    s3_point ceph
    s3_tool GET "/ccr/ceph/$BATS_TEST_NUMBER/.probe" | grep -q If-None-Match
}

@test "temporary files of killed writers are never listed, and removed by age at a later write" {
    mkdir -p "$dir/.tmp"
    echo old >"$dir/.tmp/1-old"
    echo young >"$dir/.tmp/2-young"
    touch -d '2 hours ago' "$dir/.tmp/1-old"
    [ "$(probe check)" = 0 ]
    [ -e "$dir/.tmp/1-old" ]
    probe create-race
    [ ! -e "$dir/.tmp/1-old" ]
    [ -e "$dir/.tmp/2-young" ]
    [ "$(find "$dir/.tmp" -type f | wc -l)" -eq 1 ]
}

@test "a full disk: the failure names the path and says what to do, nothing partial is left, and room helps" {
    mkdir -p "$dir"
    # in a mount namespace of its own: nothing stays mounted, whatever happens
    unshare -m mount -t tmpfs -o size=3m tmpfs "$dir" 2>/dev/null ||
        skip "mounting a small tmpfs is not allowed here (the next test limits the size of files instead)"
    # shellcheck disable=SC2016  # the inner shell expands them
    run unshare -m bash -euc '
        mount -t tmpfs -o size=3m tmpfs "$3"
        status=0
        "$1" "$2" write || status=$?
        [ "$status" -eq 4 ]
        count=$("$1" "$2" check)
        [ "$count" -gt 3 ]
        [ -z "$(find "$3/.tmp" -type f)" ]
        rm -r "$3/w" "$3/last"
        "$1" "$2" create-race
    ' _ "$UNITS/store_conformance" "$url" "$dir"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"No space left on device"* ]]
    [[ $output == *"$dir/"* ]]
    [[ $output == *"make room"* ]]
}

@test "a write that fails half way leaves nothing behind" {
    local status=0
    # a file size limit of 200 KiB, reported as an error
    (
        trap '' XFSZ
        ulimit -f 200
        probe write
    ) >"$T/out" || status=$?
    cat "$T/out"
    [ "$status" -eq 4 ]
    grep -q "File too large" "$T/out"
    grep -qF "file://$dir" "$T/out"
    [ -z "$(find "$dir/.tmp" -type f)" ]
    [ "$(probe check)" -ge 1 ]
}

@test "a folder that may not be written, a file in its place, and URLs that are none" {
    local status=0
    echo file >"$dir"
    probe basics >"$T/out" || status=$?
    [ "$status" -eq 1 ]
    grep -q "Not a directory" "$T/out"
    run "$UNITS/store_conformance" "file://relative/path" check
    [[ $output == *"does not name an absolute path"* ]]
    run "$UNITS/store_conformance" "ftp://host/x" check
    [[ $output == *"is not the URL of a store"* ]]
    run "$UNITS/store_conformance" "/plain/path" check
    [[ $output == *"is not the URL of a store"* ]]
    # nothing is made by looking
    run "$UNITS/store_conformance" "file://$T/nowhere" check
    [ "$status" -eq 0 ]
    [ ! -e "$T/nowhere" ]
}
