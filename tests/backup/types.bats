#!/usr/bin/env bats
# Every type and key that a table can have: what a snapshot holds of it is what is stored.

load ../lib/common
load hand_load

setup_file() {
    server_start a
    server_start b
    server_grant a source
}

# Backup, load by hand, compare; the database is gone afterwards.
round_trip() {
    local db

    store_use "store-$BATS_TEST_NUMBER"
    run ccr backup a --databases "$(IFS=, && echo "$*")" "${OPTIONS[@]}"
    echo "$output"
    [ "$status" -eq 0 ]
    snapshot_check
    [ -z "${CHECK:-}" ] || "$CHECK"
    hand_load b
    same_tables a b "$@"
    same_schema a b "$@"
    for db in "$@"; do
        sql b "DROP DATABASE \`$db\`"
        sql a "DROP DATABASE \`$db\`"
    done
}

@test "all types, with the values at their edges" {
    sql_file a "$BATS_TEST_DIRNAME/types.sql"
    round_trip types
}

@test "all keys: cut into chunks where that can be, and every row once" {
    sql_file a "$BATS_TEST_DIRNAME/keys.sql"
    # sizes are taken from the statistics
    sql a "$(sql a "SELECT CONCAT('ANALYZE TABLE \`keys\`.', table_name, ';') FROM information_schema.tables
        WHERE table_schema = 'keys'")" >/dev/null
    OPTIONS=(--chunk-size 64K --threads 3)
    cut_well() {
        jq -r '.tables[] | "\(.name) \(.rows) \(.chunks | length)"' "$(snapshot_manifest)"
        [ "$(jq '[.tables[] | select(.name | startswith("w_")) | select(.chunks | length != 1)] | length' \
            "$(snapshot_manifest)")" = 0 ]
        [ "$(jq '[.tables[] | select(.name | startswith("k_")) | select(.chunks | length < 2)] | length' \
            "$(snapshot_manifest)")" = 0 ]
        # the empty partition gives no chunk
        [ "$(jq '[.tables[] | select(.name | startswith("p_")) | .chunks | length] == [3, 2]' "$(snapshot_manifest)")" = true ]
    }
    CHECK=cut_well round_trip keys
}
