# shellcheck shell=bash
# Clusters of one Galera node (load ../lib/galera, behind common).
#
#   galera_options                            sets the array `galera`: options that make a server a node
#   galera_start NAME [mariadbd options]      as server_start: a new cluster, or the old one's only node again
#   galera_restart NAME                       stops it first

GALERA_PROVIDER=${GALERA_PROVIDER:-/usr/lib/galera/libgalera_smm.so}

galera_options() {
    local port

    port=$(server_find_port)
    galera=(--wsrep-on=ON "--wsrep-provider=$GALERA_PROVIDER" --wsrep-cluster-address=gcomm:// --wsrep-node-address=127.0.0.1
        "--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:$port;gcache.size=8M;gcache.page_size=8M;pc.recovery=false"
        --default-storage-engine=InnoDB --innodb-autoinc-lock-mode=2)
}

# A node that was killed does not know that it was the last one: whoever starts the cluster again says so.
galera_start() {
    local name=$1 galera=()

    if [ -e "$T/$name/data" ]; then
        sed -i 's/^safe_to_bootstrap: .*/safe_to_bootstrap: 1/' "$T/$name/data/grastate.dat" 2>/dev/null || :
        server_start "$@" || return 1
    else
        galera_options
        shift
        server_start "$name" "${galera[@]}" "$@" || return 1
    fi
    wait_until 60 galera_is_ready "$name"
}

galera_is_ready() {
    [ "$(sql "$1" "SHOW STATUS LIKE 'wsrep_ready'" 2>/dev/null | cut -f 2)" = ON ]
}

galera_restart() {
    server_stop "$1" && galera_start "$@"
}
