# formats/example is the worked example of the specifications: what they say of it is so, and this ccr, like every later
# one, reads it.

load ../lib/common
load ../lib/stored

setup_file() {
    mkdir -p "$STORE_DIR"
    cp -r "$CCR_ROOT/formats/example/." "$STORE_DIR"
}

log() {
    printf '%s' "$CCR_ROOT/formats/example/streams/main/log/0001/000000000/00000000000$1.binlog.zst"
}

snapshot() {
    printf '%s' "$CCR_ROOT/formats/example/streams/main/snapshots/20261123T071352Z-02f8d1ac"
}

# The code block of a specification that holds a text.
block_with() {
    awk -v text="$2" '/^```/ { if (inside && index(block, text)) { printf "%s", block; exit }
        inside = !inside; block = ""; next } inside { block = block $0 "\n" }' "$CCR_ROOT/formats/$1"
}

@test "the bytes of the segment are those in segment.md" {
    local offset hex
    [ "$(stat -c %s "$(log 1)")" -eq 1317 ]
    block_with segment.md '0519  A2' | grep -E '^0[0-9A-F]{3}  ([0-9A-F]{2} )+' >"$T/dump"
    [ "$(wc -l <"$T/dump")" -eq 7 ]
    while IFS= read -r line; do
        offset=$((16#${line:0:4}))
        hex=$(grep -oE '^0[0-9A-F]{3}  ([0-9A-F]{2} )+' <<<"$line" | cut -c 7- | tr -d ' ')
        [ "$(tail -c +$((offset + 1)) "$(log 1)" | head -c $((${#hex} / 2)) | basenc --base16 -w 0)" = "$hex" ]
    done <"$T/dump"
}

@test "its footer is the JSON in segment.md, and the next object continues it" {
    diff <(footer "$(log 1)" | jq -S .) <(block_with segment.md '"writer":"1a1e' | jq -S .)
    [ "$(footer "$(log 2)" | jq -r .previous_sha256)" = "$(footer "$(log 1)" | sha256sum | cut -c 1-64)" ]
    grep -q "$(footer "$(log 2)" | jq -r .previous_sha256)" "$CCR_ROOT/formats/segment.md"
}

@test "the digest's records in segment.md give the digest in the footer" {
    local digest
    digest=$(block_with segment.md '"shop"' | sed 's/  .*//' | tr -d ' \n' | basenc --base16 -d | sha256sum | cut -c 1-64)
    [ "$digest" = "$(footer "$(log 1)" | jq -r '.fingerprints[0].digest')" ]
}

@test "the rows and the manifest are those in snapshot.md" {
    diff <(tar --zstd -xOf "$(snapshot)/000002.tar.zst" shop/fruit/000001.tsv | od -An -c) \
        <(block_with snapshot.md 'od -An -c' | tail -n 3)
    diff <(tar --zstd -tf "$(snapshot)/000001.tar.zst") <(block_with snapshot.md 'od -An -c' | sed -n 2,4p)
    # every line of the shortened manifest that is whole
    block_with snapshot.md '"ccr snapshot"' | tr -d ' \n' | grep -oE '"[a-z_0-9]+":("[^"]*"|[0-9]+)' | sort -u >"$T/said"
    [ "$(wc -l <"$T/said")" -gt 20 ]
    tr -d ' \n' <"$(snapshot)/manifest.json" | grep -oE '"[a-z_0-9]+":("[^"]*"|[0-9]+)' | sort -u >"$T/true"
    [ -z "$(comm -23 "$T/said" "$T/true")" ]
}

@test "every member that is written is specified" {
    local key
    for key in $(footer "$(log 1)" | jq -r 'paths | map(strings) | last // empty' | sort -u); do
        grep -qF "\`$key\`" "$CCR_ROOT/formats/segment.md" || { echo "segment.md lacks $key"; false; }
    done
    for key in $(jq -r 'del(.source, .fingerprints) | paths | map(strings) | last // empty' "$(snapshot)/manifest.json" | sort -u); do
        grep -qF "\`$key\`" "$CCR_ROOT/formats/snapshot.md" || { echo "snapshot.md lacks $key"; false; }
    done
    for key in $(jq -r keys[] "$CCR_ROOT/formats/example/ccr.json" "$CCR_ROOT/formats/example/streams/main/stream.json"); do
        grep -qE "[\`\"]${key}[\`\"]" "$CCR_ROOT/formats/store.md" || { echo "store.md lacks $key"; false; }
    done
}

@test "ccr-read.sh and ccr-restore with ccr-apply make the same of it" {
    server_start reader
    "$CCR_ROOT/formats/ccr-read.sh" "$STORE_DIR" main --no-defaults --socket="$T/reader/sock" --user=root
    [ "$(sql reader 'SELECT * FROM shop.fruit')" = $'2\ttab\\there\tNULL\n3\tpear\t0.2' ]
    [ "$(sql reader 'SELECT * FROM shop.light')" = pear ]
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON
    server_grant target target
    ccr restore target --job example
    ccr apply target --job example
    same_tables reader target shop
    same_schema --followed reader target shop
}
