#!/usr/bin/env bats
# Transactions as real servers write them: where they end, and the digest that recognises them on another node.

load ../lib/common
load binlog

# replicate REPLICA SOURCE
replicate() {
    sql "$1" "CHANGE MASTER TO master_host = '127.0.0.1', master_port = $(server_port "$2"), master_user = 'root',
        master_use_gtid = slave_pos; START SLAVE"
}

# Up to the source's end, or a replica that stopped.
caught_up() {
    [ "$(sql "$1" "SELECT MASTER_GTID_WAIT('$(sql source 'SELECT @@gtid_binlog_pos')', 60)")" = 0 ] || {
        sql "$1" "SHOW SLAVE STATUS\G" >&2
        return 1
    }
}

# GTID, digest and opacity of every transaction, in the order of domains and numbers.
groups() {
    local files

    mapfile -t files < <(binlogs "$1" "${2:-1}")
    binlog_tool walk --groups "${files[@]}" >"$T/groups.$1" || return 1
    cut -d ' ' -f 1-3 "$T/groups.$1" | sort -t - -k 1,1n -k 3,3n
}

run_file() {
    sed "s|@LOAD@|$T/load.csv|" "$CCR_ROOT/tests/binlog/$2" >"$T/$2"
    sql_client "$1" --force --local-infile <"$T/$2" >"$T/$2.out" 2>&1 || true
}

# Transactions that commit together carry a commit id in their GTID event, another one on a parallel replica.
grouped_commits() {
    local writers=() text

    sql source "CREATE TABLE d1.gc (id INT PRIMARY KEY AUTO_INCREMENT, v INT); SET GLOBAL binlog_commit_wait_count = 4,
        binlog_commit_wait_usec = 20000"
    text=$(printf 'INSERT INTO d1.gc (v) VALUES (%s);' $(seq 20))
    for _ in 1 2 3 4; do
        sql source "$text" 3>&- &
        writers+=($!)
    done
    wait "${writers[@]}"
    sql source "SET GLOBAL binlog_commit_wait_count = 0"
}

setup_file() {
    seq -f '%.0f,abc,def' 1 2000 >"$T/load.csv"
    server_start source --binlog-format=ROW --log-bin-trust-function-creators=1
    server_start full --log-slave-updates --binlog-format=ROW --binlog-row-metadata=FULL --log-bin-compress=1 \
        --log-bin-compress-min-len=10 --slave-parallel-threads=4 --log-bin-trust-function-creators=1
    server_start small --log-slave-updates --binlog-format=MIXED --binlog-annotate-row-events=0 \
        --binlog-row-event-max-size=512 --log-bin-trust-function-creators=1 --binlog-checksum=NONE
    replicate full source
    replicate small full # a replica's replica
    run_file source shapes.sql
    grouped_commits
    [ "$(grep -c ^ERROR "$T/shapes.sql.out")" -eq 3 ] # the ALTERs that must fail
    caught_up full
    caught_up small
}

@test "every shape of transaction has the same digest on the source and on its replicas" {
    groups source >"$T/of.source"
    groups full >"$T/of.full"
    groups small >"$T/of.small"
    [ "$(wc -l <"$T/of.source")" -ge 80 ]
    diff -u "$T/of.source" "$T/of.full"
    diff -u "$T/of.source" "$T/of.small"
}

@test "all digests are different, and there is one transaction for each GTID that the server counts" {
    groups source >"$T/of.source"
    [ "$(cut -d ' ' -f 2 "$T/of.source" | sort | uniq -d | wc -l)" -eq 0 ]
    last=$(grep '^0-' "$T/of.source" | tail -n 1)
    [ "${last%% *}" = "$(sql source "SELECT SUBSTRING_INDEX(@@gtid_binlog_pos, ',', 1)")" ]
    last=${last%% *}
    [ "$(grep -c "^0-" "$T/of.source")" -eq "${last##*-}" ]
}

@test "transactions that committed together are among them" {
    local file

    # two bytes more than the 42 of any other: a commit id of 8 in place of 6 unused ones
    file=$(binlogs source 1 | tail -n 1)
    [ "$(binlog_tool walk --events "$file" | grep -cx 'Gtid 44')" -ge 10 ]
}

@test "statements are opaque, row changes and savepoints are not" {
    groups source >"$T/of.source"
    mariadb-binlog --no-defaults "$(binlogs source 1 | head -n 1)" >"$T/text"
    # the group of the first INSERT into an InnoDB table, and a DDL group
    rows=$(awk '/GTID 0-/ { g = $0 } /Annotate_rows/ { print g; exit }' "$T/text" | sed 's/.*GTID \([-0-9]*\).*/\1/')
    ddl=$(awk '/GTID 0-.* ddl/' "$T/text" | head -n 1 | sed 's/.*GTID \([-0-9]*\).*/\1/')
    grep "^$rows [0-9a-f]* rows$" "$T/of.source"
    grep "^$ddl [0-9a-f]* opaque$" "$T/of.source"
    [ "$(grep -c opaque "$T/of.source")" -ge 40 ] && [ "$(grep -c ' rows$' "$T/of.source")" -ge 30 ]
}

@test "every statement that the servers logged is one that the classifier knows" {
    local server files

    for server in source full small; do
        mapfile -t files < <(binlogs "$server")
        binlog_tool walk --sessions "${files[@]}" >"$T/sessions.$server"
        [ "$(grep -c '^db=' "$T/sessions.$server")" -ge 60 ]
        run grep ': unknown statement: ' "$T/sessions.$server"
        [ "$status" -eq 1 ]
    done
}

@test "the events are those that mariadb-binlog prints" {
    local server file

    for server in source full small; do
        for file in $(binlogs "$server"); do
            mariadb-binlog --no-defaults --base64-output=decode-rows -v "$file" 2>"$T/err" |
                sed -nE 's/^#.*end_log_pos [0-9]+ (CRC32 0x[0-9a-f]+ )?.*\t(Query|Query_compressed|Table_map|Write_rows|Update_rows|Delete_rows|Write_compressed_rows|Update_compressed_rows|Delete_compressed_rows|Xid|GTID|Annotate_rows)( |:|\t|$).*/\2/p' |
                sed 's/_compressed_rows/_rows_compressed/' | sort | uniq -c | awk '{ print $2, $1 }' >"$T/theirs"
            binlog_tool walk "$file" | sed -E 's/_v1 / /; s/^Gtid /GTID /' |
                grep -E '^(Query|Query_compressed|Table_map|(Write|Update|Delete)_rows(_compressed)?|Xid|GTID|Annotate_rows) ' |
                sort >"$T/ours"
            diff -u "$T/theirs" "$T/ours"
        done
    done
}

# The digest of one transaction, GTID 9-SERVER-NUMBER, in a fresh log: digest_of "STATEMENT" NUMBER DATABASE
digest_of() {
    sql alone "DELETE FROM s1.t; DELETE FROM s2.t; RESET MASTER"
    sql alone "SET SESSION gtid_domain_id = 9, gtid_seq_no = $2; $1" "$3"
    groups alone | cut -d ' ' -f 2
}

@test "a row, a statement, a database or a GTID that differs changes the digest" {
    local row table

    server_start alone
    sql alone "CREATE DATABASE s1; CREATE DATABASE s2; CREATE TABLE s1.t (id INT PRIMARY KEY, v CHAR(20));
        CREATE TABLE s2.t (id INT PRIMARY KEY, v CHAR(20)); CREATE TABLE s1.u LIKE s1.t; CREATE TABLE s1.n (a INT)"
    row=$(digest_of "INSERT INTO s1.t VALUES (1, 'x')" 10 s1)
    [ "${#row}" -eq 64 ]
    [ "$(digest_of "INSERT INTO s1.t VALUES (1, 'x')" 10 s1)" = "$row" ]
    [ "$(digest_of "INSERT INTO s1.t VALUES (1, 'x')" 10 s2)" = "$row" ]
    [ "$(digest_of "INSERT INTO s1.t VALUES (1, 'x')" 11 s1)" != "$row" ]
    [ "$(digest_of "INSERT INTO s1.t VALUES (1, 'y')" 10 s1)" != "$row" ]
    [ "$(digest_of "INSERT INTO s1.t VALUES (1, 'x'), (2, 'x')" 10 s1)" != "$row" ]
    [ "$(digest_of "INSERT INTO s2.t VALUES (1, 'x')" 10 s1)" != "$row" ]
    [ "$(digest_of "INSERT INTO s1.u VALUES (1, 'x')" 10 s1)" != "$row" ]
    table=$(digest_of "CREATE OR REPLACE TABLE n (a INT)" 10 s1)
    [ "$(digest_of "CREATE OR REPLACE TABLE n (a INT)" 10 s1)" = "$table" ]
    [ "$(digest_of "CREATE OR REPLACE TABLE n (b INT)" 10 s1)" != "$table" ]
    [ "$(digest_of "CREATE OR REPLACE TABLE n (a INT)" 10 s2)" != "$table" ]
    [ "$(digest_of "CREATE OR REPLACE TABLE n (a INT)" 11 s1)" != "$table" ]
    server_stop alone
}

@test "logged statements, LOAD DATA among them, have the same digest on a replica that logs statements" {
    server_start old
    server_start new --log-slave-updates --binlog-format=STATEMENT --read-rnd-buffer-size=8192
    sql old "CREATE DATABASE d1; CREATE TABLE d1.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100));
        CREATE TABLE d1.m (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100)) ENGINE=MyISAM"
    replicate new old
    run_file old statements.sql
    [ "$(sql new "SELECT MASTER_GTID_WAIT('$(sql old 'SELECT @@gtid_binlog_pos')', 60)")" = 0 ]
    groups old >"$T/of.old"
    groups new >"$T/of.new"
    [ "$(grep -c opaque "$T/of.old")" -ge 12 ]
    diff -u "$T/of.old" "$T/of.new"
    server_stop new
    server_stop old
}

@test "a transaction that a dying server left unfinished is given up at the next start's file" {
    local file size

    server_start dies
    sql dies "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1), (2)"
    server_kill dies
    server_restart dies
    sql dies "INSERT INTO d.t VALUES (3)"
    mapfile -t file < <(binlogs dies)
    [ "${#file[@]}" -ge 2 ]
    [ "$(binlog_tool walk --groups "${file[@]}" | wc -l)" -eq 4 ]
    # as if it had died before the XID event: that event is the file's last one
    [ "$(binlog_tool walk --events "${file[0]}" | tail -n 1 | cut -d ' ' -f 1)" = Xid ]
    size=$(binlog_tool walk --events "${file[0]}" | tail -n 1 | cut -d ' ' -f 2)
    head -c -"$size" "${file[0]}" >"$T/cut"
    [ "$(binlog_tool walk --groups "$T/cut" "${file[1]}" | wc -l)" -eq 3 ]
    binlog_tool walk "$T/cut" "${file[1]}" | grep -x 'abandoned 1'
    # the same inside of one run of a server is damage
    run binlog_tool walk --groups "$T/cut" "$T/cut"
    [ "$status" -eq 0 ] # two starts
    server_stop dies
}

@test "an incident event asks for a new snapshot" {
    server_start lost --max-binlog-stmt-cache-size=4096 --binlog-stmt-cache-size=4096
    sql lost "CREATE DATABASE d; CREATE TABLE d.m (a VARCHAR(100)) ENGINE=MyISAM"
    run sql lost "INSERT INTO d.m SELECT REPEAT('x', 90) FROM seq_1_to_1000" d
    [ "$status" -ne 0 ]
    mapfile -t file < <(binlogs lost)
    run binlog_tool walk "${file[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"logged an incident: changes are missing"* ]]
    server_stop lost
}
