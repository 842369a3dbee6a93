# Memory stays bounded whatever the size of a transaction. SOAK=N (above 1): with one of 4 GB.

load ../lib/common
load follow

setup_file() {
    follow_servers --innodb-buffer-pool-size=128M
    sql source "CREATE DATABASE d; CREATE TABLE d.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(2000), w INT)"
    follow_start
}

# Of 900 bytes each: 300 MB, or 4 GB
ROWS=$((${SOAK:-1} > 1 ? 4600000 : 330000))

# Runs ccr-apply; $peak becomes its highest resident size in MB.
measured() {
    local pid kb

    peak=0
    "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --quiet "$@" 3>&- &
    pid=$!
    while kb=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2>/dev/null) && [ -n "$kb" ]; do
        peak=$((kb / 1024))
        read -rt 0.05 <> <(:) || :
    done
    wait "$pid"
    echo "# peak memory: $peak MB" >&3
}

# below MB, where memory means what it says
peak_is_below() {
    [ "$peak" -gt 5 ]
    [ "$peak" -lt "$1" ] || [[ $CCR_BIN == */sanitize/* ]]
}

@test "one transaction of $((ROWS / 1100)) MB in $ROWS rows, split over many objects" {
    sql source "INSERT INTO d.t (v, w) SELECT REPEAT(CHAR(65 + seq % 26), 900), seq FROM d.seq_1_to_$ROWS"
    ship
    [ "$(find "$STORE_DIR/streams/main/log" -name '*.zst' | wc -l)" -gt 10 ]
    measured --memory 64M
    peak_is_below 64
    same_tables source target d
    run ccr apply target --job j --memory 60M
    fails 2 --memory
}

@test "the same rows changed and deleted, each in one transaction, in objects of 60 MB" {
    sql source "UPDATE d.t SET w = w + 1 WHERE id <= 100000"
    sql source "DELETE FROM d.t WHERE id % 3 = 0"
    ccr ship source --quiet --segment-size 60M
    measured
    peak_is_below 256
    same_tables source target d
}
