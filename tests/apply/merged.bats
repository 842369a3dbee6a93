# The merged road: which tables take it, and that the net changes of a batch lead to the same end.

bats_require_minimum_version 1.5.0
load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; USE d;
        CREATE TABLE plain (id INT AUTO_INCREMENT PRIMARY KEY, u INT UNIQUE, v VARCHAR(20));
        CREATE TABLE word (w VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, n INT);
        CREATE TABLE tree (id INT PRIMARY KEY, up INT, CONSTRAINT tree_up FOREIGN KEY (up) REFERENCES tree (id));
        CREATE TABLE parent (id INT PRIMARY KEY, v INT);
        CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id));
        CREATE TABLE log (id INT, p INT, FOREIGN KEY (p) REFERENCES child (id));
        CREATE TABLE owner (id INT PRIMARY KEY);
        CREATE TABLE owned (id INT PRIMARY KEY, o INT, FOREIGN KEY (o) REFERENCES owner (id) ON DELETE CASCADE);
        CREATE TABLE aria (id INT PRIMARY KEY) ENGINE=Aria;
        CREATE TABLE versioned (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;
        CREATE TABLE maybe (id INT UNIQUE, v INT);
        CREATE TABLE text_key (id INT PRIMARY KEY, t TEXT, UNIQUE (t));
        CREATE TABLE computed (id INT PRIMARY KEY, a INT, b INT AS (a + 1) VIRTUAL, UNIQUE (b));
        INSERT INTO plain VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c'); INSERT INTO word VALUES ('a', 1), ('b', 2);
        INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2); INSERT INTO parent VALUES (1, 1), (2, 2);
        INSERT INTO child VALUES (1, 1), (2, 2); INSERT INTO log VALUES (1, 1), (1, 1); INSERT INTO owner VALUES (1), (2);
        INSERT INTO owned VALUES (1, 1), (2, 2); INSERT INTO text_key VALUES (1, REPEAT('x', 300)), (2, 'y');
        INSERT INTO computed (id, a) VALUES (1, 1), (2, 2); INSERT INTO maybe VALUES (1, 1), (NULL, 2)"
    follow_start
}

# One run in one batch; nothing may have been refused.
# shellcheck disable=SC2120 # options, where a test has any
merge() {
    ship
    run --separate-stderr ccr apply target --job j --json --quiet "$@"
    echo "$output" "${stderr:-}"
    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.batches) \(.unmerged) \(.redone)"')" = "1 0 0" ]
}

counter() {
    sql "$1" "SELECT auto_increment FROM information_schema.tables WHERE table_schema = 'd' AND table_name = '$2'"
}

# road TABLE ROAD REASON
road() {
    local found

    found=$(json_of ".tables[] | select(.name == \"$1\") | \"\(.road) \(.reason)\"")
    echo "$1: $found"
    [[ $found == "$2 "*"$3"* ]]
}

@test "--explain: each table's road, and why; nothing is changed" {
    local before

    before=$(sql target "SELECT pos, nonce FROM ccr.position_j")
    run --separate-stderr ccr apply target --job j --json --quiet --explain
    [ "$status" -eq 0 ]
    road plain merged 'has a key'
    road word merged 'has a key'
    road text_key merged 'has a key'
    road computed merged 'has a key'
    road tree merged 'has a key'
    road log ordered 'no primary key'
    road child ordered 'foreign keys connect it with d.log'
    road parent ordered 'foreign keys connect it with d.log'
    road owner ordered CASCADE
    road owned ordered CASCADE
    road aria ordered 'Aria, has no transactions'
    road versioned ordered 'system versioning'
    road maybe bag 'no key'
    [ "$(json_of .changed)" = false ]
    [ "$(sql target "SELECT pos, nonce FROM ccr.position_j")" = "$before" ]
    run ccr apply target --job j --explain
    [[ $output == *'d.plain '*merged*'has a key'* ]]
    run --separate-stderr ccr apply target --job j --json --quiet --explain --road ordered
    road plain ordered '--road ordered'
    road aria ordered 'Aria, has no transactions'
}

@test "unique values swapped, keys moved, rows that come and go, and come again" {
    sql source "USE d; START TRANSACTION; UPDATE plain SET u = 0 WHERE id = 1; UPDATE plain SET u = 1 WHERE id = 2; UPDATE plain SET u = 2 WHERE id = 1; COMMIT;
        UPDATE plain SET id = id + 10 ORDER BY id DESC; UPDATE plain SET id = id - 10 WHERE id = 12; DELETE FROM plain WHERE id = 13;
        INSERT INTO plain VALUES (13, 3, 'again'); INSERT INTO plain VALUES (20, 20, 'x'); DELETE FROM plain WHERE id = 20;
        INSERT INTO plain VALUES (20, 21, 'y'), (19, 20, 'z'); UPDATE plain SET v = 'n'; UPDATE plain SET v = 'm' WHERE id = 19"
    merge
    same d
}

@test "keys that only differ by case, accents that are equal, texts in unique keys by hash, virtual columns in keys" {
    sql source "USE d; UPDATE word SET w = 'A' WHERE w = 'a'; DELETE FROM word WHERE w = 'b'; INSERT INTO word VALUES ('B', 3);
        DELETE FROM word WHERE w = 'b'; INSERT INTO word VALUES ('b', 4); UPDATE word SET w = 'ä' WHERE w = 'A';
        START TRANSACTION; UPDATE text_key SET t = 'z' WHERE id = 1; UPDATE text_key SET t = REPEAT('x', 300) WHERE id = 2; COMMIT;
        START TRANSACTION; UPDATE computed SET a = 9 WHERE id = 1; UPDATE computed SET a = 1 WHERE id = 2; UPDATE computed SET a = 2 WHERE id = 1; COMMIT"
    merge
    same d
}

@test "foreign keys: a row moves below others that come in the same batch; a parent whose child keeps its order" {
    sql source "USE d; INSERT INTO tree VALUES (4, 3); UPDATE tree SET up = 1 WHERE id = 3; DELETE FROM tree WHERE id = 4; DELETE FROM tree WHERE id = 2;
        INSERT INTO tree VALUES (9, NULL), (8, 9), (2, 8); UPDATE tree SET up = 2 WHERE id = 3;
        INSERT INTO parent VALUES (3, 3); INSERT INTO child VALUES (3, 3); INSERT INTO log VALUES (2, 3); DELETE FROM log WHERE id = 2;
        DELETE FROM child WHERE id = 3; DELETE FROM parent WHERE id = 3; DELETE FROM owner WHERE id = 1; INSERT INTO owner VALUES (1)"
    merge
    same d
}

@test "the AUTO_INCREMENT counter follows rows that come and go" {
    sql source "USE d; INSERT INTO plain (u, v) VALUES (100, 'p'); INSERT INTO plain (u, v) VALUES (101, 'q'); DELETE FROM plain WHERE u >= 100;
        UPDATE plain SET u = 101 WHERE id = 11"
    merge
    same d
    [ "$(counter source plain)" = "$(counter target plain)" ]
    sql source "USE d; INSERT INTO plain VALUES (1000, 500, 'far'); UPDATE plain SET id = 999 WHERE id = 1000; DELETE FROM plain WHERE id = 999"
    merge
    same d
    [ "$(counter source plain)" = "$(counter target plain)" ]
    # and it is the server's own, not only this session's
    server_restart target
    [ "$(counter source plain)" = "$(counter target plain)" ]
}

@test "row images without all columns: what is merged comes first, the rest keeps its order" {
    sql source "USE d; UPDATE plain SET v = 'full' WHERE id = 2; SET SESSION binlog_row_image = MINIMAL; UPDATE plain SET v = 'min' WHERE id = 2;
        DELETE FROM plain WHERE id = 11; SET SESSION binlog_row_image = FULL; INSERT INTO plain VALUES (11, 11, 'full'); UPDATE plain SET v = 'end' WHERE id = 2"
    merge
    same d
}

@test "DDL in the middle: roads are chosen again" {
    sql source "USE d; INSERT INTO plain (u, v) VALUES (200, 'before'); ALTER TABLE plain DROP PRIMARY KEY, DROP KEY u, MODIFY id INT;
        UPDATE plain SET v = 'no key'; INSERT INTO plain SELECT * FROM plain WHERE u = 200; ALTER TABLE plain ADD n INT;
        DELETE FROM plain WHERE u = 200; ALTER TABLE plain ADD PRIMARY KEY (id); UPDATE plain SET n = id; DELETE FROM plain WHERE id = 2"
    replay
    same d
    run --separate-stderr ccr apply target --job j --json --quiet --explain
    road plain merged 'has a key'
    sql source "ALTER TABLE d.log ADD PRIMARY KEY (id, p)" || true
    sql source "DELETE FROM d.log LIMIT 1; ALTER TABLE d.log ADD PRIMARY KEY (id, p)"
    replay
    run --separate-stderr ccr apply target --job j --json --quiet --explain
    road parent merged 'foreign keys'
    sql source "USE d; INSERT INTO parent VALUES (5, 5); INSERT INTO child VALUES (5, 5); INSERT INTO log VALUES (5, 5); UPDATE parent SET v = 6 WHERE id = 5"
    merge
    same d
}

@test "a table that is not followed refers to a followed one: their order is kept" {
    sql target "CREATE DATABASE local; CREATE TABLE local.notes (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES d.parent (id))"
    run --separate-stderr ccr apply target --job j --json --quiet --explain
    road parent ordered 'local.notes: not followed'
    sql target "DROP DATABASE local"
}

@test "what the target refuses is done again in order: row and transaction are named, what lies before is committed" {
    local culprit

    sql target "DELETE FROM d.word WHERE w = 'b'"
    sql source "USE d; UPDATE word SET n = 50 WHERE w = 'ä'; UPDATE plain SET n = 7"
    sql source "UPDATE d.word SET n = 51 WHERE w = 'b'"
    culprit=$(sql source "SELECT @@gtid_binlog_pos")
    sql source "USE d; UPDATE word SET n = 60 WHERE w = 'ä'; UPDATE plain SET n = 8"
    ship
    run apply
    fails 9 "transaction $culprit" "update of d.word (w='b')" missing
    [ "$(sql target "SELECT n FROM d.word")" = 50 ]
    [ "$(sql target "SELECT DISTINCT n FROM d.plain")" = 7 ]
    sql target "INSERT INTO d.word VALUES ('b', 4)"
    run --separate-stderr ccr apply target --job j --json --quiet
    [ "$(json_of '"\(.code) \(.unmerged)"')" = "0 0" ]
    same d
}

@test "a history that cannot be: changes that the source did not log stop the run" {
    local culprit

    sql source "USE d; UPDATE word SET n = 70 WHERE w = 'b'"
    sql source "USE d; SET sql_log_bin = 0; UPDATE word SET n = 71 WHERE w = 'b'"
    sql source "USE d; UPDATE word SET n = 72 WHERE w = 'b'"
    culprit=$(sql source "SELECT @@gtid_binlog_pos")
    ship
    run apply
    fails 7 "transaction $culprit" "table d.word (w='b')" 'contradicts itself' 'before image'
    [ "$(sql target "SELECT n FROM d.word WHERE w = 'b'")" = 70 ]
    # in order the server finds the row by its key, and asks no more
    apply --road ordered
    same d
}

# impossible STATEMENTS KEY TEXT: those between bars are not logged; nothing of the batch's last transaction is applied.
impossible() {
    local statements gtid

    IFS='|' read -ra statements <<<"$1"
    sql source "USE d; ${statements[0]}"
    sql source "USE d; SET sql_log_bin = 0; ${statements[1]}"
    sql source "USE d; ${statements[2]}"
    gtid=$(sql source "SELECT @@gtid_binlog_pos")
    ship
    run apply
    fails 7 "transaction $gtid" "table d.word ($2)" 'contradicts itself' "$3"
    [ "$(sql target "SELECT pos FROM ccr.position_j")" != "$gtid" ]
    follow_start --replace
}

@test "other histories that cannot be: a row that comes twice, and one that goes or changes when it is gone" {
    impossible "INSERT INTO word VALUES ('twice', 1)|DELETE FROM word WHERE w = 'twice'|INSERT INTO word VALUES ('twice', 2)" "w='twice'" 'is inserted that is there already'
    impossible "DELETE FROM word WHERE w = 'twice'|INSERT INTO word VALUES ('twice', 2)|DELETE FROM word WHERE w = 'twice'" "w='twice'" 'has been deleted before'
    impossible "INSERT INTO word VALUES ('gone', 1); DELETE FROM word WHERE w = 'gone'|INSERT INTO word VALUES ('gone', 2)|UPDATE word SET n = 3 WHERE w = 'gone'" "w='gone'" 'has been deleted before'
}
