#!/usr/bin/env bats
# kill -9 at random moments: nothing that looks like a snapshot is left, no lock stays, and the next run is good.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load hand_load

setup_file() {
    server_start a
    server_start b
    server_grant a source
    sql a "CREATE DATABASE d; USE d; CREATE TABLE t (id INT PRIMARY KEY, a CHAR(64), b VARCHAR(200));
        INSERT INTO t SELECT seq, SHA2(seq, 256), REPEAT(seq, 20) FROM seq_1_to_150000;
        CREATE TABLE u (id VARCHAR(20) PRIMARY KEY, a CHAR(64)); INSERT INTO u SELECT seq, SHA2(seq, 256) FROM seq_1_to_50000;
        CREATE TABLE m (id INT PRIMARY KEY, a CHAR(64)) ENGINE=MyISAM; INSERT INTO m SELECT seq, SHA2(seq, 256) FROM seq_1_to_50000"
}

run_and_kill() {
    local pid

    "$CCR_BIN/ccr-backup" --store "$STORE" --socket "$(server_socket a)" --defaults-file "$T/a/ccr.cnf" --chunk-size 1M \
        >/dev/null 2>&1 3>&- &
    pid=$!
    sleep "$(awk -v r="$1" 'BEGIN { printf "%.3f", r / 1000 }')"
    kill -9 "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
}

backup_is_gone() {
    [ "$(sql a "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'ccr'")" = 0 ]
}

# "ID OBJECTS BYTES", in the order of the ids.
folders_without_manifest() {
    local dir

    for dir in "$STORE_DIR"/streams/main/snapshots/*/; do
        [ -e "$dir/manifest.json" ] || [ -z "$(ls "$dir")" ] ||
            printf '%s %s %s\n' "$(basename "$dir")" "$(find "$dir" -type f | wc -l)" "$(cat "$dir"/* | wc -c)"
    done
}

@test "killed twenty times at random moments, then a good run" {
    local start took i id

    seed
    start=${EPOCHREALTIME/[.,]/}
    ccr backup a --chunk-size 1M
    took=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
    echo "a whole run takes $took ms"
    for i in {1..20}; do
        run_and_kill $((RANDOM % took))
        wait_until 10 backup_is_gone
        sql a "SET lock_wait_timeout = 5; INSERT INTO d.m VALUES (-$i, ''); ALTER TABLE d.t COMMENT 'x$i'; DELETE FROM d.m WHERE id < 0"
    done
    folders_without_manifest >"$T/folders"
    [ -s "$T/folders" ]
    run --separate-stderr ccr backup a --chunk-size 1M --json
    echo "$output $stderr"
    [ "$status" -eq 0 ]
    # what the killed runs left is named, with its size
    jq -r '.unfinished[] | "\(.snapshot) \(.objects) \(.stored_bytes)"' <<<"$output" | diff "$T/folders" -
    [ "$(grep -c 'has no manifest: [0-9]* objects, [0-9.]* MB, the newest [0-9]* min old' <<<"$stderr")" = "$(wc -l <"$T/folders")" ]
    hand_load b
    same_tables a b d
    same_schema a b d
    # every manifest that there is, of runs that were killed too late too, describes a whole snapshot
    for id in $(find "$STORE_DIR" -name manifest.json -printf '%h\n' | sed 's|.*/||'); do
        snapshot_check "$id"
    done
}
