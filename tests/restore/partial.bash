# shellcheck shell=bash
# What the suites of partial restores share: a shop with a job j that follows it, work that changes it, and a target that
# is spoilt (load ../apply/follow before). setup_file and setup are here: every test begins with the shop, and nothing on the target.
#
#   shop                  the source's databases shop and crm, made anew
#   work N                changes to all tables, in many transactions
#   family [CLAUSE]      foreign keys item > orders > customer, the first with CLAUSE; family_work N, changes that keep them;
#                         references, what the target has of them
#   snapshot [OPTIONS]    one of the source; $snapshot is its id
#   spoil TABLE...        rows on the target become wrong, in a way that the server does not notice
#   partial OPTIONS...    ccr-restore of job j, which must succeed: $output is its result, $stderr what it said
#   untouched             everything that a partial restore of shop.orders must leave as it is
#   equal [SHOP [PEOPLE]] source and target are; names on the target

# shellcheck source=tests/restore/restore.bash
. "$CCR_ROOT/tests/restore/restore.bash"

setup_file() {
    follow_servers
}

setup() {
    store_use "store$BATS_TEST_NUMBER"
    target_clean
    shop
}

shop() {
    sql source "SET foreign_key_checks = 0; DROP DATABASE IF EXISTS shop; DROP DATABASE IF EXISTS crm; CREATE DATABASE shop; CREATE DATABASE crm;
        USE shop;
        CREATE TABLE customer (id INT PRIMARY KEY, name VARCHAR(40) NOT NULL, changed TIMESTAMP(6) NOT NULL DEFAULT '2020-01-01', KEY (name));
        CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, customer INT, total DECIMAL(12,2), note TEXT, state ENUM('new', 'paid', 'sent'), KEY (customer));
        CREATE TABLE item (id INT PRIMARY KEY, orders INT, price FLOAT, UNIQUE KEY (orders, id));
        CREATE TABLE log (at DATETIME, what VARCHAR(100));
        CREATE SEQUENCE numbers;
        CREATE VIEW open AS SELECT id, total FROM orders WHERE state = 'new';
        CREATE TRIGGER orders_note BEFORE INSERT ON orders FOR EACH ROW SET NEW.note = CONCAT(COALESCE(NEW.note, ''), '!');
        CREATE TABLE crm.person (id INT PRIMARY KEY, name VARCHAR(40)); CREATE TABLE crm.note (id INT PRIMARY KEY, t TEXT);
        INSERT INTO customer SELECT seq, CONCAT('customer ', seq), '2020-01-01' FROM seq_1_to_100;
        INSERT INTO orders (customer, total, note, state) SELECT seq % 100, seq / 7, REPEAT('x', seq % 50), 1 + seq % 3 FROM seq_1_to_2000;
        INSERT INTO item SELECT seq, seq % 2000, seq / 3 FROM seq_1_to_3000;
        INSERT INTO log SELECT '2024-01-01', CONCAT('line ', seq) FROM seq_1_to_200;
        INSERT INTO crm.person SELECT seq, CONCAT('person ', seq) FROM seq_1_to_50"
}

work() {
    local n=$1

    sql source "USE shop;
        UPDATE customer SET name = CONCAT('renamed $n ', id) WHERE id % 7 = $n % 7;
        INSERT INTO orders (customer, total, state) SELECT seq, $n, 'new' FROM seq_1_to_50;
        DELETE FROM orders WHERE id % 13 = $n % 13; UPDATE orders SET state = 'paid', total = total + $n WHERE id % 11 = 3;
        START TRANSACTION; INSERT INTO item SELECT $n * 10000 + seq, seq, $n FROM seq_1_to_30; UPDATE orders SET note = 'tx $n' WHERE id % 17 = $n % 17;
        DELETE FROM log WHERE what LIKE 'line $n%'; COMMIT;
        INSERT INTO log SELECT NOW(), CONCAT('work $n ', seq) FROM seq_1_to_20; DO NEXTVAL(numbers);
        UPDATE orders SET id = -id WHERE id % 19 = $n % 19 AND id > 0;
        UPDATE crm.person SET name = CONCAT('p $n ', id) WHERE id % 3 = $n % 3; REPLACE INTO crm.note VALUES ($n, 'note')"
}

# orders stands between customer and item, without and with CASCADE.
family() {
    sql source "USE shop; DELETE FROM item WHERE orders NOT IN (SELECT id FROM orders); UPDATE orders SET customer = 1 + id % 100;
        ALTER TABLE orders ADD CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customer (id);
        ALTER TABLE item ADD CONSTRAINT of_orders FOREIGN KEY (orders) REFERENCES orders (id) $1"
}

# Rows that keep the keys.
family_work() {
    sql source "USE shop; INSERT INTO customer VALUES (1000 + $1, 'new', '2021-01-01');
        INSERT INTO orders (customer, total) SELECT 1000 + $1, seq FROM seq_1_to_20; INSERT INTO item SELECT 100000 * $1 + seq, (SELECT MAX(id) FROM orders), 1 FROM seq_1_to_5;
        DELETE FROM item WHERE orders IN (SELECT id FROM orders WHERE customer = 10 + $1); DELETE FROM orders WHERE customer = 10 + $1;
        DELETE FROM customer WHERE id = 10 + $1; UPDATE orders SET total = total + 1 WHERE id % 5 = 0"
}

references() {
    sql target "SELECT CONCAT(constraint_schema, '.', table_name, '>', unique_constraint_schema, '.', referenced_table_name)
        FROM information_schema.referential_constraints ORDER BY 1"
}

snapshot() {
    # shellcheck disable=SC2034 # for the caller
    snapshot=$(ccr backup source --json "$@" 2>"$T/backup.log" | jq -r .snapshot)
}

# The rows that CHECKSUM TABLE knows nothing of are few: an update of a column that no key covers.
spoil() {
    local table column

    for table in "$@"; do
        column=$(sql target "SELECT column_name FROM information_schema.columns WHERE CONCAT(table_schema, '.', table_name) = '$table'
            AND column_key = '' ORDER BY ordinal_position DESC LIMIT 1")
        sql target "UPDATE $table SET $column = 1"
    done
}

partial() {
    run --separate-stderr ccr restore target --json --job j "$@"
    # shellcheck disable=SC2154
    echo "$status: $stderr"
    [ "$status" -eq 0 ]
    nothing_left
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'ccr' AND table_name LIKE '%stage'")" -eq 0 ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.loads")" -eq 0 ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.tables WHERE job LIKE '%stage'")" -eq 0 ]
    [ "$(sql target "SELECT pending IS NULL AND intent IS NULL FROM ccr.position_j")" -eq 1 ]
}

untouched() {
    sql target "SELECT epoch, number, pos, source_time, held FROM ccr.position_j; SELECT * FROM ccr.jobs;
        SELECT * FROM ccr.tables; SELECT * FROM ccr.kept; SELECT table_name, create_time FROM information_schema.tables
        WHERE table_schema = 'shop' AND table_name <> 'orders' ORDER BY 1;
        CHECKSUM TABLE shop.customer, shop.item, shop.log"
}

same_one() {
    [ "$(sql source "CHECKSUM TABLE $1")" = "$(sql target "CHECKSUM TABLE $1")" ]
}

equal() {
    local shop=${1:-shop} people=${2:-}

    if [ -n "$people" ]; then
        [ "$(sql source "CHECKSUM TABLE crm.person" | cut -f 2)" = "$(sql target "CHECKSUM TABLE $people.human" | cut -f 2)" ] || return 1
    fi
    same_tables source target "shop:$shop" && same_schema --followed source target "shop:$shop"
}

# ccr-apply --follow in the background: $follower.
apply_follow() {
    "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --follow \
        >"$T/follow.out" 2>&1 3>&- &
    # shellcheck disable=SC2034 # for the caller
    follower=$!
    wait_until 30 job_is_locked
}

job_is_locked() {
    [ "$(sql target "SELECT IS_USED_LOCK('ccr job j') IS NOT NULL")" -eq 1 ]
}
