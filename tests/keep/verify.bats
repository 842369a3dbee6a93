# ccr-verify against every kind of object and every kind of damage, in the manner of a table: what lies there, what is done
# to it, how verify ends and what it says, and who else refuses the same (ccr-restore, ccr-apply).

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/refused
load ../lib/stored
load ../lib/s3

# A snapshot, a log of five objects, a second snapshot; a target that follows the first one and has applied object 1. Of
# object 4 there is an earlier version, from a store that was put back. `other` is another store, `main` and `second` are
# two streams; the second one's log begins with object 3, since it was pruned twice.
setup_file() {
    units_find
    server_start source
    server_grant source source
    sql source "CREATE DATABASE shop; USE shop; CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100));
        INSERT INTO shop.t (v) SELECT CONCAT('line\n', MD5(seq)) FROM seq_1_to_3000;
        CREATE TABLE shop.u (id INT PRIMARY KEY, b BLOB); INSERT INTO shop.u VALUES (1, '\0\n\t\\\\'); CREATE TABLE shop.none (id INT)"
    ccr backup source --threads 2
    log_one_more
    server_start target --local-infile=ON
    server_grant target target
    ccr restore target --job j
    ccr apply target --job j
    log_one_more
    log_one_more
    cp -r "$STORE_DIR" "$T/earlier"
    log_one_more
    cp "$STORE_DIR/streams/main/log/0001/000000000/000000000004.binlog.zst" "$T/version"
    cp "$STORE_DIR/streams/main/alive.json" "$T/alive"
    rm -r "$STORE_DIR" && mv "$T/earlier" "$STORE_DIR"
    log_one_more
    log_one_more
    ccr backup source --threads 2
    for _ in 1 2 3; do
        ccr backup source --stream second
        sql source "INSERT INTO shop.t (v) VALUES ('second')"
        ccr ship source --stream second
        "$CCR_BIN/ccr-prune" --store "$STORE" --streams second --keep-last 1 --yes
    done
    "$CCR_BIN/ccr-prune" --store "$STORE" --pin "$(basename "$(dirname "$(ls "$STORE_DIR"/streams/second/snapshots/*/manifest.json)")")" --reason 'end of year'
    sibling_documents
    mv "$STORE_DIR" "$T/pristine"
    store_use other
    ccr backup source --databases shop
    sql source "INSERT INTO shop.t (v) VALUES ('other')"
    ccr ship source
    "$CCR_BIN/ccr-prune" --store "$STORE" --pin "$(basename "$(dirname "$(ls "$STORE_DIR"/streams/main/snapshots/*/manifest.json)")")"
    "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1 --yes
    ask j main
    elsewhere_documents
}

# with_ids STORE STREAM: the document with the ids of the store in that folder, and of its stream.
with_ids() {
    jq --arg store "$(jq -r .store_id "$1/ccr.json")" --arg stream "$(jq -r .stream_id "$1/streams/$2/stream.json")" \
        '.store_id = $store | .stream_id = $stream'
}

# What else another store, and another stream of this one, have under the same names: right but for whose it is.
elsewhere_documents() {
    local name
    mkdir -p "$STORE_DIR/jobs/j" "$T/stream/jobs/j"
    for name in job status; do
        with_ids "$STORE_DIR" main <"$T/pristine/jobs/j/$name.json" >"$STORE_DIR/jobs/j/$name.json"
        with_ids "$T/pristine" second <"$T/pristine/jobs/j/$name.json" >"$T/stream/jobs/j/$name.json"
    done
    for name in record copies; do
        with_ids "$STORE_DIR" main <"$T/pristine/$(key_of $name)" >"$STORE_DIR/$name.json"
        with_ids "$T/pristine" main <"$T/pristine/$(key_of $name)" >"$T/stream/$name.json"
    done
}

# ask JOB STREAM [REASON]: a request for a copy.
ask() {
    jq -n --arg job "$1" --arg stream "$2" --arg id "$(jq -r .stream_id "$STORE_DIR/streams/$2/stream.json")" --argjson generation "${3:-1}" \
        '{job: $job, stream: $stream, stream_id: $id, generation: $generation}' | "$UNITS/request_tool" --store "$STORE"
}

# Another job's documents, requests of both, and a pin more.
sibling_documents() {
    mkdir "$STORE_DIR/jobs/k"
    for name in job status; do
        jq '.job = "k"' "$STORE_DIR/jobs/j/$name.json" >"$STORE_DIR/jobs/k/$name.json"
    done
    ask j main
    ask j main 2
    for name in main second; do
        echo '{"format": "ccr copies", "version": 1, "features_required": [],
            "due": {"state": "working", "failures": 0, "cause": "", "history": []}}' |
            with_ids "$STORE_DIR" $name >"$STORE_DIR/streams/$name/copies.json"
    done
    "$CCR_BIN/ccr-prune" --store "$STORE" --pin "$(find "$STORE_DIR/streams/main/snapshots" -name manifest.json -printf '%h\n' | head -n 1 | xargs basename)"
}

log_one_more() {
    sql source "INSERT INTO shop.t (v) VALUES ('more')"
    ccr ship source
}

setup() {
    pristine
}

pristine() {
    # what the target reports is not part of the damage: it lives on, or the target would seem to be another one
    [ ! -e "$T/store/jobs/j/status.json" ] || [ -e "$T/status" ] || cp "$T/store/jobs/j/status.json" "$T/reported"
    rm -rf "$T/store" "$T/status"
    cp -r "$T/pristine" "$T/store"
    [ ! -e "$T/reported" ] || cp "$T/reported" "$T/store/jobs/j/status.json"
    store_use store
    home=streams/main
    mapfile -t snapshots < <(cd "$STORE_DIR" && jq -r '"\(.started_us) \(.id)"' $home/snapshots/*/manifest.json | sort -n | cut -d ' ' -f 2)
    first=$home/snapshots/${snapshots[0]} newest=$home/snapshots/${snapshots[1]}
}

# Messages and result together; only the result where it is JSON.
verify() {
    if [[ " $* " == *" --json "* ]]; then
        run --separate-stderr "$CCR_BIN/ccr-verify" --store "$STORE" "$@"
    else
        run "$CCR_BIN/ccr-verify" --store "$STORE" "$@"
    fi
}

segment() {
    printf 'streams/%s/log/0001/000000000/%012d.binlog.zst' "${2:-main}" "$1"
}

# The key of an object by its name in the table.
key_of() {
    case $1 in
    store) echo ccr.json ;;
    stream) echo "$home/stream.json" ;;
    alive) echo "$home/alive.json" ;;
    copies) echo streams/second/copies.json ;;
    job) echo jobs/j/job.json ;;
    status) echo jobs/j/status.json ;;
    pin) (cd "$STORE_DIR" && echo streams/second/pins/*.json) ;;
    prune) echo prune.json ;;
    record) echo streams/second/pruned/000000000002.json ;;
    request) (cd "$STORE_DIR" && echo jobs/j/requests/*.json) | cut -d ' ' -f 1 ;;
    manifest) echo "$newest/manifest.json" ;;
    rows) printf '%s/%06d.tar.zst' "$newest" "$(jq '[.tables[] | select(.name == "t")][0].chunks[0].pieces[0].volume' "$STORE_DIR/$newest/manifest.json")" ;;
    definitions) printf '%s/%06d.tar.zst' "$newest" "$(jq '.objects[0].volume' "$STORE_DIR/$newest/manifest.json")" ;;
    segment) segment 4 ;;
    last) segment 5 ;;
    esac
}

# A sibling of the same kind.
sibling_of() {
    case $1 in
    manifest) echo "$first/manifest.json" ;;
    rows) key_of definitions ;;
    definitions) key_of rows ;;
    segment) segment 3 ;;
    last) segment 4 ;;
    job) echo jobs/k/job.json ;;
    status) echo jobs/k/status.json ;;
    alive) echo streams/second/alive.json ;;
    copies) echo streams/main/copies.json ;;
    stream) echo streams/second/stream.json ;;
    pin) (cd "$STORE_DIR" && echo $home/pins/*.json) ;;
    record) echo streams/second/pruned/000000000001.json ;;
    request) (cd "$STORE_DIR" && echo jobs/j/requests/*.json) | cut -d ' ' -f 2 ;;
    esac
}

# The same object in another store, or in another stream.
elsewhere() {
    local place=$T/other stream=main number=1
    [ "$2" = store ] || place=$STORE_DIR stream=second number=3
    case $1 in
    store) echo "$place/ccr.json" ;;
    stream) echo "$place/streams/$stream/stream.json" ;;
    alive) echo "$place/streams/$stream/alive.json" ;;
    manifest) echo "$place/streams/$stream/snapshots"/*/manifest.json ;;
    definitions) echo "$(dirname "$place/streams/$stream/snapshots"/*/manifest.json)/000001.tar.zst" ;;
    rows) dirname "$(echo "$place/streams/$stream/snapshots"/*/manifest.json)" | sed "s,\$,/$(basename "$(key_of "$1")")," ;;
    segment | last) echo "$place/$(segment "$number" $stream)" ;;
    job | status) [ "$2" = store ] || place=$T/stream; echo "$place/jobs/j/$1.json" ;;
    record | copies) [ "$2" = store ] || place=$T/stream; echo "$place/$1.json" ;;
    pin) echo "$place/streams/main/pins"/*.json ;;
    prune) echo "$place/prune.json" ;;
    request) echo "$place/jobs/j/requests"/*.json ;;
    esac
}

damage() {
    local what=$1 key=$2 file=$STORE_DIR/$2 sibling
    sibling=$STORE_DIR/$(sibling_of "$what")
    case $3 in
    flip*) flip "$file" "${3#flip}" ;;
    cut) truncate -s -1 "$file" ;;
    empty) : >"$file" ;;
    grown) printf x >>"$file" ;;
    missing) rm "$file" ;;
    renamed) mv "$file" "$(dirname "$file")/$(basename "$file" | sed 's/0\([0-9]\)\./9\1./; s/manifest/manifesto/; t; s/\./2./')" ;;
    swapped) mv "$file" "$T/kept" && mv "$sibling" "$file" && mv "$T/kept" "$sibling" ;;
    copied) cp "$sibling" "$file" ;;
    store | foreign) cp "$(elsewhere "$what" store)" "$file" ;;
    other-stream) cp "$(elsewhere "$what" stream)" "$file" ;;
    older)
        case $what in
        segment) cp "$T/version" "$file" ;;
        alive) cp "$T/alive" "$file" ;;
        rows) cp "$(newest=$first key_of rows | sed "s,^,$STORE_DIR/,")" "$file" ;;
        esac
        ;;
    esac
    [ "$what" != status ] || touch "$T/status"
}

# Rows of: object, damage, exit code, message (@ stands for the object's key), who refuses it too, with that code unless it is
# NAME:CODE. `look` is a dry run of ccr-apply: with 0 it goes on, and says that it does not use the document.
check_table() {
    local what how code message others other expected key
    while IFS='|' read -r what how code message others; do
        [ -n "$what" ] || continue
        pristine
        key=$(key_of "$what")
        message=${message//@/$key}
        damage "$what" "$key" "$how"
        verify
        if [ "$status" -ne "$code" ] || [[ $output != *"$message"* ]]; then
            echo "$what $how: status $status, not $code with '$message': $output"
            return 1
        fi
        for other in $others; do
            expected=${other#*:}
            [ "$expected" != "$other" ] || expected=$code
            case ${other%:*} in
            restore) run ccr restore target --job j --replace ;;
            apply) run ccr apply target --job j ;;
            look) run ccr apply target --job j --dry-run ;;
            prune) run "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1 ;;
            esac
            if [ "$status" -ne "$expected" ] || { [ "$status" -ne 0 ] && [[ $output != *"hint: "* ]]; } ||
                { [ "$status" -eq 0 ] && [[ $output != *"is not used: "*"$key"* ]]; }; then
                echo "$what $how: $other ends with $status: $output"
                return 1
            fi
        done
    done
}

@test "a sound store: nothing to complain of, and what can be restored" {
    verify --json
    [ "$status" -eq 0 ]
    [ "$(json_of '.errors | length')" -eq 0 ]
    [ "$(json_of '.warnings | length')" -eq 0 ]
    [ "$(json_of '[.streams[].stream] | join(" ")')" = "main second" ]
    # the second snapshot lies within what the first one and the log behind it give
    [ "$(json_of '.streams[0].ranges | length')" -eq 1 ]
    [ "$(json_of '.streams[0].ranges[0] | "\(.snapshot) \(.first_object) \(.last_object) \(.ends_because)"')" = "${snapshots[0]} 1 5 null" ]
    [ "$(json_of '.streams[0].ranges[0].to_position')" = "$(footer "$STORE_DIR/$(segment 5)" | jq -r .end)" ]
    [ "$(json_of '.jobs[0] | "\(.job) \(.number) \(.can_go_on)"')" = "j 1 true" ]
    verify
    [[ $output == *"main: "*"can be restored from "*"0 errors"* ]]
    verify --quick
    [ "$status" -eq 0 ]
    verify --streams second --json
    [ "$(json_of '[.streams[].stream] | join(" ")')" = second ]
    verify --streams third
    [ "$status" -eq 4 ]
}

@test "damage to a segment" {
    check_table <<'END'
segment|flip0|7|is damaged (its SHA-256|apply
segment|flip50|7|is damaged (its SHA-256 is not the one in its footer)|apply
segment|flip-1|7|is cut short, or is no segment|apply
segment|flip-300|7|damaged footer|apply
segment|cut|7|is cut short, or is no segment|apply
segment|empty|7|is cut short, or is no segment|apply
segment|grown|7|is cut short, or is no segment|apply
segment|missing|7|object 4 of epoch 1 of stream main is missing|apply
segment|renamed|7|object 4 of epoch 1 of stream main is missing|apply
segment|swapped|7|holds the segment streams/main/log/0001/000000000/000000000003|apply
segment|copied|7|holds the segment streams/main/log/0001/000000000/000000000003|apply
segment|store|7|holds the segment streams/main/log/0001/000000000/000000000001|apply
segment|other-stream|7|holds the segment streams/second/log/0001/000000000/000000000003|apply
segment|older|7|000000000005 does not follow the one before it (another SHA-256)|apply
last|flip40|7|is damaged|apply
last|cut|7|is cut short|apply
last|grown|7|is cut short, or is no segment|apply
last|missing|7|the end of the log of stream main is missing: ccr-ship wrote it up to object 5 of epoch 1|
last|renamed|7|objects 5 to 94 of epoch 1 of stream main are missing|apply
last|swapped|7|holds the segment streams/main/log/0001/000000000/000000000004|apply
last|copied|7|holds the segment streams/main/log/0001/000000000/000000000004|apply
last|store|7|holds the segment streams/main/log/0001/000000000/000000000001|apply
END
}

@test "damage to volumes" {
    check_table <<'END'
rows|flip0|7|@ is not what was written|restore
rows|flip1000|7|@ is not what was written|restore
rows|flip-1|7|(rows of shop.t|restore
rows|cut|7|bytes, the manifest says|restore
rows|empty|7|@ has 0 bytes|restore
rows|grown|7|bytes, the manifest says|restore
rows|missing|7|@ is missing from the store|restore
rows|renamed|7|is not in the manifest of its snapshot|restore
rows|swapped|7|bytes, the manifest says|restore
rows|copied|7|bytes, the manifest says|restore
rows|other-stream|7|bytes, the manifest says|restore
rows|older|7|volume @|restore
definitions|flip20|7|cannot be restored (definitions)|restore
definitions|flip-1|7|cannot be restored (definitions)|restore
definitions|empty|7|@ has 0 bytes|restore
definitions|cut|7|bytes, the manifest says|restore
definitions|grown|7|bytes, the manifest says|restore
definitions|missing|7|@ is missing from the store|restore
definitions|renamed|7|@ is missing from the store|restore
definitions|swapped|7|bytes, the manifest says|restore
definitions|copied|7|bytes, the manifest says|restore
definitions|store|7|volume @|restore
rows|store|7|volume @|restore
END
}

@test "damage to a manifest" {
    check_table <<'END'
manifest|flip0|7|is damaged or cut short|restore
manifest|flip700|7|is damaged or cut short|restore
manifest|flip-2|7|is damaged or cut short|restore
manifest|cut|7|is damaged or cut short|restore
manifest|empty|7|is damaged or cut short|restore
manifest|grown|7|is damaged or cut short|restore
manifest|missing|0|has no manifest|
manifest|renamed|0|manifesto.json is nothing that ccr writes|
manifest|swapped|7|belongs to snapshot|restore
manifest|copied|7|belongs to snapshot|restore
manifest|store|7|belongs to snapshot|restore
manifest|other-stream|7|belongs to snapshot|restore
END
}

@test "damage to the small documents" {
    check_table <<'END'
store|flip0|7|ccr.json is not valid JSON|restore apply
store|cut|0|0 errors|
store|grown|7|ccr.json is not valid JSON|restore apply
store|empty|7|ccr.json is not valid JSON: it is empty|restore apply
store|missing|7|has no ccr.json|restore apply
store|renamed|7|has no ccr.json|restore apply
store|store|7|was written for another store or stream|restore apply:9
stream|flip0|7|stream.json is not valid JSON|restore apply
stream|grown|7|stream.json is not valid JSON|restore apply
stream|empty|7|stream.json is not valid JSON: it is empty|restore apply
stream|missing|7|has no streams/main/stream.json|restore apply
stream|renamed|7|has no streams/main/stream.json|restore apply
stream|store|7|was written for another store or stream|restore apply:9
stream|swapped|7|was written for another store or stream|restore apply:9
alive|flip0|7|alive.json is not valid JSON|look:0
alive|grown|7|alive.json is not valid JSON|
alive|empty|7|alive.json is not valid JSON: it is empty|
alive|missing|0|0 errors|
alive|renamed|0|alive2.json is nothing that ccr writes|
alive|store|7|@ was written for another store or stream|look:0
alive|other-stream|7|@ was written for another store or stream|look:0
alive|swapped|7|@ was written for another store or stream|look:0
alive|older|0|@ is older than the log, which goes on to object 5 of epoch 1|
copies|flip0|7|@ is not valid JSON|
copies|grown|7|@ is not valid JSON|
copies|empty|7|@ is not valid JSON: it is empty|
copies|missing|0|0 errors|
copies|renamed|0|copies2.json is nothing that ccr writes|
copies|store|7|@ was written for another store or stream|
copies|other-stream|7|@ was written for another store or stream|
copies|swapped|7|@ was written for another store or stream|
job|flip0|7|job.json is not valid JSON|
job|grown|7|job.json is not valid JSON|
job|empty|7|job.json is not valid JSON: it is empty|
job|missing|0|0 errors|
job|renamed|0|job2.json is nothing that ccr writes|
job|swapped|7|jobs/j/job.json is of another job, k|
job|store|7|@ was written for another store or stream|
job|other-stream|7|@ was written for another store or stream|
status|flip0|7|@ is not valid JSON|apply prune
status|empty|7|@ is not valid JSON: it is empty|apply prune
status|grown|7|@ is not valid JSON|apply prune
status|missing|0|0 errors|
status|renamed|0|status2.json is nothing that ccr writes|
status|swapped|7|jobs/j/status.json is of another job, k|apply prune
status|store|7|@ was written for another store or stream|apply prune
status|other-stream|7|@ was written for another store or stream|prune
pin|flip0|7|is not valid JSON|prune
pin|grown|7|is not valid JSON|prune
pin|empty|7|is not valid JSON: it is empty|prune
pin|missing|0|0 errors|
pin|renamed|7|pins another snapshot|
pin|swapped|7|@ pins another snapshot|prune
pin|store|7|@ pins another snapshot|prune
prune|flip0|7|prune.json is not valid JSON|
prune|grown|7|prune.json is not valid JSON|
prune|empty|7|prune.json is not valid JSON: it is empty|
prune|missing|0|0 errors|
prune|renamed|0|prune2.json is nothing that ccr writes|
prune|store|7|@ was written for another store or stream|
record|flip0|7|@ is not valid JSON|prune
record|grown|7|@ is not valid JSON|
record|empty|7|@ is not valid JSON: it is empty|prune
record|missing|7|object 2 of epoch 1 of stream second is missing|
record|swapped|7|@ is record 1 of its stream, under another's key|prune
record|copied|7|@ is record 1 of its stream, under another's key|prune
record|store|7|@ was written for another store or stream|prune
record|other-stream|7|@ was written for another store or stream|prune
request|flip0|7|@ is not valid JSON|
request|flip250|7|@|
request|grown|7|@ is not valid JSON|
request|empty|7|@ is not valid JSON: it is empty|
request|missing|0|0 errors|
request|renamed|0|2.json is nothing that ccr writes|
request|swapped|7|, under another's key|
request|store|7|@ was written for another store or stream|
END
}

@test "small documents say whose they are; those of earlier versions do not, and are read all the same" {
    local what key id
    id=$(jq -r .store_id "$STORE_DIR/ccr.json")
    touch "$T/status"
    for what in alive status pin record copies prune; do
        key=$STORE_DIR/$(key_of $what)
        [ "$(jq -r .store_id "$key")" = "$id" ]
        [ $what = prune ] || [[ $(jq -r .stream_id "$key") =~ ^[0-9a-f]{32}$ ]]
        jq 'del(.store_id, .stream_id, .record)' "$key" >"$T/old.json"
        cp "$T/old.json" "$key"
    done
    verify
    [ "$status" -eq 0 ]
    [[ $output == *"0 errors"* ]]
    ccr apply target --job j --dry-run
    "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1
}

@test "ccr-status: what is of elsewhere or older is told, and is no reason to be silent about the rest" {
    touch "$T/status"
    cp "$(elsewhere alive store)" "$STORE_DIR/$home/alive.json"
    cp "$(elsewhere status store)" "$STORE_DIR/jobs/j/status.json"
    run "$CCR_BIN/ccr-status" --store "$STORE"
    [ "$status" -eq 0 ]
    [[ $output == *"job j, "*"lag unknown: what its target last reported cannot be used: jobs/j/status.json was written for another store"* ]]
    [[ $output == *"job k, stream main: "* ]]
    [[ $output == *"stream main: not seen; "*"$home/alive.json was written for another store"* ]]
    cp "$T/alive" "$STORE_DIR/$home/alive.json"
    run "$CCR_BIN/ccr-status" --store "$STORE"
    [ "$status" -eq 0 ]
    [[ $output == *"the log is newer than alive.json"* ]]
}

@test "several objects at a time find the same as one; how far it is shows in the log" {
    flip "$STORE_DIR/$(segment 2)" 50
    rm "$STORE_DIR/$(key_of rows)"
    "$CCR_BIN/ccr-verify" --store "$STORE" --threads 1 --json 2>"$T/one" | jq -S 'del(.seconds)' >"$T/one.json"
    "$CCR_BIN/ccr-verify" --store "$STORE" --threads 8 --json --progress-every 0 2>"$T/eight" | jq -S 'del(.seconds)' >"$T/eight.json"
    diff "$T/one.json" "$T/eight.json"
    cat "$T/eight"
    grep -Eq 'verify: .*[0-9.]+ of [0-9.]+ MB \([0-9]+%\)' "$T/eight"
    ! grep -q "verify: .* MB" "$T/one" || false
}

@test "names that are not ccr's" {
    echo >"$STORE_DIR/notes.txt"
    verify
    [ "$status" -eq 0 ]
    [[ $output == *"notes.txt is nothing that ccr writes"* ]]
    echo >"$STORE_DIR/$home/log/0001/000000000/notes.txt"
    verify
    [ "$status" -eq 7 ]
    [[ $output == *"notes.txt does not belong into the log"* ]]
    # another folder than was meant
    mkdir "$BATS_TEST_TMPDIR/home"
    touch "$BATS_TEST_TMPDIR/home/"{a,b,c}
    run "$CCR_BIN/ccr-verify" --store "file://$BATS_TEST_TMPDIR/home"
    [ "$status" -eq 7 ]
    [[ $output == *"home has no ccr.json"*"warning: 3 objects here are nothing that ccr writes: a, ..."* ]]
    [[ $output != *"b is nothing"* ]]
}

@test "all errors are collected, the worst decides, and what they break is told" {
    flip "$STORE_DIR/$(segment 2)" 50
    rm "$STORE_DIR/$(segment 4)"
    rm "$STORE_DIR/$(key_of rows)"
    verify --json
    [ "$status" -eq 7 ]
    [ "$(json_of '.errors | length')" -eq 3 ]
    [ "$(json_of '[.streams[0].ranges[] | "\(.snapshot) \(.last_object)"] | join(" ")')" = "${snapshots[0]} 1" ]
    [[ $(json_of '.streams[0].ranges[0].ends_because') == *"000000000002 is damaged"* ]]
    [ "$(json_of '.jobs[0].can_go_on')" = false ]
    [[ $(json_of '.errors[] | select(.key | contains("snapshots")) | .breaks') == *"rows of shop.t"* ]]
}

@test "--quick finds what shows without reading contents" {
    truncate -s -1 "$STORE_DIR/$(key_of rows)"
    flip "$STORE_DIR/$(segment 2)" -300
    rm "$STORE_DIR/$(segment 4)"
    flip "$STORE_DIR/$(segment 1)" 50
    verify --quick --json
    [ "$status" -eq 7 ]
    [ "$(json_of '.errors | length')" -eq 3 ]
    # a footer that is sound, with another body before it
    pristine
    { printf x; cat "$T/pristine/$(segment 3)"; } >"$STORE_DIR/$(segment 3)"
    verify --quick
    [ "$status" -eq 7 ]
    [[ $output == *"its footer tells of"* ]]
}

@test "--after: contents up to a key are taken as read" {
    flip "$STORE_DIR/$(segment 2)" 50
    verify
    [ "$status" -eq 7 ]
    verify --after "$(segment 2)"
    [ "$status" -eq 0 ]
    verify --after "$(segment 1)"
    [ "$status" -eq 7 ]
    flip "$STORE_DIR/$(key_of rows)" 100
    verify --after "$(segment 2)"
    [ "$status" -eq 7 ]
    verify --after streams/main/t
    [ "$status" -eq 0 ]
}

# stopped_at N: a run that waits, as $verifying, before it reads the Nth of all contents.
stopped_at() {
    CCR_FAILPOINT=audit-before:$1:stop "$CCR_BIN/ccr-verify" --store "$STORE" --threads 1 --json >"$T/result" 2>"$T/messages" 3>&- &
    verifying=$!
    wait_until 30 process_stopped "$verifying"
}

# Lets it go on to its end.
go_on() {
    kill -CONT "$verifying"
    status=0
    wait "$verifying" || status=$?
    cat "$T/messages"
}

# interrupted_at N: a run that is stopped by a signal before it reads the Nth of all contents.
interrupted_at() {
    stopped_at "$1"
    kill -TERM "$verifying"
    go_on
    [ "$status" -eq 10 ]
}

# Nothing holds the log and the first snapshot of stream main any more.
let_go() {
    rm -r "$STORE_DIR/jobs" "$STORE_DIR/$home/pins"
    touch "$T/status"
}

prune_main() {
    "$CCR_BIN/ccr-prune" --store "$STORE" --streams main --keep-last 1 --yes
}

@test "ccr-prune at work meanwhile: what it removes is no damage, what else is gone is" {
    local at
    # before the log, within it, within the first snapshot
    for at in 1 3 6 7; do
        pristine
        let_go
        stopped_at "$at"
        prune_main
        [ ! -e "$STORE_DIR/$(segment 4)" ]
        [ ! -e "$STORE_DIR/$first" ]
        go_on
        [ "$status" -eq 0 ]
        [ "$(jq -r '.errors | length' "$T/result")" -eq 0 ]
        [ "$(jq -r '.streams[0].sound_snapshots | join(" ")' "$T/result")" = "${snapshots[1]}" ]
        [ "$(jq -r '.streams[0].ranges | length' "$T/result")" -eq 1 ]
    done
    verify
    [ "$status" -eq 0 ]
    # a run was killed, or the listing had come past the first object when the others went
    cp "$T/pristine/$(segment 1)" "$STORE_DIR/$(segment 1)"
    verify
    [ "$status" -eq 0 ]
    [[ $output == *"0 errors"* ]]
    # nobody has pruned these
    pristine
    let_go
    stopped_at 3
    rm "$STORE_DIR/$(segment 3)"
    go_on
    [ "$status" -eq 4 ]
    [[ $(<"$T/messages") == *"$(segment 3) was listed, and is gone now"* ]]
    pristine
    let_go
    stopped_at 6
    rm -r "${STORE_DIR:?}/$first"
    go_on
    [ "$status" -eq 4 ]
    [[ $(<"$T/messages") == *"snapshot ${snapshots[0]} was removed"* ]]
}

@test "an interrupted run names the key with which the next one goes on" {
    local key
    flip "$STORE_DIR/$(segment 4)" 50
    interrupted_at 3
    key=$(jq -r .resume_after "$T/result")
    [ "$key" = "$(segment 2)" ]
    [[ $(<"$T/messages") == *"--after $key"* ]]
    verify --after "$key"
    [ "$status" -eq 7 ]
    [[ $output == *"000000000004 is damaged"* ]]
    # within a snapshot: what was read up to there is taken as read, the volume behind it is not
    pristine
    interrupted_at 7
    key=$(jq -r .resume_after "$T/result")
    [[ $key == "$home/snapshots/"*/000001.tar.zst ]]
    flip "$STORE_DIR/${key%1.tar.zst}2.tar.zst" 100
    verify --after "$key"
    [ "$status" -eq 7 ]
}

@test "what may not be read is an error of the store; of what was not looked at, none is said to be well" {
    chmod 000 "$STORE_DIR/$(segment 2)"
    run powerless "$CCR_BIN/ccr-verify" --store "$STORE"
    said 4 "000000000002.binlog.zst: Permission denied"
    [[ $output == *" 1 error"* ]]
    chmod 644 "$STORE_DIR/$(segment 2)"
    chmod 000 "$STORE_DIR/streams"
    run powerless "$CCR_BIN/ccr-verify" --store "$STORE"
    chmod 755 "$STORE_DIR/streams"
    said 4 "streams/: Permission denied"
    [[ $output != *"0 errors"* && $output != *"can be restored"* ]]
}

@test "an empty store, and one that is not there" {
    rm -rf "$STORE_DIR"
    verify
    [ "$status" -eq 4 ]
    [[ $output == *"has no ccr.json"* ]]
    [ ! -e "$STORE_DIR" ]
}
