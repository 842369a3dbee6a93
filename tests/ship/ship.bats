#!/usr/bin/env bats
# ccr-ship in ordinary life: from a snapshot, from the log, through everything a source's binlog does.

bats_require_minimum_version 1.5.0
load ../lib/common
load log

setup_file() {
    server_start source
    server_grant source source
    server_start copy --skip-log-bin
}

# Every test has a store, a snapshot and a database of its own.
setup() {
    store_use "store$BATS_TEST_NUMBER"
    DB=d$BATS_TEST_NUMBER
    sql source "CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100));
        INSERT INTO $DB.t (v) VALUES ('in the snapshot')"
    snapshot source
}

insert_rows() {
    sql source "INSERT INTO $DB.t (v) SELECT CONCAT('row ', seq) FROM seq_1_to_$1" "$DB"
}

@test "no snapshot: needs resync, with the hint to run ccr-backup" {
    store_use empty
    run ccr ship source
    [ "$status" -eq 4 ]
    [[ $output == *"hint: "*ccr-backup* ]]
    snapshot source
    mv "$STORE_DIR/streams/main/snapshots" "$T/snapshots"
    run ccr ship source
    [ "$status" -eq 8 ]
    [[ $output == *"stream main has no snapshot"* ]]
    [[ $output == *"hint: run ccr-backup"* ]]
    [ -z "$(log_objects)" ]
}

@test "from the snapshot to the end; then from the log; then nothing new" {
    insert_rows 10
    run --separate-stderr ccr ship source --json
    [ "$status" -eq 0 ]
    [ "$(json_of '[.ok, .changed, .objects, .transactions, .epoch, .number] | tostring')" = '[true,true,1,1,1,1]' ]
    [ "$(json_of .position)" = "$(sql source 'SELECT @@gtid_binlog_pos')" ]
    insert_rows 5
    run --separate-stderr ccr ship source
    [ "$status" -eq 0 ]
    [[ $output == "shipped 1 transactions in 1 objects: "* ]]
    run --separate-stderr ccr ship source --json
    [ "$status" -eq 0 ]
    [ "$(json_of '[.ok, .changed, .objects, .number] | tostring')" = '[true,false,0,2]' ]
    [ "$(log_objects | wc -l)" -eq 2 ]
    log_complete source
}

@test "alive.json tells the source's time and position at every run" {
    run ccr ship source
    [ "$status" -eq 0 ]
    first=$(jq .time_us "$STORE_DIR/streams/main/alive.json")
    insert_rows 1
    run ccr ship source
    [ "$status" -eq 0 ]
    [ "$(jq .time_us "$STORE_DIR/streams/main/alive.json")" -gt "$first" ]
    [ "$(jq -r .position "$STORE_DIR/streams/main/alive.json")" = "$(sql source 'SELECT @@gtid_binlog_pos')" ]
    now=$(sql source 'SELECT UNIX_TIMESTAMP()')
    [ "$((now - $(jq .time_us "$STORE_DIR/streams/main/alive.json") / 1000000))" -lt 30 ]
}

@test "the footer says what the segment holds" {
    insert_rows 3
    sql source "UPDATE $DB.t SET v = 'x'; CREATE TABLE $DB.\`odd /% name\` (a INT); INSERT INTO $DB.\`odd /% name\` VALUES (1)"
    file=$(sql source 'SHOW MASTER STATUS' | cut -f 1)
    offset=$(sql source 'SHOW MASTER STATUS' | cut -f 2)
    run ccr ship source
    [ "$status" -eq 0 ]
    footer "$(log_newest)" >"$T/footer.json"
    [ "$(jq -c .tables "$T/footer.json")" = "[\"$DB/odd %2F%25 name\",\"$DB/t\"]" ]
    [ "$(jq -c '[.kind, .transactions, .opaque, .tables_many, .part]' "$T/footer.json")" = '["segment",4,true,false,0]' ]
    [ "$(jq -r .source.end_file "$T/footer.json")" = "$file" ]
    [ "$(jq -r .source.end_offset "$T/footer.json")" = "$offset" ]
    [ "$(jq -r '.fingerprints[0].gtid' "$T/footer.json")" = "$(sql source 'SELECT @@gtid_binlog_pos')" ]
    [ "$(jq '.last_time >= .first_time and .first_time > 1600000000' "$T/footer.json")" = true ]
    # the file and offset are those of the source: its own binlog holds the same bytes there
    start=$(jq -r .source.start_offset "$T/footer.json")
    tail -c "+$((start + 1))" "$T/source/data/$file" | head -c "$((offset - start))" >"$T/raw"
    content=$(zstd -dcq "$(log_newest)" | wc -c)
    zstd -dcq "$(log_newest)" | tail -c "$((offset - start))" | cmp - "$T/raw"
    [ "$content" -gt "$((offset - start))" ]
    # rows only: not opaque
    insert_rows 1
    run ccr ship source
    [ "$(footer "$(log_newest)" | jq -c '[.opaque, .tables]')" = "[false,[\"$DB/t\"]]" ]
    log_check
}

@test "segments are cut by size at transaction ends" {
    for i in $(seq 40); do echo "INSERT INTO $DB.t (v) SELECT REPEAT('$i', 40) FROM seq_1_to_40;"; done >"$T/many.sql"
    sql_file source "$T/many.sql" "$DB"
    run ccr ship source --segment-size 16K
    [ "$status" -eq 0 ]
    [ "$(log_objects | wc -l)" -gt 4 ]
    [ "$(footers | jq -s -c '[(map(.kind) | unique[]), (map(.content_bytes) | max <= 16384)]')" = '["segment",true]' ]
    log_complete source
}

@test "a rotated log and a restarted server" {
    insert_rows 2
    sql source 'FLUSH BINARY LOGS'
    insert_rows 3
    sql source 'FLUSH BINARY LOGS; FLUSH BINARY LOGS'
    insert_rows 4
    run ccr ship source
    [ "$status" -eq 0 ]
    server_restart source
    insert_rows 5
    sql source 'FLUSH BINARY LOGS'
    insert_rows 6
    run ccr ship source
    [ "$status" -eq 0 ]
    server_kill source
    server_start source
    insert_rows 7
    run ccr ship source
    [ "$status" -eq 0 ]
    [ "$(footers | jq -s 'map(.transactions) | add')" -eq 6 ]
    log_complete source
}

@test "binlog_checksum switched off and on again" {
    insert_rows 2
    sql source 'SET GLOBAL binlog_checksum = NONE'
    insert_rows 3
    run ccr ship source
    sql source 'SET GLOBAL binlog_checksum = CRC32'
    [ "$status" -eq 0 ]
    insert_rows 4
    run ccr ship source
    [ "$status" -eq 0 ]
    sql source 'SET GLOBAL binlog_checksum = NONE'
    run ccr ship source
    insert_rows 5
    run ccr ship source
    sql source 'SET GLOBAL binlog_checksum = CRC32'
    [ "$status" -eq 0 ]
    log_complete source
}

@test "a source that began without checksums" {
    server_start plain --binlog-checksum=NONE
    server_grant plain source
    sql plain "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100)); INSERT INTO d.t (v) VALUES ('first')"
    store_use plain-store
    DB=d
    snapshot plain
    for _ in 1 2; do
        insert plain 3
        run ccr ship plain
        echo "$output"
        [ "$status" -eq 0 ]
        insert plain 2
        server_restart plain
    done
    run ccr ship plain
    [ "$status" -eq 0 ]
    log_complete plain
    # every file's own beginning is as it should be
    [ "$(log_sql --verify-binlog-checksum | grep -c 'Start: binlog')" -ge 3 ]
    server_remove plain
}

@test "compressed events" {
    sql source 'SET GLOBAL log_bin_compress = 1; SET GLOBAL log_bin_compress_min_len = 10'
    sql source "INSERT INTO $DB.t (v) SELECT REPEAT('abc', 30) FROM seq_1_to_200; CREATE TABLE $DB.u (a INT PRIMARY KEY, b TEXT)" "$DB"
    run ccr ship source
    sql source 'SET GLOBAL log_bin_compress = 0'
    [ "$status" -eq 0 ]
    insert_rows 4
    run ccr ship source
    [ "$status" -eq 0 ]
    log_complete source
    log_sql | grep -q Write_compressed_rows
    [ "$(footer "$(log_objects | head -n 1)" | jq -c .tables)" = "[\"$DB/t\"]" ]
}

@test "two GTID domains: fingerprints of both are carried along" {
    sql source "SET gtid_domain_id = 7; INSERT INTO $DB.t (v) VALUES ('seven')"
    insert_rows 2
    run ccr ship source
    [ "$status" -eq 0 ]
    insert_rows 3
    run ccr ship source
    [ "$status" -eq 0 ]
    footer "$(log_newest)" >"$T/footer.json"
    [ "$(jq -r .end "$T/footer.json")" = "$(sql source 'SELECT @@gtid_binlog_pos')" ]
    [ "$(jq -r '[.fingerprints[].gtid] | sort | join(",")' "$T/footer.json")" = "$(sql source 'SELECT @@gtid_binlog_pos')" ]
    sql source "SET gtid_domain_id = 7; INSERT INTO $DB.t (v) VALUES ('seven again')"
    run ccr ship source
    [ "$status" -eq 0 ]
    log_complete source
}

@test "MIXED and partial row images get a warning" {
    sql source "SET GLOBAL binlog_format = MIXED; SET GLOBAL binlog_row_image = MINIMAL"
    run ccr ship source
    sql source "SET GLOBAL binlog_format = ROW; SET GLOBAL binlog_row_image = FULL"
    [ "$status" -eq 0 ]
    [[ $output == *"warning: the source has binlog_format=MIXED"* ]]
    [[ $output == *"warning: the source has binlog_row_image=MINIMAL"* ]]
    run ccr ship source
    [[ $output != *warning* ]]
}

@test "what was shipped makes an equal copy when it is played back" {
    sql copy "CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100));
        INSERT INTO $DB.t (v) VALUES ('in the snapshot')"
    insert_rows 50
    sql source "UPDATE $DB.t SET v = CONCAT(v, '!') WHERE id % 3 = 0; DELETE FROM $DB.t WHERE id % 5 = 0"
    run ccr ship source --segment-size 4K
    [ "$status" -eq 0 ]
    sql source "CREATE TABLE $DB.u ENGINE=InnoDB SELECT id, REVERSE(v) r FROM $DB.t; ALTER TABLE $DB.t ADD w INT DEFAULT 4;
        START TRANSACTION; INSERT INTO $DB.t (v) VALUES ('a'); SAVEPOINT s; INSERT INTO $DB.t (v) VALUES ('b');
        ROLLBACK TO s; INSERT INTO $DB.u VALUES (1000, 'c'); COMMIT;
        XA START 'x'; INSERT INTO $DB.t (v) VALUES ('xa'); XA END 'x'; XA PREPARE 'x'; XA COMMIT 'x'"
    run ccr ship source
    [ "$status" -eq 0 ]
    log_complete source
    log_replay copy
    same_tables source copy "$DB"
    same_schema source copy "$DB"
}
