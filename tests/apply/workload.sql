-- The tables of workload.awk: every column type, every kind of key.
CREATE DATABASE w CHARACTER SET utf8mb4;
USE w;
SET NAMES utf8mb4;
CREATE TABLE types (
    id INT AUTO_INCREMENT PRIMARY KEY,
    c_tiny TINYINT, c_utiny TINYINT UNSIGNED, c_small SMALLINT, c_medium MEDIUMINT, c_umedium MEDIUMINT UNSIGNED,
    c_int INT, c_uint INT UNSIGNED, c_big BIGINT, c_ubig BIGINT UNSIGNED, c_float FLOAT, c_double DOUBLE,
    c_dec DECIMAL(65,30), c_dec2 DECIMAL(10,2), c_bit1 BIT(1), c_bit33 BIT(33), c_bit64 BIT(64), c_year YEAR,
    c_date DATE, c_time TIME, c_time3 TIME(3), c_time6 TIME(6), c_dt DATETIME, c_dt1 DATETIME(1), c_dt6 DATETIME(6),
    c_ts TIMESTAMP NULL, c_ts2 TIMESTAMP(2) NULL, c_ts6 TIMESTAMP(6) NULL,
    c_char CHAR(10), c_char255 CHAR(255), c_binary BINARY(16), c_varchar VARCHAR(20), c_varchar300 VARCHAR(300),
    c_varbinary VARBINARY(300), c_tinytext TINYTEXT, c_text TEXT, c_mediumtext MEDIUMTEXT, c_longtext LONGTEXT,
    c_tinyblob TINYBLOB, c_blob BLOB, c_mediumblob MEDIUMBLOB, c_longblob LONGBLOB,
    c_enum ENUM('red', 'green', 'blue', 'it''s'), c_set SET('a', 'b', 'c'),
    c_set40 SET('1','2','3','4','5','6','7','8','9','10','11','12','13','14','15','16','17','18','19','20','21','22',
        '23','24','25','26','27','28','29','30','31','32','33','34','35','36','37','38','39','40'),
    c_json JSON, c_uuid UUID, c_inet4 INET4, c_inet6 INET6, c_geometry GEOMETRY, c_point POINT,
    c_latin VARCHAR(40) CHARACTER SET latin1, c_packed VARCHAR(400) COMPRESSED, c_packedtext TEXT COMPRESSED,
    c_hidden INT INVISIBLE DEFAULT 3,
    c_virtual INT AS (c_tiny + 1) VIRTUAL, c_stored BIGINT AS (c_small * 2) STORED,
    KEY (c_virtual), KEY (c_varchar), UNIQUE KEY by_hash (c_longtext));
CREATE TABLE no_key LIKE types;
ALTER TABLE no_key MODIFY id INT NULL, DROP PRIMARY KEY, DROP KEY by_hash;
CREATE TABLE by_text LIKE types;
ALTER TABLE by_text MODIFY id INT NULL, DROP PRIMARY KEY, ADD name VARCHAR(40) COLLATE utf8mb4_unicode_ci NOT NULL FIRST,
    ADD PRIMARY KEY (name, c_tinytext(5)), MODIFY c_tinytext TINYTEXT NOT NULL DEFAULT '';
CREATE TABLE versioned LIKE types;
ALTER TABLE versioned ADD SYSTEM VERSIONING;
CREATE TABLE parts LIKE types;
ALTER TABLE parts DROP KEY by_hash, MODIFY c_geometry TEXT, MODIFY c_point TEXT;
ALTER TABLE parts PARTITION BY HASH (id) PARTITIONS 4;
CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(60), total INT);
CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, parent INT, note TEXT,
    FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE unique_keys (a INT NOT NULL, b INT NOT NULL, c VARCHAR(10), UNIQUE KEY (a), UNIQUE KEY (b), UNIQUE KEY (c));
CREATE TABLE checked (id INT PRIMARY KEY, n INT CHECK (n >= 0));
CREATE TABLE isam (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT) ENGINE = MyISAM;
CREATE TABLE scratch (n INT);
CREATE SEQUENCE counter;
