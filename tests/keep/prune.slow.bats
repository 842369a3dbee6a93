# ccr-prune killed at every object that it removes, and two of it at once: the store stays whole, and the next run ends what
# was begun.

bats_require_minimum_version 1.5.0
load ../lib/common

setup_file() {
    server_start source
    server_grant source source
    sql source "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100))"
    for _ in 1 2 3; do
        ccr backup source --threads 2
        for _ in 1 2 3; do
            sql source "INSERT INTO shop.t (v) VALUES (UUID_SHORT())"
            ccr ship source
        done
    done
    mkdir "$STORE_DIR/streams/main/snapshots/20260101T000000Z-deadbeef"
    cp "$(find "$STORE_DIR" -name 000001.tar.zst | head -n 1)" "$STORE_DIR/streams/main/snapshots/20260101T000000Z-deadbeef"
    touch -d '2 days ago' "$STORE_DIR/streams/main/snapshots/20260101T000000Z-deadbeef/"*
    mv "$STORE_DIR" "$T/pristine"
    cp -rp "$T/pristine" "$STORE_DIR"
    prune --keep-last 1 --yes
    list >"$T/expected"
}

prune() {
    "$CCR_BIN/ccr-prune" --store "$STORE" "$@"
}

# What lies there, but for the records of the runs.
list() {
    (cd "$STORE_DIR" && find . -type f ! -path '*/pruned/*' ! -path './.tmp/*' | sort)
}

renew() {
    rm -rf "$STORE_DIR"
    cp -rp "$T/pristine" "$STORE_DIR"
}

whole() {
    "$CCR_BIN/ccr-verify" --store "$STORE" >"$T/verify" 2>&1 || { cat "$T/verify"; return 1; }
}

@test "killed before and after each object that goes" {
    local point n
    renew
    n=$(prune --keep-last 1 --json | jq .objects)
    [ "$n" -gt 10 ]
    for point in $(seq -f 'delete-before:%g' "$n") $(seq -f 'delete-after:%g' "$n") create-before create-after; do
        renew
        status=0
        CCR_FAILPOINT=$point prune --keep-last 1 --yes >/dev/null 2>&1 || status=$?
        echo "$point: status $status"
        [ "$status" -eq 137 ]
        whole
        prune --keep-last 1 --yes
        whole
        list | diff "$T/expected" -
    done
}

@test "killed again and again, with the log growing in between" {
    local n
    renew
    for n in 1 2 3 4 5 6 7 8; do
        CCR_FAILPOINT=delete-after:2 prune --keep-last 1 --yes >/dev/null 2>&1 || true
        whole
        sql source "INSERT INTO shop.t (v) VALUES (UUID_SHORT())"
        ccr ship source
        whole
    done
    prune --keep-last 1 --yes
    [ "$(find "$STORE_DIR" -name manifest.json | wc -l)" -eq 1 ]
    whole
}

@test "two backups at once are two snapshots" {
    local first pid
    renew
    first=$(find "$STORE_DIR" -name manifest.json | wc -l)
    for _ in 1 2 3; do
        ccr backup source &
        pid=$!
        ccr backup source
        wait "$pid"
    done
    [ "$(find "$STORE_DIR" -name manifest.json | wc -l)" -eq $((first + 6)) ]
    whole
}

@test "two at once: one wins, or both are harmless" {
    local first second
    for _ in $(seq 20); do
        renew
        first=0 second=0
        prune --keep-last 1 --yes >"$T/first" 2>&1 &
        prune --keep-last 2 --yes >"$T/second" 2>&1 || second=$?
        wait $! || first=$?
        echo "ended with $first and $second"
        [[ $first = 0 || $first = 75 ]]
        [[ $second = 0 || $second = 75 ]]
        whole
        prune --keep-last 1 --yes
        list | diff "$T/expected" -
    done
}
