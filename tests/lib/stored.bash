# shellcheck shell=bash
# Looking at stored objects, and damaging them (load ../lib/stored):
#
#   footer FILE           the JSON at the end of a segment, by the bytes of formats/segment.md
#   flip FILE OFFSET      one flipped bit; the offset counts from the end where it is negative

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
