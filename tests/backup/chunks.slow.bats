#!/usr/bin/env bats
# How tables are cut into chunks, whatever the statistics say: every row once, and no chunk much larger than it should be.

# shellcheck disable=SC2016 # the variables in conditions are jq's

load ../lib/common
load hand_load

# What a chunk should have, and 100 bytes more than any row.
CHUNK=65536
ROW=200

setup_file() {
    server_start a --innodb-stats-auto-recalc=OFF
    server_start b
    server_grant a source
    sql_file a "$BATS_TEST_DIRNAME/keys.sql"
    # tables named p_ are cut by their partitions, those named w_ not at all
    sql a "$(sql a "SELECT CONCAT('ANALYZE TABLE \`keys\`.', table_name, ';') FROM information_schema.tables
        WHERE table_schema = 'keys'")" >/dev/null
}

# Every table's rows, whatever their order and the chunks.
rows_of() {
    local dir

    snapshot_open
    for dir in "$T"/open/keys/*/; do
        printf '%s %s\n' "$(basename "$dir")" "$(cat "$dir"/*.tsv | LC_ALL=C sort | sha256sum)"
    done
}

# tables_where CONDITION: names, and sizes of the chunks, of tables for which a jq condition holds.
tables_where() {
    jq -r --argjson chunk "$CHUNK" --argjson row "$ROW" \
        ".tables[] | ([.chunks[].bytes] | max) as \$largest | (.chunks | length) as \$count | select($1)
        | \"\(.name): \(.bytes) bytes in chunks of \([.chunks[].bytes])\"" "$(snapshot_manifest)"
}

# No chunk of a table with a key is larger than twice the wanted size and a row.
none_too_large() {
    tables_where '(.name | startswith("k_")) and $largest > 2 * $chunk + $row' >"$T/large"
    cat "$T/large"
    [ ! -s "$T/large" ]
}

backup_in_chunks() {
    store_use "store-$BATS_TEST_NUMBER"
    run ccr backup a --databases keys --chunk-size 64K --threads 3
    echo "$output"
    [ "$status" -eq 0 ]
    snapshot_check
}

# statistics ROWS PAGES: of every table, from now on; SQL over n_rows and clustered_index_size.
statistics() {
    sql a "UPDATE mysql.innodb_table_stats SET n_rows = $1, clustered_index_size = $2
        WHERE database_name = 'keys'"
    server_restart a
    sql a "INSERT INTO w_memory SELECT seq, REPEAT('x', 40) FROM seq_1_to_5000" keys
}

@test "right statistics: even chunks of every kind of key" {
    backup_in_chunks
    none_too_large
    tables_where '(.name | startswith("k_")) and ($count < 2 or $count > 2 + 2 * .bytes / $chunk)' >"$T/uneven"
    cat "$T/uneven"
    [ ! -s "$T/uneven" ]
    [ -z "$(tables_where '(.name | startswith("w_")) and $count != 1')" ]
    # the empty partition gives no chunk
    [ "$(jq -c '[.tables[] | select(.name | startswith("p_")) | .chunks | length]' "$(snapshot_manifest)")" = '[3,2]' ]
    rows_of >"$T/rows"
    hand_load b
    same_tables a b keys
    same_schema a b keys
}

@test "statistics that know of no rows" {
    statistics 0 1
    backup_in_chunks
    none_too_large
    rows_of | diff "$T/rows" -
}

@test "statistics that know of many more, narrow ones" {
    statistics 1000000000 100
    backup_in_chunks
    none_too_large
    rows_of | diff "$T/rows" -
}

@test "statistics that know of few, wide ones" {
    statistics 20 10000
    backup_in_chunks
    none_too_large
    rows_of | diff "$T/rows" -
}
