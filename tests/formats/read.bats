# Standard tools can read everything: tar, zstd, jq and mariadb-binlog open what ccr-backup and ccr-ship wrote, and
# formats/ccr-read.sh, which uses nothing else, makes an equal server of it.

load ../lib/common

setup_file() {
    server_start a
    server_grant a source
    sql_client a <"$CCR_ROOT/tests/formats/shop.sql"
    # one snapshot that the log begins at, and changes in two GTID domains behind it
    ccr backup a
    change 100
}

# Changes that can be told apart, in two domains; the number of the first row is given.
change() {
    sql a "INSERT INTO orders (note, paid) VALUES ('n$1', '2024-01-02 03:04:05.678901'), ('n$1 b', NULL);
        SET gtid_domain_id = 7;
        INSERT INTO \`Größe 中/文%\` VALUES ($1, 'x', 0x00FF0A095C2700, 1.1);
        SET gtid_domain_id = 0;
        UPDATE orders SET note = CONCAT(note, '\\\\\t\n''') WHERE note = 'n$1';
        SET gtid_domain_id = 7;
        DELETE FROM \`Größe 中/文%\` WHERE id = $1 - 1;
        ALTER TABLE orders COMMENT = 'changed $1'" shop
}

# The newest snapshot and the log behind it, into a new server that is called b.
read_into_b() {
    server_start b
    "$CCR_ROOT/formats/ccr-read.sh" "$STORE_DIR" main --no-defaults --socket="$T/b/sock" --user=root
}

equal_then_remove_b() {
    same_tables a b shop legacy
    same_schema a b shop legacy
    server_remove b
}

objects() {
    find "$STORE_DIR/streams/main/log" -name '*.zst' | sort
}

snapshots() {
    find "$STORE_DIR/streams/main/snapshots" -name manifest.json | sort
}

# The footer's JSON, by the bytes of formats/segment.md.
footer() {
    local length
    [ "$(tail -c 8 "$1")" = CCRFOOT1 ]
    length=$(tail -c 12 "$1" | od -An --endian=little -N 4 -t u4)
    tail -c $((length + 76)) "$1" >"$T/frame"
    head -c "$length" "$T/frame"
}

teardown() {
    server_remove b
    logs_keep
}

@test "tar opens the volumes, jq reads the manifest, and head and sha256sum check it" {
    local snapshot volume
    snapshot=$(dirname "$(snapshots | head -n 1)")
    jq -e '.format == "ccr snapshot" and .version == 1 and .id == $id' --arg id "$(basename "$snapshot")" \
        "$snapshot/manifest.json"
    [ "$(jq -r .sha256 "$snapshot/manifest.json")" = "$(head -n -2 "$snapshot/manifest.json" | sha256sum | cut -c 1-64)" ]
    mkdir -p "$T/unpacked"
    for volume in "$snapshot"/*.tar.zst; do
        tar --zstd -xf "$volume" -C "$T/unpacked"
        zstd -lv "$volume" | grep -q "Check: XXH64"
    done
    [ -s "$T/unpacked/shop/Größe 中%2F文%25/000001.tsv" ]
    grep -q "CREATE TABLE" "$T/unpacked/shop/orders/schema.sql"
    # every member is listed, and nothing else is there
    diff <(cd "$T/unpacked" && find . -type f | sed 's,^\./,,' | sort) \
        <(jq -r '.objects[].member, .tables[].chunks[].pieces[].member' "$snapshot/manifest.json" | sort)
}

@test "zstd and mariadb-binlog print the segments; the footer is where formats/segment.md says" {
    local object content
    ccr ship a
    object=$(objects | tail -n 1)
    zstd -dc "$object" | mariadb-binlog --no-defaults --verify-binlog-checksum -vv - >"$T/printed"
    grep -q "Größe" "$T/printed"
    [ "$(grep -c 'GTID 7-' "$T/printed")" -ge 2 ]
    zstd -t "$object"
    zstd -lv "$object" | grep -q "Check: XXH64"
    content=$(zstd -dc "$object" | sha256sum | cut -c 1-64)
    footer "$object" >"$T/footer"
    [ "$(jq -r .content_sha256 "$T/footer")" = "$content" ]
    [ "$(jq -r .stored_sha256 "$T/footer")" = "$(head -c "$(jq .stored_bytes "$T/footer")" "$object" | sha256sum | cut -c 1-64)" ]
    [ "$(tail -c 76 "$object" | head -c 64)" = "$(sha256sum <"$T/footer" | cut -c 1-64)" ]
    [ "$(jq -r .name "$T/footer")" = "streams/main/log/0001/000000000/000000000001" ]
}

@test "ccr-read.sh makes an equal server of the snapshot and the log" {
    read_into_b
    equal_then_remove_b
}

@test "... also where the snapshot's position lies inside a segment, in two domains" {
    change 200
    ccr backup a
    change 300
    ccr ship a
    [ "$(snapshots | wc -l)" -eq 2 ]
    read_into_b
    equal_then_remove_b
}

@test "... where the snapshot's position is the end of a segment that was written after it" {
    local held
    change 400
    ccr backup a
    # the domains end the file at different places: 0 goes on, 7 does not
    sql a "INSERT INTO orders (note) VALUES ('alone')" shop
    ccr ship a
    read_into_b
    equal_then_remove_b
    ccr backup a
    change 500
    ccr backup a
    ccr ship a
    held=$(footer "$(objects | tail -n 1)" | jq -r .end)
    [ "$held" = "$(sql a 'SELECT @@gtid_binlog_pos')" ]
    change 600
    ccr ship a
    read_into_b
    equal_then_remove_b
}

# damage FILE OFFSET: one flipped bit
damage() {
    local byte
    byte=$(od -An -j "$2" -N 1 -t u1 "$1" | tr -d ' ')
    printf '%b' "\\x$(printf %x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
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
    local log=$T/copy/streams/main/log/0001/000000000 volume manifest
    ccr backup a
    change 800
    ccr ship a
    change 900
    ccr ship a
    server_start b
    rm -rf "$T/copy"
    cp -a "$STORE_DIR" "$T/copy"
    manifest=$T/copy${STORE_DIR:+}/$(snapshots | tail -n 1 | sed "s,^$STORE_DIR/,,")
    volume=$(dirname "$manifest")/000001.tar.zst
    damage "$manifest" 200
    refused "is damaged"
    damage "$volume" 300
    refused "is damaged"
    truncate -s -1 "$volume"
    refused "does not have"
    last=$(find "$log" -name '*.zst' | sort | tail -n 1)
    previous=$(find "$log" -name '*.zst' | sort | tail -n 2 | head -n 1)
    damage "$last" 100
    refused "is damaged"
    damage "$last" $(($(stat -c %s "$last") - 300))
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
