# shellcheck shell=bash
# Clusters of Galera nodes on the loopback interface (load ../lib/galera, behind common).
#
#   galera_options NAME [FIRST-NODE]          sets the array `galera`: options that make a server a node
#   galera_start NAME [mariadbd options]      as server_start: a new cluster, or the old one's only node again
#   galera_join NAME FIRST [mariadbd options] a second node, which takes the state of the first one
#   galera_restart NAME                       stops it first
#   galera_same NAME                          waits until what other nodes wrote before is there

# the server looks there for wsrep_sst_copy
PATH=$CCR_ROOT/tests/lib:$PATH
GALERA_PROVIDER=${GALERA_PROVIDER:-/usr/lib/galera/libgalera_smm.so}

galera_options() {
    local name=$1 first=${2:-} port

    port=$(server_find_port)
    mkdir -p "$T/$name"
    echo "$port" >"$T/$name/group-port"
    galera=(--wsrep-on=ON "--wsrep-provider=$GALERA_PROVIDER" "--wsrep-cluster-address=gcomm://${first:+127.0.0.1:$(cat "$T/$first/group-port")}"
        --wsrep-node-address=127.0.0.1 "--wsrep-node-name=$name" --wsrep-sst-method=copy
        "--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:$port;ist.recv_addr=127.0.0.1:$(server_find_port);gcache.size=8M;gcache.page_size=8M;pc.recovery=false"
        --default-storage-engine=InnoDB --innodb-autoinc-lock-mode=2)
}

# A node that was killed does not know that it was the last one: whoever starts the cluster again says so.
galera_start() {
    local name=$1 galera=()

    if [ -e "$T/$name/data" ]; then
        sed -i 's/^safe_to_bootstrap: .*/safe_to_bootstrap: 1/' "$T/$name/data/grastate.dat" 2>/dev/null || :
        server_start "$@" || return 1
    else
        galera_options "$name"
        shift
        server_start "$name" "${galera[@]}" "$@" || return 1
    fi
    wait_until 60 galera_is_ready "$name"
}

galera_join() {
    local name=$1 galera=()

    galera_options "$name" "$2"
    shift 2
    server_start "$name" "${galera[@]}" "$@" || return 1
    wait_until 60 galera_is_ready "$name"
}

galera_is_ready() {
    [ "$(sql "$1" "SHOW STATUS LIKE 'wsrep_ready'" 2>/dev/null | cut -f 2)" = ON ]
}

galera_restart() {
    server_stop "$1" && galera_start "$@"
}

galera_same() {
    sql "$1" "SET SESSION wsrep_sync_wait = 1; SELECT COUNT(*) FROM mysql.innodb_table_stats" >/dev/null
}
