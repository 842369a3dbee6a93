# What a restore brings: every kind of object, in its place, under other names, in part, again.

# shellcheck disable=SC2154 # bats sets stderr, restore.bash sets restore

bats_require_minimum_version 1.5.0
load ../lib/common
load restore

setup_file() {
    servers
    zoo
    backup
}

teardown_file() {
    servers_end
}

@test "a plain restore is equal to the source, active, and leaves nothing else behind" {
    run --separate-stderr ccr restore target --standalone --json
    [ "$status" -eq 0 ]
    [ "$(json_of .changed)" = true ]
    [ "$(json_of .tables)" -eq 10 ]
    [ "$(json_of .rows)" -eq "$(jq '[.tables[].rows] | add' "$STORE_DIR"/streams/main/snapshots/*/manifest.json)" ]
    [ "$(json_of .position)" = "$(sql source "SELECT @@gtid_binlog_pos")" ]
    same_tables source target zoo keepers
    same_schema source target zoo keepers
    [ "$(user_databases target)" = "$(printf 'keepers\nzoo')" ]
    nothing_left
    [ -z "$(sql target "SHOW DATABASES LIKE 'ccr'")" ]
    [ "$(sql target "INSERT INTO zoo.animal (name) VALUES ('new'); SELECT weight, keeper FROM zoo.animal WHERE name = 'new'")" = "$(printf '1\t1')" ]
    [ "$(sql target "SELECT status FROM information_schema.events WHERE event_name = 'daily'")" = ENABLED ]
    [ "$(sql target "SELECT NEXTVAL(zoo.tickets) > (SELECT MAX(id) FROM zoo.visit)")" -eq 1 ]
    # shellcheck disable=SC2016 # backticks of SQL
    [[ "$(sql target "SHOW CREATE TABLE zoo.visit")" == *'nextval(`zoo`.`tickets`)'*'nextval(`zoo`.`tickets`)'* ]]
    [ "$(sql target "SELECT m FROM zoo.b_more")" = "$(sql source "SELECT m + 2 FROM zoo.b_more")" ]
}

@test "what stands there already is refused by name, and untouched" {
    local before

    before=$(sql target "CHECKSUM TABLE zoo.animal")
    run --separate-stderr ccr restore target --standalone
    [ "$status" -eq 9 ]
    [[ "$stderr" == *"tables or views that ccr did not make"*"zoo.animal"* ]]
    [[ "$stderr" == *"--replace"* ]]
    [ "$(sql target "CHECKSUM TABLE zoo.animal")" = "$before" ]
    nothing_left
}

@test "--replace: tables with triggers, named foreign keys and views are exchanged" {
    sql target "CREATE TABLE zoo.mine (id INT NOT NULL PRIMARY KEY); DROP VIEW zoo.b_more;
        CREATE TABLE zoo.b_more (id INT); DROP TABLE zoo.empty_one; CREATE VIEW zoo.empty_one AS SELECT 1 AS one;
        CREATE TRIGGER keepers.extra BEFORE INSERT ON keepers.person FOR EACH ROW SET NEW.name = 'extra'"
    ccr restore target --standalone --replace
    sql target "DROP TABLE zoo.mine"
    same_tables source target zoo keepers
    same_schema source target zoo keepers
    nothing_left
}

@test "--rename-db: foreign keys, views, routines, triggers and events follow" {
    target_clean
    ccr restore target --standalone --rename-db zoo:park,keepers:staff
    [ "$(user_databases target)" = "$(printf 'park\nstaff')" ]
    same_tables source target zoo:park keepers:staff
    same_schema source target zoo:park keepers:staff
    sql target "CALL park.feed(1); DELETE FROM staff.person WHERE id = 2"
    [ "$(sql target "SELECT COUNT(*) FROM park.no_key WHERE b = 'Bob'")" -eq 1 ]
    nothing_left
}

@test "--job: nothing is active, and what waits for promotion is kept" {
    target_clean
    run --separate-stderr ccr restore target --job zoo --json
    [ "$status" -eq 0 ]
    [ "$(json_of .job)" = zoo ]
    [ "$(json_of .reason)" = "first run" ]
    same_tables source target zoo keepers
    same_schema --followed source target zoo keepers
    nothing_left
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema IN ('zoo', 'keepers')")" -eq 0 ]
    [ "$(sql target "SELECT DISTINCT status FROM information_schema.events")" = SLAVESIDE_DISABLED ]
    diff <(sql target "SELECT kind, db, name, COALESCE(status, '') FROM ccr.kept" | sort) <(sql source "
        SELECT 'trigger', trigger_schema, trigger_name, '' FROM information_schema.triggers
            WHERE trigger_schema IN ('zoo', 'keepers')
        UNION ALL SELECT 'event', event_schema, event_name, status FROM information_schema.events" | sort)
    [ "$(sql target "SELECT GROUP_CONCAT(name ORDER BY id) FROM ccr.kept WHERE table_name = 'animal'")" = \
        animal_first,animal_second ]
    [ "$(sql target "SELECT epoch, pos, pending IS NULL, LENGTH(nonce) FROM ccr.position_zoo")" = \
        "$(printf '1\t%s\t1\t32' "$(jq -r .position "$STORE_DIR"/streams/main/snapshots/*/manifest.json)")" ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.tables WHERE LENGTH(hash) = 64")" -eq 13 ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.loads")" -eq 0 ]
}

@test "a job is restored anew on request, with its reason, and loses what the snapshot no longer has" {
    sql source "DROP TABLE zoo.no_key; DROP VIEW zoo.b_more; CREATE TABLE zoo.later (id INT NOT NULL PRIMARY KEY); INSERT INTO zoo.later VALUES (1)"
    sql target "CREATE TABLE zoo.mine (id INT NOT NULL PRIMARY KEY); INSERT INTO zoo.mine VALUES (5)"
    backup
    ccr restore target --job zoo
    [ "$(sql target "SELECT id FROM zoo.mine")" -eq 5 ]
    [ -z "$(sql target "SHOW TABLES IN zoo LIKE 'no_key'")" ]
    sql target "DROP TABLE zoo.mine"
    same_tables source target zoo keepers
    same_schema --followed source target zoo keepers
    [ "$(sql target "SELECT reason FROM ccr.history WHERE job = 'zoo' ORDER BY id")" = "$(printf 'first run\nnew snapshot asked for by hand')" ]
    nothing_left
}

@test "what is gone on the source goes with the next snapshot: an event, a whole database" {
    sql source "CREATE DATABASE brief; CREATE TABLE brief.t (id INT NOT NULL PRIMARY KEY); CREATE VIEW brief.v AS SELECT 1 AS one;
        CREATE EVENT brief.e ON SCHEDULE EVERY 1 DAY DO SET @a = 1"
    backup
    ccr restore target --job zoo
    [ "$(sql target "SHOW TABLES IN brief")" = "$(printf 't\nv')" ]
    sql source "DROP DATABASE brief; DROP EVENT zoo.daily"
    backup
    ccr restore target --job zoo
    [ -z "$(sql target "SHOW DATABASES LIKE 'brief'")" ]
    [ "$(sql target "SELECT GROUP_CONCAT(event_name) FROM information_schema.events")" = sleeping ]
    same_schema --followed source target zoo keepers
    nothing_left
}

@test "a foreign trigger on a table of the job is refused by name" {
    sql target "CREATE TRIGGER zoo.mine BEFORE INSERT ON zoo.animal FOR EACH ROW SET NEW.weight = 0"
    run --separate-stderr ccr restore target --job zoo
    [ "$status" -eq 9 ]
    [[ "$stderr" == *zoo.mine* ]]
    sql target "DROP TRIGGER zoo.mine"
}

@test "--tables: only those, referring to what stands on the target; the scope is saved" {
    target_clean
    sql target "CREATE DATABASE keepers; CREATE TABLE keepers.person (id INT NOT NULL PRIMARY KEY); INSERT INTO keepers.person VALUES (1), (2), (3)"
    ccr restore target --job part --tables zoo.animal,zoo.notes
    [ "$(sql target "SHOW TABLES IN zoo")" = "$(printf 'animal\nnotes')" ]
    [ "$(sql target "SELECT COUNT(*) FROM zoo.animal")" = "$(sql source "SELECT COUNT(*) FROM zoo.animal")" ]
    [ "$(sql target "SELECT scope FROM ccr.jobs WHERE name = 'part'")" = \
        '{"version":2,"fold_case":false,"include":{"databases":[],"tables":[{"db":"zoo","name":"animal"},{"db":"zoo","name":"notes"}]},"exclude":{"databases":[],"tables":[]}}' ]
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.referential_constraints WHERE constraint_schema = 'zoo'
        AND unique_constraint_schema = 'keepers'")" -eq 1 ]
    run ! sql target "DELETE FROM keepers.person WHERE id = 1; INSERT INTO zoo.animal (name, keeper) VALUES ('x', 77)"
    ccr restore target --job part
    [ "$(sql target "SHOW TABLES IN zoo")" = "$(printf 'animal\nnotes')" ]
}

@test "--databases: one of two; a rename is saved with the job" {
    target_clean
    ccr restore target --job one --databases keepers --rename-db keepers:people
    [ "$(user_databases target)" = people ]
    [ "$(sql target "SELECT renames FROM ccr.jobs")" = '{"databases":{"keepers":"people"},"tables":[]}' ]
    ccr restore target --job one
    [ "$(user_databases target)" = people ]
    [ "$(sql target "SELECT COUNT(*) FROM people.person")" -eq 3 ]
}

@test "an older snapshot by its id" {
    local oldest

    target_clean
    oldest=$(find "$STORE_DIR/streams/main/snapshots" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | head -n 1)
    ccr restore target --standalone --snapshot "$oldest"
    [ -n "$(sql target "SHOW TABLES IN zoo LIKE 'no_key'")" ]
    nothing_left
}

@test "--skip-target-binlog keeps the copy out of the target's binlog" {
    local before

    target_clean
    before=$(sql target "SELECT @@gtid_binlog_pos")
    ccr restore target --standalone --skip-target-binlog
    [ "$(sql target "SELECT @@gtid_binlog_pos")" = "$before" ]
    same_tables source target zoo keepers
}

@test "a view of what is not there is left out, with a warning, and the rest is done" {
    target_clean
    run --separate-stderr ccr restore target --standalone --databases zoo
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"warning: left out"*"a_on_top"* ]]
    [ "$(sql target "SHOW FULL TABLES IN zoo WHERE table_type = 'VIEW'" | cut -f 1)" = c_base ]
    nothing_left
}

@test "an event that is enabled on a followed target is disabled, and keeps its definer" {
    target_clean
    sql target "CREATE DATABASE zoo; CREATE DEFINER=someone@'%' EVENT zoo.local ON SCHEDULE EVERY 1 DAY DO SET @a = 1"
    ccr restore target --job zoo
    [ "$(sql target "SELECT definer, status FROM information_schema.events WHERE event_name = 'local'")" = \
        "$(printf 'someone@%%\tSLAVESIDE_DISABLED')" ]
}

@test "the servers' time zones do not matter" {
    target_clean
    sql source "SET GLOBAL time_zone = '+05:45'; SET time_zone = '+00:00'; CREATE DATABASE times; CREATE TABLE times.t (
        id INT NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL DEFAULT '2020-06-01 12:00:00');
        INSERT INTO times.t VALUES (1, '2021-01-01 00:00:00'), (2, DEFAULT)"
    sql target "SET GLOBAL time_zone = '-03:30'"
    backup --databases times
    ccr restore target --job times --databases times
    sql source "SET GLOBAL time_zone = SYSTEM"
    sql target "SET GLOBAL time_zone = SYSTEM"
    same_tables source target times
    same_schema --followed source target times
}

@test "targets whose binlog is in STATEMENT and in MIXED format" {
    local format

    backup --databases zoo,keepers
    for format in STATEMENT MIXED; do
        server_start logging --binlog-format=$format --local-infile=ON --log-bin-trust-function-creators=ON
        server_grant logging target
        ccr restore logging --standalone
        same_tables source logging zoo keepers
        server_remove logging
    done
}

@test "COMPRESSED columns that are NOT NULL have no default where the source's have none" {
    sql source "DROP DATABASE IF EXISTS bare; CREATE DATABASE bare; USE bare; CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE t (a VARCHAR(9) COMPRESSED NOT NULL, \`b \`\`, NOT NULL\` TEXT COMPRESSED NOT NULL COMMENT 'x DEFAULT y',
            c VARCHAR(9) COMPRESSED NOT NULL DEFAULT ' NOT NULL', d BLOB COMPRESSED NOT NULL, e VARCHAR(9) COMPRESSED, f INT, FOREIGN KEY (f) REFERENCES p (id));
        ALTER TABLE t ALTER a DROP DEFAULT, ALTER \`b \`\`, NOT NULL\` DROP DEFAULT, ALTER e DROP DEFAULT; INSERT INTO t VALUES ('', 'x', '', '', NULL, NULL)"
    ccr backup source --quiet --databases bare
    ccr restore target --quiet --job bare --databases bare
    same_tables source target bare
    same_schema source target bare
}
