# Partial restores that are killed at every place where something becomes durable: the old table or the new one, and the
# next run completes.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow
load partial

# Every name that a run of the words passes, without those of single statements.
points() {
    rm -f "$T/points"
    CCR_FAILPOINT_LOG=$T/points ccr restore target --job j --tables shop.orders --quiet
    sort -u "$T/points" | grep -v '^statement$'
}

killed_restore() {
    local status=0

    CCR_FAILPOINT=$1 ccr restore target --job j --tables shop.orders --quiet || status=$?
    [ "$status" -eq 137 ]
}

prepared() {
    sql source "ALTER TABLE shop.orders ADD c$1 INT DEFAULT 1"
    family_work "$1"
    replay
    spoil shop.orders
}

@test "killed at every failpoint: the old table or the new one, and the next run completes" {
    local point before n=2 all

    family ''
    follow_start --databases shop
    snapshot --tables shop.orders
    prepared 1
    all=$(points)
    equal
    for point in $all; do
        n=$((n + 1))
        spoil shop.orders
        before=$(sql target "CHECKSUM TABLE shop.orders")
        echo "# $point"
        killed_restore "$point"
        if [ "$(sql target "CHECKSUM TABLE shop.orders")" != "$before" ]; then
            same_one shop.orders
        fi
        partial --tables shop.orders
        equal
        apply
    done
    [ "$(references)" = "$(printf 'shop.item>shop.orders\nshop.orders>shop.customer')" ]
    [[ $all == *announce-after* && $all == *swap-before* && $all == *staged-before* && $all == *ddl-after* ]]
}

@test "killed when the job is left behind: ccr-apply goes on without the table, and the next run brings it in" {
    local point n=0

    follow_start --databases shop
    for point in behind-before behind-after claim-after commit-after swap-after; do
        n=$((n + 1))
        work $n
        spoil shop.orders
        snapshot --tables shop.orders
        ship
        echo "# $point"
        killed_restore "$point"
        work $((n + 20))
        ship
        status=0
        apply || status=$?
        [ "$status" -eq 0 ] || [ "$status" -eq 8 ]
        same_one shop.customer
        partial --tables shop.orders
        equal
    done
}

@test "a swap that was announced: whoever takes the job over makes it fail" {
    local before

    follow_start --databases shop
    work 1
    replay
    snapshot --tables shop.orders
    work 2
    replay
    spoil shop.orders
    killed_restore announce-after
    [ "$(sql target "SELECT CONCAT(JSON_VALUE(intent, '\$.kind'), ' ', JSON_VALUE(intent, '\$.stage')) FROM ccr.position_j")" = "swap ccr_stage_j_0" ]
    [ -n "$(sql target "SHOW TABLES IN ccr_stage_j_0 LIKE 'position_j'")" ]
    before=$(sql target "CHECKSUM TABLE shop.orders")
    apply
    [ -z "$(sql target "SHOW TABLES IN ccr_stage_j_0 LIKE 'position_j'")" ]
    [ "$(sql target "SELECT intent IS NULL FROM ccr.position_j")" -eq 1 ]
    [ "$(sql target "CHECKSUM TABLE shop.orders")" = "$before" ]
    partial --tables shop.orders
    equal
}

rows_are_held() {
    # the server renews innodb_trx only when nobody has looked for 100 ms
    sleep 0.15
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_rows_modified > 0")" -eq 1 ]
}

# A partial restore that stops before its first commit of the log, with the locks of what it wrote. As behind a network that was cut:
# the server notices of the connection that has the job's locks only.
outlived() {
    CCR_FAILPOINT=commit-before:1:stop restore_start --job j --tables shop.orders
    wait_until 60 process_stopped "$restore"
    wait_until 10 rows_are_held
    [ "$(sql target "SELECT IS_USED_LOCK('ccr stage j') = IS_USED_LOCK('ccr job j')")" -eq 1 ]
    sql target "KILL CONNECTION $(sql target "SELECT IS_USED_LOCK('ccr stage j')")"
}

goes_on() {
    run timeout 60 "$CCR_BIN/ccr-restore" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --tables shop.orders --quiet
    kill -9 "$restore"
    wait "$restore" || true
    echo "$status $output"
    [ "$status" -eq 0 ]
    equal
}

@test "the connection that replays the log, in staging or for the job, is ended by the next run where it has outlived its own" {
    follow_start --databases shop
    snapshot --tables shop.orders
    work 1
    replay
    spoil shop.orders
    outlived
    goes_on
    work 2
    ship
    snapshot --tables shop.orders
    outlived
    goes_on
}

# --- at random moments, while the source is written to

# Until $T/writing is gone; each change takes its rows' mark along.
write_on() {
    local n=0

    while [ -e "$T/writing" ]; do
        n=$((n + 1))
        sql source "USE shop; INSERT INTO orders (customer, total, mark) SELECT seq, $n, 0 FROM seq_1_to_5; UPDATE orders SET total = total + 1 WHERE id % 50 = $n % 50;
            START TRANSACTION; DELETE FROM item WHERE id = $n; UPDATE customer SET name = CONCAT('w ', $n, ' ', id) WHERE id % 25 = $n % 25; UPDATE orders SET note = '$n' WHERE id % 40 = $n % 40; COMMIT;
            DELETE FROM orders WHERE id % 100 = $n % 100 AND id > 2000; UPDATE orders SET id = -id WHERE id = 1 + $n"
    done
}

# Rows of the old table, and of the new one: one of both is none.
old_or_new() {
    local found

    found=$(sql target "SELECT SUM(mark = -1), SUM(mark = 0) FROM shop.orders")
    echo "# old and new rows: $found"
    [[ $found == 0$'\t'[1-9]* || $found == [1-9]*$'\t'0 ]]
}

@test "kill -9 at random moments while the source writes: the old table or the new, the next run completes, the job goes on" {
    local round duration start writer restore killed=0 status

    seed
    sql source "ALTER TABLE shop.orders ADD mark INT NOT NULL DEFAULT 0"
    follow_start --databases shop
    touch "$T/writing"
    write_on 3>&- &
    writer=$!
    for ((round = 0; round <= 5; round++)); do
        snapshot --tables shop.orders
        sql source "ALTER TABLE shop.orders ADD c$round INT DEFAULT $round"
        # the job is further on than the snapshot, or behind it
        if ((RANDOM % 2)); then replay; else ship; fi
        sql target "UPDATE shop.orders SET mark = -1"
        start=${EPOCHREALTIME/[.,]/}
        "$CCR_BIN/ccr-restore" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --tables shop.orders --quiet 2>"$T/killed.log" 3>&- &
        restore=$!
        if ((round > 0)); then
            sleep "$(awk -v us=$((RANDOM * 32768 + RANDOM)) -v most="$duration" 'BEGIN { print us % most / 1e6 }')"
            kill -9 "$restore" 2>/dev/null || :
        fi
        status=0
        wait "$restore" || status=$?
        echo "# round $round: $status"
        [ "$status" -eq 0 ] || [ "$status" -eq 137 ]
        duration=${duration:-$((${EPOCHREALTIME/[.,]/} - start))}
        killed=$((killed + (status == 137)))
        old_or_new
        if ((RANDOM % 3 == 0)); then
            ship
            status=0
            apply --check-before-images || status=$?
            [ "$status" -eq 0 ] || [ "$status" -eq 8 ] || [ "$status" -eq 9 ]
        fi
        partial --tables shop.orders
        old_or_new
        [ "$(sql target "SELECT SUM(mark) FROM shop.orders")" -eq 0 ]
        ship
        apply --check-before-images
    done
    rm "$T/writing"
    wait "$writer"
    replay --check-before-images
    equal
    echo "# $killed of 5 killed"
    [ "$killed" -ge 1 ]
}
