# ccr-prune: what stays and what goes, what the log is kept for, and what a target says whose segments went.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored

DAY=86400

# Three snapshots with two objects of the log behind each: S0, 1 2, S1, 3 4, S2, 5 6; a target that follows S0 and has applied
# objects 1 and 2.
setup_file() {
    server_start source
    server_grant source source
    sql source "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100))"
    server_start target --local-infile=ON
    server_grant target target
    two_more() {
        for _ in 1 2; do
            sql source "INSERT INTO shop.t (v) VALUES (UUID_SHORT())"
            ccr ship source
        done
    }
    ccr backup source
    two_more
    ccr restore target --job j
    ccr apply target --job j
    ccr backup source
    two_more
    ccr backup source
    two_more
    mv "$STORE_DIR" "$T/pristine"
}

setup() {
    rm -rf "$T/store"
    cp -rp "$T/pristine" "$T/store"
    store_use store
    home=$STORE_DIR/streams/main
    log=$home/log/0001/000000000
    mapfile -t ids < <(jq -r '"\(.started_us) \(.id)"' "$home"/snapshots/*/manifest.json | sort -n | cut -d ' ' -f 2)
}

prune() {
    run --separate-stderr "$CCR_BIN/ccr-prune" --store "$STORE" "$@"
    echo "status $status: $output ${stderr:-}"
}

# As if it were so many days later.
later() {
    export CCR_CLOCK_SHIFT=$(($1 * DAY))
}

teardown() {
    unset CCR_CLOCK_SHIFT
    ! mountpoint -q "$T/small" || umount "$T/small"
    logs_keep
}

objects() {
    (cd "$log" && echo *) | sed 's/0000*\([0-9]*\).binlog.zst/\1/g'
}

kept() {
    local i
    for i in "${!ids[@]}"; do
        [ ! -e "$home/snapshots/${ids[i]}/manifest.json" ] || printf 'S%d ' "$i"
    done
}

# Snapshot I was taken so many days ago.
age() {
    local us=$(($(date +%s%6N) - $2 * DAY * 1000000))
    edit_manifest "$home/snapshots/${ids[$1]}/manifest.json" ".started_us = $us | .finished_us = $us + 1000000 | del(.started, .finished)"
}

whole() {
    "$CCR_BIN/ccr-verify" --store "$STORE"
}

@test "by default nothing is removed, and what would go is told with its reason" {
    find "$STORE_DIR" -type f | sort >"$T/before"
    prune --keep-last 1
    [ "$status" -eq 0 ]
    [[ $output == *"keep snapshot ${ids[2]} (last 1 of 1)"* ]]
    [[ $output == *"remove snapshot ${ids[0]}: "*"(newer ones hold all of it, and no rule keeps it)"* ]]
    [[ $output == *"keep the log from object 3 of epoch 1 on, for job j"* ]]
    [[ $output == *"--yes removes them"* ]]
    find "$STORE_DIR" -type f | sort | diff "$T/before" -
    prune --keep-last 1 --json
    [ "$(json_of '[.streams[0].snapshots[].keep | tostring] | join(" ")')" = "false false true" ]
    [ "$(json_of '.streams[0].log | "\(.kept_from_number) \(.remove_objects) \(.held_by)"')" = "3 2 job j" ]
    [ "$(json_of .changed)" = false ]
}

@test "without a rule every snapshot stays, and the log behind them" {
    prune --yes
    [ "$status" -eq 0 ]
    [[ $output == *"nothing to remove"* ]]
    [ "$(kept)" = "S0 S1 S2 " ]
    [ "$(objects)" = "1 2 3 4 5 6" ]
}

@test "--keep-last: a job's position holds the log; released after --max-hold, which is recorded and alarmed" {
    prune --keep-last 1 --yes
    [ "$status" -eq 0 ]
    [ "$(kept)" = "S2 " ]
    [ "$(objects)" = "3 4 5 6" ]
    [ ! -e "$home/snapshots/${ids[0]}" ]
    whole
    later 15
    prune --keep-last 1 --yes --json
    [ "$status" -eq 0 ]
    [ "$(objects)" = "5 6" ]
    [[ $stderr == *"warning: job j was not seen since "* ]]
    [ "$(json_of '.streams[0].jobs[0].released')" = true ]
    [ "$(jq -r '.released[0] | "\(.job) \(.number)"' "$home/pruned/000000000002.json")" = "j 3" ]
    unset CCR_CLOCK_SHIFT
    whole
    # the target learns why, and a restore makes it whole again
    run ccr apply target --job j
    [ "$status" -eq 8 ]
    [[ $output == *"object 3 of epoch 1 of stream main was pruned"*"job j had not been seen since"* ]]
    [[ $output == *"hint: restore the newest snapshot"* ]]
    ccr restore target --job j
    ccr apply target --job j
    same_tables source target shop
    # and back to where the other tests begin
    cp -rp "$T/pristine/." "$STORE_DIR"
    rm "$STORE_DIR/jobs/j/status.json"
    ccr restore target --job j --snapshot "${ids[0]}"
    ccr apply target --job j --until-gtid "$(footer "$log/000000000002.binlog.zst" | jq -r .end)"
    cp -p "$STORE_DIR/jobs/j/status.json" "$T/pristine/jobs/j/status.json"
}

@test "a run of ccr-apply with nothing to do shows that the job is alive" {
    ccr apply target --job j
    touch -d '20 days ago' "$STORE_DIR/jobs/j/status.json"
    ccr apply target --job j
    [ "$(stat -c %Y "$STORE_DIR/jobs/j/status.json")" -ge $(($(date +%s) - DAY)) ]
}

@test "an XA branch that is prepared holds the log from where it begins" {
    jq '.needed = 1' "$STORE_DIR/jobs/j/status.json" >"$T/status" && cp "$T/status" "$STORE_DIR/jobs/j/status.json"
    prune --keep-last 1
    [[ $output == *"keep the log from object 1 of epoch 1 on, for job j"* ]]
}

@test "by age, and by days, weeks and months" {
    age 0 40
    age 1 3
    age 2 0
    prune --keep-days 5
    [[ $output == *"remove snapshot ${ids[0]}"* && $output == *"keep snapshot ${ids[1]} (of the last 5 days)"* ]]
    prune --keep-monthly 3 --keep-daily 1
    [[ $output == *"keep snapshot ${ids[0]} (monthly "* ]]
    [[ $output == *"keep snapshot ${ids[2]} (daily 1 of 1, monthly 1 of 3)"* ]]
    prune --keep-daily 2
    [[ $output == *"remove snapshot ${ids[0]}"* && $output == *"keep snapshot ${ids[1]} (daily 2 of 2)"* ]]
    # two on one day: the newer one stands for it
    age 1 0
    age 2 0
    prune --keep-daily 2
    [[ $output == *"remove snapshot ${ids[1]}"* && $output == *"keep snapshot ${ids[0]} (daily 2 of 2)"* ]]
}

@test "a snapshot of single tables takes no full one's place, and the last of anything stays" {
    edit_manifest "$home/snapshots/${ids[2]}/manifest.json" '.only_tables = ["shop/t"]'
    prune --keep-last 1
    [[ $output == *"remove snapshot ${ids[0]}"* ]]
    [[ $output == *"keep snapshot ${ids[1]} (last 1 of 1)"* && $output == *"keep snapshot ${ids[2]} (last 1 of 1)"* ]]
    later 400
    prune --keep-days 1
    [[ $output == *"keep snapshot ${ids[1]} (no newer one holds all of it)"* ]]
}

@test "--pitr keeps what any moment of the window needs, and no more of the log" {
    age 0 40
    age 1 9
    age 2 2
    touch -d '20 days ago' "$STORE_DIR/jobs/j/status.json"
    prune --pitr 7 --keep-monthly 3 --yes
    [ "$status" -eq 0 ]
    [[ $output == *"keep snapshot ${ids[1]} ("*"point-in-time window"* ]]
    [ "$(objects)" = "3 4 5 6" ]
    whole
    # a snapshot behind which there is no log any more can be restored as it is
    run ccr restore target --job j --snapshot "${ids[0]}"
    [ "$status" -eq 0 ]
    run ccr apply target --job j
    [ "$status" -eq 8 ]
    [[ $output == *"was pruned"* ]]
    touch -d '20 days ago' "$STORE_DIR/jobs/j/status.json"
    prune --pitr 1 --yes
    [ "$(kept)" = "S2 " ]
    [ "$(objects)" = "5 6" ]
    whole
}

@test "pins" {
    prune --pin "${ids[0]}" --reason "before the migration"
    [ "$status" -eq 0 ]
    prune --pin "${ids[0]}"
    [[ $output == *"was pinned already"* ]]
    prune --keep-last 1 --yes
    [[ $output == *"keep snapshot ${ids[0]} (pinned: before the migration)"* ]]
    [ "$(kept)" = "S0 S2 " ]
    [ "$(objects)" = "1 2 3 4 5 6" ]
    whole
    prune --unpin "${ids[0]}"
    prune --unpin "${ids[0]}"
    [[ $output == *"was not pinned"* ]]
    prune --keep-last 1 --yes
    [ "$(kept)" = "S2 " ]
    prune --pin nothing-of-the-kind
    [ "$status" -eq 4 ]
}

@test "volumes of a dead backup go after the grace time, those of a young one stay" {
    local dead=$home/snapshots/20260101T000000Z-deadbeef
    mkdir "$dead"
    cp "$home/snapshots/${ids[0]}/000001.tar.zst" "$dead"
    run "$CCR_BIN/ccr-verify" --store "$STORE"
    [ "$status" -eq 0 ]
    [[ $output == *"20260101T000000Z-deadbeef of stream main has no manifest: 1 objects"* ]]
    touch "$dead/000001.tar.zst"
    prune --yes
    [ -e "$dead/000001.tar.zst" ]
    touch -d '2 days ago' "$dead/000001.tar.zst"
    prune --grace 3d --yes
    [ -e "$dead/000001.tar.zst" ]
    prune --yes
    [[ $output == *"remove what is left of backup 20260101T000000Z-deadbeef"* ]]
    [ ! -e "$dead" ]
    [ "$(kept)" = "S0 S1 S2 " ]
}

@test "the grace time is judged by the store's clock, whatever this machine's says" {
    local day dead=$home/snapshots/20260101T000000Z-deadbeef

    mkdir "$dead"
    cp "$home/snapshots/${ids[0]}/000001.tar.zst" "$dead"
    # the file system gives its files the true time; a build with sanitizers would be the first library
    export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0
    day=$(date -u -d '3 days' +%F)
    run env NO_FAKE_STAT=1 faketime -f +3d "$CCR_BIN/ccr-prune" --store "$STORE" --yes
    echo "$output"
    [ "$status" -eq 0 ]
    # a day may end in between
    [[ "$day $(date -u -d '3 days' +%F)" = *"$(jq -r '.time[:10]' "$STORE_DIR/prune.json")"* ]]
    [ -e "$dead/000001.tar.zst" ]
    touch -d '2 days ago' "$dead/000001.tar.zst"
    run env NO_FAKE_STAT=1 faketime -f -3d "$CCR_BIN/ccr-prune" --store "$STORE" --yes
    echo "$output"
    [ "$status" -eq 0 ]
    [ ! -e "$dead" ]
}

@test "a full disk: a run of ccr-prune makes room" {
    mkdir "$T/small"
    mount -t tmpfs -o size=4m tmpfs "$T/small" 2>/dev/null || skip "mounting a small file system needs root"
    cp -r "$STORE_DIR" "$T/small/store"
    store_use small/store
    home=$STORE_DIR/streams/main log=$home/log/0001/000000000
    prune --yes
    [ "$status" -eq 0 ]
    rm -r "$STORE_DIR/jobs"
    cat /dev/zero >"$T/small/filler" 2>"$T/full" || grep "No space left" "$T/full"
    run ccr ship source
    [ "$status" -eq 4 ]
    [[ $output == *"No space left on device"*"hint: make room under the store (ccr-prune"* ]]
    prune --keep-last 1 --yes
    [ "$status" -eq 0 ]
    [ "$(kept)" = "S2 " ]
    ccr ship source
    whole
}

@test "what cannot be judged stops the run before anything is removed" {
    flip "$home/snapshots/${ids[1]}/manifest.json" 700
    prune --keep-last 1 --yes
    [ "$status" -eq 7 ]
    [[ $stderr == *"nothing is pruned"* ]]
    cp "$T/pristine/streams/main/snapshots/${ids[1]}/manifest.json" "$home/snapshots/${ids[1]}/manifest.json"
    printf '{' >"$STORE_DIR/jobs/j/status.json"
    prune --keep-last 1 --yes
    [ "$status" -eq 7 ]
    [ "$(kept)" = "S0 S1 S2 " ]
    [ "$(objects)" = "1 2 3 4 5 6" ]
}

@test "damage to ccr-prune's own documents" {
    local record
    prune --keep-last 1 --yes
    whole
    record=$home/pruned/000000000001.json
    cp "$record" "$T/record"
    # shellcheck disable=SC2016 # they are expanded when they are done
    for damage in 'flip "$record" 0' 'truncate -s 100 "$record"' 'printf x >>"$record"' ': >"$record"' \
        'jq ".version = 2" "$T/record" >"$record"' 'jq ".epoch = 0" "$T/record" >"$record"'; do
        eval "$damage"
        run "$CCR_BIN/ccr-verify" --store "$STORE"
        echo "$damage: $status $output"
        [[ $status -eq 7 || $status -eq 11 ]]
        [[ $output == *"pruned/000000000001.json"* ]]
        prune --keep-last 1 --yes
        [[ $status -eq 7 || $status -eq 11 ]]
        cp "$T/record" "$record"
    done
    # without it the beginning of the log is missing, as far as anybody knows
    rm "$record"
    run "$CCR_BIN/ccr-verify" --store "$STORE"
    [ "$status" -eq 7 ]
    [[ $output == *"objects 1 to 2 of epoch 1 of stream main are missing"* ]]
    cp "$T/record" "$record"
    printf '{' >"$STORE_DIR/prune.json"
    run "$CCR_BIN/ccr-verify" --store "$STORE"
    [ "$status" -eq 7 ]
    [[ $output == *"prune.json is not valid JSON"* ]]
    prune --keep-last 1 --yes
    [ "$status" -eq 0 ]
    whole
}

@test "the newest object stays, and ccr-ship and ccr-backup go on behind a pruned log" {
    touch -d '20 days ago' "$STORE_DIR/jobs/j/status.json"
    ccr backup source
    prune --keep-last 1 --yes
    [ "$(objects)" = 6 ]
    whole
    sql source "INSERT INTO shop.t (v) VALUES ('on')"
    ccr ship source
    ccr ship source
    ccr backup source
    [ "$(objects)" = "6 7" ]
    whole
}

@test "options: from [store], numbers, streams that are not there" {
    printf '[store main]\nurl = %s\nkeep-last = 2\n[target x]\nhost = nowhere\n[target y]\nhost = nowhere\n' "$STORE" >"$T/conf"
    run --separate-stderr "$CCR_BIN/ccr-prune" --config "$T/conf"
    [ "$status" -eq 0 ]
    [[ $output == *"last 2 of 2"* ]]
    prune --streams third
    [ "$status" -eq 4 ]
    prune --pitr 99999999
    [ "$status" -eq 2 ]
    prune --reason why
    [ "$status" -eq 2 ]
    prune --pin a --unpin b
    [ "$status" -eq 2 ]
}
