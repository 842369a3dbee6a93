# Options, config file, messages and exit codes, as every binary shows them. No server is needed: whatever
# connects here is meant to fail.

bats_require_minimum_version 1.5.0
load ../lib/common

BINARIES="backup restore ship apply"
ALL_BINARIES="$BINARIES verify prune status job promote cycle" # from verify on, not all need a server

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    unset STORE # nothing may come from the environment
}

# Runs a binary with stdout and stderr apart: $output, $stderr, $status.
ccr_alone() {
    local binary=$1

    shift
    run --separate-stderr "$CCR_BIN/ccr-$binary" "$@"
}

# config FILE LINE...
config() {
    local file=$1

    shift
    printf '%s\n' "$@" >"$file"
}

# fails CODE TEXT: the last run ended with this code, and its message (or hint) holds the text.
fails() {
    if [ "$status" -ne "$1" ] || [[ $stderr != *"$2"* ]]; then
        echo "status $status instead of $1, or no '$2' in: $stderr"
        return 1
    fi
}

@test "--help goes to stdout, names every binary's own options, and ends with 0" {
    local binary
    for binary in $BINARIES; do
        ccr_alone "$binary" --help
        [ "$status" -eq 0 ]
        [ -z "$stderr" ]
        [[ $output == "ccr-$binary "* ]]
        [[ $output == *"--config FILE"* && $output == *"--defaults-file FILE"* && $output == *"Exit codes:"* ]]
    done
    ccr_alone apply --help
    [[ $output == *--until-gtid* && $output != *--segment-size* ]]
    ccr_alone ship --help
    [[ $output != *--until-gtid* && $output == *--segment-size* ]]
}

@test "no line of a help text is wider than a terminal by much" {
    local binary
    for binary in $ALL_BINARIES; do
        [ "$("$CCR_BIN/ccr-$binary" --help | awk 'length > 120' | wc -l)" -eq 0 ]
    done
}

@test "--version" {
    local binary
    for binary in $ALL_BINARIES; do
        ccr_alone "$binary" --version
        [ "$status" -eq 0 ]
        [[ $output =~ ^ccr-$binary\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    done
}

@test "--help wins over whatever else stands on the line" {
    ccr_alone ship --config /nonexistent --help
    [ "$status" -eq 0 ]
}

@test "the README's table of exit codes is --help's" {
    local binary
    sed -n 's/^| \([0-9]*\) | [a-z-]* | \(.*\) |$/\1 \2/p' "$CCR_ROOT/README.md" >readme
    [ "$(wc -l <readme)" -ge 13 ]
    for binary in $ALL_BINARIES; do
        "$CCR_BIN/ccr-$binary" --help | sed '1,/^Exit codes:/d; s/^ *\([0-9]*\)  /\1 /' >help
        diff -u readme help
    done
}

@test "usage errors: unknown options, missing and wrong values, stray words, another binary's options" {
    ccr_alone ship --no-such-option
    fails 2 "unknown option '--no-such-option'"
    fails 2 "--help"
    ccr_alone ship --store
    fails 2 "'--store' needs a value"
    ccr_alone ship --segment-size 15MB
    fails 2 "15MB"
    fails 2 "as in 4096, 512K, 16M or 1G"
    ccr_alone ship stray
    fails 2 "'stray'"
    ccr_alone ship --until-gtid 0-1-2
    fails 2 "--until-gtid"
    ccr_alone ship --log-format xml
    fails 2 "text or json"
    ccr_alone apply --until-time tomorrow --store file:///nonexistent --job j
    fails 2 "tomorrow"
}

@test "a password on the command line is refused with the place where it belongs, and not repeated" {
    local binary word
    for binary in $BINARIES; do
        for word in --password=geheim -pgeheim; do
            ccr_alone "$binary" "$word"
            fails 2 "--defaults-file"
            [[ $stderr != *geheim* && $output != *geheim* ]]
        done
    done
}

@test "a store is needed, and the message says how to give one" {
    ccr_alone backup
    fails 2 "--store"
    ccr_alone ship
    fails 2 "--store"
    ccr_alone restore --job j
    fails 2 "--store"
    ccr_alone apply --job j
    fails 2 "--store"
    ccr_alone ship --store nowhere
    fails 2 "file:///DIR"
}

@test "an unreadable config file is named" {
    ccr_alone ship --config /nonexistent/ccr.conf
    fails 3 "/nonexistent/ccr.conf"
    ccr_alone ship --config .
    fails 3 "config file"
}

@test "config errors name the file, the section and the key" {
    config c "[source a]" "hots = db1"
    ccr_alone ship --config c
    fails 3 "[source a] has an unknown key 'hots'"
    config c "[sauce a]" "host = db1"
    ccr_alone ship --config c
    fails 3 "unknown section [sauce a]"
    config c "[source a]" "port = many"
    ccr_alone ship --config c
    fails 3 "[source a] port: 'many'"
    config c "[source a]" "host = a" "host = b"
    ccr_alone ship --config c
    fails 3 "only once"
    : >c
    ccr_alone ship --config c
    fails 3 "config file c is empty"
    config c "[source a]" "this is not a line of a config file"
    ccr_alone ship --config c
    fails 3 "c"
    config c "[source a]" "until-gtid = 0-1-1"
    ccr_alone ship --config c
    fails 3 "until-gtid"
    fails 3 "hint: --until-gtid is given on the command line only"
    config c "[source a]" "keep-last = 7"
    ccr_alone ship --config c
    fails 3 "hint: it belongs into a section [store NAME]"
}

@test "every section is checked, also those that this run does not use" {
    config c "[store s]" "url = file:///nonexistent" "[target t]" "jop = x"
    ccr_alone ship --config c
    fails 3 "[target t] has an unknown key 'jop'"
}

@test "two sections of a kind need a choice; one is taken without" {
    config c "[source a]" "host = a" "[source b]" "host = b"
    ccr_alone ship --config c
    fails 2 "several [source] sections"
    fails 2 "--source NAME"
    ccr_alone ship --config c --source x
    fails 3 "no section [source x]"
    fails 3 "hint: names of its [source] sections: a, b"
    config c "[store s]" "url = file:///nonexistent/s" "[store t]" "url = file:///nonexistent/t" "[source a]" "host = a"
    ccr_alone ship --config c
    fails 2 "--store NAME"
}

@test "a store section is found by its name, by the source's key, or as the only one" {
    config c "[store east]" "url = ftp://east" "[store west]" "url = ftp://west" "[source a]" "store = west"
    ccr_alone ship --config c
    [[ $stderr == *ftp://west* ]]
    ccr_alone ship --config c --store east
    [[ $stderr == *ftp://east* ]]
    config c "[store only]" "url = ftp://only"
    ccr_alone ship --config c
    [[ $stderr == *ftp://only* ]]
    ccr_alone ship --config c --store other
    fails 3 "no section [store other]"
}

@test "what is wrong with the URL of a store, or with how it is reached, is said with the section that it stands in" {
    config c "[store east]" "url = ftp://east" "[source a]" "store = file://relative"
    ccr_alone ship --config c --store east
    fails 3 "config file c: [store east] url: 'ftp://east' is not the URL of a store"
    ccr_alone ship --config c
    fails 3 "config file c: [source a] store: the store file://relative does not name an absolute path"
    ccr_alone ship --config c --store ftp://flag
    fails 2 "error: --store: 'ftp://flag' is not the URL"
    config c "[store east]" "url = file:///nonexistent" "connections = 0"
    ccr_alone ship --config c
    fails 3 "[store east] connections: 0 is not valid"
    ccr_alone ship --config c --connections 0
    fails 2 "error: --connections: 0 is not valid"
}

@test "--memory of more than the machine has is refused, with what it has" {
    ccr_alone apply --memory 999999G --store file:///nonexistent --job j
    fails 2 "error: --memory: 999999G is more than this machine has"
    config c "[store s]" "url = file:///nonexistent" "[target t]" "memory = 999999G"
    ccr_alone restore --config c --job j
    fails 3 "config file c: [target t] memory: 999999G is more than this machine has"
    ccr_alone apply --memory 64M --store file:///nonexistent --job j --host 127.0.0.1 --port 1
    fails 6 "error 2002"
}

@test "a group that the option file does not have is refused, with those that it has" {
    printf '[client]\nuser = a\n# [east]\nuser = [north]\n!include %s\n' "$PWD/more.cnf" >server.cnf
    printf '  [south ]\nuser = b\n' >more.cnf
    local to=(backup --store file:///nonexistent --host 127.0.0.1 --port 1 --defaults-file server.cnf)
    ccr_alone "${to[@]}" --defaults-group east
    fails 3 "the option file server.cnf has no group [east]"
    fails 3 "hint: its groups: client, south"
    ccr_alone "${to[@]}" --defaults-group south
    fails 5 "error 2002"
    : >server.cnf
    ccr_alone "${to[@]}" --defaults-group east
    fails 3 "hint: it has no group at all"
    # without a file the library looks in its own places
    HOME=$PWD ccr_alone "${to[@]:0:7}" --defaults-group nowhere_at_all
    fails 3 "no option file has a group [nowhere_at_all]"
    cp more.cnf .my.cnf
    HOME=$PWD ccr_alone "${to[@]:0:7}" --defaults-group south
    fails 5 "error 2002"
}

@test "a flag wins over a key, a key over the default" {
    config c "[store s]" "url = ftp://the-key" "[source a]" "log-format = text"
    ccr_alone ship --config c
    fails 3 "unknown key 'log-format'"
    config c "[store s]" "url = ftp://the-key" "[source a]" "stream = from/key"
    ccr_alone ship --config c
    [[ $stderr == *ftp://the-key* ]]
    ccr_alone ship --config c --store ftp://the-flag
    [[ $stderr == *ftp://the-flag* && $stderr != *the-key* ]]
}

@test "lines of a config file may be long" {
    local long
    long=$(printf 'x%.0s' {1..3000})
    config c "[store s]" "url = ftp://$long" "[source a]" "host = a"
    ccr_alone ship --config c
    [[ $stderr == *"$long"* ]]
}

@test "--json prints one object, on failure too" {
    local binary
    for binary in $BINARIES; do
        ccr_alone "$binary" --json --no-such
        [ "$status" -eq 2 ]
        [ "$(jq -s length <<<"$output")" = 1 ]
        [ "$(json_of '[.program, .ok, .code, .code_name, .changed] | map(tostring) | join(" ")')" = \
            "ccr-$binary false 2 usage false" ]
        [[ $(json_of .error.message) == *--no-such* && $(json_of .error.hint) == *--help* ]]
        [[ $stderr == *--no-such* ]]
    done
}

@test "--log-format json writes one object per line" {
    ccr_alone ship --log-format json --no-such
    [ "$status" -eq 2 ]
    [ "$(jq -rs '[.[] | has("time") and has("level") and has("message") and .program == "ccr-ship"] | all' <<<"$stderr")" = true ]
    [ "$(jq -rs '.[0].level' <<<"$stderr")" = error ]
    [ -z "$output" ]
}

@test "text messages are one line each, with time and program in a log" {
    ccr_alone ship --store $'file:///nonexistent/a\nb'
    fails 4 "/nonexistent/a b"
    [ "$(grep -vcE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z ccr-ship: ' <<<"$stderr")" = 0 ]
}

@test "--cron shows the same failure once a day, and the exit code every time" {
    export XDG_STATE_HOME=$PWD/state
    mkdir state
    local failing=(ship --cron --store file:///nonexistent/one)
    ccr_alone "${failing[@]}"
    fails 4 /nonexistent/one
    ccr_alone "${failing[@]}"
    [ "$status" -eq 4 ]
    [ -z "$stderr" ]
    [ -z "$output" ]
    # another cause is news
    ccr_alone ship --cron --store file:///nonexistent/two
    fails 4 /nonexistent/two
    # without --cron everything is shown
    ccr_alone ship --store file:///nonexistent/one
    fails 4 /nonexistent/one
    # a day later
    find state -type f -exec touch -d '25 hours ago' {} +
    ccr_alone "${failing[@]}"
    fails 4 /nonexistent/one
}

@test "--cron without a place for its notes shows every failure" {
    export XDG_STATE_HOME=/proc/nonexistent
    ccr_alone ship --cron --store file:///nonexistent/one
    fails 4 /nonexistent/one
    ccr_alone ship --cron --store file:///nonexistent/one
    fails 4 /nonexistent/one
}

@test "a result that cannot be written is an error" {
    [ -e /dev/full ] || skip "no /dev/full"
    run bash -c "'$CCR_BIN/ccr-ship' --help >/dev/full"
    [ "$status" -ne 0 ]
}
