# Statements of clients that speak latin1, or sjis (whose characters can end in a backslash or a backtick): names are what they mean.

# shellcheck disable=SC2016 # names in backticks

load ../lib/common
load follow

# says CHARSET, statements in UTF-8 on stdin: a client that speaks so sends them
says() {
    iconv -f UTF-8 -t "${1/sjis/SHIFT-JIS}" |
        mariadb --no-defaults --socket="$(server_socket source)" --user=root --default-character-set="$1" --local-infile d
}

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; CREATE TABLE d.\`tä\` (id INT PRIMARY KEY, \`ö\` TEXT); CREATE TABLE d.\`表ソ\` (id INT PRIMARY KEY, \`能\` TEXT);
        CREATE TABLE d.\`gö\` (id INT)"
    says latin1 <<<"CREATE VIEW \`vä\` AS SELECT id, 'ä' AS \`ü\` FROM \`tä\`; CREATE TRIGGER \`trä\` BEFORE INSERT ON \`tä\` FOR EACH ROW SET NEW.\`ö\` = CONCAT('ä', (SELECT COUNT(*) FROM d.\`tä\`))"
    says sjis <<<"CREATE VIEW \`v表\` AS SELECT id, \`能\` AS \`ソ\`, '表' AS x FROM \`表ソ\`; CREATE PROCEDURE \`pソ\`() INSERT INTO \`表ソ\` VALUES (9, '能')"
    follow_start --rename-db d:e --rename-table 'd.tä:e.tü,d.表ソ:e.裏,d.sé:e.sß' --exclude-tables 'd.nö'
}

equal() {
    [ "$(sql source "SELECT * FROM d.\`$1\` ORDER BY 1")" = "$(sql target "SELECT * FROM e.\`$2\` ORDER BY 1")" ] ||
        { echo "$1 and $2 differ"; sql target "SHOW TABLES FROM e"; return 1; }
}

@test "a restore renames in views and programs of such clients" {
    equal 'vä' 'vä'
    equal 'v表' 'v表'
    [[ $(sql target "SHOW CREATE VIEW e.\`v表\`") == *'from `e`.`裏`'*sjis* ]]
    [[ $(sql target "SHOW CREATE PROCEDURE e.\`pソ\`") == *'INSERT INTO `e`.`裏`'*"'能'"* ]]
    [ "$(sql target "SELECT HEX(definition) FROM ccr.kept WHERE name = 'trä'" | grep -c "$(printf 'FROM `e`.`t\xfc`' | basenc --base16)")" -eq 1 ]
}

@test "DDL, rows and statements of such clients" {
    says latin1 <<'SQL'
INSERT INTO `tä` (id) VALUES (1);
ALTER TABLE `tä` ADD `ß` VARCHAR(9) DEFAULT 'é' COMMENT 'ä', COMMENT 'ö';
CREATE TABLE `sé` LIKE `tä`;
SET binlog_format = STATEMENT;
INSERT INTO `sé` VALUES (1, 'ö', 'ü'), (2, _latin1 'ä', 'é');
BEGIN; SAVEPOINT `é`; UPDATE `sé` SET `ß` = 'ß' WHERE `ö` = 'ö'; ROLLBACK TO `é`; DELETE FROM `sé` WHERE `ß` = 'é'; COMMIT;
CREATE OR REPLACE VIEW `vé` AS SELECT `ß`, 'é' AS `ö` FROM `sé`;
CREATE EVENT `eé` ON SCHEDULE EVERY 1 DAY COMMENT 'é' DO DELETE FROM `sé`;
SET binlog_format = ROW;
CREATE TRIGGER `tré` BEFORE INSERT ON `sé` FOR EACH ROW SET NEW.`ö` = 'é';
SQL
    says sjis <<'SQL'
INSERT INTO `表ソ` VALUES (1, 'ソ'), (2, '能');
ALTER TABLE `表ソ` ADD `十` VARCHAR(9) DEFAULT '表' COMMENT '予';
CREATE TABLE `表` (`ソ` INT, `貼` ENUM('表', '能')) COMMENT '十';
SET binlog_format = STATEMENT;
UPDATE `表ソ` SET `十` = 'ソ' WHERE `能` = '能';
INSERT INTO `表` VALUES (1, '表'), (2, '能');
CREATE VIEW `vソ` AS SELECT `ソ`, '能' AS `十` FROM `表`;
SQL
    replay
    equal 'tä' 'tü'
    equal 'sé' 'sß'
    equal 'vé' 'vé'
    equal 'vä' 'vä'
    equal '表ソ' '裏'
    equal '表' '表'
    equal 'vソ' 'vソ'
    diff <(sql source "SHOW CREATE TABLE d.\`tä\`" | sed 's/tä/tü/g') <(sql target "SHOW CREATE TABLE e.\`tü\`")
    diff <(sql source "SHOW CREATE TABLE d.\`表\`") <(sql target "SHOW CREATE TABLE e.\`表\`")
    [ "$(sql target "SELECT event_comment, event_definition FROM information_schema.events WHERE event_name = 'eé'")" = $'é\tDELETE FROM `e`.`sß`' ]
}

@test "tables are renamed, leave the scope and are dropped with their database" {
    says latin1 <<<'RENAME TABLE `gö` TO `nö`; RENAME TABLE `sé` TO `sö`; CREATE TABLE x (`ä` INT); DROP TABLE `tä`'
    replay
    equal 'sö' 'sö'
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'e' AND table_name IN ('gö', 'nö', 'tü', 'sß')")" -eq 0 ]
    [ "$(sql target "SELECT HEX(definition) FROM ccr.kept WHERE name = 'tré'" | grep -c "$(printf '`s\xf6`' | basenc --base16)")" -eq 1 ]
    says latin1 <<<'DROP DATABASE d' # ASCII only, in a session that is not
    replay
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'e'")" -eq 0 ]
}
