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
