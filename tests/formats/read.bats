# Standard tools can read everything: tar, zstd, jq and mariadb-binlog open what ccr-backup and ccr-ship wrote, and
# formats/ccr-read.sh, which uses nothing else, makes an equal server of it.

load ../lib/common
load ../lib/stored
load reader

setup_file() {
    source_with_shop
}

teardown() {
    server_remove b
    logs_keep
}

@test "tar opens the volumes, jq reads the manifest, and head and sha256sum check it" {
    local snapshot volume
    snapshot=$(snapshots | head -n 1)
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
