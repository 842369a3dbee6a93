# What fails again and again on the source's side needs a person, as a job does: it is left alone, shown, and goes on when told.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored
load ../lib/s3
load ../apply/follow

setup_file() {
    mkdir -p "$XDG_STATE_HOME"
    units_find
    server_start source
    server_grant source source
    sql source "CREATE DATABASE a; CREATE DATABASE b; CREATE TABLE a.t (id INT PRIMARY KEY); INSERT INTO a.t VALUES (1); CREATE TABLE b.t LIKE a.t; INSERT INTO b.t VALUES (1)"
    ccr backup source --quiet --databases a
    ccr ship source --quiet
    sql source "INSERT INTO a.t VALUES (2)"
    printf '[store main]\nurl = %s\n\n[source db1]\nsocket = %s\ndefaults-file = %s\nsnapshot-every = 1d\n' "$STORE" "$T/source/sock" "$T/source/ccr.cnf" >"$T/ccr.conf"
}

snapshots() {
    find "$STORE_DIR/streams/main/snapshots" -name manifest.json | wc -l
}

stream() {
    "$CCR_BIN/ccr-status" --store "$STORE" --json | jq -r ".streams[0] | $1"
}

# A table whose rows cannot be read.
break_table() {
    sql source "ALTER TABLE $1 DISCARD TABLESPACE"
}

# Tables of b.
ask_for() {
    jq -n '{job: "j", kind: "tables", position: $at, scope: {version: 2, fold_case: false, exclude: {databases: [], tables: []},
        include: {databases: [], tables: [$ARGS.positional[] | {db: "b", name: .}]}}}' --arg at "$(sql source "SELECT @@gtid_binlog_pos")" --args "$@" |
        "$UNITS/request_tool" --store "$STORE"
}

requested() {
    run --separate-stderr ccr backup source --requested --json "$@"
    echo "status $status: $output ${stderr:-}"
}

@test "the third failure in a row of what targets ask for stops it, and only a person lets it go on" {
    break_table b.t
    ask_for t
    for _ in 1 2 3; do
        [ "$(stream .needs_person)" = false ]
        requested --unattended
        [ "$status" -eq 5 ]
    done
    [[ $stderr == *"what targets ask for need a person: 3 failures in a row of the same cause: "* ]]
    # nothing is tried any more
    requested --cron
    [ "$status" -eq 5 ]
    [[ $stderr == *"need a person since 20"*"b.t"*"hint: "*"--resume"* ]]
    [ "$(json_of .begun)" = null ]
    [ "$(stream '.copies[0] | "\(.kind) \(.state) \(.failures) \(.history | length) \(.error.code_name)"')" = "requested stopped 3 3 source" ]
    [ "$(jq -r .store_id "$STORE_DIR/streams/main/copies.json")" = "$(jq -r .store_id "$STORE_DIR/ccr.json")" ]
    run "$CCR_BIN/ccr-status" --store "$STORE"
    [[ $output == *"  STOPPED  what targets ask for: needs a person since 20"*"3 failures in a row"*"  failure  20"*"ccr-backup: "*"  failed   3 times in a row"* ]]
    run "$CCR_BIN/ccr-status" --store "$STORE" --prometheus
    [[ $output == *$'\nccr_stream_needs_person{stream="main"} 1'* ]]
    "$CCR_BIN/ccr-status" --store "$STORE" --prometheus | promtool check metrics
    # a run by hand tries, and its failure changes nothing
    requested
    [ "$status" -eq 5 ]
    [ "$(json_of .begun)" = true ]
    run ccr backup source --resume
    [ "$status" -eq 2 ]
    run ccr backup source --resume --reason "the disk was changed" --json
    [ "$status $(json_of .changed)" = "0 true" ]
    [ "$(stream '"\(.needs_person) \(.copies[0].reason) \(.copies[0].failures)"')" = "false the disk was changed 0" ]
    run ccr backup source --resume --reason again --json
    [ "$(json_of .changed)" = false ]
    requested --unattended
    [ "$status" -eq 5 ]
    [ "$(stream '.copies[0].failures')" = 1 ]
    sql source "DROP TABLE b.t; CREATE TABLE b.t (id INT PRIMARY KEY)"
    requested --unattended
    [ "$status" -eq 0 ]
    [ "$(stream '.copies[0].failures')" = 0 ]
    run "$CCR_BIN/ccr-verify" --store "$STORE"
    [ "$status" -eq 0 ]
}

@test "causes that take turns: the 20th failure within a day" {
    local broken=t sound=u n

    sql source "CREATE TABLE b.u LIKE b.t"
    ask_for t u
    # one is there already, since it went on
    for n in $(seq 19); do
        [ "$n" -lt 19 ] || [ "$(stream .needs_person)" = false ]
        sql source "DROP TABLE b.$sound; CREATE TABLE b.$sound (id INT PRIMARY KEY)"
        break_table "b.$broken"
        read -r broken sound <<<"$sound $broken"
        requested --unattended --quiet
        [ "$status" -eq 5 ]
    done
    [ "$(stream '"\(.needs_person) \(.copies[0].history | length > 20)"')" = "true true" ]
    [[ $(stream '.copies[0].reason') == "20 failures within a day, the last one: "* ]]
    sql source "DROP TABLE b.$sound; CREATE TABLE b.$sound (id INT PRIMARY KEY)"
    # a run by hand that succeeds lets it go on
    requested
    [ "$status" -eq 0 ]
    [ "$(stream '"\(.needs_person) \(.copies[0].reason)"')" = "false a run succeeded" ]
}

cycle() {
    run --separate-stderr "$CCR_BIN/ccr-cycle" source --config "$T/ccr.conf" --json
    echo "status $status: $output ${stderr:-}"
}

steps() {
    json_of '[.steps[] | "\(.program)\(if .flag then " " + .flag else "" end) \(.code)"] | join(", ")'
}

@test "a snapshot that is due fails three times: no other is tried, what targets ask for goes on" {
    find "$STORE_DIR/streams/main/snapshots" -name manifest.json -exec touch -d '2 days ago' {} +
    break_table b.t
    for _ in 1 2 3; do
        cycle
        [ "$status" -eq 5 ]
        [ "$(steps)" = "ccr-ship 0, ccr-backup 5" ]
    done
    cycle
    [ "$status" -eq 5 ]
    [ "$(steps)" = "ccr-ship 0, ccr-backup --requested 0" ]
    [[ $stderr == *"snapshots that are due need a person since 20"* ]]
    [[ $(json_of .error.message) == *"ccr-backup: source"* ]]
    sql source "DROP TABLE b.t"
    run ccr backup source --resume --reason "the table is gone" --quiet
    [ "$status" -eq 0 ]
    cycle
    [ "$status" -eq 0 ]
    [[ $(find "$STORE_DIR/streams/main/snapshots" -name manifest.json -newer "$T/ccr.conf" -exec jq -r .reason {} +) == *"no full snapshot since 20"*"(snapshot-every)"* ]]
}

# The binaries, with one between them that purges the source's binlogs behind every snapshot, as an administrator may.
purging_bin() {
    mkdir "$T/bin"
    cp "$CCR_BIN/ccr-cycle" "$T/bin/"
    ln -s "$CCR_BIN/ccr-ship" "$T/bin/"
    cat >"$T/bin/ccr-backup" <<END
#!/usr/bin/env bash
"$CCR_BIN/ccr-backup" "\$@"
code=\$?
. "$CCR_ROOT/tests/lib/common.bash"
sql source "INSERT INTO a.t SELECT MAX(id) + 1 FROM a.t"
purge_all source
sql source "INSERT INTO a.t SELECT MAX(id) + 1 FROM a.t"
exit "\$code"
END
    chmod +x "$T/bin/ccr-backup"
}

@test "snapshots that succeed and do not help: the log has a gap again behind each, and the third is the last" {
    local before

    purging_bin
    sql source "INSERT INTO a.t SELECT MAX(id) + 1 FROM a.t"
    purge_all source
    sql source "INSERT INTO a.t SELECT MAX(id) + 1 FROM a.t"
    for _ in 1 2 3; do
        [ "$(stream .needs_person)" = false ]
        before=$(snapshots)
        CCR_BIN=$T/bin cycle
        [ "$status" -eq 8 ]
        [ "$(steps)" = "ccr-ship 8, ccr-backup 0, ccr-ship 8" ]
        [ "$(snapshots)" -eq $((before + 1)) ]
    done
    [[ $stderr == *"snapshots that are due need a person: 3 failures in a row of the same cause: "*"gap"* ]]
    CCR_BIN=$T/bin cycle
    [ "$status" -eq 8 ]
    [ "$(steps)" = "ccr-ship 8" ]
    [ "$(stream '.copies[] | select(.kind == "due") | "\(.state) \(.failures) \(.error.program)"')" = "stopped 3 ccr-ship" ]
    [ "$(snapshots)" -eq $((before + 1)) ]
    run ccr backup source --resume --reason "the binlogs are kept for a week now" --quiet
    [ "$status" -eq 0 ]
    cycle
    [ "$status" -eq 0 ]
    [ "$(steps)" = "ccr-ship 8, ccr-backup 0, ccr-ship 0, ccr-backup --requested 0" ]
    [ "$(stream .needs_person)" = false ]
}
