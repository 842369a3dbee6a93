-- One table for each family of types, with the values at their edges.
SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';
SET NAMES utf8mb4;
CREATE DATABASE types CHARACTER SET latin1 COLLATE latin1_german1_ci;
USE types;

CREATE TABLE integers (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    t TINYINT, tu TINYINT UNSIGNED, s SMALLINT, su SMALLINT UNSIGNED, m MEDIUMINT, mu MEDIUMINT UNSIGNED,
    i INT, iu INT UNSIGNED, b BIGINT, bu BIGINT UNSIGNED, z INT(8) ZEROFILL, bo BOOL,
    e ENUM ('beside', 'a zero') -- so that the key's 0 meets a SET clause
);
INSERT INTO integers VALUES
    (0, -128, 0, -32768, 0, -8388608, 0, -2147483648, 0, -9223372036854775808, 0, 0, 0, 'beside'),
    (1, 127, 255, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295, 9223372036854775807,
        18446744073709551615, 99999999, 1, 'a zero'),
    (-2147483648, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (2147483646, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);

CREATE TABLE reals (
    id INT PRIMARY KEY, f FLOAT, fu FLOAT UNSIGNED ZEROFILL, f3 FLOAT (7, 3), fx FLOAT (30, 28),
    d DOUBLE, d3 DOUBLE (10, 3), dx DOUBLE (200, 30), n DECIMAL (20, 5), nx DECIMAL (65, 30), n0 DECIMAL (65, 0)
);
INSERT INTO reals VALUES
    (1, 0.1, 0.1, 1.235, 0.1234567890123456789, 0.1, 0.0005, 1.0 / 3, 123456789.12345,
        -0.000000000000000000000000000001, 99999999999999999999999999999999999999999999999999999999999999999),
    (2, 3.4028234e38, 3.4028234e38, 9999.999, 99.5, 1.7976931348623157e308, 9999999.999, -1e150,
        -999999999999999.99999, 99999999999999999999999999999999999.999999999999999999999999999999, -1),
    (3, 1.17549435e-38, 1e-10, -0.0005, 1e-28, 5e-324, -0.0005, 123456789.123456789, 0, 0, 0),
    (4, -0e0, 123456.789, 16777.217, 33.333333, -0e0, 1e9 / 7, 2.2250738585072014e-308, 0.00001, 1, 1),
    (5, 16777217, 0.3333333333, 0.333, 3, 9007199254740993, 3, 3, 3, 3, 3),
    (6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE temporals (
    id INT PRIMARY KEY, y YEAR, y2 YEAR (2), d DATE, t TIME, t3 TIME (3), t6 TIME (6), dt DATETIME, dt6 DATETIME (6),
    ts TIMESTAMP NULL, ts6 TIMESTAMP (6) NULL, tn TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
);
INSERT INTO temporals VALUES
    (1, 0, 0, '0000-00-00', '-838:59:59', '-838:59:59.999', '-00:00:00.000001', '0000-00-00', '0000-00-00', 0, 0, 0),
    (2, 1901, 70, '2020-02-31', '838:59:59', '00:00:00.001', '838:59:59.999999', '2020-00-10 01:02:03',
        '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07', '2038-01-19 03:14:07.999999', '2020-03-29 01:30:00'),
    (3, 2155, 69, '9999-12-31', '00:00:00', '12:00:00.5', '12:00:00.000001', '1000-01-01', '0001-01-01 00:00:00.000001',
        '1970-01-01 00:00:01', '1970-01-01 00:00:00.000001', '2020-10-25 00:30:00'),
    (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2021-10-31 02:30:00');

CREATE TABLE texts (
    id INT PRIMARY KEY, c CHAR (5), v VARCHAR (100), v0 VARCHAR (10) NOT NULL, tt TINYTEXT, t TEXT, mt MEDIUMTEXT, lt LONGTEXT,
    l1 VARCHAR (20) CHARACTER SET latin1, u2 VARCHAR (20) CHARACTER SET ucs2, u16 CHAR (20) CHARACTER SET utf16,
    u16l VARCHAR (20) CHARACTER SET utf16le, u32 VARCHAR (20) CHARACTER SET utf32, u3 VARCHAR (20) CHARACTER SET utf8mb3,
    sj VARCHAR (20) CHARACTER SET sjis, gb VARCHAR (20) CHARACTER SET gbk, b5 VARCHAR (20) CHARACTER SET big5,
    ko VARCHAR (20) CHARACTER SET koi8r, asc7 VARCHAR (20) CHARACTER SET ascii,
    co TEXT COMPRESSED, j JSON, np VARCHAR (10) COLLATE utf8mb4_nopad_bin
) CHARACTER SET utf8mb4;
INSERT INTO texts VALUES
    (1, 'a', 'tab\tnew\nline\\back\0nul\r\Z''"`', '', 'x', 'x', 'x', 'x', 'é\n', 'ä\n', 'añ😀\\', 'añ😀\t', 'añ😀\0', 'ñ\t',
        'ソ表\n', _gbk X'815C0A815C', _big5 X'A55C09A55C', 'Привет', 'ascii', REPEAT('ab\\\t\n\0', 1000),
        '{"a": "\\u00e9\\n\\\\", "b": [1, 2.50, null]}', 'a '),
    (2, '  b', '', '\\N', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '[]', ''),
    (3, 'c  ', '\\', 'N', '\n', '\n\n', '\t', '\\N', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\',
        'a', 'null', 'a'),
    (4, NULL, NULL, 'NULL', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL),
    (5, '😀😀😀😀😀', REPEAT('\\', 100), '0', REPEAT('\t', 255), REPEAT('0123456789abcde\n', 4095),
        REPEAT('\\0', 100000), REPEAT('0123456789\n', 100000), REPEAT('\\n', 10), 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x',
        'x', 'x', REPEAT('x', 65535), '"\\u0000"', ' ');

CREATE TABLE bytes (
    id INT PRIMARY KEY, b1 BINARY (5), v VARBINARY (255), tb TINYBLOB, b BLOB, mb MEDIUMBLOB, lb LONGBLOB, cb BLOB COMPRESSED,
    bit1 BIT (1), bit13 BIT (13), bit64 BIT (64)
);
INSERT INTO bytes VALUES
    (1, 'ab\0', X'000102030405060708090A0B0C0D0E0F5C5C6E4E', X'5C', X'5C4E', X'0A', X'09', REPEAT(X'00FF095C0A', 5000),
        1, b'1010101010101', 0xFFFFFFFFFFFFFFFF),
    (2, X'0A095C0020', '', '', '', '', '', '', 0, 0x095C, 0x095C0A00095C0A00),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, X'FFFEFDFCFB', X'EFBBBF', X'1A', X'00', REPEAT(X'00', 70000), REPEAT(X'5C', 70000), 'x', 1, 0, 0);

CREATE TABLE choices (
    id INT PRIMARY KEY, e ENUM ('a', 'b', ''), digits ENUM ('3', '1', 'x'), e16 ENUM ('ä', 'b', 'Ω') CHARACTER SET utf16,
    one ENUM ('only') NOT NULL, quotes ENUM ('it''s', 'a,b', '\\', '\t'), s SET ('x', 'y', 'z w'), sdigits SET ('2', '1', '0'),
    s64 SET ('1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16', '17', '18', '19', '20',
        '21', '22', '23', '24', '25', '26', '27', '28', '29', '30', '31', '32', '33', '34', '35', '36', '37', '38', '39',
        '40', '41', '42', '43', '44', '45', '46', '47', '48', '49', '50', '51', '52', '53', '54', '55', '56', '57', '58',
        '59', '60', '61', '62', '63', '64')
) CHARACTER SET utf8mb4;
INSERT INTO choices VALUES
    (1, '', '1', 'ä', 'only', 'it''s', 'x,y,z w', '2,0', 18446744073709551615),
    (2, 0, '3', 'Ω', 0, 'a,b', '', '', 9223372036854775808),
    (3, 'a', 'x', 'b', 'only', '\\', 'z w', '1', '64,1'),
    (4, NULL, NULL, NULL, 'only', NULL, NULL, NULL, NULL),
    (5, 'b', 0, 0, 'only', '\t', 'y', '1,2', 0);

CREATE TABLE addresses (id INT PRIMARY KEY, u UUID, a4 INET4, a6 INET6);
INSERT INTO addresses VALUES
    (1, '123e4567-e89b-12d3-a456-426655440000', '1.2.3.4', '::1'),
    (2, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '255.255.255.255', '::ffff:9.92.10.0'),
    (3, '00000000-0000-0000-0000-000000000000', '0.0.0.0', '::'),
    (4, '095c0a00-0a5c-0909-5c0a-000a5c09095c', '9.92.10.0', '95c:a00:a5c:909:5c0a:a:5c09:95c'), (5, NULL, NULL, NULL);

CREATE TABLE shapes (
    id INT PRIMARY KEY, g GEOMETRY, p POINT NOT NULL, l LINESTRING, poly POLYGON, mp MULTIPOINT, ml MULTILINESTRING,
    mpoly MULTIPOLYGON, gc GEOMETRYCOLLECTION, SPATIAL KEY (p)
);
INSERT INTO shapes VALUES
    (1, ST_GeomFromText('POINT(1.1 2)', 4326), POINT(0, 10), ST_GeomFromText('LINESTRING(0 0, 9 92)'),
        ST_GeomFromText('POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))'), ST_GeomFromText('MULTIPOINT(0 0, 10 9)'),
        ST_GeomFromText('MULTILINESTRING((0 0, 1 1), (2 2, 3 3))'),
        ST_GeomFromText('MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))'),
        ST_GeomFromText('GEOMETRYCOLLECTION(POINT(9 92), LINESTRING(0 0, 1 1))')),
    (2, NULL, ST_GeomFromText('POINT(9.2 10)', 2396), NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE hidden (
    a INT, i INT INVISIBLE DEFAULT 7, g INT GENERATED ALWAYS AS (a + 1) STORED, v INT GENERATED ALWAYS AS (a * 2) VIRTUAL,
    vi INT GENERATED ALWAYS AS (i + 1) INVISIBLE, b INT DEFAULT (1 + 1), KEY (g), KEY (v)
);
INSERT INTO hidden (a, i, b) VALUES (1, 2, 3), (NULL, NULL, NULL), (2147483647 - 1, 5, 5);
CREATE TABLE generated_first (g INT GENERATED ALWAYS AS (b * 10) STORED, b INT NOT NULL, UNIQUE KEY (g));
INSERT INTO generated_first (b) VALUES (3), (1), (2);
CREATE TABLE one_text (t VARCHAR (20));
INSERT INTO one_text VALUES (''), (NULL), ('\\N'), ('\n'), (''), ('a');
CREATE TABLE empty (id INT PRIMARY KEY);
CREATE TABLE checked (id INT PRIMARY KEY, n INT CHECK (n > 0));
SET check_constraint_checks = 0;
INSERT INTO checked VALUES (1, 1), (2, -1);
SET check_constraint_checks = 1;

CREATE TABLE period (id INT, f DATE, t DATE, PERIOD FOR booked (f, t), PRIMARY KEY (id, booked WITHOUT OVERLAPS));
INSERT INTO period VALUES (1, '2020-01-01', '2020-02-01'), (1, '2020-02-01', '2020-03-01');
CREATE TABLE parent (id INT PRIMARY KEY);
CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE);
CREATE TABLE a_child_before (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id));
INSERT INTO parent VALUES (1), (2);
INSERT INTO child VALUES (1, 1), (2, 2), (3, NULL);
INSERT INTO a_child_before VALUES (1, 2);
SET foreign_key_checks = 0;
INSERT INTO child VALUES (4, 99);
SET foreign_key_checks = 1;
