# Partial restores: foreign keys to tables outside, changes of definitions between snapshot and position, and what must
# not be taken for granted of tables that the job has left behind.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow
load partial

@test "foreign keys to and from tables that stay: they lead to the new table" {
    family ''
    follow_start --databases shop
    family_work 1
    replay
    snapshot --tables shop.orders
    family_work 2
    replay
    spoil shop.orders
    partial --tables shop.orders
    [ "$(json_of .replayed.rows)" -gt 0 ]
    [ "$(references)" = "$(printf 'shop.item>shop.orders\nshop.orders>shop.customer')" ]
    equal
    run ! sql target "DELETE FROM shop.orders WHERE id IN (SELECT orders FROM shop.item)"
    family_work 3
    replay
    equal
}

@test "keys with CASCADE: both tables, or a refusal that names them" {
    family 'ON DELETE CASCADE'
    follow_start --databases shop
    family_work 1
    replay
    snapshot --databases shop
    sql source "DELETE FROM shop.orders WHERE id % 7 = 0"
    family_work 2
    replay
    run ccr restore target --job j --tables shop.orders
    fails 9 "CASCADE" "shop.item (refers to shop.orders)"
    run ccr restore target --job j --tables shop.item
    fails 9 "shop.item (refers to shop.orders)"
    spoil shop.orders shop.item
    partial --tables shop.orders,shop.item
    [ "$(references)" = "$(printf 'shop.item>shop.orders\nshop.orders>shop.customer')" ]
    equal
    sql source "DELETE FROM shop.orders WHERE id % 5 = 0"
    replay
    equal
}

@test "a table of the target's own that refers to one of the set: refused, nothing is changed" {
    follow_start --databases shop
    replay
    sql target "CREATE DATABASE own; CREATE TABLE own.t (id INT PRIMARY KEY, o INT, FOREIGN KEY (o) REFERENCES shop.orders (id))"
    snapshot --tables shop.orders
    run ccr restore target --job j --tables shop.orders
    fails 9 "own.t (refers to shop.orders)"
    equal
}

@test "definitions that change between snapshot and position are replayed" {
    follow_start --databases shop
    snapshot --tables 'shop.*'
    work 1
    sql source "USE shop; ALTER TABLE orders ADD paid DATE, DROP note, ADD KEY (state); UPDATE orders SET paid = '2024-05-05' WHERE id % 2;
        RENAME TABLE item TO piece; CREATE TABLE fresh (id INT PRIMARY KEY); INSERT INTO fresh VALUES (1), (2);
        TRUNCATE TABLE log; INSERT INTO log VALUES (NOW(), 'after'); CREATE OR REPLACE TABLE customer (id INT PRIMARY KEY, k INT); INSERT INTO customer VALUES (1, 1);
        DROP TRIGGER orders_note; CREATE TRIGGER again BEFORE UPDATE ON orders FOR EACH ROW SET NEW.total = 0; CREATE VIEW late AS SELECT * FROM fresh;
        DROP SEQUENCE numbers; CREATE SEQUENCE numbers START 100; CREATE INDEX i ON piece (price)"
    replay
    sql target "DELETE FROM shop.piece; UPDATE shop.fresh SET id = id + 10"
    partial --tables 'shop.*'
    [ "$(json_of .replayed.statements)" -eq 8 ]
    equal
    [ "$(sql target "SELECT GROUP_CONCAT(name) FROM ccr.kept WHERE job = 'j'")" = again ]
    sql source "INSERT INTO shop.piece VALUES (1000000, 1, 1); INSERT INTO shop.fresh VALUES (9); DO NEXTVAL(shop.numbers)"
    replay
    equal
}

@test "a change that needs other tables, or comes from outside the set: a newer snapshot is asked for" {
    local before

    follow_start --databases shop
    snapshot --tables shop.orders
    sql source "RENAME TABLE shop.orders TO shop.aside, shop.log TO shop.orders"
    replay
    before=$(table_sums target shop)
    run ccr restore target --job j --tables shop.orders
    fails 8 "in staging" "take a newer snapshot of these tables"
    [ "$(table_sums target shop)" = "$before" ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needs")" -eq 0 ]
    snapshot --tables shop.orders
    partial --tables shop.orders
    equal
}

@test "a table that the source has dropped goes on the target too" {
    follow_start --databases shop
    sql target "DELETE FROM shop.orders"
    sql source "UPDATE shop.orders SET total = 1; DROP TABLE shop.orders"
    ship
    run apply
    fails 9 shop.orders
    snapshot --databases shop
    partial --tables shop.orders
    [ "$(json_of .tables)" -eq 0 ]
    equal
    work_without_orders
    replay
    equal
}

work_without_orders() {
    sql source "INSERT INTO shop.log VALUES (NOW(), 'later')"
}

# --- tables that are behind: the log as shipped ends before the snapshot, and the job passes over their changes

# behind OPTIONS...: the restore of what they name is left at that.
behind() {
    run ccr restore target --job j "$@"
    fails 4 "before" "run ccr-ship"
    ship
    run apply
    fails 8 "are behind"
}

newer_snapshot() {
    run ccr restore target --job j "$@"
    fails 8 "in staging" "take a newer snapshot of these tables"
    snapshot --databases shop
    ship
    partial "$@"
    equal
    sql source "DO NEXTVAL(shop.numbers)"
    replay
    equal
}

@test "behind, a statement changes a table with triggers: they are kept away in staging too, so a newer snapshot is asked for" {
    follow_start --databases shop
    work 1
    snapshot --tables shop.orders
    sql source "SET SESSION binlog_format = STATEMENT; INSERT INTO shop.orders (id, note) VALUES (90000, 'hm')"
    behind --tables shop.orders
    newer_snapshot --tables shop.orders
}

@test "behind, a table loses its triggers: they are not kept for promotion" {
    follow_start --databases shop
    work 1
    snapshot --tables shop.orders
    sql source "DROP TABLE shop.orders; CREATE TABLE shop.orders (id INT PRIMARY KEY, n INT); INSERT INTO shop.orders VALUES (1, 1)"
    behind --tables shop.orders
    newer_snapshot --tables shop.orders
    [ "$(sql target "SELECT COUNT(*) FROM ccr.kept WHERE job = 'j'")" -eq 0 ]
}

@test "behind, a foreign key goes away: it does not come back" {
    family ''
    follow_start --databases shop
    family_work 1
    snapshot --tables shop.orders
    sql source "ALTER TABLE shop.orders DROP FOREIGN KEY IF EXISTS of_customer"
    behind --tables shop.orders
    newer_snapshot --tables shop.orders
    [ "$(references)" = 'shop.item>shop.orders' ]
}

@test "behind, the database goes and comes again" {
    follow_start --databases shop
    work 1
    snapshot --databases shop
    sql source "DROP DATABASE shop; CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY); CREATE SEQUENCE shop.numbers"
    behind --tables 'shop.o*'
    newer_snapshot --tables 'shop.o*'
}

@test "the database has gone since the snapshot, or has other defaults" {
    follow_start --databases shop
    snapshot --tables 'shop.o*'
    sql source "DROP DATABASE shop; CREATE DATABASE shop CHARACTER SET latin2; CREATE SEQUENCE shop.numbers;
        CREATE TABLE shop.oval (id INT PRIMARY KEY, t TEXT); ALTER DATABASE shop CHARACTER SET cp1250; CREATE TABLE shop.orders (id INT PRIMARY KEY, t TEXT);
        INSERT INTO shop.orders VALUES (1, 'a'); INSERT INTO shop.oval VALUES (1, 'b')"
    replay
    spoil shop.orders
    partial --tables 'shop.o*'
    equal
    sql source "DROP DATABASE shop"
    replay
    partial --tables 'shop.o*'
    [ -z "$(sql target "SHOW DATABASES LIKE 'shop'")" ]
}

@test "ccr-apply was killed between the commits of two lanes: no table lacks a batch" {
    local i

    follow_start --databases shop
    for i in {1..6}; do work "$i"; done
    ship
    CCR_FAILPOINT=commit-after run apply --lanes 2 --batch-transactions 10
    [ "$status" -eq 137 ]
    [ "$(sql target "SELECT COUNT(DISTINCT pos) FROM ccr.lanes")" -eq 2 ]
    snapshot --tables shop.orders
    ship
    partial --tables shop.orders
    equal
}

@test "ccr-apply was killed in the midst of a table without transactions: such tables come in together" {
    sql source "CREATE TABLE shop.a (id INT PRIMARY KEY, n INT) ENGINE=MyISAM; CREATE TABLE shop.b LIKE shop.a; INSERT INTO shop.a VALUES (1, 1), (2, 2); INSERT INTO shop.b VALUES (1, 1), (2, 2)"
    follow_start --databases shop
    sql source "UPDATE shop.a, shop.b SET a.n = a.n + 1, b.n = b.n + 1 WHERE a.id = b.id"
    ship
    CCR_FAILPOINT=commit-before:2 run apply
    [ "$status" -eq 137 ]
    [[ "$(sql target "SELECT intent FROM ccr.position_j")" == *rows* ]]
    snapshot --databases shop
    run ccr restore target --job j --tables shop.a
    fails 9 "ccr-apply was stopped in the midst of transaction 0-101-" shop.b
    partial --tables shop.a,shop.b
    apply
    equal
}

@test "what only a full copy can do is refused: users, another stream" {
    follow_start --databases shop
    run ccr restore target --job j --tables shop.orders --with-users
    fails 2 --with-users
    run ccr restore target --job j --tables shop.orders --stream other
    fails 9 "follows stream main"
}

@test "what the job needed and can pass now is needed no more" {
    follow_start --databases shop
    work 1
    snapshot --tables shop.orders
    sql source "CREATE TABLE shop.orders2 LIKE shop.orders"
    behind_then_needs
    partial --tables shop.orders
    apply
    equal
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needs")" -eq 0 ]
}

# The job has left orders behind, and so cannot make a table like it.
behind_then_needs() {
    run ccr restore target --job j --tables shop.orders
    fails 4 "before" "run ccr-ship"
    ship
    run apply
    fails 8 shop.orders2
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needs WHERE kind = 'partial'")" -eq 1 ]
}

@test "behind, tables come and go under names that were asked for: they wait with them" {
    follow_start --databases shop
    work 1
    sql source "CREATE TABLE shop.orders_new LIKE shop.orders; ALTER TABLE shop.orders_new ADD extra INT; INSERT INTO shop.orders_new SELECT *, 1 FROM shop.orders;
        RENAME TABLE shop.orders TO shop.orders_old, shop.orders_new TO shop.orders; DROP TABLE shop.orders_old"
    snapshot --databases shop
    ship
    partial --tables 'shop.orders*'
    [[ "$stderr" == *"behind the snapshot"* ]]
    equal
    work_without_orders
    replay
    equal
}

@test "what is behind comes in before anything else; nothing is excluded from it" {
    follow_start --databases shop
    work 1
    snapshot --databases shop
    behind --tables shop.orders
    run ccr restore target --job j --tables shop.item
    fails 9 "a partial restore of shop.orders was not finished" "--tables shop.orders"
    run ccr restore target --job j --tables 'shop.*' --exclude-tables shop.orders
    fails 2 "nothing can be excluded"
    partial --tables shop.item,shop.orders
    equal
    apply
}

@test "a foreign key of the tables that stay stands in the way of going on: named, and brought in together" {
    family ''
    sql source "USE shop; CREATE TABLE box (id INT PRIMARY KEY); INSERT INTO box VALUES (1); ALTER TABLE item ADD box INT DEFAULT 1, ADD FOREIGN KEY (box) REFERENCES box (id) ON DELETE CASCADE"
    follow_start --databases shop
    sql source "USE shop; INSERT INTO orders (id, customer) VALUES (90000, 1); INSERT INTO item VALUES (90000, 90000, 1, 1)"
    snapshot --databases shop
    ship
    run ccr restore target --job j --tables shop.orders
    fails 6 "insert of shop.item (id=90000)" 1452 "name both"
    partial --tables shop.orders,shop.item,shop.box
    equal
}

# A table with these columns more takes the place of shop.orders, from outside of the job's scope.
renamed_in() {
    sql source "CREATE TABLE crm.next LIKE shop.orders; ALTER TABLE crm.next ${1:-COMMENT ''}; INSERT INTO crm.next (customer, total, state) SELECT seq, 1, 'new' FROM shop.seq_1_to_9;
        DROP TABLE IF EXISTS crm.before_it; RENAME TABLE shop.orders TO crm.before_it, crm.next TO shop.orders"
}

@test "views over tables that are behind: by name they go on, otherwise they must come with the copy" {
    sql source "DROP TRIGGER shop.orders_note"
    follow_start --databases shop
    renamed_in "ADD extra INT DEFAULT 3"
    sql source "CREATE OR REPLACE VIEW shop.open AS SELECT state, COUNT(*) AS n, SUM(total * 2) FROM shop.orders GROUP BY state"
    ship
    run apply
    fails 8 "a table was renamed into what the job follows (table shop.orders)"
    snapshot --tables shop.orders
    partial --tables shop.orders
    equal
    renamed_in
    sql source "CREATE VIEW shop.everything AS SELECT o.* FROM shop.orders o"
    ship
    run apply
    fails 8 "(table shop.orders)"
    snapshot --tables shop.orders
    run ccr restore target --job j --tables shop.orders
    fails 8 "a view takes all columns of a table that is behind (table shop.everything)"
    snapshot --tables shop.orders,shop.everything
    partial --tables shop.orders,shop.everything
    equal
    sql source "DROP VIEW shop.everything"
    renamed_in "ADD more INT DEFAULT 4"
    sql source "CREATE OR REPLACE VIEW shop.open AS SELECT id, more FROM shop.orders"
    ship
    run apply
    fails 8 "(table shop.orders)"
    snapshot --tables shop.orders
    run ccr restore target --job j --tables shop.orders
    fails 8 "a view cannot be made over tables that are behind: Unknown column 'more'"
    [ "$(sql target "SELECT GROUP_CONCAT(name ORDER BY name) FROM ccr.needs WHERE kind = 'partial'")" = open,orders ]
    snapshot --tables shop.orders,shop.open
    partial --tables shop.orders,shop.open
    equal
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needs")" = 0 ]
    sql source "INSERT INTO shop.orders (customer) VALUES (5)"
    replay
    equal
}
