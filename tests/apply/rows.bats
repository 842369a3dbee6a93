# Random changes over every column type and every kind of key: equal on both sides.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql_file source "$BATS_TEST_DIRNAME/workload.sql"
    follow_start
}

# workload SEED STATEMENTS [yes|no: the versioned table, too]
workload() {
    awk -v seed="$1" -v count="$2" -v history="${3:-yes}" -f "$BATS_TEST_DIRNAME/workload.awk" >"$T/workload.$1.sql"
    sql_client source --force w <"$T/workload.$1.sql" 2>"$T/workload.$1.log" || :
}

@test "random workloads from one session, with and without log_bin_compress" {
    seed
    workload "$RANDOM" 400
    sql source "SET GLOBAL log_bin_compress = ON, log_bin_compress_min_len = 10"
    workload "$RANDOM" 200
    sql source "SET GLOBAL log_bin_compress = OFF"
    replay
    same w
    [ "$(sql target 'SELECT COUNT(*) > 20 FROM w.types')" -eq 1 ]
}

@test "row images MINIMAL and NOBLOB, checksum NONE, full row metadata" {
    seed
    sql source "SET GLOBAL binlog_row_image = MINIMAL, binlog_row_metadata = FULL"
    workload "$RANDOM" 150
    sql source "SET GLOBAL binlog_row_image = NOBLOB, binlog_row_metadata = MINIMAL; SET GLOBAL binlog_checksum = NONE"
    workload "$RANDOM" 150 no
    sql source "SET GLOBAL binlog_row_image = FULL, binlog_row_metadata = NO_LOG; SET GLOBAL binlog_checksum = CRC32"
    workload "$RANDOM" 50
    replay
    same w
}

@test "several sessions at once, in two GTID domains, small batches" {
    local pids=()

    seed
    for i in 1 2 3; do
        awk -v seed="$RANDOM" -v count=120 -f "$BATS_TEST_DIRNAME/workload.awk" >"$T/parallel.$i.sql"
        (
            {
                echo "SET gtid_domain_id = $((i % 2));"
                cat "$T/parallel.$i.sql"
            } | sql_client source --force w >/dev/null 2>&1
        ) 3>&- &
        pids+=($!)
    done
    wait "${pids[@]}"
    replay --batch-transactions 7
    same w
    run sql target "SELECT pos FROM ccr.position_j"
    [[ $output == *,1-* ]]
}

@test "history rows without their texts (NOBLOB) stop the run" {
    replay
    sql source "SET SESSION binlog_row_image = NOBLOB;
        INSERT INTO w.versioned (c_int, c_text) VALUES (1, 'x'); UPDATE w.versioned SET c_int = 2 WHERE c_text = 'x'"
    ship
    run apply
    fails 11 w.versioned binlog_row_image=FULL
}

@test "rows put into an empty table with all checks off are found by the next statement" {
    sql source "SET GLOBAL binlog_row_image = FULL; CREATE TABLE w.loaded (a INT PRIMARY KEY, b INT);
        SET unique_checks = 0, foreign_key_checks = 0;
        INSERT INTO w.loaded VALUES (1, 1), (2, 2); UPDATE w.loaded SET b = 3 WHERE a = 1; DELETE FROM w.loaded WHERE a = 2"
    follow_start --replace
    sql source "TRUNCATE w.loaded; SET unique_checks = 0, foreign_key_checks = 0;
        INSERT INTO w.loaded VALUES (1, 1), (2, 2); UPDATE w.loaded SET b = 3 WHERE a = 1; DELETE FROM w.loaded WHERE a = 2"
    replay
    same w
}

@test "a REPLACE that was logged without the columns that got their defaults needs a copy of its table" {
    local image

    sql source "CREATE DATABASE part; CREATE TABLE part.t (id INT PRIMARY KEY, a INT, b INT DEFAULT 7, c TEXT, g INT AS (a + 1)); INSERT INTO part.t (id, a, b, c) VALUES (1, 1, 1, 'x'), (2, 2, 2, 'y')"
    replay
    for image in MINIMAL NOBLOB; do
        # all columns are named, or no row is met
        sql source "SET binlog_row_image = $image; REPLACE INTO part.t (id, a, b, c) VALUES (1, 10, 10, NULL); REPLACE INTO part.t (id, a) VALUES (RAND() * 1e6 + 10, 10);
            INSERT INTO part.t (id, a) VALUES (2, 2) ON DUPLICATE KEY UPDATE a = a + 1; UPDATE part.t SET c = 'z'"
        replay
        same part
        sql source "SET binlog_row_image = $image; UPDATE part.t SET b = 5 WHERE id = 2; /* text */ REPLACE INTO part.t (id, a) VALUES (1, 100)"
        ship
        run apply
        fails 8 'a REPLACE into part.t was logged without the columns that it gave their defaults' 'ccr-backup --tables part.t'
        [ "$(sql target "SELECT b FROM part.t ORDER BY id LIMIT 2" | tr '\n' ' ')" = '10 5 ' ] # what lies before is there
        ccr backup source --quiet --requested
        ccr restore target --quiet --job j --requested
        replay
        same part
    done
}
