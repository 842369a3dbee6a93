# ccr-backup --requested: which of the requests in the store one snapshot answers, and what becomes of the others.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored
load ../lib/s3

setup_file() {
    units_find
    server_start source
    server_grant source source
    sql source "CREATE DATABASE a; CREATE DATABASE b; CREATE DATABASE c;
        CREATE TABLE a.t (id INT PRIMARY KEY); CREATE TABLE a.u (id INT PRIMARY KEY); CREATE TABLE b.t (id INT PRIMARY KEY);
        CREATE TABLE c.p (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
        INSERT INTO a.t VALUES (1); INSERT INTO b.t VALUES (1); INSERT INTO c.p VALUES (1), (11)"
    ccr backup source --quiet --databases c
    ccr ship source --quiet
    sql source "INSERT INTO a.t VALUES (2)"
    mv "$STORE_DIR" "$T/pristine"
}

setup() {
    rm -rf "$T/store"
    cp -rp "$T/pristine" "$T/store"
    store_use store
    snapshots=$STORE_DIR/streams/main/snapshots
    now=$(sql source "SELECT @@gtid_binlog_pos")
}

# ask '{jq object}': a request; prints its id. scope DB|DB.TABLE... [- EXCLUDED...]: as in ccr.jobs
ask() {
    jq -n "$1" | "$UNITS/request_tool" --store "$STORE"
}

scope() {
    jq -cn '[$ARGS.positional[] | split(".")] as $n | ($n | index([["-"]])) as $cut
        | def lists: {databases: [.[] | select(length == 1) | .[0]], tables: [.[] | select(length == 2) | {db: .[0], name: .[1]}]};
        {version: 2, fold_case: false, include: ($n[:$cut] | lists), exclude: (if $cut then $n[$cut + 1:] else [] end | lists)}' --args "$@"
}

requested() {
    run --separate-stderr ccr backup source --requested --json "$@"
    echo "status $status: $output ${stderr:-}"
}

# The manifest of the snapshot that the last run made.
made() {
    jq -r "$1" "$snapshots/$(json_of .snapshot)/manifest.json"
}

# state ID: "open 2" (its place), "answered", ...
state() {
    json_of ".requests[] | select(.id == \"$1\") | \"\(.state) \(.place // \"\")\"" | sed 's/ $//'
}

@test "nothing is asked for: success, and nothing is copied" {
    requested
    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.changed) \(.requests | length)"')" = "false 0" ]
    [ "$(find "$snapshots" -name manifest.json | wc -l)" -eq 1 ]
    run ccr backup source --requested
    [ "$status" -eq 0 ]
    [[ $output == *"no request is open"* ]]
}

@test "full copies are answered together, tables one database at a time, partitions last" {
    local full1 full2 a1 a2 b1 p1 p2

    p1=$(ask '{job: "p", kind: "partitions", partitions: ["c.p:p1"], position: "'"$now"'"}')
    p2=$(ask '{job: "q", kind: "partitions", partitions: ["c.p:p0"], position: "'"$now"'"}')
    b1=$(ask "{job: \"b\", kind: \"tables\", scope: $(scope b.t), position: \"$now\"}")
    a1=$(ask "{job: \"a\", kind: \"tables\", scope: $(scope a.t), requested_us: (now * 1e6 - 6e7 | floor)}")
    a2=$(ask "{job: \"a2\", kind: \"tables\", scope: $(scope a.u)}")
    full2=$(ask "{job: \"f2\", scope: $(scope b - a.t b.x), reason: \"second\"}")
    full1=$(ask "{job: \"f1\", scope: $(scope c), position: \"$now\", reason: \"first\", requested_us: (now * 1e6 - 6e7 | floor)}")

    requested
    [ "$status" -eq 0 ]
    [ "$(json_of .changed)" = true ]
    [ "$(state "$full1") $(state "$full2")" = "answered answered" ]
    # the union holds what these ask for as well
    [ "$(state "$b1") $(state "$p1") $(state "$p2")" = "answered answered answered" ]
    [ "$(state "$a1"), $(state "$a2")" = "open 1, open 2" ]
    [ "$(made '[.answers[]] | sort | join(" ")')" = "$(printf '%s\n' "$full1" "$full2" "$b1" "$p1" "$p2" | LC_ALL=C sort | xargs)" ]
    [ "$(made '.scope.include.databases | sort | join(" ")')" = "b c" ]
    [ "$(made '[.scope.exclude.tables[] | .db + "." + .name] | join(" ")')" = "a.t b.x" ]
    [[ $(made .reason) == "asked for by job f1 (request $full1): first; asked for by job f2 (request $full2): second; "* ]]

    requested
    [ "$(made '[.only_tables[]] | join(" ")')" = "a/t a/u" ]
    [ "$(state "$a1") $(state "$a2") $(state "$full1")" = "answered answered answered" ]
    requested
    [ "$(json_of .changed)" = false ]
    [ "$(state "$a1") $(state "$p1") $(state "$full2")" = "answered answered answered" ]
}

@test "tables of two databases take two runs, in order; partitions of several requests one" {
    local a b p1 p2

    p1=$(ask '{job: "p", kind: "partitions", partitions: ["c.p:p1"], position: "'"$now"'"}')
    p2=$(ask '{job: "q", kind: "partitions", partitions: ["c.p:p0"], position: "'"$now"'"}')
    a=$(ask "{job: \"a\", kind: \"tables\", scope: $(scope a.t)}")
    b=$(ask "{job: \"b\", kind: \"tables\", scope: $(scope b.t), requested_us: (now * 1e6 - 6e7 | floor)}")
    run ccr backup source --requested --quiet --allow-requests full
    [ "$status" -eq 0 ]
    [[ $output == *"request $b of job b is left: requests of the kind tables are not allowed here"* ]]
    run ccr backup source --requested
    [ "$status" -eq 0 ]
    [[ $output == *"request $b of job b is answered: b.t"*"request $a of job a waits in place 1: a.t"* ]]
    requested --allow-requests partitions
    [ "$(state "$p1") $(state "$p2") $(state "$a")" = "answered answered open 1" ]
    [ "$(made '[.tables[] | .db + "." + .name + ":" + (.partitions | sort | join(","))] | join(" ")')" = "c.p:p0,p1" ]
    requested
    [ "$(state "$a"), $(json_of .changed)" = "answered, true" ]
}

@test "expired, of an older generation, of another stream, answered by a snapshot that nobody asked for: ignored" {
    local old gen1 gen2 met

    old=$(ask '{job: "old", requested_us: ((now - 31 * 86400) * 1e6 | floor)}')
    gen1=$(ask "{job: \"g\", generation: 1, scope: $(scope b)}")
    gen2=$(ask "{job: \"g\", generation: 2, scope: $(scope c), epoch: 1}")
    met=$(ask "{job: \"met\", scope: $(scope c.p)}")
    sed -i 's/"stream": "main"/"stream": "other"/' "$STORE_DIR/jobs/met/requests/$met.json"
    cp "$STORE_DIR/jobs/met/requests/$met.json" "$T/other"
    requested
    [ "$status" -eq 0 ]
    [ "$(json_of .changed)" = false ]
    [ "$(state "$old") $(state "$gen1") $(state "$gen2") $(state "$met")" = "expired outdated answered " ]
    # behind the position of what is there: answered by another one
    gen2=$(ask "{job: \"g\", generation: 2, scope: $(scope c), position: \"$now\"}")
    requested
    [ "$(state "$gen2") $(json_of .changed)" = "answered true" ]
}

@test "what this source cannot or may not answer holds up nobody, and says why" {
    local gone hidden far ahead bad good

    # (a job that was copied once would be told that it is gone)
    gone=$(ask "{job: \"gone\", generation: 0, scope: $(scope nosuch), requested_us: (now * 1e6 - 6e7 | floor)}")
    hidden=$(ask "{job: \"hidden\", scope: $(scope b)}")
    far=$(ask "{job: \"far\", epoch: 7, scope: $(scope a)}")
    ahead=$(ask "{job: \"ahead\", position: \"0-1-99999\", scope: $(scope a)}")
    bad=$(ask "{job: \"bad\", kind: \"tables\"}")
    good=$(ask "{job: \"good\", kind: \"tables\", scope: $(scope a.u)}")
    mkdir -p "$STORE_DIR/jobs/x/requests"
    echo '{"format": "ccr request"' >"$STORE_DIR/jobs/x/requests/00112233445566778899aabbccddeeff.json"
    requested --exclude-tables b.t
    [ "$status" -eq 0 ]
    [ "$(state "$good")" = answered ]
    [ "$(made '[.only_tables[]] | join(" ")')" = a/u ]
    [[ $stderr == *"request $gone of job gone is left: source: there is no database nosuch"* ]]
    [[ $stderr == *"request $hidden of job hidden is left: it lies outside"* ]]
    [[ $stderr == *"request $far of job far is left: it is for epoch 7, and a snapshot would be of epoch 1"* ]]
    [[ $stderr == *"request $ahead of job ahead is left: the source has not got to 0-1-99999"* ]]
    [[ $stderr == *"request $bad of job bad is left: it asks for tables and names none"* ]]
    [[ $stderr == *"a request cannot be read, and is left alone: jobs/x/requests/"* ]]
    [ "$(state "$gone"), $(state "$bad")" = "open 1, unreadable" ]
    requested --exclude-tables b.t
    [ "$status $(json_of .changed)" = "0 false" ]
}

@test "tables that a job replicates to this source from elsewhere are given on with relay only" {
    local chain own

    sql source "CREATE DATABASE ccr; CREATE TABLE ccr.tables (job TEXT, db TEXT, name TEXT); INSERT INTO ccr.tables VALUES ('up', 'b', 't')"
    chain=$(ask "{job: \"chain\", scope: $(scope b)}")
    own=$(ask "{job: \"own\", scope: $(scope a)}")
    requested
    [ "$(state "$own") $(state "$chain")" = "answered open 1" ]
    [[ $stderr == *"request $chain of job chain is left: jobs replicate to this server what is to be in the snapshot: b.t (job up)"* ]]
    requested --relay
    [ "$(state "$chain")" = answered ]
    sql source "DROP DATABASE ccr"
}

@test "options that do not go together, a kind that does not exist" {
    run ccr backup source --requested --partitions c.p:p0
    [ "$status" -eq 2 ]
    run ccr backup source --requested --allow-requests everything
    [ "$status" -eq 2 ]
    [[ $output == *"'everything' is none of full, tables, partitions"* ]]
    run ccr backup source --json --databases c --reason 'before the upgrade'
    [ "$(made .reason)" = 'before the upgrade' ]
}

@test "ccr-status shows the queue of each stream; what is met is in no place of it" {
    local first second met old

    second=$(ask "{job: \"b\", kind: \"tables\", scope: $(scope b.t), reason: \"import tablespace\"}")
    first=$(ask "{job: \"a\", scope: $(scope a), reason: \"first run\"}")
    met=$(ask "{job: \"c\", scope: $(scope c)}")
    old=$(ask "{job: \"old\", requested_us: ((now - 31 * 86400) * 1e6 | floor)}")
    run --separate-stderr "$CCR_BIN/ccr-status" --store "$STORE" --json
    [ "$status" -eq 0 ]
    [ "$(json_of '.streams[0] | "\(.open_requests) \(.requests | length)"')" = "2 4" ]
    [ "$(json_of ".streams[0].requests[] | select(.id == \"$first\") | \"\(.place) \(.state) \(.wanted)\"")" = "1 open the whole job: a" ]
    [ "$(json_of ".streams[0].requests[] | select(.id == \"$met\") | \"\(.place) \(.state) \(.snapshot)\"")" = \
        "null answered $(basename "$snapshots"/*)" ]
    [ "$(json_of ".streams[0].requests[] | select(.id == \"$old\") | .state")" = expired ]
    run "$CCR_BIN/ccr-status" --store "$STORE"
    [[ $output == *"  request  place 1, job a, "*": the whole job: a (first run)"*"  request  place 2, job b, "*": b.t (import tablespace)"* ]]
    run "$CCR_BIN/ccr-status" --store "$STORE" --prometheus
    [[ $output == *$'\nccr_stream_open_requests{stream="main"} 2' ]]
    [ -n "$second" ]
}

@test "ccr-verify finds a request that cannot be read, and one that makes no sense" {
    local good bad

    good=$(ask "{job: \"a\", scope: $(scope a)}")
    bad=$(ask '{job: "b", kind: "partitions", partitions: ["b.t"]}')
    run --separate-stderr "$CCR_BIN/ccr-verify" --store "$STORE" --json
    [ "$status" -eq 7 ]
    [ "$(json_of '[.errors[] | .key] | join(" ")')" = "jobs/b/requests/$bad.json" ]
    rm "$STORE_DIR/jobs/b/requests/$bad.json"
    run "$CCR_BIN/ccr-verify" --store "$STORE"
    [ "$status" -eq 0 ]
    sed -i 's/"epoch": 1/"epoch": 2/' "$STORE_DIR/jobs/a/requests/$good.json"
    run --separate-stderr "$CCR_BIN/ccr-verify" --store "$STORE"
    [ "$status" -eq 7 ]
    [[ $stderr == *"jobs/a/requests/$good.json: its id is not the one of its content"* ]]
}

# gone ID...: exactly these are to go, by the last ccr-prune.
gone() {
    [ "$(json_of '[.requests[] | select(.keep | not) | .id] | sort | join(" ")')" = "$(printf '%s\n' "$@" | LC_ALL=C sort | xargs)" ]
}

@test "ccr-prune removes requests that nobody waits for any more, and keeps what answers the others" {
    local met waits old gen1 gen2

    met=$(ask "{job: \"met\", kind: \"tables\", scope: $(scope a.t), position: \"$now\"}")
    requested
    waits=$(ask "{job: \"waits\", scope: $(scope a)}")
    old=$(ask '{job: "old", requested_us: ((now - 31 * 86400) * 1e6 | floor)}')
    gen1=$(ask "{job: \"g\", generation: 1, scope: $(scope b)}")
    gen2=$(ask "{job: \"g\", generation: 2, scope: $(scope b)}")
    mkdir -p "$STORE_DIR/jobs/x/requests"
    echo '{}' >"$STORE_DIR/jobs/x/requests/00112233445566778899aabbccddeeff.json"
    run --separate-stderr "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1 --json --yes
    [ "$status" -eq 0 ]
    gone "$old" "$gen1"
    [ "$(json_of '.streams[0].snapshots[] | select(.keep) | .why' | grep -c 'job met has asked for it')" -eq 1 ]
    [ "$(find "$STORE_DIR/jobs" -name '*.json' | wc -l)" -eq 4 ]
    run "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1
    [[ $output == *"keep request $met of job met (snapshot "*" answers it)"*"keep request $waits of job waits (it waits)"*"nothing to remove"* ]]

    # half a month later only one of the jobs is still there, and has not fetched what it was given
    touch -d '+15 days' "$STORE_DIR/jobs/g/requests/$gen2.json"
    cp "$STORE_DIR/jobs/met/requests/$met.json" "$T/met"
    CCR_CLOCK_SHIFT=$((15 * 86400)) run --separate-stderr "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1 --json --yes
    [ "$status" -eq 0 ]
    gone "$met" "$waits" 00112233445566778899aabbccddeeff
    [[ $(json_of ".requests[] | select(.id == \"$met\") | .why") == "it was answered "*", and not fetched"* ]]
    [[ $(json_of ".requests[] | select(.id == \"$waits\") | .why") == "job waits was not seen"* ]]
    [ "$(find "$STORE_DIR/jobs" -name '*.json')" = "$STORE_DIR/jobs/g/requests/$gen2.json" ]
}

@test "killed while it answers: the volumes are dead, the next run answers, ccr-prune clears up" {
    local id

    id=$(ask "{job: \"a\", scope: $(scope a)}")
    CCR_FAILPOINT=create-after:2 run ccr backup source --requested
    [ "$status" -eq 137 ]
    requested
    [ "$(state "$id") $(json_of '.unfinished | length')" = "answered 1" ]
    CCR_CLOCK_SHIFT=$((2 * 86400)) run --separate-stderr "$CCR_BIN/ccr-prune" --store "$STORE" --json --yes
    [ "$(json_of '.streams[0].without_manifest | length')" -eq 1 ]
    requested
    [ "$(json_of '"\(.changed) \(.unfinished | length)"')" = "false 0" ]
}

# A run that stands still before it writes its first volume, until it is told to go on.
start_slow() {
    CCR_FAILPOINT=create-before:1:stop "$CCR_BIN/ccr-backup" --store "$STORE" --socket "$T/source/sock" --defaults-file "$T/source/ccr.cnf" \
        --requested --quiet 3>&- &
    slow=$!
    wait_until 20 process_stopped "$slow"
    [ "$(sql source "SELECT IS_USED_LOCK('ccr answer main') IS NOT NULL")" = 1 ]
}

@test "two at once: one leaves with 75; a dead one holds up nobody; what was answered meanwhile is not answered again" {
    local id before

    sql source "CREATE TABLE b.many (id INT PRIMARY KEY); INSERT INTO b.many VALUES (1)"
    id=$(ask "{job: \"b\", scope: $(scope b), position: \"$(sql source "SELECT @@gtid_binlog_pos")\"}")
    start_slow
    requested
    [ "$status" -eq 75 ]
    [[ $stderr == *"another ccr-backup --requested of stream main is at work"* ]]
    kill -9 "$slow"
    wait "$slow" || :
    start_slow
    ccr backup source --quiet --databases b
    before=$(find "$snapshots" -name manifest.json | wc -l)
    status=0
    kill -CONT "$slow"
    wait "$slow" || status=$?
    [ "$status" -eq 75 ]
    [ "$(find "$snapshots" -name manifest.json | wc -l)" -eq "$before" ]
    requested
    [ "$(state "$id") $(json_of .changed)" = "answered false" ]
    sql source "DROP TABLE b.many"
}

@test "an epoch that has ended: a full request opens the next one, tables do not" {
    local full tables i

    sql source "RESET MASTER"
    for i in $(seq 101 120); do
        echo "INSERT INTO a.u VALUES ($i);"
    done | sql_file source /dev/stdin
    run ccr ship source --quiet
    [ "$status" -eq 8 ]
    tables=$(ask "{job: \"t\", kind: \"tables\", scope: $(scope a.t)}")
    requested
    [ "$status $(json_of .changed)" = "0 false" ]
    [[ $stderr == *"request $tables of job t is left: epoch 1 of the log has ended: only a full copy leads into epoch 2"* ]]
    full=$(ask "{job: \"f\", scope: $(scope a), epoch: 2}")
    requested
    [ "$(state "$full") $(state "$tables") $(json_of .epoch)" = "answered answered 2" ]
    sql source "INSERT INTO a.u VALUES (13)"
    ccr ship source --quiet
    [ -e "$STORE_DIR/streams/main/log/0002/000000000/000000000001.binlog.zst" ]
}
