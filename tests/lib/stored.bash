# shellcheck shell=bash
# Looking at stored objects, and damaging them (load ../lib/stored):
#
#   footer FILE           the JSON at the end of a segment, by the bytes of formats/segment.md
#   flip FILE OFFSET      one flipped bit; the offset counts from the end where it is negative
#   edit_footer FILE JQ   the footer as jq makes it, sealed: every checksum is right
#   edit_content FILE CONTENT   the content of that file in its place, sealed
#   edit_manifest FILE FILTER   another manifest, by jq, under a seal that fits
#   snapshot_unpack FOLDER TO      the members of all volumes of a snapshot
#   snapshot_repack FOLDER FROM [FILTER]    puts them back, changed; sizes and hashes in the manifest are made right, and
#                         FILTER (jq) changes more of it

footer() {
    local length

    [ "$(tail -c 8 "$1")" = CCRFOOT1 ] || return 1
    length=$(tail -c 12 "$1" | od -An --endian=little -N 4 -t u4)
    tail -c $((length + 76)) "$1" | head -c "$length"
}

flip() {
    local file=$1 offset=$2 byte

    [ "$offset" -ge 0 ] || offset=$(($(stat -c %s "$file") + offset))
    byte=$(od -An -j "$offset" -N 1 -t u1 "$file" | tr -d ' ')
    printf '%b' "\\x$(printf %x $((byte ^ 1)))" | dd of="$file" bs=1 seek="$offset" conv=notrunc status=none
}

little_endian() {
    printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"
}

# Puts the frame around $T/footer behind the stored content in $T/edited, and both in the file's place.
seal() {
    local length

    length=$(stat -c %s "$T/footer")
    {
        printf '\x5c\x2a\x4d\x18'
        little_endian $((length + 76))
        cat "$T/footer"
        sha256sum <"$T/footer" | cut -c 1-64 | tr -d '\n'
        little_endian "$length"
        printf CCRFOOT1
    } >>"$T/edited"
    mv -f "$T/edited" "$1"
}

edit_footer() {
    footer "$1" >"$T/footer"
    head -c "$(jq .stored_bytes "$T/footer")" "$1" >"$T/edited"
    footer "$1" | jq -c "$2" | tr -d '\n' >"$T/footer"
    seal "$1"
}

edit_content() {
    zstd -qc --check "$2" >"$T/edited"
    footer "$1" | jq -c --arg content "$(sha256sum <"$2" | cut -c 1-64)" --arg stored "$(sha256sum <"$T/edited" | cut -c 1-64)" \
        --argjson bytes "$(stat -c %s "$2")" --argjson stored_bytes "$(stat -c %s "$T/edited")" \
        '.content_sha256 = $content | .content_bytes = $bytes | .stored_sha256 = $stored | .stored_bytes = $stored_bytes' |
        tr -d '\n' >"$T/footer"
    seal "$1"
}

edit_manifest() {
    local file=$1 body

    body=$(jq --indent 2 "del(.sha256) | $2" "$file" | head -n -1; echo x)
    body="${body%$'\n'x},"$'\n'
    printf '%s  "sha256": "%s"\n}\n' "$body" "$(printf %s "$body" | sha256sum | cut -c 1-64)" >"$file"
}

snapshot_unpack() {
    local volume

    mkdir -p "$2"
    for volume in "$1"/*.tar.zst; do
        tar --zstd -xf "$volume" -C "$2" || return 1
    done
}

snapshot_repack() {
    local volume members manifest=$1/manifest.json

    chmod u+w "$1"/*
    for volume in "$1"/*.tar.zst; do
        mapfile -t members < <(tar --zstd -tf "$volume")
        tar --zstd -cf "$volume" -C "$2" "${members[@]}" || return 1
        jq --arg n "$(basename "$volume" .tar.zst)" --arg sum "$(sha256sum <"$volume" | cut -c 1-64)" --argjson size "$(stat -c %s "$volume")" \
            '(.volumes[] | select(.number == ($n | tonumber))) |= (.sha256 = $sum | .size = $size)' "$manifest" >"$manifest.new" || return 1
        mv "$manifest.new" "$manifest"
    done
    edit_manifest "$manifest" "${3:-.}"
}
