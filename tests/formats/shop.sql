-- Whatever a reader of snapshots can trip over, in small.
CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE DATABASE legacy CHARACTER SET latin1;
USE shop;
CREATE TABLE customers (
    id INT PRIMARY KEY AUTO_INCREMENT,
    name VARCHAR(100) NOT NULL DEFAULT 'who?',
    mood ENUM('', 'good', 'bad') DEFAULT 'good',
    tags SET('a', 'b', 'c'),
    extra JSON,
    upper_name VARCHAR(100) AS (UPPER(name)) STORED,
    length INT AS (CHAR_LENGTH(name)) VIRTUAL,
    KEY (name)
);
CREATE TABLE orders (
    id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT,
    customer INT,
    note TEXT,
    paid TIMESTAMP(6) NULL,
    amount DECIMAL(20, 6),
    ratio FLOAT,
    FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE SET NULL
);
CREATE TABLE `Größe 中/文%` (id INT PRIMARY KEY, `select` CHAR(3), b BLOB, f FLOAT);
CREATE TABLE empty_one (id INT);
CREATE TABLE keyless (a INT, b VARBINARY(20));
CREATE TABLE parted (id INT, d DATE, PRIMARY KEY (id, d)) PARTITION BY RANGE (YEAR(d)) (
    PARTITION old VALUES LESS THAN (2020), PARTITION rest VALUES LESS THAN MAXVALUE);
CREATE SEQUENCE numbers START WITH 100 INCREMENT BY 5;
DO NEXTVAL(numbers);
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
INSERT INTO customers (id, name, mood, tags, extra) VALUES
    (0, 'zero', '', 'a,c', '{"k": [1, 2]}'), (1, 'Żółć 中文 😀', 'good', '', NULL), (2, 'tab\tnewline\nback\\slash\0nul', NULL, NULL, '"x"');
SET sql_mode = 'ALLOW_INVALID_DATES';
INSERT INTO orders (customer, note, paid, amount, ratio) VALUES
    (0, NULL, '1970-01-01 00:00:01', 12345678901234.567890, 0.1), (1, '', NULL, -0.000001, 3.4028234e38), (2, '\\N', '2038-01-19 03:14:07', NULL, 1e-38);
INSERT INTO `Größe 中/文%` VALUES (1, 'abc', UNHEX('00010203090A0D5C27221AFF'), 16777217), (2, NULL, NULL, NULL);
INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (NULL, '\t');
INSERT INTO parted VALUES (1, '2019-01-01'), (2, '2024-01-01');
CREATE VIEW expensive AS SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer WHERE o.amount > 0;
CREATE VIEW about_expensive AS SELECT COUNT(*) AS n FROM expensive;
DELIMITER $$
CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC
BEGIN
    -- a comment that stays; with //ccr// and ; and '
    RETURN n * 2; /* and one more */
END$$
CREATE PROCEDURE say(IN what VARCHAR(10)) COMMENT 'says "it"' SELECT CONCAT(what, ';', '//', "\\") AS said$$
CREATE TRIGGER first_one BEFORE INSERT ON orders FOR EACH ROW SET NEW.amount = IFNULL(NEW.amount, 1)$$
CREATE TRIGGER second_one BEFORE INSERT ON orders FOR EACH ROW FOLLOWS first_one
BEGIN
    SET NEW.ratio = IFNULL(NEW.ratio, twice(2));
END$$
SET time_zone = '+05:00'$$
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE COMMENT 'later' DO
BEGIN
    DELETE FROM empty_one;
END$$
SET sql_mode = 'ANSI_QUOTES'$$
CREATE PROCEDURE quoted() SELECT "id" FROM "orders" LIMIT 1$$
SET sql_mode = '', NAMES latin1$$
CREATE PROCEDURE named_in_latin1() SELECT 'Gr��e' AS s$$
SET NAMES utf8mb4$$
USE legacy$$
CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20))$$
INSERT INTO t VALUES (1, 'ä')$$
