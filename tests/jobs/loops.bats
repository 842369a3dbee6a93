# Jobs that would pass a change round and round: refused before there is one, and before anything is applied; and what is no circle.

load ../lib/common
load ../apply/follow

# Each of a, b and c can be source and target.
setup_file() {
    local s

    mkdir -p "$XDG_STATE_HOME"
    for s in a b c; do
        server_start "$s" --log-bin-trust-function-creators=ON --log-slave-updates=ON --gtid-domain-id="$(printf '%d' "'$s")"
        server_grant "$s" target
        sql "$s" "$(readme_grants source)"
    done
    sql a "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT); INSERT INTO shop.t VALUES (1, 0)"
    sql b "CREATE DATABASE crm; CREATE TABLE crm.p (id INT PRIMARY KEY, v INT); INSERT INTO crm.p VALUES (1, 0)"
    ccr backup a --stream a --databases shop --quiet
    ccr restore b --stream a --job ab --quiet
}

# on SERVER VERB...: ccr-job there
on() {
    local server=$1 verb=$2

    shift 2
    "$CCR_BIN/ccr-job" "$verb" --store "$STORE" --socket "$T/$server/sock" --defaults-file "$T/$server/ccr.cnf" "$@" 3>&-
}

ship() {
    local s

    for s in "$@"; do
        ccr ship "$s" --stream "$s" --quiet || return 1
    done
}

@test "two servers that follow each other's other tables are no circle" {
    ccr backup b --stream b --databases crm --quiet
    ship a b
    [ "$(jq -r '.jobs[] | "\(.name) \(.stream)"' "$STORE_DIR/streams/b/alive.json")" = "ab a" ]
    [ "$(jq -c .jobs "$STORE_DIR/streams/a/alive.json")" = '[]' ]
    on a create --job ba --stream b --databases crm --reason "the other way" --quiet
    ccr restore a --job ba --requested --quiet
    sql a "UPDATE shop.t SET v = 1"
    sql b "UPDATE crm.p SET v = 1"
    ship a b
    ccr apply b --job ab --quiet
    ccr apply a --job ba --quiet
    ship a b
    run ccr apply a --job ba --json --quiet
    [ "$status $(json_of .rows)" = "0 0" ] # what a has brought b does not come back
    same_tables a b shop crm
}

@test "a job that would bring a server its own changes back is refused" {
    run on a create --check --job back --stream b --databases shop
    fails 9 "error: loop: store: changes of shop.t would go round in a circle, by the jobs ab, back" "ccr-job delete"
    run on a create --job back --stream b --exclude-databases crm --replace --reason x
    fails 9 "error: loop: store: changes of shop.t"
    # what it has under another name goes no further
    run on a create --check --job back --stream b --databases shop --rename-db shop:mirror
    fails 0 "job back can be made"
    # a server that follows its own stream
    run on a create --check --job self --stream a --databases shop
    fails 9 "error: loop: store: changes of shop.t would go round in a circle, by the jobs self"
    run on a create --check --job self --stream a --tables shop.t --rename-table shop.t:shop.copy
    fails 0 "job self can be made"
    run on a create --check --job self --stream a --databases shop --rename-table shop.t:shop.copy
    fails 9 "would go round in a circle"
    # nor does a restore make it
    ccr backup b --stream b --relay --databases shop --quiet # what no one should have said
    run ccr restore a --stream b --job back --databases shop --replace
    fails 9 "changes of shop.t would go round in a circle, by the jobs ab, back"
    [ -z "$(sql a "SELECT * FROM ccr.jobs WHERE name = 'back'")" ]
}

# The manifest of a's snapshot as another host's.
other_host() {
    local manifest sum

    manifest=$(echo "$STORE_DIR"/streams/a/snapshots/*/manifest.json)
    head -n -2 "$manifest" | sed "s/\"hostname\": \"[^\"]*\"/\"hostname\": \"elsewhere\"/" >"$T/manifest"
    sum=$(sha256sum <"$T/manifest")
    tail -n 2 "$manifest" | sed "s/\"sha256\": \"[^\"]*\"/\"sha256\": \"${sum%% *}\"/" >>"$T/manifest"
    ! cmp -s "$T/manifest" "$manifest" && mv "$T/manifest" "$manifest"
}

@test "what a server cannot show of its log any more: it is the one that the newest snapshot is from, by its id and host" {
    local state manifest

    ship a
    state=$(sql a "SELECT @@gtid_binlog_state")
    purge_all a
    run on a create --check --job back --stream b --databases shop
    fails 9 "error: loop: store: changes of shop.t would go round in a circle, by the jobs ab, back"
    # one that has the same history, and another id: a replica, say
    sql c "RESET MASTER; SET GLOBAL gtid_binlog_state = '$state'"
    run on c create --check --job back --stream b --databases shop
    fails 0 "job back can be made"
    sql c "RESET MASTER"
    manifest=$(echo "$STORE_DIR"/streams/a/snapshots/*/manifest.json)
    cp "$manifest" "$T/kept"
    other_host
    run on a create --check --job back --stream b --databases shop --replace
    cp "$T/kept" "$manifest"
    fails 0 "job back can be made"
}

@test "relay that is forgotten in one place is refused there, and does no harm elsewhere" {
    ccr backup b --stream b --relay --databases shop --quiet
    ccr restore c --stream b --job bc --databases shop --quiet
    run ccr backup b --stream b
    fails 9 "jobs replicate to this server what is to be in the snapshot: shop.t (job ab)" "relay = on"
    ccr backup b --stream b --databases crm --quiet # newer, and without
    sql a "UPDATE shop.t SET v = 2"
    ship a
    ccr apply b --job ab --quiet
    ship b
    ccr apply c --job bc --quiet
    same_tables a c shop
    on c resync --job bc --reason "a test" --quiet # no snapshot is new enough
    run ccr backup b --stream b --requested
    fails 0 "is left: jobs replicate to this server what is to be in the snapshot: shop.t (job ab)"
    ccr backup b --stream b --requested --relay --quiet
    ccr restore c --job bc --requested --quiet
    ccr apply c --job bc --quiet
    same_tables a c shop
}

# A run that follows has come to where it waits.
is_noted() {
    [ -n "$(sql a "SELECT ok_at FROM ccr.states WHERE job = '$1'")" ]
}

@test "a circle of three; one that shows only later is refused before anything is applied" {
    local s follower

    ccr backup c --stream c --relay --databases shop --quiet
    ship c
    run on a create --check --job ca --stream c --databases shop
    fails 9 "error: loop: store: changes of shop.t would go round in a circle, by the jobs ab, bc, ca"
    for s in b c; do # as long as no ccr-ship has told
        jq 'del(.jobs)' "$STORE_DIR/streams/$s/alive.json" >"$T/alive"
        cp "$T/alive" "$STORE_DIR/streams/$s/alive.json"
    done
    ccr restore a --stream c --job ca --databases shop --replace --quiet
    # one that follows by then ends when it is told
    sql a "UPDATE ccr.states SET ok_at = NULL WHERE job = 'ca'"
    ccr apply a --job ca --follow >"$T/follower" 2>&1 &
    follower=$!
    wait_until 30 is_noted ca
    ship b c
    wait_until 60 process_ended "$follower"
    status=0
    wait "$follower" || status=$?
    output=$(cat "$T/follower")
    fails 9 "changes of shop.t would go round in a circle, by the jobs ab, bc, ca" "end one"
    sql b "UPDATE shop.t SET v = 99"
    ship b
    ccr apply c --job bc --quiet
    ship c
    run ccr apply a --job ca
    fails 9 "changes of shop.t would go round in a circle, by the jobs ab, bc, ca" "end one"
    [ "$(sql a "SELECT v FROM shop.t")" = 2 ]
    # the job that is ended at the one end lets the others go on
    on b desync --job ab --yes --quiet
    ship b
    ccr apply a --job ca --quiet
    [ "$(sql a "SELECT v FROM shop.t")" = 99 ]
}
