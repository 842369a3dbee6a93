# shellcheck shell=bash
# The log of $STORE, read with standard tools alone (formats/segment.md): what ccr-ship wrote is checked by
# programs that ccr did not write.
#
#   snapshot NAME            a snapshot of server NAME, so that the log has a place to begin
#   ship_exec NAME [options] as `ccr ship`, in place of the shell that runs it: for use with &
#   log_objects              the files of stream main's log, in order
#   footer FILE              the footer's JSON
#   footers                  those of the whole log, a line each
#   log_check                every object: its own and its content's SHA-256, its place in the chain
#   log_sql                  the whole log as mariadb-binlog prints it (parts joined, incomplete ones left out)
#   log_gtids                its transactions in order
#   source_gtids NAME        those in the binlogs of server NAME that lie behind the log's start
#   log_complete NAME        log_check, and both lists are equal
#   log_replay NAME          plays the log into server NAME through the mariadb client
#   insert NAME COUNT [TEXT] so many transactions on server NAME, into $DB.t
#   epoch_ends NAME          the run before has ended the epoch, and a snapshot opens the next

snapshot() {
    ccr backup "$1" --quiet "${@:2}"
}

# For use in the background, where $! must be the binary's own pid.
ship_exec() {
    local name=$1

    shift
    exec "$CCR_BIN/ccr-ship" --store "$STORE" --socket "$T/$name/sock" --defaults-file "$T/$name/ccr.cnf" "$@" 3>&-
}

log_objects() {
    find "$STORE_DIR/streams/main/log" -name '*.binlog.zst' 2>/dev/null | sort
}

log_newest() {
    log_objects | tail -n 1
}

# Behind the JSON stand its SHA-256 (64 digits), its length (4 bytes) and a magic (8).
footer() {
    local len

    read -r len < <(tail -c 12 "$1" | od -An -tu4 -N4)
    tail -c "$((len + 76))" "$1" | head -c "$len"
}

footers() {
    local file

    while IFS= read -r file; do
        footer "$file"
        echo
    done < <(log_objects)
}

sha256_of() {
    sha256sum | cut -d ' ' -f 1
}

# The members of a footer (in a file) as shell words.
footer_members() {
    jq -r '@sh "kind=\(.kind) epoch=\(.epoch) number=\(.number) part=\(.part) start=\(.start) end=\(.end)
        previous=\(.previous_sha256) content_sha256=\(.content_sha256) content_bytes=\(.content_bytes)
        name=\(.name) transactions=\(.transactions)"' "$1"
}

log_fail() {
    echo "log_check: $*" >&2
    return 1
}

log_check() {
    local file last_hash='' last_end='' last_number=0 last_epoch='' last_kind='' last_part=0
    local kind epoch number part start end previous content_sha256 content_bytes name transactions hash

    while IFS= read -r file; do
        footer "$file" >"$T/footer"
        zstd -dcq "$file" >"$T/content"
        hash=$(sha256_of <"$T/footer")
        [ "$hash" = "$(tail -c 76 "$file" | head -c 64)" ] || log_fail "$file: hash of the footer" || return 1
        eval "$(footer_members "$T/footer")"
        [ "$file" = "$STORE_DIR/$name.binlog.zst" ] || log_fail "$file: is named $name" || return 1
        if [ "$epoch" != "$last_epoch" ]; then
            [ -z "$last_epoch" ] || [ "$last_kind" = terminator ] || log_fail "$file: no terminator before" || return 1
            last_number=0
            last_end=$start
        fi
        [ "$number" = "$((last_number + 1))" ] || log_fail "$file: comes behind $last_number" || return 1
        [ "$previous" = "$last_hash" ] || log_fail "$file: hash of the footer before it" || return 1
        [ "$start" = "$last_end" ] || log_fail "$file: starts at $start, the one before ends at $last_end" || return 1
        [ "$content_sha256" = "$(sha256_of <"$T/content")" ] || log_fail "$file: hash of the content" || return 1
        [ "$content_bytes" = "$(stat -c %s "$T/content")" ] || log_fail "$file: length of the content" || return 1
        case $kind in
        part | 'last part')
            [ "$part" = 1 ] || { [ "$last_kind" = part ] && [ "$part" = "$((last_part + 1))" ]; } ||
                log_fail "$file: part $part behind a $last_kind $last_part" || return 1
            [ "$kind" = part ] || [ "$transactions" = 1 ] || log_fail "$file: $transactions transactions" || return 1
            ;;
        terminator) [ "$start" = "$end" ] || log_fail "$file: a terminator that moves" || return 1 ;;
        esac
        last_hash=$hash last_end=$end last_number=$number last_epoch=$epoch last_kind=$kind last_part=$part
    done < <(log_objects)
}

# log_sql [options of mariadb-binlog]
# shellcheck disable=SC2120
log_sql() {
    local kind part name file joined=$T/joined

    rm -f "$joined"
    while IFS=$'\t' read -r kind part name; do
        file=$STORE_DIR/$name.binlog.zst
        case $kind in
        segment) zstd -dcq "$file" | mariadb-binlog --no-defaults "$@" - || return 1 ;;
        part | 'last part')
            [ "$part" != 1 ] || rm -f "$joined"
            zstd -dcq "$file" >>"$joined"
            [ "$kind" = part ] || mariadb-binlog --no-defaults "$@" "$joined" || return 1
            ;;
        esac
    done < <(footers | jq -r '[.kind, .part, .name] | @tsv')
    rm -f "$joined"
}

gtids_of() {
    grep -ao '	GTID [0-9]*-[0-9]*-[0-9]*' | cut -d ' ' -f 2
}

log_gtids() {
    log_sql | gtids_of
}

source_gtids() {
    local first start

    first=$(log_objects | head -n 1)
    start=$(footer "$first" | jq -r .start)
    (
        cd "$T/$1/data" || exit 1
        for file in binlog.0*; do
            # the file that is being written says so, which is no error
            mariadb-binlog --no-defaults "$file" 2>/dev/null
        done
    ) | gtids_of | awk -F- -v start="$start" '
        BEGIN { n = split(start, list, ","); for (i = 1; i <= n; i++) { split(list[i], g, "-"); have[g[1]] = g[3] } }
        $3 + 0 > have[$1] + 0'
}

log_complete() {
    log_check || return 1
    log_gtids >"$T/gtids.log"
    source_gtids "$1" >"$T/gtids.source"
    [ -s "$T/gtids.source" ] || { echo "the source has no transactions to compare" >&2; return 1; }
    diff -u "$T/gtids.source" "$T/gtids.log" | head -n 20
    [ "${PIPESTATUS[0]}" = 0 ]
}

log_replay() {
    log_sql >"$T/replay.sql" || return 1
    sql_file "$1" "$T/replay.sql"
}

insert() {
    local i

    for i in $(seq "$2"); do echo "INSERT INTO $DB.t (v) VALUES ('${3:-row} $i');"; done >"$T/insert.sql"
    sql_file "$1" "$T/insert.sql"
}

newest_kind() {
    footer "$(log_newest)" | jq -r .kind
}

epoch_ends() {
    [ "${status:?}" -eq 8 ]
    [[ ${output:?} == *"hint: run ccr-backup"* ]]
    [ "$(newest_kind)" = terminator ]
    [ "$(footer "$(log_newest)" | jq -r '.next_epoch - .epoch')" = 1 ]
    run ccr ship "$1"
    [ "${status:?}" -eq 8 ]
    [[ $output == *"no snapshot opens epoch 2 yet"* ]]
    snapshot "$1"
    insert "$1" 2 "new epoch"
    run ccr ship "$1"
    [ "$status" -eq 0 ]
    [ "$(footer "$(log_newest)" | jq -c '[.epoch, .number, .transactions]')" = '[2,1,2]' ]
    log_check
}

object_count() {
    log_objects | wc -l
}

# objects_at_least COUNT
objects_at_least() {
    [ "$(object_count)" -ge "$1" ]
}

# The store's log ends where the source's does: shipped_all NAME
shipped_all() {
    local newest

    newest=$(log_newest)
    [ -n "$newest" ] && [ "$(footer "$newest" | jq -r .end)" = "$(sql "$1" 'SELECT @@gtid_binlog_pos')" ]
}
