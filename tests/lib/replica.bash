# shellcheck shell=bash
# Native replicas (load ../lib/replica, behind common): one whose lag a test decides about, and pairs that change places.
#
#   replica_start NAME MASTER [mariadbd options]    a new server that replicates everything of MASTER; its option file,
#                                                   for a user with the grants of README.md, is $T/NAME/replica.cnf
#   replica_lags NAME MASTER        holds it: from now on it lags by more than 900 seconds
#   replica_catches_up NAME         lets it go on
#   replica_looks NAME              how often it was asked for its lag
#
#   replicate REPLICA PRIMARY       it follows the primary from where it is, as repl (password repl), whom the test makes
#   promote REPLICA                 it follows no more
#   has_all REPLICA PRIMARY         waits until it has

replica_start() {
    local name=$1 master=$2

    shift 2
    server_start "$name" --read-only=ON "$@"
    sql "$master" "CREATE DATABASE IF NOT EXISTS lag; CREATE TABLE IF NOT EXISTS lag.beat (n INT);
        CREATE USER IF NOT EXISTS replicator@localhost; GRANT REPLICATION SLAVE ON *.* TO replicator@localhost;
        CREATE USER IF NOT EXISTS replicator@'127.0.0.1'; GRANT REPLICATION SLAVE ON *.* TO replicator@'127.0.0.1'"
    sql "$name" "SET sql_log_bin = 0; $(readme_grants replica); SET sql_log_bin = 1;
        CHANGE MASTER TO master_host = '127.0.0.1', master_port = $(server_port "$master"), master_user = 'replicator',
            master_use_gtid = slave_pos, master_connect_retry = 1; START SLAVE"
    (
        umask 077
        printf '[client]\nuser = watcher\npassword = change-me\nsocket = %s\n' "$(server_socket "$name")" >"$T/$name/replica.cnf"
    )
    wait_until 60 replica_has_all "$name" "$master"
}

replica_has_all() {
    [ "$(sql "$1" "SELECT @@gtid_slave_pos")" = "$(sql "$2" "SELECT @@gtid_binlog_pos")" ]
}

replica_lag() {
    sql_client "$1" --vertical -e "SHOW SLAVE STATUS" | sed -n 's/^ *Seconds_Behind_Master: //p'
}

replica_lags_by_900() {
    local lag

    lag=$(replica_lag "$1")
    [ "$lag" != NULL ] && [ "$lag" -gt 900 ]
}

# A session that holds the replica's writers, and a change that is long overdue.
replica_lags() {
    mkfifo "$T/$1/held"
    sql_client "$1" <"$T/$1/held" >/dev/null 2>&1 3>&- &
    exec 6>"$T/$1/held"
    echo "LOCK TABLES lag.beat WRITE;" >&6
    wait_until 30 replica_is_held "$1"
    sql "$2" "SET timestamp = UNIX_TIMESTAMP() - 1000; INSERT INTO lag.beat VALUES (1)"
    wait_until 30 replica_lags_by_900 "$1"
}

replica_is_held() {
    [ -n "$(sql "$1" "SHOW OPEN TABLES IN lag WHERE In_use > 0")" ]
}

replica_catches_up() {
    exec 6>&-
    rm -f "$T/$1/held"
}

replica_looks() {
    sql "$1" "SHOW GLOBAL STATUS LIKE 'Com_show_slave_status'" | cut -f 2
}

replicate() {
    sql "$1" "SET GLOBAL gtid_slave_pos = '$(sql "$1" "SELECT @@gtid_current_pos")'; CHANGE MASTER TO master_host = '127.0.0.1',
        master_port = $(server_port "$2"), master_user = 'repl', master_password = 'repl', master_use_gtid = slave_pos, master_connect_retry = 1; START SLAVE"
}

promote() {
    sql "$1" "STOP SLAVE; RESET SLAVE ALL"
}

has_all() {
    [ "$(sql "$1" "SELECT MASTER_GTID_WAIT('$(sql "$2" "SELECT @@gtid_binlog_pos")', 30)")" = 0 ]
}
