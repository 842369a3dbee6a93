# Targets of every kind: with a binlog that annotates row events, without a binlog, read-only for all but SUPER, and one
# Galera node with and without wsrep_gtid_mode. Restore, DML, DDL of all kinds, and kill -9 of ccr-apply and of the server.
# SOAK=N: N times as often.

load ../lib/common
load follow
load kills

# MORE: a soak kills a target without a binlog and a Galera node as often as any other (killed.slow.bats).
KILLS=$((6 * ${SOAK:-1}))
SERVER_KILLS=$((3 * ${SOAK:-1}))
MORE_KILLS=$((${SOAK:-1} > 1 ? 30 * SOAK : KILLS))
MORE_SERVER_KILLS=$((${SOAK:-1} > 1 ? 30 * SOAK : SERVER_KILLS))

setup_file() {
    server_start source
    server_grant source source
    kills_schema
}

# The target of one test; the source stays, and its rows with it.
target_new() {
    export TARGET_VARIANT=$1
    store_use "store-$1"
    target_start --innodb-flush-log-at-trx-commit=1
    server_grant target target
    follow_start
    : >"$T/runs.log"
    export ROUND=$2
}

# whole_life VARIANT ROUND [KILLS SERVER-KILLS]
whole_life() {
    seed
    target_new "$1" "$2"
    more
    kill_apply "${3:-$KILLS}"
    kill_server "${4:-$SERVER_KILLS}"
    more
    finished
    echo "# $1: $(recoveries)" >&3
}

teardown() {
    logs_keep
    server_remove target
}

@test "a target with a binlog, and binlog_annotate_row_events on: its binlog holds rows, not the statements" {
    local size

    whole_life binlog 1000
    sql target "FLUSH BINARY LOGS; SET GLOBAL binlog_annotate_row_events = ON"
    sql source "CREATE TABLE d.wide AS SELECT seq AS id, REPEAT('w', 1000) AS t FROM d.seq_1_to_2000"
    replay
    size=$(stat -c %s "$(find "$T/target/data" -name 'binlog.0*' | sort | tail -n 1)")
    # 2 MB of rows
    [ "$size" -gt 2000000 ]
    [ "$size" -lt 4000000 ]
    same d
}

@test "a target without a binlog" {
    whole_life nobinlog 200000 "$MORE_KILLS" "$MORE_SERVER_KILLS"
}

@test "a read-only target" {
    whole_life readonly 300000
    [ "$(sql target 'SELECT @@read_only')" -eq 1 ]
}

@test "one Galera node" {
    whole_life galera 400000 "$MORE_KILLS" "$MORE_SERVER_KILLS"
}

@test "one Galera node with wsrep_gtid_mode" {
    whole_life galera-gtid 500000
}
