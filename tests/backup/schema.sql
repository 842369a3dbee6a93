-- Every kind of object, under names that need quoting.
SET NAMES utf8mb4;
CREATE DATABASE `we``ird/d%b é` CHARACTER SET latin2 COLLATE latin2_czech_cs;
CREATE DATABASE other CHARACTER SET utf8mb4;
USE `we``ird/d%b é`;

CREATE TABLE `ta``b/le 'x' %2F \ü` (`i``d` INT PRIMARY KEY, `col"umn 'x',\t` VARCHAR (20) DEFAULT 'it''s \\ ok',
    `select` ENUM ('a`b', '@v1') COMMENT 'a ''quoted''
comment') COMMENT = 'ü ''x'' \\ AUTO_INCREMENT=5';
INSERT INTO `ta``b/le 'x' %2F \ü` VALUES (1, 'a', 'a`b'), (2, 'b', '@v1'), (3, NULL, NULL);
CREATE TABLE `.dot` (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 100;
CREATE TABLE `.` (id INT PRIMARY KEY);
CREATE TABLE `x y` (id INT PRIMARY KEY);
CREATE TABLE t1 (id INT PRIMARY KEY, n INT, s VARCHAR (100));
INSERT INTO t1 VALUES (1, 1, '`other`.`a_top`');
INSERT INTO `x y` VALUES (1);

CREATE SEQUENCE seq START WITH 10 INCREMENT BY 5 MAXVALUE 1000 CACHE 3 CYCLE;
SELECT NEXTVAL(seq), NEXTVAL(seq);
CREATE SEQUENCE down START WITH -1 INCREMENT BY -1 MINVALUE -1000 MAXVALUE -1 NOCACHE;
SELECT NEXTVAL(down);
CREATE SEQUENCE unused;
CREATE TABLE uses_sequence (id BIGINT DEFAULT NEXTVAL(seq) PRIMARY KEY, t INT);
INSERT INTO uses_sequence (t) VALUES (1), (2);

DELIMITER //
CREATE FUNCTION `f ``1`(a INT) RETURNS INT DETERMINISTIC COMMENT 'x; y' RETURN a + 1; //
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'//
CREATE PROCEDURE "p;1"(INOUT a INT)
BEGIN
    -- a comment that stays; with a ; in it
    SET a = a + 1; SELECT "x", 'back\' FROM (SELECT 1 AS "x") t;
END//
SET sql_mode = DEFAULT//
SET sql_mode = 'ORACLE'//
CREATE PACKAGE pack AS PROCEDURE pp; FUNCTION ff RETURN INT; END;//
CREATE PACKAGE BODY pack AS
    counter INT := 0;
    PROCEDURE pp AS BEGIN counter := counter + 1; END;
    FUNCTION ff RETURN INT AS BEGIN RETURN counter; END;
END;//
SET sql_mode = DEFAULT//

-- the order of the names is not the order of creation
CREATE VIEW z_bottom AS SELECT id, `f ``1`(n) AS n, s FROM t1//
CREATE VIEW m_middle AS SELECT * FROM z_bottom WHERE s <> 'n_not_here'//
CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW a_top (a, `b``c`) AS SELECT m_middle.id, z.n FROM m_middle JOIN z_bottom z USING (id) WITH CHECK OPTION//
CREATE VIEW other.a_first AS SELECT * FROM a_top//
CREATE VIEW b_across AS SELECT * FROM other.a_first//
CREATE VIEW other.selects AS SELECT 'ü''\\' AS `é`, (SELECT COUNT(*) FROM b_across) AS n//

CREATE TRIGGER second BEFORE INSERT ON t1 FOR EACH ROW SET NEW.n = NEW.n * 2//
CREATE TRIGGER first BEFORE INSERT ON t1 FOR EACH ROW PRECEDES second SET NEW.n = NEW.n + 1//
CREATE TRIGGER between_them BEFORE INSERT ON t1 FOR EACH ROW FOLLOWS first SET NEW.s = CONCAT(NEW.s, ';')//
CREATE TRIGGER `we``ird/tr` AFTER DELETE ON `ta``b/le 'x' %2F \ü` FOR EACH ROW BEGIN DELETE FROM t1 WHERE id = OLD.`i``d`; END//

SET time_zone = '+03:00'//
CREATE EVENT off ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'x' DO DELETE FROM t1//
CREATE EVENT later ON SCHEDULE AT '2037-01-01 00:00:00' DO BEGIN DELETE FROM t1; END//
CREATE EVENT replica ON SCHEDULE EVERY 1 HOUR DISABLE ON SLAVE DO SELECT 1//
DELIMITER ;
