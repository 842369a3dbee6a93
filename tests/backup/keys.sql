-- Tables of 5,000 rows with every kind of key by which they can, or cannot, be cut into chunks.
SET NAMES utf8mb4;
CREATE DATABASE `keys` CHARACTER SET utf8mb4;
USE `keys`;

CREATE TABLE k_int (id INT PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_int SELECT seq, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_negative (id INT PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_negative SELECT CAST(seq AS SIGNED) * 800000 - 2000000000, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_edges (id BIGINT PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_edges SELECT seq, REPEAT('x', 40) FROM seq_1_to_5000;
INSERT INTO k_edges VALUES (-9223372036854775808, 'lowest'), (9223372036854775807, 'highest');
CREATE TABLE k_unsigned (id BIGINT UNSIGNED PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_unsigned SELECT 18446744073709551615 - seq * 7, REPEAT('x', 40) FROM seq_1_to_5000;
INSERT INTO k_unsigned VALUES (0, 'lowest'), (18446744073709551615, 'highest');
CREATE TABLE k_skewed (id INT, n INT, t VARCHAR (40), PRIMARY KEY (id, n));
INSERT INTO k_skewed SELECT IF(seq < 4000, 5, seq), seq, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_decimal (id DECIMAL (30, 10) PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_decimal SELECT seq / 7 - 300, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_text (id VARCHAR (60) PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_text SELECT CONCAT(ELT(seq % 8 + 1, 'Ä', 'a', 'B', '\\', '''', '😀', '%_', '`'), seq), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_latin1 (id CHAR (20) CHARACTER SET latin1 COLLATE latin1_german2_ci PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_latin1 SELECT CONCAT(ELT(seq % 4 + 1, 'Ä', 'ae', 'ß', ''), seq), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_utf16 (id VARCHAR (20) CHARACTER SET utf16 PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_utf16 SELECT CONCAT('ä\\😀', seq), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_binary (id BINARY (16) PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_binary SELECT UNHEX(MD5(seq)), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_uuid (id UUID PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_uuid SELECT INSERT(INSERT(MD5(seq), 13, 1, ELT(seq % 3 + 1, '1', '4', '7')), 17, 1, '8'), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_inet6 (id INET6 PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_inet6 SELECT CAST(UNHEX(MD5(seq)) AS INET6), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_mixed (a VARCHAR (10), b INT, c VARBINARY (8), t VARCHAR (40), PRIMARY KEY (a, b, c));
INSERT INTO k_mixed SELECT CONCAT('t', seq % 3), seq DIV 100, UNHEX(HEX(seq)), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_begins_alike (a VARCHAR (10), b DATETIME, t VARCHAR (40), PRIMARY KEY (a, b));
INSERT INTO k_begins_alike SELECT CONCAT('t', seq % 4), '2020-01-01' + INTERVAL seq HOUR, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_unique (id VARCHAR (40) NOT NULL, t VARCHAR (40), UNIQUE KEY (id));
INSERT INTO k_unique SELECT MD5(seq), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_ignored (id INT NOT NULL, n INT NOT NULL, t VARCHAR (40), UNIQUE KEY z (id), UNIQUE KEY a (n) IGNORED);
INSERT INTO k_ignored SELECT seq, 5000 - seq, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_descending (id VARCHAR (40) NOT NULL, t VARCHAR (40), PRIMARY KEY (id DESC));
INSERT INTO k_descending SELECT MD5(seq), REPEAT('x', 40) FROM seq_1_to_5000;

CREATE TABLE w_nullable (id INT, t VARCHAR (40), UNIQUE KEY (id));
INSERT INTO w_nullable SELECT IF(seq % 2, seq, NULL), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE w_prefix (id VARCHAR (100), t VARCHAR (40), PRIMARY KEY (id (10)));
INSERT INTO w_prefix SELECT MD5(seq), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE w_hash (id TEXT NOT NULL, t VARCHAR (40), UNIQUE KEY (id));
INSERT INTO w_hash SELECT MD5(seq), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE w_none (id INT, t VARCHAR (40));
INSERT INTO w_none SELECT seq % 100, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_date (id DATETIME (6) PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_date SELECT '2020-01-01' + INTERVAL seq HOUR, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_double (id DOUBLE PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_double SELECT seq / 7, REPEAT('x', 40) FROM seq_1_to_5000;

CREATE TABLE p_range (d DATE NOT NULL, n INT, t VARCHAR (40)) PARTITION BY RANGE COLUMNS (d)
    (PARTITION `p,1` VALUES LESS THAN ('2020-02-01'), PARTITION `p``2` VALUES LESS THAN ('2020-04-01'),
    PARTITION `ü` VALUES LESS THAN ('2021-01-01'), PARTITION empty VALUES LESS THAN (MAXVALUE));
INSERT INTO p_range SELECT '2020-01-01' + INTERVAL seq HOUR, seq, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE p_sub (d DATE NOT NULL, n INT, t VARCHAR (40)) PARTITION BY RANGE (TO_DAYS(d)) SUBPARTITION BY HASH (n)
    SUBPARTITIONS 3 (PARTITION p1 VALUES LESS THAN (TO_DAYS('2020-03-01')), PARTITION p2 VALUES LESS THAN MAXVALUE);
INSERT INTO p_sub SELECT '2020-01-01' + INTERVAL seq HOUR, seq, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_partitioned (id INT PRIMARY KEY, t VARCHAR (40)) PARTITION BY HASH (id) PARTITIONS 4;
INSERT INTO k_partitioned SELECT seq, REPEAT('x', 40) FROM seq_1_to_5000;

-- Where values lie is not where rows lie.
CREATE TABLE k_clustered (id BIGINT PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_clustered SELECT 4000000000000000000 + seq, REPEAT('x', 40) FROM seq_1_to_5000;
INSERT INTO k_clustered VALUES (-9000000000000000000, 'lowest'), (9000000000000000000, 'highest');
CREATE TABLE k_holes (id BIGINT UNSIGNED PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_holes SELECT (seq DIV 50) * (seq DIV 50) * (seq DIV 50) * 1000000000 + seq, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_doubling (id BIGINT UNSIGNED, n INT, t VARCHAR (40), PRIMARY KEY (id, n));
INSERT INTO k_doubling SELECT 1 << (seq MOD 64), seq, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_same_start (id VARCHAR (100) PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_same_start SELECT CONCAT('https://example.org/a/long/way/down/', IF(seq MOD 3, MD5(seq), seq)), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_chinese (id VARCHAR (20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_chinese SELECT CONCAT(CONVERT(UNHEX(HEX(0x4e00 + seq)) USING ucs2), 'x'), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_few_first (kind TINYINT, shop CHAR (3), id INT, t VARCHAR (40), PRIMARY KEY (kind, shop, id));
INSERT INTO k_few_first SELECT seq MOD 2, CONCAT('s', seq MOD 3), seq, REPEAT('x', 40) FROM seq_1_to_5000;

-- Types whose order is not that of their text.
CREATE TABLE k_float (id FLOAT PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_float SELECT (CAST(seq AS SIGNED) - 2500) / 7, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_day (id DATE, n INT, t VARCHAR (40), PRIMARY KEY (id, n));
INSERT INTO k_day SELECT '2020-01-01' + INTERVAL seq DIV 20 DAY, seq, REPEAT('x', 40) FROM seq_1_to_5000;
SET sql_mode = 'ALLOW_INVALID_DATES';
INSERT INTO k_day VALUES ('0000-00-00', 1, 'x'), ('2020-02-31', 1, 'x'), ('2020-03-00', 1, 'x'), ('9999-12-31', 1, 'x');
SET sql_mode = DEFAULT;
CREATE TABLE k_time (id TIME (3) PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_time SELECT SEC_TO_TIME((CAST(seq AS SIGNED) - 2500) * 7.123), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_timestamp (id TIMESTAMP (6) PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_timestamp SELECT FROM_UNIXTIME(1500000000 + seq * 3600.5), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_year (id YEAR, n INT, t VARCHAR (40), PRIMARY KEY (id, n));
INSERT INTO k_year SELECT 1950 + seq MOD 100, seq, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_bit (id BIT (40) PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_bit SELECT seq * 1000003, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_inet4 (id INET4 PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_inet4 SELECT CAST(UNHEX(LEFT(MD5(seq), 8)) AS INET4), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_uuid_text (id CHAR (36) CHARACTER SET ascii PRIMARY KEY, t VARCHAR (40));
INSERT INTO k_uuid_text SELECT INSERT(INSERT(INSERT(INSERT(MD5(seq), 21, 0, '-'), 17, 0, '-'), 13, 0, '-'), 9, 0, '-'), REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_enum (state ENUM ('z', 'new', 'a', '', '3'), id INT, t VARCHAR (40), PRIMARY KEY (state, id));
INSERT INTO k_enum SELECT 1 + seq MOD 5, seq, REPEAT('x', 40) FROM seq_1_to_5000;
SET sql_mode = '';
INSERT IGNORE INTO k_enum VALUES ('error', 1, 'x');
SET sql_mode = DEFAULT;
CREATE TABLE k_directions (a INT, b INT, t VARCHAR (40), PRIMARY KEY (a, b DESC));
INSERT INTO k_directions SELECT seq DIV 100, seq, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE w_set (a SET ('x', 'y', 'z'), b INT, t VARCHAR (40), PRIMARY KEY (a, b));
INSERT INTO w_set SELECT seq MOD 8, seq, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE w_nopad (id CHAR (20) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, n INT, t VARCHAR (40), PRIMARY KEY (id, n));
INSERT INTO w_nopad SELECT IF(seq MOD 2, '', CONCAT('\t', seq)), seq, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE w_memory (id INT PRIMARY KEY, t VARCHAR (40)) ENGINE = MEMORY;
INSERT INTO w_memory SELECT seq, REPEAT('x', 40) FROM seq_1_to_5000;
CREATE TABLE k_myisam (id INT PRIMARY KEY, t VARCHAR (40)) ENGINE = MyISAM;
INSERT INTO k_myisam SELECT seq * seq, REPEAT('x', 40) FROM seq_1_to_5000;
