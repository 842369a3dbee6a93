# ccr-read.sh with transactions in parts, epochs that ended, and stores that are damaged.

load ../lib/common
load ../lib/stored
load reader

setup_file() {
    source_with_shop
    ccr ship a
}

teardown() {
    server_remove b
    logs_keep
}

refused() {
    run "$CCR_ROOT/formats/ccr-read.sh" "$T/copy" main --no-defaults --socket="$T/b/sock" --user=root
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"$1"* ]]
    rm -rf "$T/copy"
    cp -a "$STORE_DIR" "$T/copy"
    sql b "DROP DATABASE IF EXISTS shop; DROP DATABASE IF EXISTS legacy"
}

@test "ccr-read.sh stops at whatever is damaged, missing or exchanged" {
    local log=$T/copy/streams/main/log/0001/000000000 newest manifest volume last previous
    ccr backup a
    change 800
    ccr ship a
    change 900
    ccr ship a
    server_start b
    rm -rf "$T/copy"
    cp -a "$STORE_DIR" "$T/copy"
    newest=$T/copy/streams/main/snapshots/$(basename "$(snapshots | tail -n 1)")
    manifest=$newest/manifest.json volume=$newest/000001.tar.zst
    sed -i 's/"store_id": "./"store_id": "x/' "$T/copy/ccr.json"
    refused "was written for another store"
    flip "$manifest" 200
    refused "is damaged"
    flip "$volume" 300
    refused "is damaged"
    truncate -s -1 "$volume"
    refused "does not have"
    last=$(find "$log" -name '*.zst' | sort | tail -n 1)
    previous=$(find "$log" -name '*.zst' | sort | tail -n 2 | head -n 1)
    flip "$last" 100
    refused "is damaged"
    flip "$last" -300
    refused "footer of"
    truncate -s -5 "$last"
    refused "is cut short"
    cp "$last" "$previous"
    refused "holds streams/main/log"
    rm "$previous"
    refused "is missing, but"
}

# Leaves of the newest transaction in parts what a shipper that was killed behind its second part leaves.
abandon_after_second_part() {
    local object
    for object in $(objects | sort -r); do
        rm "$object"
        footer "$(objects | tail -n 1)" >"$T/footer"
        [ "$(jq .part "$T/footer")" -ne 2 ] || return 0
    done
}

@test "a transaction in parts, behind parts that a killed shipper left, and a snapshot in the middle of it" {
    local big
    ccr backup a
    sql a "INSERT INTO orders (note) SELECT CONCAT('big ', seq, REPEAT(MD5(seq), 6)) FROM seq_1_to_10000" shop
    ccr ship a --segment-size 128K
    abandon_after_second_part
    [ "$(footer "$(objects | tail -n 1)" | jq -r .kind)" = part ]
    change 1100
    ccr ship a --segment-size 128K
    [ "$(for big in $(objects); do footer "$big" | jq -r .kind; done | grep -c part)" -gt 10 ]
    read_into_b
    equal_then_remove_b
    # the same log, and a snapshot that holds the transaction and knows only of its first parts
    sql a "INSERT INTO orders (note) SELECT CONCAT('more ', seq, REPEAT(MD5(seq), 6)) FROM seq_1_to_5000" shop
    ccr ship a --segment-size 128K
    abandon_after_second_part
    ccr backup a
    rm "$(objects | tail -n 1)"
    rm "$(objects | tail -n 1)"
    change 1200
    ccr ship a --segment-size 128K
    read_into_b
    equal_then_remove_b
}

@test "a log that ended: the reader stops at the terminator, and goes on from the next epoch's snapshot" {
    local old
    ccr backup a
    old=$(basename "$(snapshots | tail -n 1)")
    change 1300
    ccr ship a
    sql a "CREATE DATABASE before_the_fork"
    ccr ship a
    # another history under the same numbers
    sql a "RESET MASTER; SET GLOBAL gtid_binlog_state = ''"
    sql a "DROP DATABASE before_the_fork; CREATE DATABASE behind_the_fork"
    change 1400
    change 1500
    change 1600
    sql a "SET gtid_domain_id = 7; SET gtid_seq_no = 1000; CREATE DATABASE far; SET gtid_domain_id = 0; SET gtid_seq_no = 1000; DROP DATABASE far"
    run ccr ship a
    echo "$output"
    [ "$status" -eq 8 ]
    [ "$(footer "$(objects | tail -n 1)" | jq -r '.kind, .next_epoch' | tr '\n' ' ')" = "terminator 2 " ]
    zstd -dc "$(objects | tail -n 1)" | cmp - /dev/null
    SNAPSHOT=$old run read_into_b
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"epoch 1 ends here: "* ]]
    [ "$(sql b "SHOW DATABASES LIKE '%the_fork'")" = before_the_fork ]
    server_remove b
    ccr backup a
    change 1700
    ccr ship a
    [[ $(objects | tail -n 1) == */log/0002/000000000/000000000001.binlog.zst ]]
    read_into_b
    [ "$(sql b "SHOW DATABASES LIKE '%the_fork'")" = behind_the_fork ]
    equal_then_remove_b
}
