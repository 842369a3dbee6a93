# shellcheck shell=bash
# Loads a snapshot with nothing but tar, jq and the mariadb client, as an independent check of what it holds.
#
#   snapshot_newest              the id of the newest snapshot in $STORE_DIR
#   snapshot_manifest [ID]       path of its manifest
#   snapshot_open [ID]           unpacks its volumes into $T/open
#   snapshot_check [ID]          every volume's and chunk's checksum, rows and sizes
#   hand_load SERVER [ID]        creates everything on an empty server

SNAPSHOTS=streams/main/snapshots

snapshot_newest() {
    find "$STORE_DIR/$SNAPSHOTS" -name manifest.json -printf '%T@ %h\n' | sort -n | sed -n '$s|.*/||p'
}

snapshot_manifest() {
    echo "$STORE_DIR/$SNAPSHOTS/${1:-$(snapshot_newest)}/manifest.json"
}

snapshot_open() {
    local volume dir

    dir=$(dirname "$(snapshot_manifest "$@")")
    rm -rf "$T/open"
    mkdir -p "$T/open"
    for volume in "$dir"/*.tar.zst; do
        tar --zstd -xf "$volume" -C "$T/open" || return 1
    done
}

# chunk_text DB TABLE CHUNK [ID]: the joined slices of a chunk, from $T/open.
chunk_text() {
    local member

    jq -r --arg db "$1" --arg t "$2" --argjson id "$3" '.tables[] | select(.db == $db and .name == $t)
        | .chunks[] | select(.id == $id) | .pieces[].member' "$(snapshot_manifest "${4:-}")" |
        while IFS= read -r member; do cat "$T/open/$member" || return 1; done
}

snapshot_check() {
    local manifest dir number size sum db table id rows bytes text=$T/chunk.text

    manifest=$(snapshot_manifest "$@")
    dir=$(dirname "$manifest")
    snapshot_open "$@" || return 1
    while read -r number size sum; do
        [ "$(stat -c %s "$dir/$(printf %06d "$number").tar.zst")" = "$size" ] || return 1
        [ "$(sha256sum <"$dir/$(printf %06d "$number").tar.zst")" = "$sum  -" ] || return 1
    done < <(jq -r '.volumes[] | "\(.number) \(.size) \(.sha256)"' "$manifest")
    while IFS=$'\x1f' read -r db table id rows bytes sum; do
        chunk_text "$db" "$table" "$id" "${1:-}" >"$text" || return 1
        [ "$(stat -c %s "$text")" = "$bytes" ] || { echo "$db.$table $id: bytes" >&2; return 1; }
        [ "$(sha256sum <"$text")" = "$sum  -" ] || { echo "$db.$table $id: checksum" >&2; return 1; }
        # an escaped newline is a backslash and an n, so lines are rows
        [ "$(wc -l <"$text")" = "$rows" ] || { echo "$db.$table $id: rows" >&2; return 1; }
    done < <(jq -r '.tables[] | . as $t | .chunks[] | [$t.db, $t.name, .id, .rows, .bytes, .sha256]
        | map(tostring) | join("\u001f")' "$manifest")
}

quote_ident() {
    printf '\x60%s\x60' "${1//\`/\`\`}"
}

# Objects of the given kinds (a jq condition), in the manifest's order.
hand_create() {
    local server=$1 condition=$2 kind db member mode client collation database zone setval

    while IFS=$'\x1f' read -r kind db member mode client collation database zone setval; do
        {
            echo "SET foreign_key_checks=0, sql_mode='$mode';"
            [ -z "$client" ] || echo "SET character_set_client=$client;"
            [ -z "$collation" ] || echo "SET collation_connection=$collation;"
            [ -z "$database" ] || echo "SET collation_database=$database;"
            [ -z "$zone" ] || echo "SET time_zone='$zone';"
            [ "$kind" = database ] || echo "USE $(quote_ident "$db");"
            echo "DELIMITER ccr_end_ccr"
            cat "$T/open/$member"
            printf '\nccr_end_ccr\nDELIMITER ;\n'
            [ -z "$setval" ] || echo "SELECT SETVAL($(quote_ident "$(basename "$(dirname "$member")")"), $setval, 0);"
        } >"$T/create.sql"
        sql_client "$server" --binary-mode --comments <"$T/create.sql" >/dev/null || {
            echo "creating from $member" >&2
            return 1
        }
    done < <(jq -r ".objects[] | select($condition) | [.kind, .db, .member, .sql_mode, .character_set_client,
        .collation_connection, .database_collation, .time_zone, .setval] | map(. // \"\") | join(\"\u001f\")" \
        "$(snapshot_manifest "${3:-}")")
}

hand_load() {
    local server=$1 db table id load session

    snapshot_open "${2:-}" || return 1
    hand_create "$server" '.kind == "database" or .kind == "sequence" or .kind == "table"' "${2:-}" || return 1
    while IFS=$'\x1f' read -r db table id load session; do
        chunk_text "$db" "$table" "$id" "${2:-}" >"$T/chunk.tsv" || return 1
        sql_client "$server" --local-infile=1 -e "SET time_zone='+00:00', foreign_key_checks=0, unique_checks=0,
            check_constraint_checks=0, sql_mode='ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'$session;
            LOAD DATA LOCAL INFILE '$T/chunk.tsv' INTO TABLE $(quote_ident "$db").$(quote_ident "$table") $load" || return 1
    done < <(jq -r '.tables[] | . as $t | .chunks[] | [$t.db, $t.name, .id, $t.load,
        (if $t.history then ", system_versioning_insert_history = 1" else "" end)] | map(tostring) | join("\u001f")' \
        "$(snapshot_manifest "${2:-}")")
    hand_create "$server" '.kind != "database" and .kind != "sequence" and .kind != "table"' "${2:-}"
}
