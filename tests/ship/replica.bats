#!/usr/bin/env bats
# ccr-ship and the nodes of a replicated source: another node of the same cluster is the same source.

bats_require_minimum_version 1.5.0
load ../lib/common
load log

setup_file() {
    server_start source
    server_grant source source
    sql source "CREATE USER repl@'%' IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@'%'"
}

setup() {
    store_use "store$BATS_TEST_NUMBER"
    DB=d$BATS_TEST_NUMBER
    sql source "CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100))"
    snapshot source
}

# A replica of the source that logs what it replicates, up to date.
replica_start() {
    server_start "$1" --log-slave-updates=ON "${@:2}"
    sql "$1" "CHANGE MASTER TO master_host='127.0.0.1', master_port=$(server_port source), master_user='repl',
        master_password='repl', master_use_gtid=slave_pos; START SLAVE"
    replica_catch_up "$1"
    cp "$T/source/ccr.cnf" "$T/$1/ccr.cnf"
}

replica_catch_up() {
    [ "$(sql "$1" "SELECT MASTER_GTID_WAIT('$(sql source 'SELECT @@gtid_binlog_pos')', 30)")" = 0 ]
}

@test "a lagging replica is behind; caught up, it goes on as the same cluster" {
    insert source 3
    replica_start replica
    sql replica "STOP SLAVE"
    insert source 4
    run ccr ship source
    [ "$status" -eq 0 ]
    run ccr ship replica
    [ "$status" -eq 0 ]
    [[ $output == *"nothing to do: the source is behind the store"* ]]
    sql replica "START SLAVE"
    replica_catch_up replica
    run ccr ship replica
    [ "$status" -eq 0 ]
    [[ $output == *"nothing new"* ]]
    insert source 5
    sql source "CREATE TABLE $DB.u (a INT); DROP TABLE $DB.u"
    replica_catch_up replica
    run ccr ship replica --verbose
    [ "$status" -eq 0 ]
    [[ $output != *"could not be"* ]]
    insert source 2
    run ccr ship source
    [ "$status" -eq 0 ]
    [[ $output != *"could not be"* ]]
    log_complete source
    server_remove replica
}

@test "a failover that lost transactions: a fork" {
    replica_start replica
    sql replica "STOP SLAVE"
    insert source 2 lost
    run ccr ship source
    [ "$status" -eq 0 ]
    sql replica "RESET SLAVE ALL"
    insert replica 1 kept
    run ccr ship replica
    [ "$status" -eq 8 ] || [[ $output == *"behind the store"* ]]
    insert replica 4 kept
    run ccr ship replica
    [ "$status" -eq 8 ]
    run ccr ship replica
    epoch_ends replica
    server_remove replica
    sql source "RESET MASTER"
}

@test "a replica built from a copy, whose log begins behind the store's end" {
    insert source 3
    run ccr ship source
    [ "$status" -eq 0 ]
    # the copy is taken at exactly the shipped position
    server_start built --log-slave-updates=ON --gtid-domain-id=0
    at=$(sql source "SELECT @@gtid_binlog_pos")
    sql built "SET sql_log_bin = 0; CREATE DATABASE $DB; CREATE TABLE $DB.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100));
        SET sql_log_bin = 1; SET GLOBAL gtid_slave_pos = '$at'; CHANGE MASTER TO master_host='127.0.0.1',
        master_port=$(server_port source), master_user='repl', master_password='repl', master_use_gtid=slave_pos; START SLAVE"
    cp "$T/source/ccr.cnf" "$T/built/ccr.cnf"
    sql source "CREATE USER IF NOT EXISTS ccr@localhost IDENTIFIED BY 'x'"
    insert source 2
    replica_catch_up built
    sql built "SET sql_log_bin = 0; $(readme_grants source)"
    run ccr ship built
    [ "$status" -eq 0 ]
    [[ $output == *"log begins behind 0-101-"* ]]
    run ccr ship source
    [ "$status" -eq 0 ]
    log_complete source
    # one that begins later has a gap
    insert source 1
    at=$(sql source "SELECT @@gtid_binlog_pos")
    sql built "STOP SLAVE; RESET SLAVE ALL; RESET MASTER; SET GLOBAL gtid_slave_pos = '$at'; CHANGE MASTER TO
        master_host='127.0.0.1', master_port=$(server_port source), master_user='repl', master_password='repl',
        master_use_gtid=slave_pos; START SLAVE"
    insert source 2
    replica_catch_up built
    run ccr ship built
    [ "$status" -eq 8 ]
    [[ $output == *"a gap in the source's log: "* ]]
    server_remove built
}
