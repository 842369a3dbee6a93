# What an operator may get wrong, for each of the six binaries: the exit code of its class, a message of its own and a
# hint; the target and the store's streams are as they were before. (Damaged stores: bad_store.bats.)

load ../lib/common
load ../lib/refused

setup_file() {
    server_start source
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON
    server_grant source source
    server_grant target target
    sql source "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO shop.t VALUES (1, 'one')"
    ccr backup source --quiet
    ccr restore target --quiet --job j
    sql source "INSERT INTO shop.t VALUES (2, 'two'); ALTER TABLE shop.t ADD n INT"
    ccr ship source --quiet
    sql source "INSERT INTO shop.t (id) VALUES (3)"
    sql target "CREATE DATABASE own; CREATE TABLE own.t (id INT PRIMARY KEY); INSERT INTO own.t VALUES (7)"
}

# All of them, with what each needs to be right otherwise. The last two know no server.
servers=("backup source" "ship source" "restore target --job j" "apply target --job j")
keepers=("verify -" "prune -")

setup() {
    binaries=("${servers[@]}")
}

# The streams in the store, but for the source's signs of life.
stored_state() {
    (cd "$STORE_DIR" && find streams -type f ! -name alive.json -exec sha256sum {} + | sort)
}

call() {
    if [ "$2" = - ]; then
        "${as[@]}" "$CCR_BIN/ccr-$1" --store "$STORE" "${@:3}"
    else
        "${as[@]}" "$CCR_BIN/ccr-$1" --store "$STORE" --socket "$T/$2/sock" --defaults-file "$T/$2/ccr.cnf" "${@:3}"
    fi
}

# each_refused SOURCE-CODE TARGET-CODE TEXT OPTIONS...: each of $binaries, with these options besides.
each_refused() {
    local source_code=$1 target_code=$2 text=$3 binary words code

    shift 3
    target_state >"$T/before"
    stored_state >"$T/stored"
    for binary in "${binaries[@]}"; do
        read -ra words <<<"$binary"
        code=$target_code
        [ "${words[1]}" = target ] || code=$source_code
        run call "${words[@]}" "$@"
        echo "--- $binary $*: $output"
        said "$code" "$text" || return 1
    done
    target_state | cmp - "$T/before" && stored_state | cmp - "$T/stored"
}

@test "a wrong password, a user that nobody knows" {
    sed 's/^password.*/password = wrong/' "$T/source/ccr.cnf" >"$T/wrong.cnf"
    each_refused 5 6 "error 1045: Access denied for user 'ccr'" --defaults-file "$T/wrong.cnf"
    printf '[client]\nuser = nobody_knows\n' >"$T/nobody.cnf"
    each_refused 5 6 "error 1045: Access denied for user 'nobody_knows'" --defaults-file "$T/nobody.cnf"
}

@test "a server that cannot be reached: by socket, by port, by name" {
    # the client library cuts off a long path
    each_refused 5 6 "connecting: error 2002: Can't connect to local server through socket '/" --socket "$T/nothing.sock"
    each_refused 5 6 "connecting: error 2002: Can't connect to server on '127.0.0.1'" --socket '' --host 127.0.0.1 --port 1
    each_refused 5 6 "connecting: error 2005: Unknown server host 'nowhere.invalid'" --socket '' --host nowhere.invalid
}

@test "a source without a binlog" {
    server_start mute --skip-log-bin
    server_grant mute source
    binaries=("backup mute")
    each_refused 5 5 "the source writes no binlog"
    binaries=("ship mute")
    each_refused 5 5 "the source has no binlog"
    server_remove mute
}

@test "a server that is not MariaDB" {
    server_start other --version=5.7.44-log
    server_grant other source
    binaries=("backup other" "ship other" "restore other --job j" "apply other --job j" "promote other --job j" "status other")
    each_refused 11 11 "is not MariaDB (version 5.7.44-log)"
    run "$CCR_BIN/ccr-job" list --store "$STORE" --socket "$T/other/sock" --defaults-file "$T/other/ccr.cnf"
    said 11 "the target is not MariaDB"
    [ -z "$(sql other "SHOW DATABASES LIKE 'ccr'")" ]
    server_remove other
}

# without SERVER PRIVILEGE TEXT BINARY
without() {
    local result=0

    sql "$1" "REVOKE $2 ON *.* FROM ccr@localhost"
    binaries=("$4")
    each_refused 5 6 "$3" || result=1
    sql "$1" "GRANT $2 ON *.* TO ccr@localhost"
    return "$result"
}

@test "a privilege that is missing" { # privileges.slow.bats: every one
    without source "REPLICATION SLAVE" "the REPLICATION SLAVE privilege" "ship source"
    without source "BINLOG MONITOR" "BINLOG MONITOR privilege" "backup source"
    without source "SHOW VIEW" "SHOW VIEW" "backup source"
    without target CREATE "error 1044: Access denied for user 'ccr'@'localhost' to database 'ccr'" "restore target --job j"
    without target PROCESS "PROCESS" "restore target --job j"
    without target "BINLOG REPLAY" "BINLOG REPLAY privilege" "apply target --job j"
}

@test "an option that nobody knows, one without its value, one of another binary" {
    binaries=("${servers[@]}" "${keepers[@]}")
    each_refused 2 2 "unknown option '--frobnicate'" --frobnicate
    each_refused 2 2 "option '--store' needs a value" --store
    binaries=("backup source" "restore target --job j" "apply target --job j" "${keepers[@]}")
    each_refused 2 2 "--segment-size" --segment-size 1M
}

@test "a config file that is missing, a folder, unreadable, misspelt, or none at all; an option file that is missing" {
    binaries=("${servers[@]}" "${keepers[@]}")
    each_refused 3 3 "$T/nothing.conf: No such file" --config "$T/nothing.conf"
    each_refused 3 3 "reading the config file $T: " --config "$T"
    printf '[source a]\nhots = x\n' >"$T/typo.conf"
    each_refused 3 3 "unknown key 'hots'" --config "$T/typo.conf"
    printf 'nonsense\n' >"$T/nonsense.conf"
    each_refused 3 3 "$T/nonsense.conf" --config "$T/nonsense.conf"
    printf '[source a]\nhost = x\n' >"$T/locked.conf"
    run call backup source --config "$T/locked.conf" --source b
    said 3 "has no section [source b]"
    [[ $output == *"hint: names of its [source] sections: a"* ]]
    chmod 000 "$T/locked.conf"
    as=(powerless)
    each_refused 3 3 "$T/locked.conf: Permission denied" --config "$T/locked.conf"
    as=()
    binaries=("${servers[@]}")
    each_refused 3 3 "$T/nothing.cnf" --defaults-file "$T/nothing.cnf"
}

@test "a store that is empty, that is not there, of a kind that is not there" {
    binaries=("${servers[@]:1}" "${keepers[@]}") # ccr-backup makes one
    mkdir "$T/empty"
    each_refused 4 4 "$T/empty has no ccr.json" --store "file://$T/empty"
    each_refused 4 4 "$T/nowhere has no ccr.json" --store "file://$T/nowhere"
    [ -z "$(ls -A "$T/empty")" ]
    [ ! -e "$T/nowhere" ]
    binaries=("${servers[@]}" "${keepers[@]}")
    each_refused 2 2 "'ftp://host/x' is not the URL of a store" --store "ftp://host/x"
}

@test "a stream and a snapshot that are not there, a stream that is not the job's" {
    binaries=("ship source" "restore target --job new")
    each_refused 4 4 "streams/nothing/stream.json" --stream nothing
    binaries=("restore target --job j" "restore target --job new")
    each_refused 4 4 "has no snapshot 20200101T000000Z-01234567" --snapshot 20200101T000000Z-01234567
    binaries=("apply target --job j")
    each_refused 5 9 "follows stream main, not nothing" --stream nothing
}

@test "ccr-apply and ccr-restore: no job at all, a name that cannot be one, one that the target does not have" {
    binaries=("apply target" "restore target")
    each_refused 2 2 "job"
    each_refused 2 2 "'a b'" --job "a b"
    binaries=("apply target")
    each_refused 5 6 "the target has no job 'nobody'" --job nobody
    server_start bare --local-infile=ON
    server_grant bare target
    run call apply bare --job j
    said 6 "the target has no job 'j'"
    [ -z "$(sql bare "SHOW DATABASES LIKE 'ccr'")" ]
    server_remove bare
}

@test "a job without its position: ccr-apply says what helps, and it does" {
    local damage

    for damage in "DROP TABLE ccr.position_j" "DELETE FROM ccr.position_j"; do
        sql target "$damage"
        binaries=("apply target --job j")
        each_refused 5 6 "the target has no position of job 'j'"
        call restore target --job j
        call apply target --job j
        [ "$(sql target "SELECT COUNT(*) FROM shop.t")" -eq 2 ]
    done
}

@test "after all of it, the next run of each does its work" {
    call ship source
    call apply target --job j
    call backup source
    same_tables source target shop
}
