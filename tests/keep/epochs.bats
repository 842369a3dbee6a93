# Epochs, parts of large transactions and a source that lags, for ccr-verify and ccr-prune.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored

# Epoch 1: a transaction whose parts a killed ccr-ship began and the next run began anew, one more object, and the terminator;
# epoch 2: a snapshot and an object.
setup_file() {
    local status=0
    server_start source
    server_grant source source
    sql source "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)"
    ccr backup source
    sql source "INSERT INTO shop.t (v) SELECT REPEAT(MD5(seq), 1000) FROM seq_1_to_100" shop
    CCR_FAILPOINT=create-after:2 ccr ship source --segment-size 1M || status=$?
    [ "$status" -eq 137 ]
    ccr ship source --segment-size 1M
    sql source "INSERT INTO shop.t (v) VALUES ('last of the epoch')"
    ccr ship source
    sql source "RESET MASTER"
    for _ in 1 2 3 4 5 6 7 8; do
        sql source "INSERT INTO shop.t (v) VALUES ('another history')"
    done
    status=0
    ccr ship source || status=$?
    [ "$status" -eq 8 ]
    ccr backup source
    sql source "INSERT INTO shop.t (v) VALUES ('epoch 2')"
    ccr ship source
    mv "$STORE_DIR" "$T/pristine"
}

setup() {
    rm -rf "$T/store"
    cp -rp "$T/pristine" "$T/store"
    store_use store
    log=$STORE_DIR/streams/main/log
    terminator=$(find "$log/0001" -type f | sort | tail -n 1)
    first=$(jq -r 'select(.epoch == 1) | .id' "$STORE_DIR"/streams/main/snapshots/*/manifest.json)
}

verify() {
    run --separate-stderr "$CCR_BIN/ccr-verify" --store "$STORE" --json
    echo "status $status: $output ${stderr:-}"
}

@test "a sound store of two epochs: parts that were begun anew are no error" {
    verify
    [ "$status" -eq 0 ]
    [ "$(json_of '.warnings | length')" -eq 0 ]
    [ "$(footer "$terminator" | jq -r .kind)" = terminator ]
    [ "$(json_of '[.streams[0].ranges[].epoch] | join(" ")')" = "1 2" ]
    [ "$(json_of '.streams[0].ranges[0].ends_because')" = "the epoch has ended" ]
}

@test "a terminator: missing, damaged, another epoch's object in its place" {
    rm "$terminator"
    verify
    [ "$status" -eq 7 ]
    [[ $stderr == *"without a terminator, but epoch 2 exists"* ]]
    cp "$log/0002/000000000/000000000001.binlog.zst" "$terminator"
    verify
    [ "$status" -eq 7 ]
    [[ $stderr == *"holds the segment streams/main/log/0002/"* ]]
    cp "$T/pristine/${terminator#"$STORE_DIR/"}" "$terminator"
    flip "$terminator" 5
    verify
    [ "$status" -eq 7 ]
    # what lies behind the end of an epoch
    cp "$T/pristine/${terminator#"$STORE_DIR/"}" "$terminator"
    mv "$log/0002" "$log/0003"
    verify
    [ "$status" -eq 7 ]
    [[ $stderr == *"is to be followed by epoch 2, but epoch 3 is next"* ]]
}

@test "a part that is missing in the midst of a transaction" {
    rm "$log/0001/000000000/000000000004.binlog.zst"
    verify
    [ "$status" -eq 7 ]
    [[ $stderr == *"object 4 of epoch 1 of stream main is missing"* ]]
    [ "$(json_of '.streams[0].ranges[0].last_object')" -lt 4 ]
}

# each_refused FILE: by ccr-verify, and by ccr-apply. What the target reports is not part of the damage.
each_refused() {
    local damage
    # shellcheck disable=SC2016 # they are expanded when they are done
    for damage in 'flip "$1" 50' 'flip "$1" -300' 'truncate -s -1 "$1"' 'printf x >>"$1"' ': >"$1"' 'rm "$1"' \
        'cp "$log/0001/000000000/000000000003.binlog.zst" "$1"' 'cp "$log/0002/000000000/000000000001.binlog.zst" "$1"'; do
        eval "$damage"
        verify
        [ "$status" -eq 7 ] || { echo "$1 $damage"; return 1; }
        run ccr apply target --job j
        echo "$output"
        [[ $status -eq 7 && $output == *"hint: "* ]] || { echo "$1 $damage: ccr-apply ends with $status"; return 1; }
        cp "$T/pristine/${1#"$STORE_DIR/"}" "$1"
    done
}

@test "a part and a terminator, damaged in every way: ccr-apply refuses them, too" {
    server_start target --local-infile=ON
    server_grant target target
    ccr restore target --job j --snapshot "$first"
    each_refused "$log/0001/000000000/000000000004.binlog.zst"
    [ "$(sql target "SELECT COUNT(*) FROM shop.t")" -eq 0 ]
    each_refused "$terminator"
    run ccr apply target --job j
    echo "$output"
    [ "$status" -eq 8 ]
    [ "$(sql target "SELECT COUNT(*) FROM shop.t")" -eq 101 ]
    server_remove target
}

@test "ccr-prune lets go of an epoch that has ended, and of no other" {
    "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1 --yes
    [ ! -e "$log/0001" ]
    [ ! -e "$STORE_DIR/streams/main/snapshots/$first" ]
    [ -e "$log/0002/000000000/000000000001.binlog.zst" ]
    verify
    [ "$status" -eq 0 ]
    # what is missing now is no longer what was pruned
    sql source "INSERT INTO shop.t (v) VALUES ('on')"
    ccr ship source
    rm "$log/0002/000000000/000000000001.binlog.zst"
    verify
    [ "$status" -eq 7 ]
    [[ $stderr == *"object 1 of epoch 2 of stream main is missing"* ]]
}

@test "a source that is behind the store, whose log does not begin at 1 any more" {
    server_stop source
    cp -a "$T/source/data" "$T/earlier"
    server_restart source
    for _ in 1 2 3; do
        sql source "INSERT INTO shop.t (v) VALUES ('ahead')"
        ccr ship source
    done
    ccr backup source
    sql source "INSERT INTO shop.t (v) VALUES ('ahead')"
    ccr ship source
    "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1 --yes
    [ ! -e "$log/0002/000000000/000000000001.binlog.zst" ]
    server_stop source
    rm -r "$T/source/data" && mv "$T/earlier" "$T/source/data"
    server_restart source
    run ccr ship source
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"behind the store"* ]]
}
