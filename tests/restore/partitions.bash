# shellcheck shell=bash
# What the suites of single partitions share, on top of partial.bash: tables of the database shop that are divided by range,
# list and hash, and into subpartitions.
#
#   parts                 makes them, with rows, on the source
#   parts_work N          changes in all partitions, rows that move between them in both directions among these
#   damage                rows of sale:y2, region:north, spread:p1 and deep:d1 become wrong on the target, others go
#   all_damaged           the words for these
#   ids                   what InnoDB calls the target's partitions that are not named by these words

parts() {
    sql source "USE shop;
        CREATE TABLE sale (id INT AUTO_INCREMENT, y INT, note VARCHAR(80), n INT DEFAULT 0, PRIMARY KEY (id, y), KEY (note))
            PARTITION BY RANGE (y) (PARTITION y1 VALUES LESS THAN (10), PARTITION y2 VALUES LESS THAN (20), PARTITION y3 VALUES LESS THAN MAXVALUE);
        CREATE TABLE region (id INT, place VARCHAR(10), t TEXT, UNIQUE KEY (id, place))
            PARTITION BY LIST COLUMNS (place) (PARTITION north VALUES IN ('n', 'ne'), PARTITION south VALUES IN ('s'));
        ALTER TABLE region MODIFY id INT NOT NULL, MODIFY place VARCHAR(10) NOT NULL;
        CREATE TABLE spread (id INT PRIMARY KEY, t LONGTEXT, n INT) PARTITION BY HASH (id) PARTITIONS 4;
        CREATE TABLE deep (id INT, y INT, n INT, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) SUBPARTITION BY HASH (id) SUBPARTITIONS 2
            (PARTITION d1 VALUES LESS THAN (10), PARTITION d2 VALUES LESS THAN MAXVALUE);
        INSERT INTO sale (y, note) SELECT seq % 30, CONCAT('note ', seq) FROM seq_1_to_600;
        INSERT INTO region SELECT seq, ELT(1 + seq % 3, 'n', 'ne', 's'), REPEAT('t', seq % 30) FROM seq_1_to_300;
        INSERT INTO spread SELECT seq, CONCAT('spread ', seq), 0 FROM seq_1_to_400;
        INSERT INTO deep SELECT seq, seq % 20, 0 FROM seq_1_to_400"
}

parts_work() {
    sql source "USE shop; UPDATE sale SET n = n + $1 WHERE id % 3 = $1 % 3; UPDATE sale SET y = (y + 10) % 30, note = 'moved $1' WHERE id % 7 = $1 % 7;
        UPDATE sale SET y = (y + 20) % 30 WHERE id % 11 = $1 % 11; DELETE FROM sale WHERE id % 23 = $1 % 23; INSERT INTO sale (y, note) SELECT seq % 30, 'new $1' FROM seq_1_to_60;
        UPDATE region SET place = IF(place = 's', 'n', 's') WHERE id % 5 = $1 % 5; DELETE FROM region WHERE id % 17 = $1 % 17; INSERT INTO region SELECT 1000 * $1 + seq, ELT(1 + seq % 2, 'n', 's'), 'new' FROM seq_1_to_20;
        UPDATE spread SET id = -id WHERE id % 9 = $1 % 9 AND id > 0; UPDATE spread SET id = id + 10001 WHERE id % 10 = $1 % 10 AND id BETWEEN 1 AND 400; UPDATE spread SET n = $1 WHERE id % 2;
        START TRANSACTION; DELETE FROM deep WHERE id % 13 = $1 % 13; UPDATE deep SET y = 19 - y, n = n + 1 WHERE id % 4 = $1 % 4; INSERT INTO deep SELECT 1000 * $1 + seq, seq % 20, 1 FROM seq_1_to_40; COMMIT;
        UPDATE deep SET n = n + 1; UPDATE sale SET n = n + 1 WHERE y BETWEEN 8 AND 12; UPDATE orders SET total = $1 WHERE id < 20"
}

# shellcheck disable=SC2034 # for the suites
all_damaged=shop.sale:y2,shop.region:north,shop.spread:p1,shop.deep:d1

damage() {
    sql target "USE shop; UPDATE sale PARTITION (y2) SET n = -1; DELETE FROM sale PARTITION (y2) LIMIT 20; UPDATE region PARTITION (north) SET t = 'wrong'; DELETE FROM region PARTITION (north) LIMIT 5;
        UPDATE spread PARTITION (p1) SET n = -1; DELETE FROM spread PARTITION (p1) LIMIT 5; INSERT INTO spread VALUES (77777, 'added', 1); UPDATE deep PARTITION (d1) SET n = -1; DELETE FROM deep PARTITION (d1) LIMIT 5"
}

ids() {
    sql target "SELECT name, table_id FROM information_schema.innodb_sys_tables WHERE name LIKE 'shop/%' AND name NOT REGEXP 'sale#P#y2|region#P#north|spread#P#p1|deep#P#d1' ORDER BY 1"
}
