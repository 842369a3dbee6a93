# Many jobs on one stream, many streams into one target, and targets that exist twice.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow

# Three clusters that know nothing of each other: all of them write as server 1 in domain 0.
setup_file() {
    local s

    mkdir -p "$XDG_STATE_HOME"
    for s in north south west; do
        server_start "$s" --server-id=1
        server_grant "$s" source
        sql "$s" "CREATE DATABASE shop; CREATE DATABASE crm; USE shop;
            CREATE TABLE kind (id INT PRIMARY KEY, name VARCHAR(20));
            CREATE TABLE item (id INT PRIMARY KEY AUTO_INCREMENT, kind INT, v VARCHAR(40), FOREIGN KEY (kind) REFERENCES kind (id));
            CREATE TABLE log_1 (what TEXT); CREATE TABLE crm.person (id INT PRIMARY KEY, name VARCHAR(40)); CREATE TABLE crm.note (t TEXT);
            INSERT INTO kind SELECT seq, '$s' FROM seq_1_to_9; INSERT INTO item (kind, v) SELECT 1 + seq % 9, '$s' FROM seq_1_to_300;
            INSERT INTO crm.person SELECT seq, '$s' FROM seq_1_to_50"
        ccr backup "$s" --stream "$s" --quiet
    done
    for s in centre branch; do
        server_start "$s" --log-bin-trust-function-creators=ON
        server_grant "$s" target
    done
}

work() {
    sql "$1" "INSERT INTO shop.item (kind, v) SELECT 1 + seq % 9, UUID() FROM seq_1_to_20; UPDATE shop.item SET v = UUID() WHERE id % 7 = 0;
        DELETE FROM shop.item WHERE id % 31 = 0; INSERT INTO shop.log_1 VALUES (NOW(6)); INSERT INTO crm.note VALUES (UUID());
        UPDATE crm.person SET name = UUID() WHERE id % 3 = 0" shop
}

ship_all() {
    for s in north south west; do
        ccr ship "$s" --stream "$s" --quiet
    done
}

# apply_job TARGET JOB [OPTIONS]
apply_job() {
    ccr apply "$1" --job "$2" --cron "${@:3}"
}

position() {
    sql "$1" "SELECT pos FROM ccr.position_$2"
}

ends_of() {
    sql "$1" "SELECT @@gtid_binlog_pos"
}

status() {
    "$CCR_BIN/ccr-status" --store "$STORE" --socket "$T/$1/sock" --defaults-file "$T/$1/ccr.cnf" "${@:2}" 3>&-
}

centralised_is_equal() {
    same_tables north centre shop:shop_north crm:crm_north
    same_tables south centre shop:shop_south crm:crm_south
    same_tables west centre shop:shop_west crm:crm_west
}

@test "three sources, whose GTIDs collide, centralised in one cluster: each under its own names" {
    local s

    {
        awk '/^```ini streams.conf/ { inside = 1; next } /^```/ { inside = 0 } inside' "$CCR_ROOT/README.md"
        printf '[target west]\nstream = west\njob = west\nrename-db = shop:shop_west, crm:crm_west\n'
    } | sed "s|^defaults-file = .*||; s|^job = .*|&\nsocket = $T/centre/sock\ndefaults-file = $T/centre/ccr.cnf|" >"$T/streams.conf"
    for s in north south west; do
        "$CCR_BIN/ccr-restore" --config "$T/streams.conf" --store "$STORE" --target "$s" --quiet 3>&-
    done
    for _ in 1 2; do
        for s in north south west south; do
            work "$s"
        done
        sql west "ALTER TABLE shop.item ADD extra INT DEFAULT 5; ALTER TABLE shop.item DROP extra"
        ship_all
        for s in north south west; do
            apply_job centre "$s"
            [ "$(position centre "$s")" = "$(ends_of "$s")" ]
        done
        centralised_is_equal
    done
    [ "$(position centre north | cut -d - -f 1,2)" = 0-1 ]
    [ "$(position centre south)" != "$(position centre north)" ]
}

@test "a job may not take what is another one's" {
    run ccr restore centre --job thief --stream south --databases shop --rename-db shop:shop_north
    fails 9 "shop_north"
    run ccr restore centre --job north --stream south
    fails 9 "north"
    centralised_is_equal
}

@test "one job that is stopped does not keep the others; ccr-status shows each with its stream" {
    sql centre "DELETE FROM shop_south.item WHERE id = 2"
    sql south "UPDATE shop.item SET v = 'changed' WHERE id = 2"
    for s in north west; do
        work "$s"
    done
    ship_all
    for _ in 1 2 3; do
        run ccr apply centre --job south
        fails 9 "shop_south.item"
        apply_job centre north
        apply_job centre west
    done
    work west
    ship_all
    apply_job centre west
    status centre --json >"$T/status.json"
    [ "$(jq -r '.jobs[] | "\(.job) \(.stream) \(.state) \(.lag.transactions)"' "$T/status.json")" = \
        $'north north following 0\nsouth south stopped 1\nwest west following 0' ]
    [ "$(jq -r '[.streams[].stream] | sort | join(" ")' "$T/status.json")" = "north south west" ]
    run status centre
    [[ $output == *"job north, stream north: following"*"job south, stream south: STOPPED"*"job west, stream west: following"* ]]
    sql centre "INSERT INTO shop_south.item SELECT * FROM shop_north.item WHERE id = 2; UPDATE shop_south.item SET kind = 3, v = 'south' WHERE id = 2"
    ccr apply centre --job south --quiet
    centralised_is_equal
    [ "$(sql centre "SELECT COUNT(*), COUNT(DISTINCT job) FROM ccr.history WHERE what LIKE 'full copy%'")" = $'3\t3' ]
}

@test "two jobs of different scopes on one stream, into one target and into two" {
    local target

    for target in centre branch; do
        ccr restore "$target" --job "shops-$target" --stream north --databases 'sho?' --exclude-tables 'shop.log*' --quiet
        ccr restore "$target" --job "people-$target" --stream north --tables crm.person,shop.log_1 \
            --rename-table crm.person:staff.people,shop.log_1:staff.log --quiet
    done
    for _ in 1 2; do
        work north
        sql north "CREATE TABLE IF NOT EXISTS shop.log_2 (a INT); INSERT INTO shop.log_2 VALUES (1); CREATE TABLE IF NOT EXISTS shop.more (id INT PRIMARY KEY);
            REPLACE INTO shop.more VALUES (1); ALTER TABLE crm.person ADD COLUMN IF NOT EXISTS mail VARCHAR(40) DEFAULT 'none' AFTER id"
        ship_all
        for target in centre branch; do
            apply_job "$target" "shops-$target"
            apply_job "$target" "people-$target"
        done
    done
    apply_job centre north
    for target in centre branch; do
        scopes_are_equal "$target"
    done
    centralised_is_equal
}

# Of north, what the jobs shops-$1 and people-$1 follow: a copy of just that is compared.
scopes_are_equal() {
    [ "$(sql "$1" "SHOW TABLES FROM shop")" = $'item\nkind\nmore' ]
    [ "$(sql "$1" "SHOW TABLES FROM staff")" = $'log\npeople' ]
    for pair in shop.item:shop.item shop.kind:shop.kind shop.more:shop.more crm.person:staff.people shop.log_1:staff.log; do
        [ "$(sql north "CHECKSUM TABLE ${pair%:*}" | cut -f 2)" = "$(sql "$1" "CHECKSUM TABLE ${pair#*:}" | cut -f 2)" ] || { echo "$1: $pair"; return 1; }
    done
}

@test "the log is held for the slowest job of its stream, and for no other stream's" {
    local before

    apply_job branch people-branch
    before=$(sql branch "SELECT number FROM ccr.\`position_people-branch\`")
    ccr backup north --stream north --quiet
    for _ in 1 2 3; do
        work north
        ship_all
        apply_job centre north
        apply_job centre shops-centre
        apply_job centre people-centre
        apply_job branch shops-branch
    done
    ccr backup north --stream north --quiet
    "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1 --json --yes >"$T/pruned.json"
    [ "$(jq -r '.streams[] | select(.stream == "north") | .log | "\(.kept_from_number) \(.held_by)"' "$T/pruned.json")" = \
        "$((before + 1)) job people-branch" ]
    apply_job branch people-branch
    scopes_are_equal branch
    "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1 --json --yes >"$T/pruned.json"
    [ "$(jq -r '.streams[] | select(.stream == "north") | .log.kept_from_number' "$T/pruned.json")" -gt "$((before + 1))" ]
    "$CCR_BIN/ccr-verify" --store "$STORE"
}

@test "a target whose data was copied: one of the two goes on, the other one waits for a person" {
    server_stop branch
    mkdir "$T/clone"
    cp -a --reflink=auto "$T/branch/data" "$T/branch/ccr.cnf" "$T/clone/"
    printf '%s' 901 >"$T/clone/server-id"
    server_find_port >"$T/clone/port"
    : >"$T/clone/options"
    server_start branch
    server_start clone
    work north
    ship_all
    apply_job clone shops-branch
    run ccr apply branch --job shops-branch
    fails 9 "was cloned, or restored from a backup" "ccr-job adopt"
    # a person decides for the old one; from then on the copy is the one that waits
    job_adopt branch shops-branch
    apply_job branch shops-branch
    apply_job branch people-branch
    scopes_are_equal branch
    run ccr apply clone --job shops-branch
    fails 9 "was cloned, or restored from a backup"
    server_remove clone
    work north
    ship_all
    apply_job branch shops-branch
    apply_job branch people-branch
    scopes_are_equal branch
    [ "$(sql branch "SELECT COUNT(*), SUM(what LIKE 'target adopted by%') FROM ccr.history WHERE job = 'shops-branch'")" = $'2\t1' ]
}

job_adopt() {
    "$CCR_BIN/ccr-job" adopt --job "$2" --reason "this is the one" --store "$STORE" --socket "$T/$1/sock" --defaults-file "$T/$1/ccr.cnf" --quiet 3>&-
}

@test "a target that was restored from an older backup of itself: a person lets it go on from there" {
    server_stop branch
    cp -a --reflink=auto "$T/branch/data" "$T/older"
    server_start branch
    work north
    ship_all
    apply_job branch shops-branch
    apply_job branch people-branch
    server_stop branch
    rm -rf "$T/branch/data"
    mv "$T/older" "$T/branch/data"
    server_start branch
    work north
    ship_all
    for job in shops people; do
        run ccr apply branch --job "$job-branch"
        fails 9 "was cloned, or restored from a backup" "ccr-job adopt"
        job_adopt branch "$job-branch"
        apply_job branch "$job-branch"
    done
    scopes_are_equal branch
    [ "$(sql branch "SELECT COUNT(*) FROM ccr.history WHERE what LIKE 'full copy%'")" = 2 ]
}
