# The password of ccr's accounts stands in an option file, and nowhere else: not in what a run says, nor among the words or
# the environment of a process at work, nor in a statement to the server, nor in the store. The same of the secret key of a store in
# S3, which stands in a config file.
# Stores: file ceph ceph-v2

load ../lib/common
load ../lib/s3

setup_file() {
    stores_start
    server_start source
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON
    server_grant source source
    server_grant target target
    sql source "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO shop.t VALUES (1, 'in the snapshot')"
}

teardown_file() {
    servers_end
    stores_end
}

# The same for both, and the servers write down every statement that they get.
setup() {
    local server

    secret="Sesam-$RANDOM$RANDOM-öffne"
    for server in source target; do
        sql "$server" "SET PASSWORD FOR ccr@localhost = PASSWORD('$secret'); SET GLOBAL general_log_file = '$T/$server.statements', general_log = ON"
        sed -i "s/^password.*/password = $secret/" "$T/$server/ccr.cnf"
    done
    said=$T/said
    : >"$said"
    at_store=(--store "$STORE")
    [ "$CCR_TEST_STORE" = file ] || keys_in_a_file
}

# A store whose keys are nobody else's and stand in a file.
keys_in_a_file() {
    local name=sesam$RANDOM$RANDOM

    store_key=${name}secret STORE=s3://$name/store
    ceph_user "$name" >"$T/user"
    (s3_keys_of "$name" && s3_tool PUT "/$name" </dev/null)
    (
        umask 077
        printf '%s\n' '[store main]' "url = $STORE" "access-key = ${name}access" "secret-key = $store_key" >"$T/store.conf"
    )
    at_store=(--config "$T/store.conf")
}

# held POINT BINARY SERVER OPTIONS...: a run that is held up at a failpoint, to be looked at from outside, and then goes on.
held() {
    local point=$1 binary=$2 server=$3 pid file

    shift 3
    CCR_FAILPOINT=$point:1:stop "$CCR_BIN/ccr-$binary" "${at_store[@]}" --socket "$T/$server/sock" \
        --defaults-file "$T/$server/ccr.cnf" --verbose "$@" >>"$said" 2>&1 3>&- &
    pid=$!
    wait_until 60 process_stopped "$pid"
    for file in cmdline environ; do
        cat /proc/[0-9]*/$file 2>/dev/null | tr '\0' '\n' >>"$T/processes" || :
    done
    sql "$server" "SHOW FULL PROCESSLIST" >>"$said"
    kill -CONT "$pid"
    wait "$pid"
}

# As ccr; where a store has a config file, "$@" may name another one.
at_work() {
    "$CCR_BIN/ccr-$1" "${at_store[@]}" --socket "$T/$2/sock" --defaults-file "$T/$2/ccr.cnf" "${@:3}" 3>&-
}

failing() {
    local binary=$1 server=$2

    shift 2
    run at_work "$binary" "$server" --verbose "$@"
    printf '%s\n' "$output" >>"$said"
    [ "$status" -ne 0 ]
}

# Also what is compressed there.
stored() {
    grep -rqaF "$1" "$T/copy/" || find "$T/copy/" -name '*.zst' -exec zstd -dcq {} + | grep -qaF "$1"
}

nowhere() {
    if grep -aF "$1" "$said" "$T/processes" "$T"/*.statements || grep -raF "$1" "$T/state" || stored "$1"; then
        return 1
    fi
}

@test "a whole cycle, in text and in JSON, and runs that fail in every way" {
    local log server binary binaries words word

    held create-before backup source --with-users
    held swap-before restore target --job j --log-format json
    sql source "INSERT INTO shop.t VALUES (2, 'in the log')"
    held create-before ship source --json
    held commit-before apply target --job j
    same_tables source target shop
    for log in text json; do
        for server in source target; do
            binaries=("restore target --job j" "apply target --job j")
            [ "$server" = target ] || binaries=("backup source" "ship source")
            for binary in "${binaries[@]}"; do
                read -ra words <<<"$binary"
                failing "${words[@]}" --log-format "$log" --json --socket "$T/nothing.sock"
                failing "${words[@]}" --log-format "$log" --user nobody
                failing "${words[@]}" --log-format "$log" --json --password="$secret"
                failing "${words[@]}" --log-format "$log" -p"$secret"
                failing "${words[@]}" --log-format "$log" --cron --config "$T/$server/ccr.cnf"
                sed "s/^password.*/password = x$secret/" "$T/$server/ccr.cnf" >"$T/wrong.cnf"
                failing "${words[@]}" --log-format "$log" --defaults-file "$T/wrong.cnf"
            done
        done
    done
    # refused by the target in the midst of its work
    sql target "DELETE FROM shop.t"
    sql source "UPDATE shop.t SET v = 'changed'"
    at_work ship source
    failing apply target --job j
    (
        [ "$CCR_TEST_STORE" = file ] || s3_keys_of "${store_key%secret}"
        store_copy "$T/copy"
    )
    # what is looked for would be found
    [ "$(wc -l <"$said")" -gt 50 ]
    stored 'in the snapshot'
    stored 'in the log'
    grep -qF "ccr-restore" "$T/processes"
    grep -q "ccr_stage" "$T/target.statements"
    for word in "$secret" ${store_key:+"$store_key"}; do
        nowhere "$word"
        nowhere "$(printf %s "$word" | base64 | cut -c 1-16)"
    done
}
