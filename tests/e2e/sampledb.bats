# The sample databases through backup, restore, ship, apply, verify and prune, on real servers.
# Stores: file ceph ceph-v2

bats_require_minimum_version 1.5.0
load ../lib/common
load samples

setup_file() {
    [ -e "${CCR_CORPUS:-$CCR_ROOT/../shared/corpus}/sampledb" ] || return 0
    stores_start
    server_start source
    server_start plain --local-infile=ON --log-bin-trust-function-creators=ON
    server_start follower --local-infile=ON --skip-log-bin
    load_samples source
    server_grant source source
    server_grant plain target
    server_grant follower target
}

teardown_file() {
    servers_end
    stores_end
}

setup() {
    corpus sampledb
    mapfile -t databases < <(user_databases source)
}

ship_and_apply() {
    ccr ship source
    ccr apply follower --job copy
}

follower_equals_source() {
    [ "$(user_databases source)" = "$(user_databases follower)" ]
    mapfile -t databases < <(user_databases source)
    same_tables source follower "${databases[@]}"
    same_schema --followed source follower "${databases[@]}"
}

# Runs statements on the source, carries them over, and compares every database.
carried_over() {
    sql_client source >/dev/null
    ship_and_apply
    follower_equals_source
}

@test "the samples are what they should be" {
    [ "${databases[*]}" = "Chinook employee sakila world ödd näme" ]
    [ "$(sql source "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema IN
        ('Chinook', 'employee', 'sakila', 'world', 'ödd näme')")" -ge 45 ]
    [ "$(sql source "SELECT COUNT(*) FROM sakila.rental")" -eq 16044 ]
    [ "$(sql source "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = 'sakila'")" -eq 6 ]
}

@test "backup, and restore --standalone: equal rows, checksums and definitions" {
    ccr backup source
    ccr restore plain --standalone
    [ "$(user_databases source)" = "$(user_databases plain)" ]
    same_tables source plain "${databases[@]}"
    same_schema source plain "${databases[@]}"
}

@test "a standalone restore is active: triggers fire, sequences go on, routines and views work" {
    [ "$(sql plain "INSERT INTO sakila.film (title, description, language_id) VALUES ('ccr', 'a film', 1);
        SELECT description FROM sakila.film_text WHERE title = 'ccr'")" = "a film" ]
    [ "$(sql plain "SELECT NEXT VALUE FOR \`ödd näme\`.numbers")" -gt "$(sql source "SELECT 100")" ]
    [ "$(sql plain "SELECT sakila.inventory_in_stock(1)")" = "$(sql source "SELECT sakila.inventory_in_stock(1)")" ]
    [ "$(sql plain "SELECT COUNT(*) FROM sakila.film_list")" -gt 900 ]
    [ "$(sql plain "SELECT two FROM \`ödd näme\`.a")" -eq 2 ]
}

@test "restore --job: a followed copy, without active triggers and events, which are kept" {
    ccr restore follower --job copy
    follower_equals_source
    [ "$(sql follower "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema <> 'sys'")" -eq 0 ]
    [ "$(sql follower "SELECT COUNT(*) FROM information_schema.events WHERE status = 'ENABLED'")" -eq 0 ]
    [ "$(sql follower "SELECT COUNT(*) FROM ccr.kept WHERE kind = 'trigger'")" -eq 6 ]
    [ "$(sql follower "SELECT COUNT(*) FROM ccr.kept WHERE kind = 'event'")" -eq 2 ]
}

@test "a few hundred changes to the samples" {
    seed
    local i
    {
        echo "USE world;"
        for ((i = 0; i < 60; i++)); do
            cat <<SQL
UPDATE sakila.film SET rental_rate = rental_rate + 0.01, description = CONCAT('è ', description) WHERE film_id = $((1 + RANDOM % 1000));
INSERT INTO sakila.rental (rental_date, inventory_id, customer_id, staff_id)
    VALUES (NOW() + INTERVAL $i SECOND, $((1 + RANDOM % 4581)), $((1 + RANDOM % 599)), 1);
START TRANSACTION;
INSERT INTO Chinook.Invoice (InvoiceId, CustomerId, InvoiceDate, Total) VALUES ($((1000 + i)), $((1 + RANDOM % 59)), NOW(), 1.98);
INSERT INTO Chinook.InvoiceLine SELECT 10000 + $i * 2 + seq, $((1000 + i)), $((1 + RANDOM % 3503)), 0.99, 1 FROM seq_0_to_1;
COMMIT;
UPDATE world.City SET Population = Population * 1.01 WHERE ID = $((1 + RANDOM % 4079));
DELETE FROM employee.salary WHERE emp_no = $((10001 + RANDOM % 500)) LIMIT 2;
UPDATE employee.employee SET last_name = CONCAT(LEFT(last_name, 10), '-ü') WHERE emp_no = $((10001 + RANDOM % 500));
START TRANSACTION; DELETE FROM world.City; ROLLBACK;
SQL
        done
        cat <<'SQL'
INSERT INTO sakila.film (title, description, language_id) VALUES ('one', 'by trigger', 1), ('two', 'by trigger', 2);
DELETE FROM sakila.film WHERE title = 'one';
DELETE FROM employee.department WHERE dept_no = 'd001';
UPDATE world.Country SET Code = 'XXX' WHERE Code = 'NLD';
REPLACE INTO world.CountryLanguage VALUES ('DEU', 'German', 'T', 91.3), ('DEU', 'Plattdüütsch', 'F', 3);
UPDATE `ödd näme`.`t/1 %` SET hidden = hidden + 1, f = f / 3, g = NULL, j = '[]', b = b'1';
INSERT INTO `ödd näme`.no_key VALUES (7, 'seven'), (7, 'seven'), (NULL, NULL);
DELETE FROM `ödd näme`.no_key WHERE a = 1 LIMIT 5;
UPDATE `ödd näme`.parts SET at = '2010-01-01' + INTERVAL id DAY WHERE id > 50;
SELECT NEXT VALUE FOR `ödd näme`.numbers, NEXT VALUE FOR `ödd näme`.numbers;
SQL
    } | carried_over
}

@test "DDL: create, like, select, or replace, rename, truncate, drop" {
    carried_over <<'SQL'
USE world;
CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, city INT, note TEXT, KEY (city)) COMMENT 'new';
INSERT INTO notes (city, note) SELECT ID, Name FROM City LIMIT 20;
CREATE TABLE notes2 LIKE notes;
INSERT INTO notes2 SELECT * FROM notes;
CREATE TABLE big_cities (PRIMARY KEY (ID)) SELECT * FROM City WHERE Population > 1000000;
CREATE OR REPLACE TABLE notes2 (a INT PRIMARY KEY, b INT);
INSERT INTO notes2 VALUES (1, 2);
RENAME TABLE notes2 TO notes3, notes TO notes2;
ALTER TABLE notes3 RENAME TO notes4;
INSERT INTO notes4 VALUES (2, 3);
TRUNCATE TABLE notes4;
INSERT INTO notes4 VALUES (5, 6);
CREATE TABLE IF NOT EXISTS notes4 (x INT);
CREATE TABLE gone1 (a INT); CREATE TABLE gone2 (a INT);
DROP TABLE gone1, gone2;
DROP TABLE IF EXISTS never_there;
SQL
}

@test "DDL: columns added, dropped, changed, moved, generated, instantly or not" {
    carried_over <<'SQL'
USE Chinook;
ALTER TABLE Artist ADD COLUMN born YEAR, ADD COLUMN country CHAR(2) CHARACTER SET ascii NOT NULL DEFAULT 'XX' FIRST;
UPDATE Artist SET born = 1950 + ArtistId % 50, country = 'DE' WHERE ArtistId < 50;
ALTER TABLE Artist MODIFY COLUMN Name VARCHAR(250) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
UPDATE Artist SET Name = CONCAT(Name, ' 🎸') WHERE ArtistId % 7 = 0;
ALTER TABLE Artist CHANGE COLUMN born year_of_birth SMALLINT UNSIGNED AFTER Name;
ALTER TABLE Artist RENAME COLUMN country TO home;
ALTER TABLE Artist ADD COLUMN initial CHAR(1) AS (LEFT(Name, 1)) STORED, ADD COLUMN upper_name VARCHAR(250) AS (UPPER(Name)) VIRTUAL;
INSERT INTO Artist (ArtistId, Name, year_of_birth) VALUES (9001, 'new one', 2000);
ALTER TABLE Artist DROP COLUMN year_of_birth;
ALTER TABLE Artist ALTER COLUMN home SET DEFAULT 'YY';
INSERT INTO Artist (ArtistId, Name) VALUES (9002, 'another');
ALTER TABLE Playlist ADD COLUMN secret INT INVISIBLE DEFAULT 9;
UPDATE Playlist SET secret = 10 WHERE PlaylistId = 1;
SQL
}

@test "DDL: keys, foreign keys, checks, primary keys" {
    carried_over <<'SQL'
USE Chinook;
CREATE INDEX by_composer ON Track (Composer(20));
ALTER TABLE Track ADD FULLTEXT INDEX words (Name), ADD UNIQUE KEY one_name (TrackId, Name(50));
ALTER TABLE Track RENAME INDEX by_composer TO composers;
DROP INDEX composers ON Track;
ALTER TABLE Track DROP INDEX one_name;
ALTER TABLE InvoiceLine DROP FOREIGN KEY FK_InvoiceLineTrackId;
ALTER TABLE InvoiceLine ADD CONSTRAINT again FOREIGN KEY (TrackId) REFERENCES Track (TrackId) ON DELETE CASCADE;
DELETE FROM PlaylistTrack WHERE TrackId = 10;
DELETE FROM Track WHERE TrackId = 10;
ALTER TABLE Genre ADD CONSTRAINT not_empty CHECK (Name <> '');
ALTER TABLE Genre DROP CONSTRAINT not_empty;
CREATE TABLE keyed (a INT NOT NULL, b INT NOT NULL, c INT, PRIMARY KEY (a));
INSERT INTO keyed SELECT seq, seq * 2, seq % 3 FROM seq_1_to_30;
ALTER TABLE keyed DROP PRIMARY KEY, ADD PRIMARY KEY (b, a);
UPDATE keyed SET b = b + 1 WHERE a > 10 ORDER BY a DESC;
ALTER TABLE keyed DROP PRIMARY KEY;
UPDATE keyed SET c = 9 WHERE a = 4;
SQL
}

@test "DDL: views, procedures, functions, triggers, events" {
    carried_over <<'SQL'
USE sakila;
CREATE VIEW long_films AS SELECT film_id, title FROM film WHERE length > 120;
ALTER VIEW long_films AS SELECT film_id, title, length FROM film WHERE length > 150;
CREATE OR REPLACE SQL SECURITY INVOKER VIEW short_films AS SELECT title FROM film WHERE length < 60;
DROP VIEW short_films;
DELIMITER //
CREATE PROCEDURE raise_rates(IN percent INT) MODIFIES SQL DATA
BEGIN
    UPDATE film SET rental_rate = rental_rate * (1 + percent / 100) WHERE rental_rate < 1;
END//
CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2//
CREATE TRIGGER actor_upper BEFORE INSERT ON actor FOR EACH ROW SET NEW.last_name = UPPER(NEW.last_name)//
CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM rental WHERE rental_id < 0//
DELIMITER ;
CALL raise_rates(10);
INSERT INTO actor (first_name, last_name) VALUES ('ada', 'lovelace');
ALTER PROCEDURE raise_rates COMMENT 'changed' SQL SECURITY INVOKER;
ALTER EVENT tidy DISABLE;
DROP FUNCTION twice;
DROP TRIGGER actor_upper;
INSERT INTO actor (first_name, last_name) VALUES ('Grace', 'Hopper');
DROP EVENT tidy;
SQL
}

@test "DDL: databases, with their defaults" {
    carried_over <<'SQL'
CREATE DATABASE fresh CHARACTER SET latin1 COLLATE latin1_german1_ci;
CREATE TABLE fresh.t (id INT PRIMARY KEY, v VARCHAR(20));
INSERT INTO fresh.t VALUES (1, 'ä');
ALTER DATABASE fresh CHARACTER SET utf8mb4;
CREATE TABLE fresh.u (id INT PRIMARY KEY, v VARCHAR(20));
CREATE DATABASE passing;
CREATE TABLE passing.t (id INT);
INSERT INTO passing.t VALUES (1);
DROP DATABASE passing;
ALTER TABLE fresh.u RENAME world.moved_here;
SQL
}

@test "DDL: partitions, engines, character sets, options, versioning, sequences" {
    carried_over <<'SQL'
USE `ödd näme`;
ALTER TABLE parts REORGANIZE PARTITION rest INTO
    (PARTITION y22 VALUES LESS THAN (2022), PARTITION rest VALUES LESS THAN MAXVALUE);
ALTER TABLE parts DROP PARTITION old;
INSERT INTO parts VALUES (900, '2021-05-05'), (901, '2030-01-01');
ALTER TABLE parts TRUNCATE PARTITION y22;
CREATE TABLE plain (id INT PRIMARY KEY, v VARCHAR(30)) CHARACTER SET latin1;
INSERT INTO plain VALUES (1, 'größe'), (2, 'b');
ALTER TABLE plain CONVERT TO CHARACTER SET utf8mb4;
UPDATE plain SET v = 'größer ✓' WHERE id = 1;
ALTER TABLE plain ENGINE = InnoDB, ROW_FORMAT = COMPRESSED;
ALTER TABLE plain COMMENT = 'it''s commented', AUTO_INCREMENT = 50;
ALTER TABLE plain PARTITION BY HASH (id) PARTITIONS 3;
UPDATE plain SET v = 'moved' WHERE id = 2;
ALTER TABLE plain REMOVE PARTITIONING;
OPTIMIZE TABLE plain;
ANALYZE TABLE plain;
CREATE SEQUENCE more START WITH 5;
SELECT NEXT VALUE FOR more;
ALTER SEQUENCE more RESTART 500;
SELECT NEXT VALUE FOR more;
DROP SEQUENCE more;
CREATE TABLE versioned (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;
INSERT INTO versioned VALUES (1, 1), (2, 2);
UPDATE versioned SET v = 3 WHERE id = 1;
DELETE FROM versioned WHERE id = 2;
SQL
    local history="SELECT id, v, ROW_START, ROW_END FROM \`ödd näme\`.versioned FOR SYSTEM_TIME ALL ORDER BY id, ROW_START"
    [ "$(sql source "$history" | wc -l)" -eq 3 ]
    [ "$(sql source "$history")" = "$(sql follower "$history")" ]
}

@test "nothing new: nothing shipped, nothing applied, and both say so" {
    run ccr ship source --json
    [ "$status" -eq 0 ]
    [ "$(jq .changed <<<"$output")" = false ]
    run ccr apply follower --job copy --json
    [ "$status" -eq 0 ]
    [ "$(jq .changed <<<"$output")" = false ]
}

@test "what is stored is whole; what a newer snapshot replaces is pruned, and the rest is whole" {
    "$CCR_BIN/ccr-verify" --store "$STORE" 3>&-
    ccr backup source
    run "$CCR_BIN/ccr-prune" --store "$STORE" --keep-last 1 --yes --json
    [ "$status" -eq 0 ]
    [ "$(jq .changed <<<"$output")" = true ]
    "$CCR_BIN/ccr-verify" --store "$STORE" 3>&-
    sql source "UPDATE world.City SET Population = Population + 1"
    ship_and_apply
    follower_equals_source
}
