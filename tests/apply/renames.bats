# Tables under other names, in the same and in other databases, and everything that names them.

# shellcheck disable=SC2016 # names in backticks

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql_client source <<'SQL'
CREATE DATABASE shop;
CREATE DATABASE crm;
USE shop
CREATE SEQUENCE seq;
CREATE TABLE a (id INT PRIMARY KEY, n INT DEFAULT nextval(seq), KEY (n));
CREATE TABLE b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES a (id));
CREATE TABLE c (id INT PRIMARY KEY, v TEXT);
INSERT INTO a VALUES (1, 1), (2, 2);
INSERT INTO b VALUES (1, 1);
INSERT INTO c VALUES (1, 'x');
CREATE VIEW v AS SELECT a.id, c.v FROM a JOIN c ON c.id = a.id;
CREATE FUNCTION total() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM a) + (SELECT COUNT(*) FROM shop.c);
CREATE TRIGGER tr AFTER INSERT ON c FOR EACH ROW UPDATE a SET n = n + 1 WHERE a.id = NEW.id;
CREATE TABLE crm.person (id INT PRIMARY KEY, v TEXT);
SQL
    # shop is copy; its table a lies in crm as item, b is called link, the sequence moves as well
    follow_start --rename-db shop:copy --rename-table shop.a:crm.item,shop.b:copy.link,shop.seq:numbers.s
}

# equal SOURCE-TABLE TARGET-TABLE
equal() {
    [ "$(sql source "SELECT * FROM $1 ORDER BY 1")" = "$(sql target "SELECT * FROM $2 ORDER BY 1")" ] ||
        { echo "$1 and $2 differ"; return 1; }
}

all_equal() {
    equal shop.a crm.item && equal shop.b copy.link && equal shop.c copy.c && equal shop.v copy.v && equal crm.person crm.person &&
        [ "$(sql source 'SELECT shop.total()')" = "$(sql target 'SELECT copy.total()')" ]
}

@test "the restore puts tables, keys, defaults, views and routines under their names" {
    all_equal
    [ "$(sql target "SELECT table_name FROM information_schema.tables WHERE table_schema = 'copy' ORDER BY 1")" = "$(printf 'c\nlink\nv')" ]
    [[ $(sql target "SHOW CREATE TABLE copy.link") == *'REFERENCES `crm`.`item`'* ]]
    [[ $(sql target "SHOW CREATE TABLE crm.item") == *'nextval(`numbers`.`s`)'* ]]
    [[ $(sql target "SELECT definition FROM ccr.kept WHERE name = 'tr'") == *'UPDATE `crm`.`item` SET n = n + 1 WHERE `item`.id'* ]]
}

@test "rows, keys and DDL follow" {
    sql_client source shop <<'SQL'
INSERT INTO a VALUES (10, DEFAULT), (11, 5);
INSERT INTO c VALUES (10, 'y');
INSERT INTO b VALUES (2, 11);
UPDATE a SET n = 7 WHERE id = 11;
ALTER TABLE b DROP FOREIGN KEY b_ibfk_1;
ALTER TABLE shop.b ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE, ADD note VARCHAR(10) CHECK (note <> 'b.a');
DELETE FROM a WHERE id = 11;
CREATE INDEX i ON b (note);
ALTER TABLE a ADD m INT AS (n + 1) STORED;
ALTER TABLE a ADD a INT;
ALTER TABLE a RENAME COLUMN a TO b;
CREATE OR REPLACE VIEW v AS SELECT a.id, x.v FROM a JOIN shop.c x USING (id);
CREATE TABLE d LIKE b;
CREATE TRIGGER tr2 BEFORE UPDATE ON a FOR EACH ROW SET NEW.n = (SELECT MAX(id) FROM shop.b);
CREATE TRIGGER gone BEFORE UPDATE ON a FOR EACH ROW SET NEW.n = 1;
DROP TRIGGER gone;
INSERT INTO crm.person VALUES (1, 'x');
DROP TABLE d;
SQL
    replay
    all_equal
    [ "$(sql target "SELECT CONCAT(db, '.', name, ' ', table_name) FROM ccr.kept WHERE name IN ('tr2', 'gone')")" = "crm.tr2 item" ]
    [[ $(sql target "SELECT definition FROM ccr.kept WHERE name = 'tr2'") == *'`copy`.`link`'* ]]
}

@test "RENAME TABLE from and to names that are called otherwise" {
    sql source "RENAME TABLE shop.b TO shop.keep; CREATE TABLE shop.b (id INT PRIMARY KEY, note TEXT); INSERT INTO shop.b VALUES (1, 'new')"
    replay
    equal shop.b copy.link
    equal shop.keep copy.keep
    sql source "RENAME TABLE shop.b TO shop.t, shop.keep TO shop.b; DROP TABLE shop.t; CREATE TABLE shop.keep (id INT); TRUNCATE TABLE shop.b"
    replay
    all_equal
    equal shop.keep copy.keep
}

@test "what cannot be told is refused, and nothing is run" {
    sql source "CREATE PROCEDURE shop.p() EXECUTE IMMEDIATE 'DELETE FROM a'"
    ship
    run apply
    fails 11 "'a'" 'prepares statements'
    ccr backup source --quiet
    run ccr restore target --quiet --replace --job j # not behind the swap, where there is no way back
    fails 11 'renaming in procedure shop.p' 'prepares statements'
    [[ $output != *swap* ]]
    sql source "DROP PROCEDURE shop.p"
    ccr backup source --quiet
    ccr restore target --quiet --replace --job j
    replay
    all_equal
}

@test "two tables that would have one name are refused" {
    sql source "CREATE TABLE crm.item (id INT PRIMARY KEY)"
    ship
    run apply
    fails 9 'crm.item' 'given that name'
    run ccr restore target --quiet --job other --rename-table shop.a:shop.c
    fails 2 'both become'
    sql source "DROP TABLE crm.item"
    ccr backup source --quiet
    ccr restore target --quiet --replace --job j
    all_equal
}

@test "a database whose tables lie elsewhere is dropped and made again" {
    sql source "DROP TABLE shop.b; DROP DATABASE shop; CREATE DATABASE shop CHARACTER SET latin1; CREATE TABLE shop.c (id INT PRIMARY KEY, v VARCHAR(9));
        CREATE TABLE shop.a (id INT PRIMARY KEY, n INT)"
    ship
    run apply # shop.a would become a utf8mb4 table in crm
    fails 11 'another default collation' 'CREATE TABLE shop.a'
    sql target "ALTER DATABASE crm CHARACTER SET latin1"
    apply
    equal shop.a crm.item
    equal shop.c copy.c
    equal crm.person crm.person
    [[ $(sql target "SHOW CREATE TABLE copy.c") == *latin1* ]]
}
