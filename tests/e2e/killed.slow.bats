# kill -9 at random moments, and a full disk: the next run completes, and both sides are equal.
# Stores: file ceph ceph-v2

bats_require_minimum_version 1.5.0
load ../lib/common

KILLS=6 # of each binary among the others; its own suite kills it twenty times
[ "$CCR_TEST_STORE" = file ] || KILLS=3

setup_file() {
    stores_start
    server_start source
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON
    server_grant source source
    server_grant target target
    sql_client source <<'SQL'
CREATE DATABASE d;
USE d;
CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(200), n INT);
CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, parent INT, v TEXT, FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE);
CREATE TABLE lonely (a INT, b VARCHAR(50)) COMMENT 'no key';
CREATE TABLE counted (id INT PRIMARY KEY, n INT);
INSERT INTO parent (v, n) SELECT REPEAT(seq, 20), seq FROM seq_1_to_20000;
INSERT INTO child (parent, v) SELECT 1 + seq % 20000, REPEAT('x', seq % 300) FROM seq_1_to_40000;
INSERT INTO lonely SELECT seq % 10, 'b' FROM seq_1_to_1000;
INSERT INTO counted SELECT seq, 0 FROM seq_1_to_10;
CREATE VIEW seen AS SELECT id, n FROM parent;
CREATE TRIGGER counting AFTER INSERT ON parent FOR EACH ROW UPDATE counted SET n = n + 1 WHERE id = 1 + NEW.id % 10;
DELIMITER //
CREATE PROCEDURE work(times INT)
    WHILE times > 0 DO
        INSERT INTO parent (v, n) VALUES (UUID(), times);
        INSERT INTO child (parent, v) VALUES (LAST_INSERT_ID(), REPEAT('y', times));
        UPDATE child SET v = CONCAT(v, '.') WHERE id = 1 + FLOOR(RAND() * 40000);
        DELETE FROM parent WHERE id = 1 + FLOOR(RAND() * 20000);
        INSERT INTO lonely VALUES (times, 'c');
        SET times = times - 1;
    END WHILE//
DELIMITER ;
SQL
}

# Every test begins with a followed target, whether or not others ran before it.
setup() {
    seed
    sql target "SELECT 1 FROM ccr.position_j" >/dev/null 2>&1 && return
    ccr backup source
    ccr restore target --job j
}

# killed MAX-MILLISECONDS COMMAND...: starts it and kills it at a random moment; true when the kill came in time.
killed() {
    local max=$1 pid status=0

    shift
    "$@" >"$T/killed.log" 2>&1 3>&- &
    pid=$!
    sleep "$(printf '0.%03d' $((RANDOM % max)))"
    kill -9 "$pid" 2>/dev/null || :
    wait "$pid" || status=$?
    [ "$status" -eq 137 ] && return 0
    # done before the kill, or well on its own terms; anything else is a failure worth seeing
    [ "$status" -eq 0 ] || cat "$T/killed.log"
    [ "$status" -eq 0 ] && return 1
    return 2
}

# kills MAX-MILLISECONDS BEFORE COMMAND...: until KILLS kills have come in time. BEFORE runs before each try.
kills() {
    local max=$1 before=$2 done=0 tries=0 status

    shift 2
    while [ "$done" -lt "$KILLS" ]; do
        tries=$((tries + 1))
        [ "$tries" -le $((KILLS * 8)) ] || { echo "only $done of $KILLS kills came in time"; return 1; }
        $before
        status=0
        killed "$max" "$@" || status=$?
        case $status in
        0) done=$((done + 1)) ;;
        1) ;;
        *) return 1 ;;
        esac
    done
}

# The binary itself, not a shell around it: that is what must be killed.
binary() {
    local name=$1 server=$2

    shift 2
    exec "$CCR_BIN/ccr-$name" --store "$STORE" --socket "$T/$server/sock" --defaults-file "$T/$server/ccr.cnf" "$@"
}

work() {
    sql source "CALL d.work(30)"
}

# With a default database: tables of the sequence engine need one.
some_ddl() {
    work
    sql source "CREATE OR REPLACE TABLE d.made$((RANDOM % 3)) (id INT PRIMARY KEY) SELECT seq AS id FROM d.counted JOIN seq_1_to_3 GROUP BY seq;
        ALTER TABLE d.counted ADD COLUMN IF NOT EXISTS c$((RANDOM % 20)) INT DEFAULT 4" d
}

no_run_left() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'ccr'")" -eq 0 ]
}

# What lies in the target before the swap, or after it; nothing else. Sums are taken table by table, so first the server must be
# done with what the killed run had sent: its RENAME may still be under way (consistency.slow.bats has readers that see it all at once).
swap_was_whole() {
    local now

    wait_until 30 no_run_left
    now=$(table_sums target d)
    [ "$now" = "$old" ] || [ "$now" = "$new" ] || { echo "a mixture"; return 1; }
}

followed_equals() {
    ccr ship source
    ccr apply target --job j
    same_tables source target d
    same_schema --followed source target d
}

@test "ccr-backup killed $KILLS times: the next one is whole" {
    kills 300 : binary backup source --chunk-size 64K
    ccr backup source
    ccr restore target --standalone --rename-db d:plain
    same_tables source target d:plain
    sql target "DROP DATABASE plain"
}

@test "ccr-restore killed $KILLS times: the old tables or the new ones, and the next run completes" {
    followed_equals
    old=$(table_sums target d)
    work
    ccr backup source
    new=$(table_sums source d)
    [ "$old" != "$new" ]
    kills 500 swap_was_whole binary restore target --job j
    swap_was_whole
    ccr restore target --job j
    same_tables source target d
    followed_equals
    # no staging database is left
    [ "$(sql target "SHOW DATABASES" | grep -vxcE 'information_schema|mysql|performance_schema|sys|ccr|d')" -eq 0 ]
}

@test "ccr-ship killed $KILLS times: the log goes on without a gap" {
    kills 60 work binary ship source --segment-size 20K
    followed_equals
}

@test "ccr-apply killed $KILLS times: nothing lost, nothing twice" {
    local n
    for ((n = 0; n < 15; n++)); do
        some_ddl
    done
    ccr ship source
    kills 250 some_ddl_shipped binary apply target --job j --batch-transactions 20
    followed_equals
}

some_ddl_shipped() {
    some_ddl
    ccr ship source
}

@test "both servers killed now and then: the next runs go on" {
    local n
    for n in 1 2 3; do
        some_ddl
        ccr ship source
        (binary apply target --job j --batch-transactions 5) >/dev/null 2>&1 3>&- &
        sleep "0.$((RANDOM % 3))"
        server_kill target
        wait $! || :
        server_restart target
        server_kill source
        server_restart source
    done
    followed_equals
}

@test "a full disk under the store: exit code 4, and the next run completes" {
    [ "$CCR_TEST_STORE" = file ] || skip "only the folder of a store can lie on a small disk of its own"
    [ "$(id -u)" -eq 0 ] || skip "mounting needs root"
    mkdir -p "$T/small"
    mount -t tmpfs -o size=300k tmpfs "$T/small" || skip "no tmpfs can be mounted here"
    store_use small
    run ccr backup source
    [ "$status" -eq 4 ]
    [[ $output == *"No space left"* ]]
    [ "$(find "$T/small" -name manifest.json | wc -l)" -eq 0 ]
    mount -o remount,size=20m "$T/small"
    ccr backup source
    ccr restore target --job small --databases d --rename-db d:small
    same_tables source target d:small
    # the log meets a full disk
    dd if=/dev/zero of="$T/small/filler" bs=4K 2>/dev/null || :
    sql source "CALL d.work(300)"
    run ccr ship source
    [ "$status" -eq 4 ]
    rm "$T/small/filler"
    ccr ship source
    ccr apply target --job small
    same_tables source target d:small
    umount "$T/small"
}

teardown_file() {
    umount "$T/small" 2>/dev/null || :
    servers_end
    stores_end
}
