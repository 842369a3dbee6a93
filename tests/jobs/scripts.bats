# The example scripts in cron/.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow

setup_file() {
    mkdir -p "$XDG_STATE_HOME"
    follow_servers
    server_start scratch --local-infile=ON --log-bin-trust-function-creators=ON
    server_grant scratch target
    sql source "CREATE DATABASE shop; USE shop; CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v INT);
        INSERT INTO t SELECT seq, 0 FROM seq_1_to_1000; CREATE TABLE u (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0); INSERT INTO u (id) VALUES (1), (2);
        CREATE VIEW w AS SELECT * FROM u; CREATE SEQUENCE s; CREATE TRIGGER c AFTER INSERT ON t FOR EACH ROW UPDATE u SET n = n + 1 WHERE id = 1"
    local name
    for name in source target scratch; do
        printf '[client]\nuser = root\nsocket = %s\n' "$T/$name/sock" >"$T/$name.admin"
    done
    {
        printf '[store main]\nurl = %s\n\n[source db1]\nsocket = %s\ndefaults-file = %s\ndatabases = shop\n' \
            "$STORE" "$T/source/sock" "$T/source/ccr.cnf"
        printf '\n[target db2]\nsocket = %s\ndefaults-file = %s\njob = shop\n' "$T/target/sock" "$T/target/ccr.cnf"
    } >"$T/ccr.conf"
    {
        cat "$T/ccr.conf"
        printf '\n[target scratch]\nsocket = %s\ndefaults-file = %s\n' "$T/scratch/sock" "$T/scratch/ccr.cnf"
    } >"$T/scratch.conf"
    ccr backup source --quiet --databases shop
    ccr restore target --quiet --job shop
}

# script NAME ARGUMENTS
script() {
    run env PATH="$CCR_BIN:$PATH" "$CCR_ROOT/cron/$1" "${@:2}"
    echo "status $status: $output"
}

of_cycle() {
    "$CCR_BIN/ccr-cycle" source --config "$T/ccr.conf" --quiet && "$CCR_BIN/ccr-cycle" target --config "$T/ccr.conf" --quiet
}

@test "restore-test.sh: the newest snapshot, counted, and the server empty again" {
    script restore-test.sh "$T/scratch.conf" scratch "$T/scratch.admin"
    [ "$status" -eq 0 ]
    [[ $output == *"Z snapshot 20"*", 1002 rows, "*" s: all there" ]]
    [ -z "$(sql scratch "SHOW DATABASES LIKE 'shop'")" ]
    [ -z "$(sql scratch "SHOW DATABASES LIKE 'ccr'")" ]
    # again, as on the next night
    script restore-test.sh "$T/scratch.conf" scratch "$T/scratch.admin"
    [ "$status" -eq 0 ]
    # not on a server that is in use
    sql scratch "CREATE DATABASE precious"
    script restore-test.sh "$T/scratch.conf" scratch "$T/scratch.admin"
    [ "$status" -eq 1 ]
    [[ $output == *"no scratch server"*"precious"* ]]
    sql scratch "DROP DATABASE precious"
}

@test "restore-test.sh: a snapshot that cannot be restored" {
    local volume

    volume=$(find "$STORE_DIR/streams/main/snapshots" -name '000002.tar.zst')
    mv "$volume" "$T/volume"
    script restore-test.sh "$T/scratch.conf" scratch "$T/scratch.admin"
    mv "$T/volume" "$volume"
    [ "$status" -ne 0 ]
    [[ $output != *"all there"* ]]
    sql scratch "SHOW DATABASES" | grep -E '^(ccr|shop)' | while read -r db; do sql scratch "DROP DATABASE \`$db\`"; done
}

@test "restore-to-time.sh: a table as it was before somebody emptied it, beside the running job" {
    local before

    sql source "UPDATE t SET v = 1" shop
    before=$(sql source "SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%dT%H:%i:%sZ')")
    wait_until 5 later_than "$before"
    sql source "DELETE FROM t; INSERT INTO u (id) VALUES (3)" shop
    of_cycle
    [ "$(sql target "SELECT COUNT(*) FROM shop.t")" -eq 0 ]
    # none was begun so long before
    script restore-to-time.sh "$T/ccr.conf" "$before" shop
    [ "$status" -eq 1 ]
    [[ $output == *"no snapshot of stream main was begun so long before $before (MARGIN=300 seconds)"* ]]
    MARGIN=0 script restore-to-time.sh "$T/ccr.conf" "$before" shop
    [ "$status" -eq 0 ]
    [ "$(sql target "SELECT COUNT(*), SUM(v) FROM shop_rescue.t")" = $'1000\t1000' ]
    [ "$(sql target "SELECT COUNT(*) FROM shop_rescue.u")" -eq 2 ]
    # the job goes on beside it, and leaves it alone
    sql source "INSERT INTO u (id) VALUES (4)" shop
    of_cycle
    [ "$(sql target "SELECT COUNT(*) FROM shop.u")" -eq 4 ]
    [ "$(sql target "SELECT COUNT(*) FROM shop_rescue.u")" -eq 2 ]
    same shop
    # no other time before this one's end: it would say nothing, and leave the old
    MARGIN=0 script restore-to-time.sh "$T/ccr.conf" "$before" shop
    [ "$status" -eq 1 ]
    [[ $output == *"job rescue is there, from an earlier restore: end it, and drop shop_rescue "* ]]
    [ "$(sql target "SELECT COUNT(*) FROM shop_rescue.u")" -eq 2 ]
    "$CCR_BIN/ccr-job" desync --config "$T/ccr.conf" --job rescue --yes
    sql target "DROP DATABASE shop_rescue"
    of_cycle
}

later_than() {
    [ "$(sql source "SELECT UTC_TIMESTAMP() > '$1' + INTERVAL 1 SECOND")" -eq 1 ]
}

@test "migrate.sh: a cut-over, and one that fails leaves the source at work" {
    export SOURCE=db1 ADMIN=$T/source.admin PAUSE=1

    sql source "GRANT ALL ON shop.* TO app@localhost IDENTIFIED BY 'app'"
    sql source "INSERT INTO t (v) SELECT seq FROM seq_1_to_100" shop
    # a promotion that fails
    mkdir "$T/broken"
    printf '#!/bin/sh\nexit 6\n' >"$T/broken/ccr-promote"
    chmod +x "$T/broken/ccr-promote"
    run env PATH="$T/broken:$CCR_BIN:$PATH" "$CCR_ROOT/cron/migrate.sh" "$T/ccr.conf" shop
    echo "$output"
    [ "$status" -eq 6 ]
    [[ $output == *"the writers are stopped"*"not done: the source is writable again"* ]]
    [ "$(sql source "SELECT @@read_only")" = 0 ]
    mariadb --no-defaults --socket="$T/source/sock" --user=app --password=app --execute="INSERT INTO t (v) VALUES (7)" shop
    script migrate.sh "$T/ccr.conf" shop
    [ "$status" -eq 0 ]
    [[ $output == *"done: lead the application to the target"* ]]
    run ! mariadb --no-defaults --socket="$T/source/sock" --user=app --password=app --execute="INSERT INTO t (v) VALUES (8)" shop
    same_tables source target shop
    # the trigger is at work there
    sql target "INSERT INTO t (v) VALUES (9)" shop
    [ "$(sql target "SELECT n FROM u WHERE id = 1" shop)" -eq $(($(sql source "SELECT n FROM u WHERE id = 1" shop) + 1)) ]
}
