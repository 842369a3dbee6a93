# What a job follows: databases under other names, single tables; and statements that cross the border.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE shop; CREATE DATABASE crm; CREATE DATABASE other;
        CREATE TABLE shop.a (id INT PRIMARY KEY, n INT); CREATE TABLE shop.b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES shop.a (id));
        CREATE TABLE crm.person (id INT PRIMARY KEY, v TEXT); CREATE TABLE crm.secret (id INT PRIMARY KEY, v TEXT);
        CREATE TABLE other.t (id INT PRIMARY KEY)"
    ccr backup source --quiet
    ccr restore target --quiet --job renamed --databases shop --rename-db shop:copy
    ccr restore target --quiet --job single --tables crm.person
}

applied() {
    ccr apply target --quiet --job "$@"
}

restored() {
    ccr backup source --quiet
    ccr restore target --quiet --replace --job renamed
    ccr restore target --quiet --replace --job single
}

both() {
    ship
    applied renamed
    applied single
    same_tables source target shop:copy
    same_schema --followed source target shop:copy
    same_person
}

tables() {
    sql "$1" "SELECT table_name FROM information_schema.tables WHERE table_schema = '$2' ORDER BY 1"
}

same_person() {
    local query="SELECT * FROM crm.person ORDER BY id; SHOW CREATE TABLE crm.person"

    [ "$(sql source "$query")" = "$(sql target "$query")" ] &&
        [ "$(tables target crm)" = person ] && [ -z "$(tables target other)" ]
}

@test "rows of what is followed, and of nothing else" {
    sql source "INSERT INTO shop.a VALUES (1, 1); INSERT INTO shop.b VALUES (1, 1); INSERT INTO crm.person VALUES (1, 'x');
        INSERT INTO crm.secret VALUES (1, 'y'); INSERT INTO other.t VALUES (1);
        START TRANSACTION; INSERT INTO shop.a VALUES (2, 2); INSERT INTO other.t VALUES (2); UPDATE crm.person SET v = 'z'; COMMIT"
    both
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name IN ('shop', 'other')")" -eq 0 ]
}

@test "two jobs go on beside each other, each with its own position" {
    sql source "INSERT INTO shop.a VALUES (10, 1); INSERT INTO crm.person VALUES (10, 'x')"
    ship
    applied single
    [ "$(sql target 'SELECT COUNT(*) FROM copy.a WHERE id = 10')" -eq 0 ]
    both
}

@test "DDL under another name: default database, qualified names, views, routines, foreign keys" {
    sql_client source --skip-column-names shop <<'SQL' >/dev/null
CREATE TABLE c (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES shop.a (id), b INT, FOREIGN KEY (b) REFERENCES b (id));
INSERT INTO c VALUES (1, 1, 1);
ALTER TABLE shop.c ADD x INT, RENAME TO shop.c2;
CREATE TABLE `shop`.`like_a` LIKE `shop`.`a`;
RENAME TABLE shop.like_a TO liked;
CREATE VIEW shop.v AS SELECT a.id, shop.b.a FROM shop.a JOIN shop.b ON shop.b.a = a.id;
DELIMITER //
CREATE PROCEDURE shop.p() BEGIN INSERT INTO `shop`.a SELECT MAX(id) + 1, 0 FROM `shop`.a; END//
CREATE TRIGGER shop.t BEFORE INSERT ON shop.a FOR EACH ROW SET NEW.n = (SELECT COUNT(*) FROM shop.b)//
DELIMITER ;
CALL shop.p();
USE other
CREATE INDEX i ON shop.a (n);
ALTER DATABASE shop CHARACTER SET latin1;
CREATE TABLE shop.latin (v VARCHAR(10));
DROP TABLE shop.liked;
SQL
    both
    sql target "CALL copy.p()"
    [ "$(sql target 'SELECT COUNT(*) FROM copy.a')" -gt "$(sql source 'SELECT COUNT(*) FROM shop.a')" ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.kept WHERE job = 'renamed' AND definition LIKE '%copy%' AND definition NOT LIKE '%shop%'")" -eq 1 ]
    restored
}

@test "DDL on what is not followed is skipped" {
    sql source "CREATE TABLE other.u (id INT); ALTER TABLE crm.secret ADD w INT; CREATE TABLE crm.more (id INT); DROP TABLE other.t;
        CREATE DATABASE another; CREATE TABLE another.t (a INT); DROP DATABASE another; CREATE VIEW crm.pv AS SELECT * FROM crm.person;
        ALTER DATABASE crm CHARACTER SET utf8mb4; ALTER TABLE crm.person ADD w INT DEFAULT 3; TRUNCATE crm.secret;
        CREATE TABLE other.t (id INT PRIMARY KEY)"
    both
}

# crosses JOB TABLE STATEMENT: the statement stops the job, which a new snapshot helps; until then the need stands.
crosses() {
    local table=$2

    sql source "$3"
    ship
    for _ in 1 2; do
        run applied "$1"
        fails 8 "${3%% *}" "$table" ccr.needs || return 1
        [ "$(sql target "SELECT CONCAT(kind, ' ', db, '.', name) FROM ccr.needs WHERE job = '$1'")" = "partial $table" ] || return 1
    done
    restored
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needs")" -eq 0 ]
}

@test "a table that comes into scope must be copied: the run stops, and the need is recorded until a restore" {
    sql source "CREATE TABLE other.x (id INT PRIMARY KEY)"
    crosses renamed shop.x "RENAME TABLE other.x TO shop.x"
    crosses single crm.person "RENAME TABLE crm.person TO crm.person2, crm.person2 TO crm.person"
    crosses renamed shop.like_other "CREATE TABLE shop.like_other LIKE other.t"
    crosses renamed shop.w "CREATE VIEW shop.w AS SELECT * FROM other.t"
    sql source "DROP VIEW shop.w; CREATE TABLE shop.parts (id INT PRIMARY KEY) CHARSET utf8mb4 PARTITION BY HASH (id) PARTITIONS 2;
        CREATE TABLE other.part (id INT PRIMARY KEY) CHARSET utf8mb4"
    crosses renamed shop.parts "ALTER TABLE shop.parts EXCHANGE PARTITION p0 WITH TABLE other.part"
    crosses renamed shop.part "ALTER TABLE other.part RENAME TO shop.part"
    both
}

@test "what leaves the scope is dropped; of several tables only those in scope are touched" {
    sql source "CREATE TABLE shop.x1 (id INT PRIMARY KEY); INSERT INTO shop.x1 VALUES (1); CREATE TABLE shop.x2 (id INT); CREATE TABLE other.y1 (id INT)"
    both
    sql target "CREATE DATABASE other; CREATE TABLE other.y1 (mine INT); CREATE TABLE other.x1 (mine INT)"
    sql source "RENAME TABLE shop.x1 TO other.x1, other.y1 TO other.y2; DROP TABLE shop.x2, other.y2; CREATE TABLE shop.y1 (id INT);
        RENAME TABLE shop.y1 TO shop.y3, other.x1 TO other.y1; ALTER TABLE shop.y3 RENAME TO other.y3"
    ship
    applied renamed
    same_tables source target shop:copy
    [ "$(tables target other)" = "$(printf 'x1\ny1')" ]
    sql target "DROP DATABASE other"
}

@test "statements run in a database that the job does not follow" {
    sql_client source --skip-column-names other <<'SQL'
CREATE TABLE here (id INT);
CREATE TABLE shop.there (id INT);
DROP TABLE here, shop.there;
CREATE TABLE shop.there (id INT, n INT DEFAULT 3);
ALTER TABLE shop.there ADD KEY (n);
SQL
    both
}

@test "a database of which single tables are followed is dropped: those tables go" {
    sql target "CREATE TABLE crm.mine (id INT)"
    sql source "DROP DATABASE crm"
    ship
    applied single
    [ "$(tables target crm)" = mine ]
    sql source "CREATE DATABASE crm CHARACTER SET latin2; CREATE TABLE crm.person (id INT PRIMARY KEY, v TEXT); INSERT INTO crm.person VALUES (1, 'x')"
    sql target "DROP TABLE crm.mine"
    both
}
