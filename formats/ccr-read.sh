#!/bin/bash
# ccr-read.sh STORE-FOLDER STREAM [MARIADB-OPTION...]
#
# Restores the newest snapshot of a stream and replays the log behind it into an empty server, with nothing of ccr:
# tar, zstd, jq, mariadb-binlog, mariadb and coreutils. It is the proof that the data can be had without ccr, and
# the formats' second reader; formats/*.md say what it reads. It is slow, it needs room in $TMPDIR for the
# unpacked snapshot, and it works as root of the server:
#
#     ./ccr-read.sh /srv/ccr main --socket=/run/mysqld/mysqld.sock
#
# SNAPSHOT=ID takes that snapshot instead of the newest. Every checksum on the way is compared; the first thing
# that does not fit ends the script with a message and a non-zero status.
set -euo pipefail
export LC_ALL=C

store=${1:?usage: ccr-read.sh STORE-FOLDER STREAM [MARIADB-OPTION...]}
stream=${2:?usage: ccr-read.sh STORE-FOLDER STREAM [MARIADB-OPTION...]}
shift 2
# binary-mode: bytes and definitions pass as they are; comments in routines stay
client=(mariadb "$@" --binary-mode --comments --default-character-set=utf8mb4 --local-infile=1
    --max-allowed-packet=1G --skip-column-names --batch)
home=$store/streams/$stream
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    printf 'ccr-read: %s\n' "$*" >&2
    exit 1
}

say() {
    printf 'ccr-read: %s\n' "$*"
}

sha256() {
    sha256sum | cut -c 1-64
}

# Positions are "DOMAIN-SERVER-NUMBER,...". Numbers may have 20 digits: compared by length, then as text.
# shellcheck disable=SC2016  # $x are variables of jq, here and below
positions='
    def numbers: split(",") | map(split("-") | {key: .[0], value: [(.[2] | length), .[2]]}) | from_entries;
    def reaches($a; $b): ($a | numbers) as $have
        | $b | numbers | to_entries | all(.value <= ($have[.key] // [0, ""]));
    def known: if .version > (if .format == "ccr snapshot" then 2 else 1 end) or .features_required - ["history", "partitions"] != []
        then error("a format of another version") else . end;
    def text: if type == "object" then error("a text that is not UTF-8") else . end;
    def name: text | "`" + gsub("`"; "``") + "`";
'

# --- the snapshot ---

# A manifest's last member is the SHA-256 of all bytes before its line.
check_manifest() {
    local said
    said=$(tail -n 2 "$1" | sed -n 's/^  "sha256": "\([0-9a-f]\{64\}\)"$/\1/p')
    [ "$said" = "$(head -n -2 "$1" | sha256)" ] || fail "$1 is damaged"
    jq -e "$positions known" "$1" >/dev/null || fail "$1 has a format of another version"
}

# Highest epoch, then the position that reaches the other, then the later start; none of single partitions.
choose_snapshot() {
    local manifest manifests=("$home"/snapshots/*/manifest.json) whole=()
    [ -z "${SNAPSHOT-}" ] || manifests=("$home/snapshots/$SNAPSHOT/manifest.json")
    for manifest in "${manifests[@]}"; do
        [ -e "$manifest" ] || fail "stream $stream has no such snapshot in $store"
        check_manifest "$manifest"
        if ! jq -e 'any(.features_required[]; . == "partitions")' "$manifest" >/dev/null; then
            whole+=("$manifest")
        elif [ -n "${SNAPSHOT-}" ]; then
            fail "snapshot $SNAPSHOT holds single partitions: tables cannot be restored from it"
        fi
    done
    [ ${#whole[@]} -gt 0 ] || fail "stream $stream has only snapshots of single partitions"
    jq -rs "$positions"'
        def newer($a; $b): if $a.epoch != $b.epoch then $a.epoch > $b.epoch
            else reaches($a.position; $b.position) as $ahead | reaches($b.position; $a.position) as $behind
            | if $ahead != $behind then $ahead else $a.started_us > $b.started_us end end;
        reduce .[1:][] as $m (.[0]; if newer($m; .) then $m else . end) | .id
    ' "${whole[@]}"
}

unpack_volumes() {
    local number size sha file
    mkdir "$work/data"
    jq -r '.volumes[] | "\(.number) \(.size) \(.sha256)"' "$manifest" >"$work/volumes"
    while read -r number size sha; do
        file=$(printf '%s/snapshots/%s/%06d.tar.zst' "$home" "$snapshot" "$number")
        [ "$(stat -c %s "$file")" = "$size" ] || fail "$file does not have $size bytes"
        [ "$(sha256 <"$file")" = "$sha" ] || fail "$file is damaged"
        tar --zstd -xf "$file" -C "$work/data"
    done <"$work/volumes"
}

# NUL-separated fields of the objects of some kinds, in the order in which they must be created.
list_objects() {
    jq -j "$positions"'
        .objects[] | select(.kind | IN($ARGS.positional[]))
        | [.kind, (.db | name), (.name // "" | name), (.member | text), (.sql_mode // "" | text),
            (.character_set_client // "utf8mb4"), (.collation_connection // "utf8mb4_general_ci"),
            (.database_collation // ""), (.time_zone // "+00:00"), (.setval // "")]
        | map(. + "\u0000") | add
    ' "$manifest" --args "$@"
}

# One CREATE statement with its session. A delimiter that the statement does not hold divides it from the next.
print_statement() {
    local file=$work/data/$1 delimiter='//ccr//'
    while grep -qF -- "$delimiter" "$file"; do
        delimiter="/$delimiter"
    done
    printf 'DELIMITER %s\n' "$delimiter"
    cat "$file"
    printf '\n%s\nDELIMITER ;\n' "$delimiter"
}

# A routine, trigger or event remembers its database's collation: it is given that one while it is created.
print_object() {
    local kind=$1 db=$2 name=$3 member=$4 mode=$5 client_set=$6 connection=$7 collation=$8 zone=$9 next=${10}
    if [ "$kind" = database ]; then
        print_statement "$member"
        return
    fi
    printf 'USE %s;\n' "$db"
    if [ -n "$collation" ]; then
        printf 'SET @kept = (SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = DATABASE());\n'
        printf 'ALTER DATABASE COLLATE %s;\n' "$collation"
    fi
    printf "SET sql_mode = '%s', character_set_client = %s, collation_connection = %s, time_zone = '%s';\n" \
        "$mode" "$client_set" "$connection" "$zone"
    print_statement "$member"
    printf "SET NAMES utf8mb4, sql_mode = '';\n"
    if [ -n "$collation" ]; then
        printf "EXECUTE IMMEDIATE CONCAT('ALTER DATABASE COLLATE ', @kept);\n"
    fi
    if [ -n "$next" ]; then
        printf 'DO SETVAL(%s.%s, %s, 0);\n' "$db" "$name" "$next"
    fi
}

create_objects() {
    local fields i
    list_objects "$@" >"$work/objects"
    mapfile -d '' -t fields <"$work/objects"
    {
        printf 'SET foreign_key_checks = 0, explicit_defaults_for_timestamp = 1;\n'
        for ((i = 0; i < ${#fields[@]}; i += 10)); do
            print_object "${fields[@]:i:10}"
        done
    } | "${client[@]}"
}

# NUL-separated: table, session, LOAD DATA clause, rows, bytes, SHA-256, number of slices, slices.
list_chunks() {
    jq -j "$positions"'
        .tables[] | ((.db | name) + "." + (.name | name)) as $table | (.load | text) as $load
        | (if .history then "SET system_versioning_insert_history = 1;" else "" end) as $session
        | .chunks[] | select(.rows > 0)
        | [$table, $session, $load, (.rows | tostring), (.bytes | tostring), .sha256, (.pieces | length | tostring)]
            + [.pieces[].member | text] | map(. + "\u0000") | add
    ' "$manifest"
}

# Who may do what. Twice: views over views need what their definers may do, and privileges on views need the views. What
# is there already, and what is about an object that is not there, are errors that are passed over; the second time
# the latter are shown.
create_users() {
    local members
    jq -j "$positions"'.users // {"pieces": []} | .pieces[].member | text + "\u0000"' "$manifest" >"$work/users"
    mapfile -d '' -t members <"$work/users"
    [ ${#members[@]} -gt 0 ] || return 0
    (cd "$work/data" && cat -- "${members[@]}") >"$work/users.sql"
    "${client[@]}" --force <"$work/users.sql" 2>"$work/errors" || true
    [ "$1" = first ] || sed -n '/ERROR 1396/!s/^ERROR/ccr-read: left out: ERROR/p' "$work/errors" >&2
}

# The slices of a chunk, joined, are its rows.
load_rows() {
    local table session load rows bytes sha count members
    list_chunks >"$work/chunks"
    while IFS= read -r -d '' table && IFS= read -r -d '' session && IFS= read -r -d '' load && IFS= read -r -d '' rows &&
        IFS= read -r -d '' bytes && IFS= read -r -d '' sha && IFS= read -r -d '' count; do
        mapfile -d '' -t -n "$count" members
        (cd "$work/data" && cat -- "${members[@]}") >"$work/chunk"
        [ "$(stat -c %s "$work/chunk")" = "$bytes" ] || fail "a chunk of $table does not have $bytes bytes"
        [ "$(sha256 <"$work/chunk")" = "$sha" ] || fail "a chunk of $table is damaged"
        printf '%s\n' "SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';
            SET foreign_key_checks = 0, unique_checks = 0, check_constraint_checks = 0; $session
            LOAD DATA LOCAL INFILE '$work/chunk' INTO TABLE $table $load;
            SELECT ROW_COUNT();" | "${client[@]}" >"$work/loaded"
        [ "$(cat "$work/loaded")" = "$rows" ] || fail "$(cat "$work/loaded") of $rows rows went into $table"
    done <"$work/chunks"
}

# --- the log ---

object_file() {
    printf '%s/log/%04d/%09d/%012d.binlog.zst' "$home" "$1" $(($2 / 1000)) "$2"
}

# The footer of a segment goes to $work/footer, what is needed of it to $footer_..., its SHA-256 to $footer_sha.
read_footer() {
    local file=$1 length values
    tail -c 65536 "$file" >"$work/tail"
    [ "$(tail -c 8 "$work/tail")" = CCRFOOT1 ] || fail "$file is cut short, or is no segment"
    length=$(tail -c 12 "$work/tail" | od -An --endian=little -N 4 -t u4 | tr -d ' ')
    tail -c $((length + 76)) "$work/tail" >"$work/footer+"
    head -c "$length" "$work/footer+" >"$work/footer"
    footer_sha=$(sha256 <"$work/footer")
    [ "$(tail -c 76 "$work/tail" | cut -c 1-64)" = "$footer_sha" ] || fail "the footer of $file is damaged"
    jq -r "$positions"' known | .name, "\(.epoch) \(.number)", .kind, .part, .previous_sha256,
        .stored_bytes, .stored_sha256, .content_sha256, "\(.store_id) \(.stream_id)"' "$work/footer" >"$work/values"
    mapfile -t values <"$work/values"
    footer_name=${values[0]} footer_number=${values[1]} footer_kind=${values[2]} footer_part=${values[3]}
    footer_previous=${values[4]} footer_bytes=${values[5]} footer_stored=${values[6]} footer_content=${values[7]}
    [ "${values[8]}" = "$ids" ] || fail "$file was written for another store or stream"
}

# Everything but the footer must be what the footer says, and the footer the one that belongs here.
check_object() {
    local file=$1 length
    length=$(stat -c %s "$file")
    [ "streams/$stream/${file#"$home"/}" = "$footer_name.binlog.zst" ] || fail "$file holds $footer_name"
    [ "$epoch $number" = "$footer_number" ] || fail "$file has another number"
    [ -z "$previous_sha" ] || [ "$previous_sha" = "$footer_previous" ] ||
        fail "$file does not follow the object before it"
    [ "$length" = $((footer_bytes + 8 + $(stat -c %s "$work/footer+"))) ] || fail "$file has another length"
    head -c "$footer_bytes" "$file" >"$work/frames"
    [ "$(sha256 <"$work/frames")" = "$footer_stored" ] || fail "$file is damaged"
    [ "$(zstd -dcq "$work/frames" | sha256)" = "$footer_content" ] || fail "$file is damaged"
}

# What mariadb-binlog must leave out of an object, as options: the transactions that the snapshot holds. A domain's
# GTID can be given as the start only if something of that domain follows it in the file; where nothing does,
# the whole domain is left out. "all": nothing is to be read.
filter_of() {
    jq -r --arg position "$position" "$positions"'
        ($position | numbers) as $have | (.start | numbers) as $start | (.end | numbers) as $stop
        | [$stop | to_entries[] | select(.value != $start[.key]) | .key] as $moved
        | [$moved[] | select(($have[.] // [0, ""]) >= $stop[.])] as $held
        | [$position | split(",")[] | split("-") as $gtid
            | select($gtid[0] | IN($moved[]) and (IN($held[]) | not))
            | select($have[$gtid[0]] > ($start[$gtid[0]] // [0, ""])) | ($gtid | join("-"))] as $begun
        | if reaches($position; .end) then "all" else
            (if $held == [] then empty else "--ignore-domain-ids=" + ($held | join(",")) end),
            (if $begun == [] then empty else "--start-position=" + ($begun | join(",")) end) end
    ' "$work/footer"
}

# One binlog file from one or several objects: a segment, or the joined parts of a transaction.
print_objects() {
    local -a filter
    filter_of >"$work/filter"
    mapfile -t filter <"$work/filter"
    if [ "${filter[*]-}" = all ]; then
        return
    fi
    printf 'replaying object %s of epoch %s\n' "$number" "$epoch" >&2
    zstd -dcq "$@" | mariadb-binlog --no-defaults --verify-binlog-checksum ${filter[@]+"${filter[@]}"} -
}

# Collects the parts of a transaction; the last one prints it. A part 1 begins anew: what a killed shipper left
# behind is dropped. Where the snapshot was taken in the middle, earlier parts lie before its objects.
take_part() {
    local file=$1
    [ "$footer_part" -ne 1 ] || parts=()
    if [ "$footer_part" -eq $((${#parts[@]} + 1)) ]; then
        parts+=("$file")
    elif [ ${#parts[@]} -gt 0 ]; then
        fail "$file: an earlier part of its transaction is missing"
    fi
    if [ "$footer_kind" = "last part" ]; then
        if [ ${#parts[@]} -gt 0 ]; then
            print_objects "${parts[@]}"
        elif [ "$(filter_of)" != all ]; then
            fail "$file: the first part of its transaction is missing"
        fi
        parts=()
    fi
}

# The log of an epoch may begin at a newer snapshot.
check_beginning() {
    jq -e --arg position "$position" "$positions reaches(\$position; .start)" "$work/footer" >/dev/null ||
        fail "the log begins at $(jq -r .start "$work/footer"), behind the snapshot's position $position"
}

# All objects behind the snapshot, as one stream of statements for one session.
print_log() {
    local file newest parts=()
    previous_sha=''
    if [ "$number" -gt 0 ] && [ -e "$(object_file "$epoch" "$number")" ]; then
        read_footer "$(object_file "$epoch" "$number")"
        previous_sha=$footer_sha
    fi
    while :; do
        number=$((number + 1))
        file=$(object_file "$epoch" "$number")
        [ -e "$file" ] || break
        read_footer "$file"
        check_object "$file"
        [ -n "$previous_sha" ] || check_beginning
        previous_sha=$footer_sha
        case $footer_kind in
        segment)
            parts=()
            print_objects "$file"
            ;;
        part | "last part")
            take_part "$file"
            ;;
        terminator)
            printf 'epoch %s ends here: %s\n' "$epoch" "$(jq -r .reason "$work/footer")" >&2
            return
            ;;
        *)
            fail "$file is of the unknown kind $footer_kind"
            ;;
        esac
    done
    newest=$(find "$home" -path '*/log/*.binlog.zst' | sort | tail -n 1)
    [[ ! $newest > $file ]] || fail "object $number of epoch $epoch is missing, but $newest exists"
}

[ -e "$store/ccr.json" ] || fail "$store is no store: it has no ccr.json"
[ -e "$home/stream.json" ] || fail "$store has no stream $stream"
ids=$(jq -rs "$positions"'map(known) | "\(.[0].store_id) \(.[1].stream_id)"' "$store/ccr.json" "$home/stream.json")
snapshot=$(choose_snapshot)
manifest=$home/snapshots/$snapshot/manifest.json
[ "$(jq -r '"\(.store_id) \(.stream_id)"' "$manifest")" = "$ids" ] ||
    fail "$manifest was written for another store or stream"
position=$(jq -r .position "$manifest")
epoch=$(jq -r .epoch "$manifest")
number=$(jq -r .last_object "$manifest")

say "snapshot $snapshot at $position, epoch $epoch, behind object $number"
unpack_volumes
say "creating databases, sequences and tables"
create_objects database sequence table
say "loading rows"
load_rows
say "creating everything else"
create_objects function procedure package "package body"
create_users first
create_objects view trigger
create_users again
create_objects event
say "replaying the log"
print_log | "${client[@]}"
say "done"
