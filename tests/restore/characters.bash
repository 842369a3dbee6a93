# shellcheck shell=bash
# Comparing servers whose names hold anything, newlines too (load characters).
# shellcheck disable=SC2016 # backticks of SQL

# The names of columns $1, quoted.
quoted() {
    printf "CONCAT('\`', REPLACE(%s, '\`', '\`\`'), '\`')" "$1"
}

NO_SYSTEM="NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys', 'ccr')"

# SHOW CREATE of everything that users have on a server, and CHECKSUM TABLE of its tables: one statement a line, in
# hexadecimal, in a fixed order.
statements_of_everything() {
    local db table
    db=$(quoted table_schema) table=$(quoted table_name)
    sql "$1" "SELECT HEX(CONVERT(CONCAT('SHOW CREATE DATABASE ', $(quoted schema_name)) USING utf8mb4))
            FROM information_schema.schemata WHERE schema_name $NO_SYSTEM ORDER BY BINARY schema_name;
        SELECT HEX(CONVERT(CONCAT('SHOW CREATE TABLE ', $db, '.', $table) USING utf8mb4))
            FROM information_schema.tables WHERE table_schema $NO_SYSTEM ORDER BY BINARY table_schema, BINARY table_name;
        SELECT HEX(CONVERT(CONCAT('CHECKSUM TABLE ', $db, '.', $table) USING utf8mb4))
            FROM information_schema.tables WHERE table_schema $NO_SYSTEM AND table_type <> 'VIEW' ORDER BY BINARY table_schema, BINARY table_name;
        SELECT HEX(CONVERT(CONCAT('SHOW CREATE ', type, ' ', $(quoted db), '.', $(quoted name)) USING utf8mb4))
            FROM mysql.proc WHERE db $NO_SYSTEM ORDER BY BINARY db, type, BINARY name;
        SELECT HEX(CONVERT(CONCAT('SHOW CREATE TRIGGER ', $(quoted trigger_schema), '.', $(quoted trigger_name)) USING utf8mb4))
            FROM information_schema.triggers WHERE trigger_schema $NO_SYSTEM ORDER BY BINARY trigger_schema, BINARY trigger_name;
        SELECT HEX(CONVERT(CONCAT('SHOW CREATE EVENT ', $(quoted db), '.', $(quoted name)) USING utf8mb4))
            FROM mysql.event WHERE db $NO_SYSTEM ORDER BY BINARY db, BINARY name"
}

# What all of these say, without times of creation.
everything_of() {
    statements_of_everything "$1" | perl -ne 'chomp; print pack("H*", $_), ";\n"' >"$T/statements.$1" || return 1
    sql_client "$1" --binary-mode --vertical <"$T/statements.$1" | sed -e '/^ *Created: /d'
    return "${PIPESTATUS[0]}"
}

same_everything() {
    everything_of "$1" >"$T/everything.$1" || return 1
    everything_of "$2" >"$T/everything.$2" || return 1
    cmp "$T/everything.$1" "$T/everything.$2" || { diff -a -u "$T/everything.$1" "$T/everything.$2" | head -n 60; return 1; }
}

# Objects with the names that characters.pl makes.
make_characters() {
    perl "$CCR_ROOT/tests/restore/characters.pl" "$2" "$CCR_SEED" >"$T/characters.sql" || return 1
    sql_client "$1" --binary-mode <"$T/characters.sql"
}

# Every member of the newest snapshot is a file when tar has unpacked it, and nothing else is there.
same_members() {
    local folder

    folder=$(echo "$STORE_DIR"/streams/main/snapshots/*)
    snapshot_unpack "$folder" "$T/open" || return 1
    # in base64: not every name is UTF-8
    jq -r '.objects[].member, .tables[].chunks[].pieces[].member, .users.pieces[].member
        | if type == "object" then .base64 else @base64 end' "$folder/manifest.json" | sort >"$T/members.listed"
    (cd "$T/open" && find . -type f -printf '%P\0') |
        perl -MMIME::Base64 -0 -ne 'chomp; print encode_base64($_, ""), "\n"' | sort >"$T/members.found"
    rm -rf "$T/open"
    diff "$T/members.listed" "$T/members.found" | head -n 20
    cmp "$T/members.listed" "$T/members.found"
}

# The server writes privileges on routines into its table in the wrong character set; SHOW GRANTS has them as they are.
same_grants() {
    diff <(accounts "$1") <(accounts "$2") && diff <(grant_tables "$1" | grep -v '	FUNCTION	') <(grant_tables "$2" | grep -v '	FUNCTION	')
}
