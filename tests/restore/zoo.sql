-- Two databases with all that a restore has to put in its place.
SET foreign_key_checks = 0;
CREATE DATABASE zoo CHARACTER SET latin1 COLLATE latin1_german1_ci COMMENT 'the first';
CREATE DATABASE keepers CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
USE zoo;
CREATE SEQUENCE tickets START WITH 100 INCREMENT BY 5 CACHE 10;
CREATE TABLE animal (
    id INT NOT NULL AUTO_INCREMENT, kind ENUM('cat','dog','côté') CHARACTER SET utf8mb4 NOT NULL DEFAULT 'cat',
    name VARCHAR(60) CHARACTER SET utf8mb4, weight DOUBLE, speed FLOAT, price DECIMAL(12,4), born DATETIME(6),
    seen TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, picture BLOB, tags SET('a','b','c'),
    doc JSON, flags BIT(9), shout VARCHAR(60) CHARACTER SET utf8mb4 AS (UPPER(name)) VIRTUAL, grams DOUBLE AS (weight * 1000) STORED,
    keeper INT, mother INT, hidden INT INVISIBLE DEFAULT 7,
    PRIMARY KEY (id), UNIQUE KEY by_name (name), KEY by_kind (kind), KEY by_keeper (keeper), KEY by_born (born),
    CONSTRAINT fk_keeper FOREIGN KEY (keeper) REFERENCES keepers.person (id) ON DELETE SET NULL,
    CONSTRAINT fk_mother FOREIGN KEY (mother) REFERENCES animal (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT='it\'s an "animal" `here`';
CREATE TABLE visit (
    id BIGINT NOT NULL DEFAULT NEXTVAL(tickets), animal INT NOT NULL, at DATE, turn BIGINT DEFAULT NEXTVAL(tickets),
    PRIMARY KEY (id, at), KEY by_animal (animal)
) ENGINE=InnoDB PARTITION BY HASH (YEAR(at)) PARTITIONS 3;
CREATE TABLE notes (id INT NOT NULL PRIMARY KEY, body TEXT, FULLTEXT KEY words (body)) ENGINE=MyISAM;
CREATE TABLE log_aria (id INT NOT NULL PRIMARY KEY, body TEXT) ENGINE=Aria;
CREATE TABLE price (id INT NOT NULL PRIMARY KEY, amount INT) ENGINE=InnoDB;
CREATE TABLE empty_one (id INT NOT NULL PRIMARY KEY, x INT, KEY (x)) ENGINE=InnoDB;
CREATE TABLE no_key (a INT, b VARCHAR(20)) ENGINE=InnoDB;
CREATE TABLE `odd ``name/with.dots` (`select` INT NOT NULL PRIMARY KEY, `a``b` INT, KEY `k``1` (`a``b`)) ENGINE=InnoDB;
CREATE TABLE keepers.person (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), favourite INT,
    CONSTRAINT fk_favourite FOREIGN KEY (favourite) REFERENCES zoo.animal (id)
) ENGINE=InnoDB;
INSERT INTO keepers.person VALUES (1, 'Ann', 2), (2, 'Bob', NULL), (3, 'Çelik 🐘', 1);
INSERT INTO animal (id, kind, name, weight, speed, price, born, picture, tags, doc, flags, keeper, mother, hidden) VALUES
    (1, 'cat', 'Tom 🐈', 4.2, 1.1, 12.3400, '2020-01-02 03:04:05.678901', X'00FF0A0D5C27', 'a,c', '{"a": [1, 2]}', 5, 1, NULL, 9),
    (2, 'dog', 'tab\there\\n', 1e300, 16777217, -0.0001, NULL, '', '', NULL, NULL, NULL, 1, 7),
    (3, 'côté', '\\N', NULL, NULL, NULL, '1000-01-01', NULL, NULL, 'null', b'111111111', 3, 2, NULL);
INSERT INTO animal (name, keeper) SELECT CONCAT('n', seq), 1 + seq % 3 FROM seq_1_to_500;
INSERT INTO visit (animal, at) SELECT 1 + seq % 3, '2020-01-01' + INTERVAL seq DAY FROM seq_1_to_1000;
INSERT INTO notes SELECT seq, CONCAT('note ', seq) FROM seq_1_to_50;
INSERT INTO log_aria SELECT seq, CONCAT('line ', seq) FROM seq_1_to_50;
INSERT INTO price VALUES (1, 10), (2, 20);
UPDATE price SET amount = 11 WHERE id = 1;
INSERT INTO no_key VALUES (1, 'x'), (1, 'x'), (NULL, NULL);
INSERT INTO `odd ``name/with.dots` VALUES (1, 2);
SET sql_mode = '';
DELIMITER //
CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n//
CREATE PROCEDURE feed(IN who INT) COMMENT 'it''s dinner'
BEGIN
    UPDATE `zoo`.animal SET weight = weight + 1 WHERE id = who; -- `zoo`.not_this
    SELECT COUNT(*) FROM `keepers`.person;
END//
CREATE TRIGGER animal_first BEFORE INSERT ON animal FOR EACH ROW SET NEW.weight = COALESCE(NEW.weight, 1)//
CREATE TRIGGER animal_second BEFORE INSERT ON animal FOR EACH ROW FOLLOWS animal_first
    SET NEW.keeper = COALESCE(NEW.keeper, (SELECT MIN(id) FROM `keepers`.person))//
CREATE TRIGGER `keepers`.person_gone AFTER DELETE ON `keepers`.person FOR EACH ROW INSERT INTO `zoo`.no_key VALUES (OLD.id, OLD.name)//
CREATE EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' COMMENT 'ENABLE this'
    DO INSERT INTO `zoo`.no_key VALUES (1, 'DISABLE')//
CREATE EVENT sleeping ON SCHEDULE AT '2031-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO DELETE FROM no_key//
DELIMITER ;
CREATE VIEW c_base AS SELECT id, name, keeper FROM animal;
CREATE VIEW a_on_top AS SELECT b.id, p.name FROM c_base b JOIN keepers.person p ON p.id = b.keeper;
CREATE SQL SECURITY INVOKER VIEW b_more AS SELECT COUNT(*) AS n, zoo.twice(COUNT(*)) AS m FROM a_on_top;
