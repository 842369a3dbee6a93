# Between ccr and the store (Ceph) a network that fails in every way of fault_proxy.py, by seeded schedules: every run ends
# well or with a clear error, what it called done is there, the next run over a good network completes, and nothing is
# lost. Some lanes reach the store by signature V2, whose library takes much of this for success. SOAK=N: N times as many schedules.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/s3
load ../lib/network

LANES=7 # at a time: most of the time is spent waiting for another try
V2_LANES=2 # of them
SCHEDULES=$((${SOAK:-1} > 1 ? 10 * SOAK : 8))

setup_file() {
    units_find
    ceph_start
    export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    s3_use ceph faults
    server_start source
    server_grant source source
    server_start target --local-infile=ON
    server_grant target target
}

teardown_file() {
    servers_end
    s3_end
}

change() {
    sql source "INSERT INTO t (v) SELECT REPEAT(UUID(), 1 + RAND() * 200) FROM seq_1_to_30; UPDATE t SET v = 'x' WHERE id % 7 = 1" "$db"
}

proxy_is_up() {
    [ -e "$dir/port" ]
}

keep() {
    "$CCR_BIN/ccr-$1" --store "$STORE" "${@:2}" 3>&-
}

# ends_well COMMAND...: over a good network.
ends_well() {
    "$@" >"$dir/out" 2>"$dir/err" || {
        echo "over a good network, after schedule $schedule: $* fails with $?"
        cat "$dir/err"
        return 1
    }
}

# faulty COMMAND...: through the proxy, with one fault in all requests of a kind, if $fault says so; the exit code is left
# in $code.
faulty() {
    rm -f "$dir/port"
    "$CCR_ROOT/tests/store/fault_proxy.py" "${schedule:-0}" "$(s3_port ceph)" "$dir/port" "${fault[@]}" >"$dir/faults" 2>&1 3>&- &
    local proxy=$! upstream=$AWS_ENDPOINT_URL
    wait_until 30 proxy_is_up
    code=0
    AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$dir/port")
    "$@" --store-timeout 1 --store-retry 3 >"$dir/out" 2>"$dir/err" || code=$?
    AWS_ENDPOINT_URL=$upstream
    kill "$proxy"
    wait "$proxy" || :
    echo "schedule $schedule: $* ends with $code after $(($(wc -l <"$dir/faults") - 1)) faults" >>"$dir/done"
    case $code in
    0) return 0 ;;
    4 | 7)
        sed -n 's/^.*error: /    /p' "$dir/err" >>"$dir/done"
        grep -q "error: " "$dir/err" && grep -q "hint: " "$dir/err" && return 0
        ;;
    esac
    echo "schedule $schedule: $* ends with $code"
    cat "$dir/faults" "$dir/err"
    return 1
}

# The number of the last transaction that can be restored, and of the source's last one.
stored_end() {
    keep verify --quick --json 2>"$dir/err" | jq '[.streams[0].ranges[].to_position | sub(".*-"; "") | tonumber] | max'
}

source_end() {
    sql source "SELECT @@gtid_binlog_pos" | sed 's/.*-//'
}

ship_once() {
    local wanted

    change
    wanted=$(source_end)
    faulty ccr ship source
    if [ "$code" -eq 0 ] && [ "$(stored_end)" -lt "$wanted" ]; then
        echo "schedule $schedule: shipped, but the store's log ends at $(stored_end), not at $wanted"
        cat "$dir/faults"
        return 1
    fi
    ends_well ccr ship source
}

apply_once() {
    ship_once
    faulty ccr apply target --job "$db"
    ends_well ccr apply target --job "$db"
    same_tables source target "$db"
}

backup_once() {
    faulty ccr backup source
    ends_well ccr backup source
}

restore_once() {
    local job=restored$schedule

    faulty ccr restore target --job "$job" --databases "$db" --rename-db "$db:$job"
    [ "$code" -eq 0 ] || ends_well ccr restore target --job "$job" --databases "$db" --rename-db "$db:$job"
    ends_well ccr ship source
    ends_well ccr apply target --job "$job"
    same_tables source target "$db:$job"
}

prune_once() {
    change
    ends_well ccr ship source
    ends_well ccr backup source
    faulty keep prune --keep-last 1 --yes
    ends_well keep prune --keep-last 1 --yes
}

verify_once() {
    faulty keep verify
}

# lane N: its own store and its own database.
lane() {
    local db=lane$1 dir=$T/lane$1 i schedule code fault=() kinds=(ship apply backup prune restore verify)

    set -eE
    mkdir "$dir"
    STORE=s3://faults/$1
    [ "$1" -lt $((LANES - V2_LANES)) ] || CCR_SIGNATURE=v2
    T=$dir/t
    mkdir "$T"
    ln -s "$BATS_FILE_TMPDIR"/{source,target,ceph} "$T"
    RANDOM=$((CCR_SEED + $1))
    sql source "CREATE DATABASE $db; CREATE TABLE $db.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT)"
    ccr backup source --databases "$db" >"$dir/out" 2>&1
    change
    ccr ship source >"$dir/out" 2>&1
    ccr restore target --job "$db" >"$dir/out" 2>&1
    ccr apply target --job "$db" >"$dir/out" 2>&1
    for ((i = 0; i < SCHEDULES; i++)); do
        schedule=$((CCR_SEED * 1000 + i * LANES + $1))
        "${kinds[(i + $1) % ${#kinds[@]}]}_once"
        ends_well keep verify
    done
}

@test "$((LANES * SCHEDULES)) schedules of faults: nothing is lost, and the next run completes" {
    local n pids=() failed=0

    seed
    for ((n = 0; n < LANES; n++)); do
        (lane "$n") >"$T/lane$n.out" 2>&1 3>&- &
        pids+=($!)
    done
    for ((n = 0; n < LANES; n++)); do
        wait "${pids[n]}" || {
            failed=$((failed + 1))
            cat "$T/lane$n.out"
        }
    done
    cat "$T"/lane*/done
    [ "$failed" -eq 0 ]
    # faults did happen, runs did fail of them, and did not
    [ "$(cat "$T"/lane*/done | wc -l)" -ge $((LANES * SCHEDULES)) ]
    grep -q "ends with [47] after" "$T"/lane*/done
    grep -q "ends with 0 after [1-9]" "$T"/lane*/done
}

# one FAULT REQUESTS COMMAND...
one() {
    local schedule='' fault=("$1" "$2") dir=$T/one

    mkdir -p "$dir"
    faulty "${@:3}"
    cat "$dir/faults" "$dir/err"
}

@test "a manifest arrives, and no answer: the snapshot is whole" {
    sql source "CREATE DATABASE IF NOT EXISTS shop; CREATE OR REPLACE TABLE shop.t (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (1)"
    STORE=s3://faults/manifest
    one lost 'PUT .*/manifest.json' ccr backup source
    [ "$code" -eq 4 ]
    grep -q "whether snapshot .* is in the store is not known: .*[2-9] x connection lost" "$T/one/err"
    grep -q "hint: .*store-retry" "$T/one/err"
    keep verify
    ccr restore target --job manifest --databases shop
    same_tables source target shop
}

@test "where the log begins cannot be read: that is what ccr-verify says, and not that the beginning is missing" {
    local db=shop
    sql source "CREATE DATABASE IF NOT EXISTS shop; CREATE OR REPLACE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT)"
    STORE=s3://faults/pruned
    for _ in 1 2 3; do
        ccr backup source
        change
        ccr ship source
    done
    keep prune --keep-last 1 --yes
    keep verify
    one error 'GET .*/pruned/0' keep verify
    [ "$code" -eq 4 ]
    grep -q "reading streams/main/pruned/0.*500 InternalError" "$T/one/err"
    ! grep -q missing "$T/one/err" || false
}

@test "answers that come twice are not taken for those of other requests" {
    local db=shop
    sql source "CREATE DATABASE IF NOT EXISTS shop; CREATE OR REPLACE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT)"
    STORE=s3://faults/twice
    one twice '.*' ccr backup source
    [ "$code" -eq 0 ]
    change
    one twice '.*' ccr ship source
    [ "$code" -eq 0 ]
    one twice '.*' keep verify
    [ "$code" -eq 0 ]
    keep verify
}

# both OPERATION [options]: of one object, and of another one.
both() {
    "$UNITS/store_tool" "$1" here/a --store "$STORE" "${@:2}" 3>&- || :
    "$UNITS/store_tool" "$1" here/b --store "$STORE" "${@:2}" 3>&-
}

@test "the answer that another object's request was to have is not taken for one's own" {
    local CCR_SIGNATURE
    STORE=s3://faults/crossed
    "$UNITS/store_tool" put here/a --store "$STORE" <<<"the other" 3>&-
    "$UNITS/store_tool" put here/b --store "$STORE" <<<own 3>&-
    for CCR_SIGNATURE in v4 v2; do
        export CCR_SIGNATURE
        one crossed 'GET .*/here/' both get
        [ "$code" -eq 0 ]
        [ "$(cat "$T/one/out")" = own ]
        grep -q "1 x another object's answer" "$T/one/err"
        one crossed '(HEAD|GET) .*/here/' both head
        [ "$code" -eq 0 ]
        [ "$(cat "$T/one/out")" = 4 ]
        grep -q "1 x another object's answer" "$T/one/err"
    done
}

@test "an object that is in the way, and then is not there: no create ends with 'somebody else's'" {
    STORE=s3://faults/contrary
    one bare-412 'PUT .*/contrary/x' "$UNITS/store_tool" create x --store "$STORE" <<<text
    [ "$code" -eq 4 ]
    grep -q "that it is there, and then that it is not" "$T/one/err"
    [ "$(grep -c '^bare-412' "$T/one/faults")" -eq 5 ]
    [ "$("$UNITS/store_tool" create x --store "$STORE" <<<text)" = yes ]
}

# lies FAULT REQUESTS OPERATION TEXT: by signature V2, the operation on $STORE fails, and says the text. Proxies are waited for
# together.
lies() {
    (
        export CCR_SIGNATURE=v2
        schedule='' fault=("$1" "$2") dir=$T/lies-$1-$3
        mkdir -p "$dir"
        faulty "$UNITS/store_tool" "$3" x --store "$STORE" <<<new
        cat "$dir/faults" "$dir/err"
        [ "$code" -ne 0 ] && grep -q "$4" "$dir/err" && grep -q "^$1" "$dir/faults"
    ) >"$T/lies-$1-$3.out" 2>&1 3>&- &
    liars[$!]=$T/lies-$1-$3.out
}

none_is_believed() {
    local pid

    for pid in "${!liars[@]}"; do
        wait "$pid" || { cat "${liars[pid]}" && return 1; }
    done
    [ "$(s3_tool GET /faults/lies/x)" = old ]
}

@test "signature V2: what libs3 takes for success is not believed, and what was cut short not taken for whole" {
    local liars=() status fault
    STORE=s3://faults/lies
    "$UNITS/store_tool" put x --store "$STORE" <<<old
    for status in 302 400 404 500 502 503 507; do
        lies "bare-$status" 'PUT .*/x' put "not stored after all"
    done
    for fault in nothing page; do
        lies $fault 'PUT .*/x' put "not stored after all"
        lies $fault 'GET .*/x' get "not an answer of S3"
        lies $fault 'GET .*prefix=' list "not an answer of S3"
        lies $fault '(HEAD|GET) .*/x' head "not an answer of S3"
    done
    lies cut 'GET .*/x' get "answer cut short"
    lies short 'GET .*/x' get "another body"
    lies cut 'GET .*prefix=' list "answer cut short"
    lies short 'GET .*prefix=' list "not an answer of S3"
    lies bare-500 'DELETE .*/x' delete InternalError
    lies bare-502 'DELETE .*/x' delete HttpErrorUnknown
    none_is_believed
}

# size_of KEY
size_of() {
    "$UNITS/store_tool" head "$1" --store "$STORE" "${@:2}" 3>&-
}

@test "an answer of which only a part of the headers came is none" {
    STORE=s3://faults/head
    "$UNITS/store_tool" put x --store "$STORE" <<<text 3>&-
    [ "$(size_of x)" = 5 ]
    for CCR_SIGNATURE in v4 v2; do
        one cut-head '(HEAD|GET) .*' size_of x
        [ "$code" -eq 4 ]
        grep -q "answer cut short\|connection lost" "$T/one/err"
    done
}

# by_network COMMAND...: through a network of TCP.
by_network() {
    AWS_ENDPOINT_URL=http://127.0.0.1:$(network_port ceph) "$@"
}

@test "a network that is cut in the midst of an object, refuses, or says nothing: runs end in time, or go on when it comes back" {
    local fault pid
    STORE=s3://faults/network
    sql source "CREATE DATABASE IF NOT EXISTS wide; CREATE OR REPLACE TABLE wide.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT); INSERT INTO wide.t (v) SELECT HEX(RANDOM_BYTES(500)) FROM wide.seq_1_to_2000"
    network_start ceph "$(s3_port ceph)"
    for fault in 'reset all sent 500000' 'drop all sent 500000' 'stall all sent 500000' 'refuse all now'; do
        network ceph "$fault"
        run by_network ccr backup source --databases wide --store-timeout 1 --store-retry 3
        echo "$fault: $status $output"
        network_broken ceph
        [ "$status" -eq 4 ]
        [[ $output == *"hint: "* ]]
        network ceph pass
    done
    # it comes back within the time for tries
    network ceph "drop all sent 500000"
    by_network ccr backup source --databases wide --store-timeout 2 --store-retry 60 >"$T/out" 2>&1 3>&- &
    pid=$!
    wait_until 30 network_broken ceph
    network ceph pass
    wait "$pid" || { cat "$T/out" && false; }
    networks_end
    keep verify
    ccr restore target --job wide --databases wide
    same_tables source target wide
}
