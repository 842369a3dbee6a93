# Views and programs whose definers the target lacks, or whose definers may do nothing there; and definitions that
# were sent by clients of another character set.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load restore

setup_file() {
    servers
    sql_client source <<'SQL'
SET NAMES utf8mb4;
CREATE USER gone@'10.%';
CREATE USER 'ö"d`d'@localhost;
CREATE USER weak@localhost;
CREATE ROLE clerks;
GRANT ALL ON *.* TO gone@'10.%', 'ö"d`d'@localhost;
GRANT EXECUTE, SELECT, INSERT, UPDATE, DELETE, TRIGGER ON *.* TO weak@localhost, clerks;
CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'the ''shop''';
USE shop;
CREATE TABLE t (id INT PRIMARY KEY, n INT);
INSERT INTO t VALUES (1, 2), (3, 4);
CREATE DEFINER = gone@'10.%' FUNCTION twice(a INT) RETURNS INT DETERMINISTIC RETURN 2 * a;
CREATE DEFINER = gone@'10.%' VIEW z1 AS SELECT id, twice(n) AS n FROM t;
CREATE DEFINER = weak@localhost VIEW y2 AS SELECT id, n FROM z1;
CREATE DEFINER = clerks VIEW x3 AS SELECT y2.id, z1.n FROM y2 JOIN z1 USING (id);
CREATE DEFINER = 'ö"d`d'@localhost SQL SECURITY INVOKER VIEW a4 AS SELECT id, twice(n) AS n FROM x3;
CREATE DEFINER = gone@'10.%' TRIGGER before_it BEFORE INSERT ON t FOR EACH ROW SET NEW.n = twice(NEW.n);
CREATE DEFINER = weak@localhost PROCEDURE show_it() SELECT * FROM a4;
SET sql_mode = 'ANSI_QUOTES';
CREATE DEFINER = 'ö"d`d'@localhost PROCEDURE "quo""ted"() SELECT 'x' AS "y";
SET sql_mode = 'ORACLE';
DELIMITER //
CREATE DEFINER = gone@'10.%' PACKAGE pack AS FUNCTION thrice(a INT) RETURN INT; END//
CREATE DEFINER = gone@'10.%' PACKAGE BODY pack AS FUNCTION thrice(a INT) RETURN INT AS BEGIN RETURN 3 * a; END; END//
DELIMITER ;
SET sql_mode = DEFAULT;
CREATE DEFINER = gone@'10.%' EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' ON COMPLETION PRESERVE
    DISABLE COMMENT 'it''s off' DO DELETE FROM t;
CREATE DEFINER = weak@localhost EVENT hourly ON SCHEDULE EVERY 1 HOUR STARTS '2037-01-01 00:00:00' DO DELETE FROM t;
SQL
    backup
    dump source >"$T/dump.source"
    # a source that has lost a definer itself
    sql source "DROP USER weak@localhost"
    store_use orphans
    backup
    store_use store
}

setup() {
    store_use store
    target_clean
    sql target "DROP USER IF EXISTS gone@'10.%', 'ö\"d\`d'@localhost, weak@localhost, owner@localhost; DROP ROLE IF EXISTS clerks"
}

teardown_file() {
    servers_end
}

create_definers() {
    sql target "CREATE USER gone@'10.%', 'ö\"d\`d'@localhost, weak@localhost; CREATE ROLE clerks"
}

definers() {
    sql "$1" "SELECT 'view', table_name, definer FROM information_schema.views WHERE table_schema = 'shop'
        UNION ALL SELECT 'routine', name, definer FROM mysql.proc WHERE db = 'shop'
        UNION ALL SELECT 'trigger', trigger_name, definer FROM information_schema.triggers WHERE trigger_schema = 'shop'
        UNION ALL SELECT 'event', event_name, definer FROM information_schema.events WHERE event_schema = 'shop' ORDER BY 1, 2, 3"
}

dump() {
    mariadb-dump --no-defaults --socket="$T/$1/sock" --user=root --routines --triggers --events --skip-dump-date --databases shop
}

@test "definers that do not exist: refused before anything is loaded, by their names" {
    run --separate-stderr ccr restore target --standalone
    echo "$status: $stderr"
    [ "$status" -eq 9 ]
    [[ $stderr == *"do not exist: gone@10.% (function shop.twice and "[0-9]*" more), "* ]]
    [[ $stderr == *"weak@localhost ("* && $stderr == *"clerks (view shop.x3)"* && $stderr == *'ö"d`d@localhost ('* ]]
    [[ $stderr == *hint:*--missing-definer=keep*--missing-definer=USER@HOST* ]]
    [ -z "$(user_databases target)" ]
    # a followed target's triggers and events come into force at its promotion
    run --separate-stderr ccr restore target --job j --tables shop.t
    [ "$status" -eq 9 ]
    [[ $stderr == *"do not exist: gone@10.% (trigger shop.before_it)"* ]]
    [ -z "$(sql target "SHOW DATABASES LIKE 'ccr%'")" ]
    # nothing of it is in scope
    sql target "CREATE USER gone@'10.%'"
    ccr restore target --quiet --job j --tables shop.t
}

@test "definers that exist and may do nothing: views over views are as on the source" {
    create_definers
    run --separate-stderr ccr restore target --standalone
    echo "$stderr"
    [ "$status" -eq 0 ]
    [[ $stderr != *warning* ]]
    diff <(definers source) <(definers target)
    same_schema source target shop
    sql target "GRANT ALL ON *.* TO gone@'10.%', 'ö\"d\`d'@localhost; GRANT EXECUTE, SELECT, INSERT, UPDATE, DELETE, TRIGGER ON *.* TO weak@localhost, clerks"
    diff "$T/dump.source" <(dump target)
    nothing_left
}

@test "--missing-definer=keep: as on the source, with a warning that names them" {
    # of a missing role the server would make a user
    run --separate-stderr ccr restore target --standalone --missing-definer keep
    [ "$status" -eq 9 ]
    [[ $stderr == *"role clerks does not exist"*"(view shop.x3)"* ]]
    sql target "CREATE ROLE clerks"
    run --separate-stderr ccr restore target --standalone --missing-definer keep
    echo "$stderr"
    [ "$status" -eq 0 ]
    [ "$(grep -c warning: <<<"$stderr")" -eq 1 ]
    [[ $stderr == *"warning: these definers do not exist on the target"*"gone@10.% ("* ]]
    diff <(definers source) <(definers target)
    # they work when their definers are there
    run ! sql target "SELECT * FROM shop.y2"
    sql target "CREATE USER gone@'10.%', 'ö\"d\`d'@localhost, weak@localhost; GRANT ALL ON *.* TO gone@'10.%', weak@localhost, clerks"
    [ "$(sql target "SELECT * FROM shop.a4")" = "$(printf '1\t8\n3\t16')" ]
    same_schema source target shop
}

@test "--missing-definer=USER@HOST: in the place of those that are missing, of no other" {
    run --separate-stderr ccr restore target --standalone --missing-definer 'owner@localhost'
    [ "$status" -eq 2 ]
    [[ $stderr == *"owner@localhost does not exist on the target"* ]]
    sql target "CREATE USER owner@localhost, weak@localhost"
    run --separate-stderr ccr restore target --standalone --missing-definer 'owner@localhost'
    echo "$stderr"
    [ "$status" -eq 0 ]
    [[ $stderr == *"warning: these definers do not exist on the target, owner@localhost takes their place: "*"gone@10.%"* ]]
    [[ $stderr != *weak* ]]
    diff <(definers source | sed -E 's/\t(gone@10.%|clerks@?|ö.*d@localhost)$/\towner@localhost/') <(definers target)
    sql target "GRANT ALL ON *.* TO owner@localhost, weak@localhost"
    [ "$(sql target "SELECT * FROM shop.a4; INSERT INTO shop.t VALUES (5, 5); SELECT n FROM shop.t WHERE id = 5; SELECT shop.twice(4)")" = \
        "$(printf '1\t8\n3\t16\n10\n8')" ]
    # a followed target keeps them so for its promotion
    target_clean
    ccr restore target --quiet --job j --missing-definer owner@localhost 2>/dev/null
    [ "$(sql target "SELECT COUNT(*) FROM ccr.kept WHERE definition LIKE 'CREATE DEFINER=\`owner\`@\`localhost\` %'")" -eq 2 ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.kept WHERE definition LIKE '%gone%'")" -eq 0 ]
}

@test "--missing-definer: nothing else is taken" {
    for wrong in KEEP owner @localhost owner@; do
        run ccr restore target --standalone --missing-definer "$wrong"
        [ "$status" -eq 2 ]
        [[ $output == *"neither refuse nor keep nor USER@HOST"* ]]
    done
}

@test "a source whose own definers are gone is copied as it is" {
    store_use orphans
    sql target "CREATE USER gone@'10.%', 'ö\"d\`d'@localhost; CREATE ROLE clerks"
    run --separate-stderr ccr restore target --standalone
    [ "$status" -eq 9 ]
    [[ $stderr == *"do not exist: weak@localhost ("* ]]
    ccr restore target --quiet --standalone --missing-definer keep 2>/dev/null
    diff <(definers source) <(definers target)
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.views WHERE table_schema = 'shop'")" -eq 4 ]
    [ "$(sql target "SELECT status FROM information_schema.events ORDER BY event_name")" = "$(printf 'DISABLED\nENABLED')" ]
}

@test "a run that is killed while views are made again: the next one goes on" {
    local all before

    create_definers
    CCR_FAILPOINT_LOG=$T/passed ccr restore target --quiet --standalone
    all=$(grep -c '^statement$' "$T/passed")
    for before in 5 20 45 70; do
        target_clean
        CCR_FAILPOINT=statement:$((all - before)) run ccr restore target --quiet --standalone
        [ "$status" -eq 137 ]
        ccr restore target --quiet --standalone
        diff <(definers source) <(definers target)
        same_schema source target shop
        nothing_left
    done
}

@test "programs of a client of another character set: definer, name, RETURNS, COMMENT and schedule" {
    store_use latin1
    sql source "CREATE DATABASE old CHARACTER SET latin1; CREATE TABLE old.t (a INT); CREATE USER 'bé'@localhost"
    # shellcheck disable=SC2016 # backticks of SQL
    iconv -f UTF-8 -t ISO-8859-1 >"$T/old.sql" <<'SQL'
SET NAMES latin1;
USE old;
DELIMITER //
CREATE DEFINER = `bé`@localhost FUNCTION `fé`(`ä` INT) RETURNS ENUM ('ö', 'x') DETERMINISTIC COMMENT 'cä\n\\n''q' RETURN "ö"//
CREATE DEFINER = `bé`@localhost PROCEDURE `pé`(`ä` INT) COMMENT 'cä' SELECT "ö" AS `é`//
CREATE DEFINER = `bé`@localhost VIEW `vé` AS SELECT 'ä' AS `é`//
CREATE DEFINER = `bé`@localhost TRIGGER `té` BEFORE INSERT ON t FOR EACH ROW SET @`ä` = 'ö'//
CREATE DEFINER = `bé`@localhost EVENT `eé` ON SCHEDULE EVERY '1:10' HOUR_MINUTE STARTS '2037-01-01 00:00:00' COMMENT 'cä' DO SELECT 'ö'//
SET sql_mode = 'NO_BACKSLASH_ESCAPES'//
CREATE DEFINER = `bé`@localhost FUNCTION `gé`(`ä` INT) RETURNS ENUM ('ö', 'x') DETERMINISTIC COMMENT 'cä\n\\n''q' RETURN "ö"//
CREATE EVENT plain ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' COMMENT 'back\slash' DO SELECT '\'//
SET sql_mode = 'ORACLE'//
CREATE DEFINER = "bé"@localhost PROCEDURE "oé"("ä" INT) COMMENT 'cä' AS BEGIN SELECT 'ö'; END//
CREATE DEFINER = "bé"@localhost PACKAGE "ké" COMMENT 'cä' AS PROCEDURE pp; END//
CREATE DEFINER = "bé"@localhost PACKAGE BODY "ké" COMMENT 'cä' AS PROCEDURE pp AS BEGIN SELECT 'ö'; END; END//
SQL
    mariadb --no-defaults --socket="$(server_socket source)" --user=root --default-character-set=latin1 <"$T/old.sql"
    [ "$(sql source "SELECT COUNT(*) FROM mysql.proc WHERE db = 'old' AND definer = 'bé@localhost'")" -eq 6 ]
    backup --databases old
    run --separate-stderr ccr restore target --standalone
    [ "$status" -eq 9 ]
    [[ $stderr == *"do not exist: bé@localhost (function old.fé and 8 more)"* ]]
    sql target "CREATE USER 'bé'@localhost"
    ccr restore target --standalone --quiet
    same_schema source target old
    diff <(sql source "SELECT name, type, definer, comment, returns, HEX(body) FROM mysql.proc WHERE db = 'old';
        SELECT name, definer, comment, HEX(body) FROM mysql.event WHERE db = 'old'") \
        <(sql target "SELECT name, type, definer, comment, returns, HEX(body) FROM mysql.proc WHERE db = 'old';
        SELECT name, definer, comment, HEX(body) FROM mysql.event WHERE db = 'old'")
    sql target "DROP USER 'bé'@localhost; DROP DATABASE old; CREATE USER 'ñame'@localhost"
    ccr restore target --standalone --quiet --missing-definer 'ñame@localhost' 2>/dev/null
    [ "$(sql target "SELECT COUNT(*) FROM mysql.proc WHERE db = 'old' AND definer = 'ñame@localhost'")" -eq 6 ]
    sql target "DROP DATABASE old; CREATE USER '名'@localhost"
    run --separate-stderr ccr restore target --standalone --missing-definer '名@localhost'
    [ "$status" -eq 2 ]
    [[ $stderr == *"cannot be written in latin1"* ]]
    sql target "DROP USER '名'@localhost, 'ñame'@localhost"
}

@test "a comment that its program's own character set cannot hold is refused at the backup" {
    store_use comment
    sql source "ALTER FUNCTION old.\`fé\` COMMENT '名'"
    run --separate-stderr ccr backup source --databases old
    [ "$status" -eq 11 ]
    [[ $stderr == *"function old.fé was made by a client that speaks latin1"*hint:* ]]
}
