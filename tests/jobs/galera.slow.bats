# Galera clusters on either end: a node dies, and the job goes on with the other one.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow

# Both nodes write under one domain and server id (wsrep_gtid_mode): a transaction has one GTID on all nodes.
cluster_start() {
    local options=(--log-bin-trust-function-creators=ON --log-slave-updates=ON --wsrep-gtid-mode=ON --wsrep-gtid-domain-id="$3" --gtid-domain-id=9
        --server-id="$3")

    galera_start "$1" "${options[@]}"
    galera_join "$2" "$1" "${options[@]}"
}

setup_file() {
    mkdir -p "$XDG_STATE_HOME"
    cluster_start one two 11
    cluster_start left right 12
    server_grant one source
    server_grant left target
    cp "$T/one/ccr.cnf" "$T/two/"
    cp "$T/left/ccr.cnf" "$T/right/"
    sql one "CREATE DATABASE d; USE d; CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(40)); INSERT INTO t (v) SELECT UUID() FROM seq_1_to_500;
        CREATE TABLE w (id INT PRIMARY KEY, v VARCHAR(40)); INSERT INTO w SELECT seq, 'w' FROM seq_1_to_9"
}

work() {
    sql "$1" "INSERT INTO t (v) SELECT UUID() FROM seq_1_to_20; UPDATE t SET v = UUID() WHERE id % 7 = 0; DELETE FROM t WHERE id % 31 = 0;
        CREATE OR REPLACE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (1); ALTER TABLE u ADD c INT DEFAULT 5" d
}

cycle() {
    galera_same "$1"
    galera_same "$2"
    ccr ship "$1" --cron && ccr apply "$2" --job j --cron
}

# equal SOURCE TARGET: and the first copy is the only one.
equal() {
    galera_same "$1"
    galera_same "$2"
    same_tables "$1" "$2" d
    same_schema --followed "$1" "$2" d
    [ "$(sql "$2" "SELECT COUNT(*), SUM(what LIKE 'full copy%') FROM ccr.history WHERE what LIKE '% copy %'")" = $'1\t1' ]
    [ "$(cd "$STORE_DIR/streams/main/log" && echo *)" = 0001 ]
}

has_no_majority() {
    [ "$(sql "$1" "SHOW STATUS LIKE 'wsrep_cluster_status'" | cut -f 2)" != Primary ]
}

# The other node died without a word: of two, the one that is left is no majority. A person says that it serves.
alone() {
    wait_until 60 has_no_majority "$1"
    sql "$1" "SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'"
    wait_until 60 galera_is_ready "$1"
}

status() {
    "$CCR_BIN/ccr-status" --store "$STORE" --socket "$T/$1/sock" --defaults-file "$T/$1/ccr.cnf" "${@:2}" 3>&-
}

@test "from any node of the source to any node of the target" {
    ccr backup two --quiet
    ccr restore right --job j --quiet
    work one
    cycle one right
    work two
    cycle two right
    work one
    cycle one left
    work two
    galera_same one
    ccr ship one --cron
    run ccr ship two
    fails 0 "nothing new"
    [[ $output != *"could not be"* ]]
    ccr apply right --job j --cron
    equal one left
    equal two right
}

running_is() {
    [ "$(status "$1" --json | jq -r '.jobs[0].running')" = "$2" ]
}

@test "ccr-status on a cluster: what another node runs is not known, all else is as usual" {
    status left --json >"$T/status.json"
    [ "$(jq -r '.jobs[0] | "\(.state) \(.doing) \(.running) \(.lag.known) \(.lag.transactions)"' "$T/status.json")" = "following idle null true 0" ]
    run status right
    fails 0 "job j, stream main: following; "
    # where it runs it is seen
    sql_client left -e "DO GET_LOCK('ccr job j', 10); SELECT SLEEP(60)" 3>&- &
    wait_until 10 running_is left true
    running_is right null
    sql left "KILL $(sql left "SELECT IS_USED_LOCK('ccr job j')")"
    wait_until 10 running_is left null
    # a state that one node's run has noted holds on the other
    sql left "DELETE FROM d.w WHERE id = 2"
    sql one "UPDATE d.w SET v = 'changed' WHERE id = 2"
    ccr ship one --cron
    for node in left right left; do
        galera_same "$node"
        run ccr apply "$node" --job j
        fails 9 "d.w"
    done
    galera_same right
    run ccr apply right --job j --follow
    fails 9 "needs a person"
    [ "$(status right --json | jq -r '.jobs[0] | "\(.state) \(.failures)"')" = "stopped 3" ]
    sql left "INSERT INTO d.w VALUES (2, 'w')"
    galera_same right
    ccr apply right --job j --quiet
    galera_same left
    [ "$(status left --json | jq -r '.jobs[0].state')" = following ]
    equal one left
}

@test "the source's node dies: the other one goes on where the store ends" {
    work one
    ccr ship one --cron
    work one
    galera_same two
    server_kill one
    run ccr ship one
    fails 5
    alone two
    work two
    cycle two left
    equal two left
    galera_join_again one two
    work one
    cycle one left
    equal one left
    work two
    cycle two left
    equal two left
}

# The node that died joins the one that is left.
galera_join_again() {
    local options

    mapfile -d '' -t options <"$T/$1/options"
    server_start "$1" --wsrep-cluster-address="gcomm://127.0.0.1:$(cat "$T/$2/group-port")"
    wait_until 60 galera_is_ready "$1"
}

@test "the target's node dies, in the midst of a run: the other one goes on" {
    work two
    galera_same two
    ccr ship two --cron
    run env CCR_FAILPOINT=commit-before "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/left/sock" --defaults-file "$T/left/ccr.cnf" --job j
    [ "$status" -eq 137 ]
    server_kill left
    run ccr apply left --job j
    fails 6
    alone right
    ccr apply right --job j --cron
    work two
    cycle two right
    equal two right
    galera_join_again left right
    work two
    cycle two left
    equal two left
    equal two right
}
