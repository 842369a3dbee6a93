# Events that cannot be right, in objects whose every checksum is: the run stops with object, offset and what was wrong,
# and what lies before it is applied.

load ../lib/common
load ../lib/stored
load follow

setup_file() {
    follow_servers --binlog-checksum=NONE
    sql source "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(100)); CREATE TABLE d.u (id INT PRIMARY KEY); INSERT INTO d.u VALUES (1)"
    follow_start
    # an object that is whole, then the one that gets broken
    sql source "INSERT INTO d.t VALUES (1, 'one')"
    ship
    sql source "INSERT INTO d.t VALUES (2, 'two')"
    sql source "SELECT @@gtid_binlog_pos" >"$T/two"
    sql source "INSERT INTO d.t VALUES (3, 'victim')"
    sql source "SELECT @@gtid_binlog_pos" >"$T/three"
    sql source "TRUNCATE TABLE d.u; INSERT INTO d.t VALUES (4, 'behind')"
    ship
    cp -r "$STORE_DIR/streams" "$T/good"
}

setup() {
    local name=000000000002.binlog.zst

    rm -rf "$STORE_DIR/streams"
    cp -r "$T/good" "$STORE_DIR/streams"
    object=$STORE_DIR/streams/main/log/0001/000000000/$name
    zstd -qdc "$object" >"$T/whole"
    [ "$BATS_TEST_NUMBER" -eq 1 ] || apply --until-gtid "$(cat "$T/two")"
}

# broken ARGUMENTS OF break.pl -- CODE TEXT: on every road the same, with the offset of the event; nothing more is applied.
broken() {
    local operation=() offset road before

    while [ "$1" != -- ]; do
        operation+=("$1")
        shift
    done
    before=$(sql target "SELECT * FROM d.t; SELECT * FROM d.u")
    offset=$(perl "$BATS_TEST_DIRNAME/break.pl" "$T/whole" "$T/broken" "${operation[@]}")
    edit_content "$object" "$T/broken"
    for road in merged ordered; do
        run apply --road "$road" --dry-run
        fails "$2" "000000000002, offset $offset: " "$3" hint: || return 1
        run apply --road "$road"
        echo "${operation[*]}: $output"
        fails "$2" "000000000002, offset $offset: " "$3" hint: || return 1
        [ "$(sql target "SELECT * FROM d.t; SELECT * FROM d.u")" = "$before" ] || return 1
    done
}

@test "what lies before it is applied" {
    perl "$BATS_TEST_DIRNAME/break.pl" "$T/whole" "$T/broken" 23 2 cut 3
    edit_content "$object" "$T/broken"
    run apply
    fails 7 'transaction 0-' '000000000002, offset ' hint:
    [ "$(sql target "SELECT GROUP_CONCAT(id ORDER BY id) FROM d.t")" = 1,2 ]
}

@test "table maps" {
    broken 19 2 set 8 FF -- 7 'Table_map event (type 19)'
    broken 19 2 set 8 00 -- 7 'Table_map event (type 19)'
    broken 19 2 cut 9 -- 7 'Table_map event (type 19)'
    broken 19 2 set -4 C8 -- 7 'Table_map event (type 19): too short for its columns'
}

@test "row events" {
    broken 23 2 set 8 FEFFFFFFFFFFFFFF7F -- 7 'Write_rows_v1 event (type 23): wrong column count'
    broken 23 2 set 0 EEEEEE -- 7 'no table map of its transaction has its table id'
    broken 23 2 cut 3 -- 7 'a row ends inside a value'
    broken 23 2 cut 11 -- 7 'a row ends inside'
    broken 23 2 set -7 C8 -- 7 'a row ends inside a value'
    broken 23 2 cut 14 -- 7 'Write_rows_v1 event (type 23): too short'
}

@test "headers and kinds" {
    broken 23 2 length 5 -- 7 'an event of 5 bytes'
    broken 23 2 length 4294967290 -- 7 'an event of 4294967290 bytes'
    broken 23 2 type 250 -- 11 'unknown event (type 250)'
    broken 23 2 type 36 -- 11 'MySQL_transaction_context event (type 36)'
    broken 16 2 type 26 -- 8 'incident'
}

@test "GTIDs and the order of events" {
    broken 162 2 cut 10 -- 7 'Gtid event (type 162): too short'
    broken 162 2 set 0 0000000000000000 -- 7 'sequence number 0'
    broken 16 2 type 4 -- 7 'lies inside a transaction'
}

@test "statements" {
    apply --until-gtid "$(cat "$T/three")"
    broken 2 1 set 11 FFFF -- 7 'too short for its status variables'
    broken 2 1 set 8 FE -- 7 "Query event (type 2)"
}

@test "a statement that nobody knows" {
    apply --until-gtid "$(cat "$T/three")"
    perl "$BATS_TEST_DIRNAME/break.pl" "$T/whole" "$T/broken" 2 1 text 'TRUNCATE TABLE' 'SHRINK A TABLE'
    edit_content "$object" "$T/broken"
    run apply
    fails 11 'a statement that this version does not replay' 'SHRINK A TABLE d.u' hint:
    [ "$(sql target "SELECT COUNT(*) FROM d.u")" -eq 1 ]
}

@test "the end of the object lies inside of an event" {
    head -c -5 "$T/whole" >"$T/broken"
    edit_content "$object" "$T/broken"
    run apply
    fails 7 '000000000002, offset ' ': it ends inside an event' hint:
    printf 'X' | cat - <(tail -c +2 "$T/whole") >"$T/broken"
    edit_content "$object" "$T/broken"
    run apply
    fails 7 '000000000002, offset 0: it does not begin like a binlog file'
}

@test "put back, it goes on" {
    apply
    same d
}
