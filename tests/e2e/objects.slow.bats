# What the objects of a log cost on S3 (Ceph), in requests: of a source that does nothing, of a log of a year, of many small
# segments. What they cost in time is measured (tests/bench/s3).

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/s3

setup_file() {
    units_find
    # half a million objects take 13 GB otherwise: 25 KB each, most of it logs of the placement groups
    [ "${SOAK:-1}" -eq 1 ] || export CEPH_SETTINGS=$'osd max pg log entries = 500\nosd min pg log entries = 250\nosd target pg log entries per osd = 0
osd pg log dups tracked = 10\nmemstore page set = true\nmemstore page size = 2048'
    ceph_start
    s3_use ceph objects
    server_start source
    server_grant source source
    server_start target --local-infile=ON
    server_grant target target
    sql source "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)"
}

setup() {
    STORE=s3://objects/$BATS_TEST_NUMBER
}

teardown_file() {
    servers_end
    s3_end
}

change() {
    sql source "INSERT INTO shop.t (v) VALUES (UUID()); UPDATE shop.t SET v = UUID() WHERE id % 3 = 0"
}

# requests_of BINARY NAME ...: how many it takes; their lines are left in $T/requests.
requests_of() {
    ccr "$@" --verbose 2>"$T/err" || { cat "$T/err"; return 1; }
    grep -oE '(GET|HEAD|PUT|DELETE) http.*' "$T/err" >"$T/requests"
    echo "# $1: $(wc -l <"$T/requests") requests" >&3
}

few() {
    cat "$T/requests"
    [ "$(wc -l <"$T/requests")" -le "$1" ]
}

log_objects() {
    "$UNITS/store_tool" list streams/main/log/ --store "$STORE"
}

@test "nothing new: no segment, and a few requests" {
    ccr backup source
    change
    ccr ship source
    log_objects >"$T/before"
    [ "$(wc -l <"$T/before")" -eq 1 ]
    ccr restore target --job j
    ccr apply target --job j
    requests_of ship source
    few 12
    [ "$(grep -c ^PUT "$T/requests")" -eq 1 ]
    grep -q '^PUT .*/alive.json' "$T/requests"
    log_objects | diff "$T/before" -
    requests_of apply target --job j # one of them to see who follows whom (lib/job/loops.h)
    few 12
    log_objects | diff "$T/before" -
}

# Of a year: with SOAK all 525,600 objects, else one of each folder, in more folders than a listing's page has, and all of the
# last one.
year_numbers() {
    if [ "${SOAK:-1}" -gt 1 ]; then
        seq 2 525600
    else
        seq 1000 1000 1050000
        seq 1050001 1050999
    fi
}

@test "behind a year of one-minute segments: a handful of requests find the newest" {
    ccr backup source
    change
    ccr ship source
    year_numbers | "$UNITS/store_bulk" log main --store "$STORE" --connections 16
    [ "${SOAK:-1}" -eq 1 ] || [ "$(log_objects | wc -l)" -eq 525600 ]
    requests_of ship source
    few 20
    [ "$(grep -c '^PUT .*/log/' "$T/requests")" -eq 0 ]
    change
    requests_of ship source
    few 20
    [ "$(grep -c '^PUT .*/log/' "$T/requests")" -eq 1 ]
    requests_of backup source
    few 20
    change
    ccr ship source
    ccr restore target --job year --rename-db shop:year
    requests_of apply target --job year
    few 20
    same_tables source target shop:year
}

small_segments() {
    local i

    for ((i = 0; i < 120; i++)); do
        echo "INSERT INTO shop.t (v) VALUES (UUID()), (REPEAT('x', 3000));"
    done | sql_client source
    ccr ship source --segment-size 4K
}

@test "many small segments: each is read once, larger ones among them" {
    local count
    ccr backup source
    small_segments
    # larger than what is read ahead of time
    sql source "SET group_concat_max_len = 1 << 30; INSERT INTO t (v) SELECT GROUP_CONCAT(SHA2(RAND(), 512)) FROM seq_1_to_80000" shop
    ccr ship source
    small_segments
    log_objects >"$T/before"
    count=$(wc -l <"$T/before")
    [ "$count" -gt 100 ]
    ccr restore target --job many --rename-db shop:many
    requests_of apply target --job many
    [ "$(grep -c '^GET .*/log/.*binlog.zst' "$T/requests")" -le $((count + 2)) ]
    few $((count + 20))
    same_tables source target shop:many
    # of those that are on their way one is lost: what is before it is applied, and it is missed
    change
    ccr ship source
    change
    ccr ship source
    change
    ccr ship source
    s3_tool DELETE "/objects/$BATS_TEST_NUMBER/$(log_objects | tail -n 2 | head -n 1)"
    run ccr apply target --job many
    [ "$status" -eq 7 ]
    [[ $output == *"is missing"* ]]
}
