# What a store may look like after a bad disk, a bad copy or a bad hand: each damage is refused with the exit code of
# its class, a message of its own and a hint, and the target is as it was before.
# Stores: file ceph ceph-v2
#
# What is damaged is the folder $STORE_DIR. Of a store in S3 it is a copy, which `on` carries there before it runs anything.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/refused
load ../lib/stored

# The pristine store: a snapshot, a log of four objects behind it, and a second snapshot. The target follows the
# first one, has applied object 1, and has a database of its own.
setup_file() {
    stores_start
    server_start source
    server_grant source source
    sql source "CREATE DATABASE shop; USE shop; CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100));
        INSERT INTO shop.t (v) SELECT REPEAT(MD5(seq), 3) FROM seq_1_to_2000;
        CREATE TABLE shop.u (id INT PRIMARY KEY); CREATE VIEW shop.w AS SELECT COUNT(*) AS n FROM shop.t;
        CREATE TRIGGER shop.r BEFORE INSERT ON shop.u FOR EACH ROW SET NEW.id = NEW.id + 1"
    ccr backup source --threads 2
    log_one_more
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON
    server_grant target target
    sql target "CREATE DATABASE own; CREATE TABLE own.t (id INT PRIMARY KEY); INSERT INTO own.t VALUES (7)"
    ccr restore target --job j
    ccr apply target --job j
    log_one_more
    log_one_more
    log_one_more
    ccr backup source --threads 2
    keep_as pristine
    # what ccr-apply reports is not part of the damage: it lives on
    mv "$T/pristine/jobs" "$T/jobs"
    # another source's store under the same names
    store_use other
    sql source "CREATE DATABASE other_shop; CREATE TABLE other_shop.t (id INT PRIMARY KEY); INSERT INTO other_shop.t VALUES (1)"
    ccr backup source --databases other_shop
    sql source "INSERT INTO other_shop.t VALUES (2)"
    ccr ship source
    sql source "INSERT INTO other_shop.t VALUES (3)"
    ccr ship source
    keep_as other
}

teardown_file() {
    servers_end
    stores_end
}

# The store in use, as a folder of that name.
keep_as() {
    if [ "$CCR_TEST_STORE" != file ]; then
        store_copy "$T/$1"
    elif [ "$STORE_DIR" != "$T/$1" ]; then
        mv "$STORE_DIR" "$T/$1"
    fi
}

log_one_more() {
    sql source "INSERT INTO shop.t (v) VALUES ('more'); UPDATE shop.t SET v = CONCAT(v, '!') WHERE id % 100 = 0"
    ccr ship source
}

setup() {
    rm -rf "$T/store"
    cp -r "$T/pristine" "$T/store"
    [ "$CCR_TEST_STORE" != file ] || ln -s "$T/jobs" "$T/store/jobs"
    store_use store
    STORE_DIR=$T/store
    home=$STORE_DIR/streams/main
    log=$home/log/0001/000000000
    mapfile -t snapshots < <(jq -r '"\(.started_us) \(.id)"' "$home"/snapshots/*/manifest.json | sort -n | cut -d ' ' -f 2)
    first=$home/snapshots/${snapshots[0]} newest=$home/snapshots/${snapshots[1]}
    rows=$newest/$(printf '%06d' "$(jq '.tables[0].chunks[0].pieces[0].volume' "$newest/manifest.json")").tar.zst
    definitions=$newest/$(printf '%06d' "$(jq '.objects[0].volume' "$newest/manifest.json")").tar.zst
}

# Makes the objects in S3 what the folder holds, as far as they are not: $T/carried is what was brought there before.
carry() {
    local key

    [ "$CCR_TEST_STORE" != file ] || return 0
    [ -e "$T/carried" ] || cp -r "$T/pristine" "$T/carried"
    mkdir -p "$STORE_DIR"
    while read -r key; do
        if [ ! -e "$STORE_DIR/$key" ]; then
            "$UNITS/store_tool" delete "$key" --store "$STORE" >/dev/null || return 1
        elif ! cmp -s "$STORE_DIR/$key" "$T/carried/$key"; then
            "$UNITS/store_tool" put "$key" --store "$STORE" <"$STORE_DIR/$key" >/dev/null || return 1
        fi
    done < <(cd "$T" && find store carried -type f | cut -d / -f 2- | sort -u)
    rm -rf "$T/carried"
    cp -r "$STORE_DIR" "$T/carried"
}

# on SERVER BINARY [options]: ccr, on the store as it is.
on() {
    carry && ccr "$2" "$1" "${@:3}"
}

# What the store holds of it.
stored() {
    carry && store_copy "$T/seen" && find "$T/seen/$1" "${@:2}" | wc -l
}

object() {
    printf '%s/%012d.binlog.zst' "$log" "$1"
}

swap() {
    mv "$1" "$T/swapped"
    mv "$2" "$1"
    mv "$T/swapped" "$2"
}

put_back() {
    cp "$T/pristine/${1#"$STORE_DIR/"}" "$1"
}

restore() {
    on target restore --job j "$@"
}

apply() {
    on target apply --job j
}

@test "an empty store, a missing one, a stream that is not there" {
    rm -rf "$STORE_DIR"
    refused 4 "has no ccr.json" restore
    refused 4 "has no ccr.json" apply
    refused 4 "has no ccr.json" on source ship
    [ "$CCR_TEST_STORE" != file ] || [ ! -e "$STORE_DIR" ]
    mkdir -p "$STORE_DIR"
    refused 4 "has no ccr.json" restore
    cp "$T/pristine/ccr.json" "$STORE_DIR"
    refused 4 "has no streams/main/stream.json" restore
    refused 4 "has no streams/main/stream.json" apply
    mkdir -p "$home"
    cp "$T/pristine/streams/main/stream.json" "$home"
    refused 4 "has no complete snapshot" restore
    refused 8 "snapshot" on source ship
    rm -rf "$STORE_DIR"
    cp -r "$T/pristine" "$STORE_DIR"
    [ "$CCR_TEST_STORE" != file ] || ln -s "$T/jobs" "$STORE_DIR/jobs"
    refused 4 "has no snapshot 20200101T000000Z-01234567" restore --snapshot 20200101T000000Z-01234567
    refused 4 "has no streams/nothing/stream.json" on target restore --job new --stream nothing
    refused 4 "has no streams/nothing/stream.json" on source ship --stream nothing
    refused 9 "follows stream main, not nothing" on target apply --job j --stream nothing
}

@test "ccr.json and stream.json: lost, or not copied yet; nothing makes new ones for what is there" {
    local key

    for key in ccr.json streams/main/stream.json; do
        rm "$STORE_DIR/$key"
        refused 7 "has no $key, but a log or snapshots that belong to it" on source backup
        refused 7 "has no $key, but" on source ship
        refused 7 "has no $key, but" restore
        refused 7 "has no $key, but" apply
        put_back "$STORE_DIR/$key"
    done
}

@test "a store that may not be read, and one that is a file" {
    [ "$CCR_TEST_STORE" = file ] || skip "s3.slow.bats has what S3 refuses"
    chmod 000 "$(object 2)"
    refused 4 "Permission denied" powerless "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" \
        --defaults-file "$T/target/ccr.cnf" --job j
    rm -rf "$STORE_DIR"
    echo >"$STORE_DIR"
    refused 4 "Not a directory" restore
    rm "$STORE_DIR"
}

@test "ccr.json and stream.json: damaged, of another store, of a newer format" {
    flip "$STORE_DIR/ccr.json" 0
    refused 7 "ccr.json is not valid JSON" restore
    refused 7 "ccr.json is not valid JSON" apply
    cp "$T/other/ccr.json" "$STORE_DIR"
    refused 7 "was written into another store" restore
    refused 9 "is not the store" apply
    refused 7 "was written for another store" on source ship
    sed 's/"version": 1/"version": 2/' "$T/pristine/ccr.json" >"$STORE_DIR/ccr.json"
    refused 11 "format version 2" restore
    refused 11 "format version 2" apply
    cp "$T/pristine/ccr.json" "$STORE_DIR"
    sed 's/"features_required": \[\]/"features_required": ["telepathy"]/' "$T/pristine/streams/main/stream.json" \
        >"$home/stream.json"
    refused 11 "'telepathy'" restore
    refused 11 "'telepathy'" on source ship
    refused 11 "'telepathy'" on source backup
    sed 's/"version": 1/"version": 2/' "$T/pristine/streams/main/stream.json" >"$home/stream.json"
    refused 11 "format version 2" restore
    refused 11 "format version 2" apply
    refused 11 "format version 2" on source ship
    cp "$T/pristine/streams/main/stream.json" "$home/stream.json"
    sed 's/"features_required": \[\]/"features_required": ["telepathy"]/' "$T/pristine/ccr.json" >"$STORE_DIR/ccr.json"
    refused 11 "'telepathy'" restore
    refused 11 "'telepathy'" apply
    refused 11 "'telepathy'" on source ship
    refused 11 "'telepathy'" on source backup
}

@test "a manifest: a flipped bit, cut short, missing, exchanged with another's, newer, in contradiction with itself" {
    flip "$newest/manifest.json" 700
    refused 7 "damaged or cut short" restore
    truncate -s -100 "$newest/manifest.json"
    refused 7 "damaged or cut short" restore
    : >"$newest/manifest.json"
    refused 7 "damaged or cut short" restore
    put_back "$newest/manifest.json"
    swap "$newest/manifest.json" "$first/manifest.json"
    refused 7 "belongs to snapshot" restore
    refused 7 "belongs to snapshot $(basename "$newest")" restore --snapshot "$(basename "$first")"
    put_back "$first/manifest.json"
    rm "$newest/manifest.json"
    refused 4 "has no snapshot $(basename "$newest")" restore --snapshot "$(basename "$newest")"
    put_back "$newest/manifest.json"
    edit_manifest "$newest/manifest.json" '.version = 3'
    refused 11 "format version 3" restore
    edit_manifest "$newest/manifest.json" '.version = 1 | .features_required = ["cms"]'
    refused 11 "'cms'" restore
    edit_manifest "$newest/manifest.json" '.features_required = [] | .tables[0].rows += 1'
    refused 7 "not the sum of its chunks" restore
    edit_manifest "$newest/manifest.json" '.tables[0].rows -= 1 | .volumes = .volumes[1:]'
    refused 7 "which is not listed" restore
}

@test "a volume of rows: a flipped bit anywhere, cut short, missing, exchanged" {
    local offset
    for offset in 0 5 1000 -1; do
        flip "$rows" "$offset"
        refused 7 "${rows#"$STORE_DIR/"}" restore
        flip "$rows" "$offset"
    done
    truncate -s -1 "$rows"
    refused 7 "${rows#"$STORE_DIR/"}" restore
    rm "$rows"
    refused 7 "${rows#"$STORE_DIR/"} is missing" restore
    cp "$first/$(basename "$rows")" "$rows"
    refused 7 "${rows#"$STORE_DIR/"}" restore
}

@test "a volume of definitions: a flipped bit, cut short, missing, exchanged with one of rows" {
    flip "$definitions" 20
    refused 7 "${definitions#"$STORE_DIR/"}" restore
    put_back "$definitions"
    truncate -s 10 "$definitions"
    refused 7 "${definitions#"$STORE_DIR/"}" restore
    rm "$definitions"
    refused 7 "${definitions#"$STORE_DIR/"} is missing" restore
    put_back "$definitions"
    swap "$rows" "$definitions"
    refused 7 "${newest#"$STORE_DIR/"}/00000" restore
}

@test "after every refusal: the store put back, the restore and the log go through" {
    flip "$rows" 100
    refused 7 "${rows#"$STORE_DIR/"}" restore
    flip "$rows" 100
    restore
    same_tables source target shop
    # and on with the log from the first snapshot's place, for the tests that follow
    restore --snapshot "$(basename "$first")"
}

@test "a segment: a flipped bit anywhere, cut short, empty" {
    local offset
    for offset in 0 4 50 -1 -5 -60 -300; do
        flip "$(object 2)" "$offset"
        refused 7 "000000000002" apply
        flip "$(object 2)" "$offset"
    done
    truncate -s -1 "$(object 2)"
    refused 7 "000000000002" apply
    : >"$(object 2)"
    refused 7 "000000000002" apply
}

@test "a segment: missing, exchanged with the next one, with its copy, or with another store's" {
    mv "$(object 2)" "$T/kept"
    refused 7 "object 2 of epoch 1 of stream main is missing" apply
    mv "$T/kept" "$(object 2)"
    swap "$(object 2)" "$(object 3)"
    refused 7 "holds the segment streams/main/log/0001/000000000/000000000003" apply
    swap "$(object 2)" "$(object 3)"
    cp "$T/other/streams/main/log/0001/000000000/000000000002.binlog.zst" "$(object 2)"
    refused 7 "was written for another store" apply
    # also where nothing behind it could give it away
    rm "$(object 3)" "$(object 4)"
    refused 7 "was written for another store" apply
}

@test "a segment of a newer format, or with a feature that this ccr does not know" {
    edit_footer "$(object 2)" '.version = 2'
    refused 11 "format version 2" apply
    edit_footer "$(object 2)" '.version = 1 | .features_required = ["lanes"]'
    refused 11 "'lanes'" apply
    edit_footer "$(object 2)" '.features_required = [] | .kind = "mystery"'
    refused 11 "'mystery'" apply
}

@test "the newest segment damaged, exchanged or foreign: ccr-ship and ccr-backup stop too" {
    local command
    sql source "INSERT INTO shop.t (v) VALUES ('not shipped yet')"
    for command in ship backup; do
        flip "$(object 4)" -100
        refused 7 "000000000004" on source "$command"
        flip "$(object 4)" -100
        cp "$(object 4)" "$T/kept"
        truncate -s 100 "$(object 4)"
        refused 7 "000000000004" on source "$command"
        cp "$(object 3)" "$(object 4)"
        refused 7 "000000000003" on source "$command"
        cp "$T/kept" "$(object 4)"
        echo x >"$log/notes.txt"
        refused 7 "notes.txt" on source "$command"
        rm "$log/notes.txt"
    done
    # nothing was written by any of them
    [ "$(stored streams/main/log -type f)" -eq 4 ]
    [ "$(stored streams/main/snapshots -name manifest.json)" -eq 2 ]
}

@test "a store that can only be read: a full copy says so before it loads anything, one of single tables is refused" {
    [ "$CCR_TEST_STORE" = file ] || skip "s3.slow.bats has what S3 refuses"
    local reader=(powerless "$CCR_BIN/ccr-restore" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf")

    restore
    apply
    [ -e "$T/jobs/j/status.json" ]
    chmod -R a-w "$STORE_DIR" "$T/jobs"
    refused 4 "a copy of single tables is announced in the store: " "${reader[@]}" --job j --tables shop.t
    [ -z "$(sql target "SHOW DATABASES LIKE 'ccr\\_stage%'")" ]
    # what was reported of the target before stays in the store, and the job waits until it can be taken away
    run "${reader[@]}" --job j
    echo "status $status: $output"
    [ "$status" -eq 4 ]
    [[ $output == *"warning: the store cannot be written: "*"Permission denied"*"restoring snapshot"*"deleting jobs/j/status.json"*"Permission denied"* ]]
    sql target "DROP DATABASE ccr"
    run "${reader[@]}" --job new --replace
    echo "status $status: $output"
    [ "$status" -eq 0 ]
    [[ $output == *"warning: the store cannot be written: "*"Permission denied"*"restoring snapshot"*"restored snapshot"* ]]
    sql target "DROP DATABASE ccr"
    run "${reader[@]}" --standalone --replace
    echo "status $status: $output"
    [[ $status -eq 0 && $output != *"cannot be written"* ]]
    chmod -R u+w "$STORE_DIR" "$T/jobs"
    [ ! -e "$T/jobs/new" ]
    rm -r "$T/jobs/j"
    restore --replace
}

@test "at the end: all is put back, and both sides become equal" {
    sql source "INSERT INTO shop.u VALUES (100)"
    on source ship
    apply
    same_tables source target shop
}
