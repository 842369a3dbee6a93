# shellcheck shell=bash
# What the tests of ccr-read.sh share (load reader): a source with a small shop, and a new server from the store.

source_with_shop() {
    server_start a
    server_grant a source
    sql_client a <"$CCR_ROOT/tests/formats/shop.sql"
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

# Folders of the finished snapshots, in the order in which they were taken.
snapshots() {
    jq -r '"\(.started_us) \(.id)"' "$STORE_DIR"/streams/main/snapshots/*/manifest.json | sort -n |
        sed "s,^[0-9]* ,$STORE_DIR/streams/main/snapshots/,"
}
