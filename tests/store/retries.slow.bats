# What becomes of one request to a store (Ceph) whose answers go wrong in one known way: how often it is tried again, for how long,
# and what is said of it. faults.slow.bats has whole runs under faults of all kinds.

load ../lib/common
load ../lib/s3

setup_file() {
    units_find
    ceph_start
    export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    s3_use ceph retries
    head -c 100000 /dev/urandom >"$T/bytes"
    "$UNITS/store_tool" put x --store "$STORE" <"$T/bytes"
}

setup() {
    STORE=s3://retries/store
}

teardown_file() {
    s3_end
}

proxy_is_up() {
    [ -e "$T/port" ]
}

# through FAULT REQUESTS TOOL ARGUMENTS...: the tool, by way of the proxy; its output is left in $T/out and $T/err, its exit code in
# $code, what was spoilt in $T/faults, the number of connections in $connections.
through() {
    local proxy

    rm -f "$T/port" "$T/port.connections"
    "$CCR_ROOT/tests/store/fault_proxy.py" 0 "$(s3_port ceph)" "$T/port" "$1" "$2" >"$T/faults" 2>&1 3>&- &
    proxy=$!
    wait_until 30 proxy_is_up
    code=0
    AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$T/port") "$UNITS/$3" "${@:4}" --store "$STORE" >"$T/out" 2>"$T/err" 3>&- || code=$?
    kill "$proxy"
    wait "$proxy" || :
    connections=$(wc -l <"$T/port.connections")
    cat "$T/faults" "$T/err"
    echo "ends with $code, $connections connections"
}

# spoilt FAULT COUNT: so often.
spoilt() {
    [ "$(grep -c "^$1 " "$T/faults")" -eq "$2" ]
}

@test "Retry-After, in seconds and as a date: who is told to come back too late for --store-retry does not come back" {
    local fault
    for fault in wait-30 wait-until-60; do
        through $fault 'GET .*/x' store_tool get x --store-retry 5
        [ "$code" -eq 4 ]
        spoilt $fault 1
        grep -q "error: .*503 SlowDown" "$T/err"
        grep -q "hint: .*store-retry" "$T/err"
    done
    # without it, the first of many waits would be shorter than half a second
    through wait-2 'GET .*/x' store_tool get x --store-retry 5
    [ "$code" -eq 4 ]
    [ "$(grep -c "^wait-2 " "$T/faults")" -le 3 ]
}

@test "--store-retry is the overall deadline, and what failed is one message with counts" {
    through bare-503 '(GET|PUT) .*/x' store_tool get x --store-retry 2
    [ "$code" -eq 4 ]
    local tries
    tries=$(grep -c '^bare-503 ' "$T/faults")
    [ "$tries" -ge 2 ]
    [ "$tries" -le 6 ]
    grep -q "error: .*: $tries tries in [0-9]* s ($tries x 503); the last one: the store answers 503" "$T/err"
    # of those that were tried again there is one line more, and nothing of each
    grep -q "$((tries - 1)) requests to the store .* failed and were tried again: $((tries - 1)) x 503\$" "$T/err"
    [ "$(grep -c 503 "$T/err")" -eq 2 ]
    # --verbose has each
    through bare-503 'GET .*/x' store_tool get x --store-retry 2 --verbose
    [ "$(grep -c 'GET .*/x: 503' "$T/err")" -eq "$(grep -c '^bare-503 ' "$T/faults")" ]
}

@test "what no further try can mend is tried once" {
    through bare-403 'GET .*/x' store_tool get x --store-retry 5
    [ "$code" -eq 4 ]
    spoilt bare-403 1
}

@test "--store-timeout: a request that stands still is given up, and tried again" {
    through stall 'GET .*/x' store_tool get x --store-timeout 1 --store-retry 1
    [ "$code" -eq 4 ]
    grep -q "error: .*timeout" "$T/err"
    grep -q "hint: .*store-timeout" "$T/err"
}

@test "--connections: no more than so many at a time, and they are used again" {
    mkdir "$T/files"
    (cd "$T/files" && split -b 2500 -a 3 "$T/bytes")
    [ "$(find "$T/files" -type f | wc -l)" -eq 40 ]
    through none 'nothing' store_bulk up "$T/files" bulk --connections 3
    [ "$code" -eq 0 ]
    [ "$connections" -le 3 ]
    mkdir "$T/back"
    through none 'nothing' store_bulk down bulk "$T/back" --connections 1
    [ "$code" -eq 0 ]
    [ "$connections" -eq 1 ]
    diff -r "$T/files" "$T/back"
}

# keys_file ACCESS SECRET
keys_file() {
    printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$1" "$2"
}

@test "keys that are renewed in the credentials file are taken up by a run that goes on" {
    local pid
    keys_file retired retired >"$T/credentials"
    # it has read its keys, and not used them yet
    env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY AWS_SHARED_CREDENTIALS_FILE="$T/credentials" CCR_FAILPOINT=create-before:1:stop \
        "$UNITS/store_tool" create y --store "$STORE" <<<text >"$T/out" 2>&1 3>&- &
    pid=$!
    wait_until 30 process_stopped "$pid"
    keys_file testaccess testsecret >"$T/credentials"
    kill -CONT "$pid"
    wait "$pid"
    [ "$(cat "$T/out")" = yes ]
    [ "$("$UNITS/store_tool" get y --store "$STORE")" = text ]
}

has_connections() {
    [ -e "$T/port.connections" ] && [ "$(wc -l <"$T/port.connections")" -eq "$1" ]
}

# Each of them is answered when the file has other keys, and all but the first when the run has them, too.
@test "keys that are renewed while requests with the old ones are on their way are taken up by all of these" {
    local n proxy tool gateway
    mkdir "$T/eight"
    for n in 1 2 3 4 5 6 7 8; do
        echo "$n" >"$T/eight/$n"
    done
    keys_file retired retired >"$T/credentials"
    rm -f "$T/port" "$T/port.connections"
    "$CCR_ROOT/tests/store/fault_proxy.py" 0 "$(s3_port ceph)" "$T/port" none nothing >"$T/faults" 2>&1 3>&- &
    proxy=$!
    wait_until 30 proxy_is_up
    gateway=$(cat "$T/ceph/rgw/pid")
    kill -STOP "$gateway"
    env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY AWS_SHARED_CREDENTIALS_FILE="$T/credentials" AWS_ENDPOINT_URL="http://127.0.0.1:$(cat "$T/port")" \
        "$UNITS/store_bulk" up "$T/eight" eight --store "$STORE" >"$T/out" 2>&1 3>&- &
    tool=$!
    code=0
    wait_until 30 has_connections 8 || code=1
    keys_file testaccess testsecret >"$T/credentials"
    kill -CONT "$gateway"
    wait "$tool" || code=$?
    kill "$proxy"
    wait "$proxy" || :
    cat "$T/out"
    [ "$code" -eq 0 ]
    [ "$("$UNITS/store_tool" get eight/8 --store "$STORE")" = 8 ]
}
