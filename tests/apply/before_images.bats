# --check-before-images and --on-drift repair: rows of the target that are not what the log takes them for.

bats_require_minimum_version 1.5.0
load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; USE d; CREATE TABLE t (a INT, b VARCHAR(20) COLLATE utf8mb4_general_ci, v VARCHAR(20), f FLOAT, n INT UNIQUE, PRIMARY KEY (a, b));
        CREATE TABLE u (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT, g INT AS (id * 2) VIRTUAL, p BLOB);
        CREATE TABLE owner (id INT PRIMARY KEY); CREATE TABLE owned (id INT PRIMARY KEY, o INT, v INT, FOREIGN KEY (o) REFERENCES owner (id) ON DELETE CASCADE);
        CREATE TABLE bare (a INT, b VARCHAR(9)); INSERT INTO owner VALUES (1), (2); INSERT INTO owned VALUES (1, 1, 1), (2, 2, 2), (3, 2, 3); INSERT INTO bare VALUES (1, 'x'), (2, 'y');
        INSERT INTO t SELECT seq, CONCAT('k', seq), 'v', seq / 3, seq FROM seq_1_to_50; INSERT INTO u (v, p) SELECT 'text', x'00ff' FROM seq_1_to_20"
    follow_start
}

result() {
    json_of "$1"
}

@test "a changed column: table, key, column and transaction are named; what lies before is committed, the rest is not" {
    local culprit

    sql target "UPDATE d.t SET v = 'mine' WHERE a = 7"
    sql source "UPDATE d.t SET v = 'w' WHERE a < 5"
    sql source "UPDATE d.t SET n = n + 100 WHERE a BETWEEN 6 AND 8"
    culprit=$(sql source "SELECT @@gtid_binlog_pos")
    sql source "DELETE FROM d.t WHERE a = 7"
    ship
    run apply --check-before-images
    fails 9 "d.t (a=7, b='k7')" "transaction $culprit" 'differing: v' '--on-drift repair'
    [ "$(sql target "SELECT GROUP_CONCAT(v ORDER BY a), MAX(n) FROM d.t WHERE a < 9")" = "$(printf 'w,w,w,w,v,v,mine,v\t8')" ]
    # put right by hand, it goes on
    sql target "UPDATE d.t SET v = 'v' WHERE a = 7"
    apply --check-before-images
    same d
}

@test "without the check the server overwrites it, and says nothing" {
    sql target "UPDATE d.u SET v = 'mine' WHERE id = 3"
    sql source "UPDATE d.u SET p = 'x' WHERE id = 3"
    replay
    same d
}

@test "differences that only bytes show: case, trailing blanks, the sign of a zero, NULL" {
    local change

    for change in "b = 'K9'" "v = 'v '" "v = 'V'" "f = f + 0.0001" "v = NULL"; do
        sql target "UPDATE d.t SET $change WHERE a = 9"
        sql source "UPDATE d.t SET n = n + 1000 WHERE a = 9"
        ship
        run apply --check-before-images
        fails 9 'd.t (a=9' "differing: ${change%% *}"
        sql target "UPDATE d.t SET b = 'k9', v = 'v', f = 9 / 3 WHERE a = 9"
        apply --check-before-images
    done
    same d
}

@test "--on-drift repair: changed and missing rows become the source's, and what was there is recorded" {
    sql target "UPDATE d.t SET v = 'mine', f = 5 WHERE a = 20; DELETE FROM d.t WHERE a = 21; DELETE FROM d.u WHERE id = 5; UPDATE d.u SET v = 'other' WHERE id = 6"
    sql source "UPDATE d.t SET v = 'new' WHERE a IN (20, 21, 22); DELETE FROM d.u WHERE id IN (5, 6)"
    ship
    run --separate-stderr ccr apply target --job j --json --verbose --on-drift repair
    [ "$status" -eq 0 ]
    [ "$(result '"\(.repaired) \(.unmerged)"')" = "4 0" ]
    same d
    [ "$(sql target "SELECT name, row_key, differed, action FROM ccr.repairs ORDER BY name, row_key")" = "$(printf '%s\t%s\t%s\t%s\n' \
        t "a=20, b='k20'" 'v, f' 'row overwritten' t "a=21, b='k21'" '' 'missing row inserted' \
        u 'id=5' '' 'missing row inserted' u 'id=6' v 'row overwritten')" ]
    [[ $(sql target "SELECT found FROM ccr.repairs WHERE row_key LIKE 'a=20,%'") == *"v='mine'"* ]]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.repairs WHERE job = 'j' AND gtid = '$(sql source "SELECT @@gtid_binlog_pos")'")" -eq 2 ]
    # nothing to repair: nothing recorded
    sql source "UPDATE d.t SET v = 'newer'"
    ship
    run --separate-stderr ccr apply target --job j --json --verbose --on-drift repair
    [ "$(result .repaired)" -eq 0 ]
    same d
    [ "$(sql target "SELECT COUNT(*) FROM ccr.repairs")" -eq 4 ]
}

@test "--on-drift repair of tables in order: missing rows, and rows in the way of a unique key" {
    local gtid

    sql target "DELETE FROM d.owned WHERE id = 2; DELETE FROM d.bare WHERE a = 1; INSERT INTO d.t VALUES (90, 'k90', 'mine', 0, 700), (91, 'k91', 'mine', 0, 701), (92, 'k92', 'mine', 0, 702)"
    sql source "USE d; START TRANSACTION; UPDATE owned SET v = 20; DELETE FROM bare WHERE a = 1; INSERT INTO t VALUES (80, 'k80', 'new', 0, 700), (91, 'k91', 'new', 0, 801);
        UPDATE t SET n = 702 WHERE a = 80; COMMIT"
    gtid=$(sql source "SELECT @@gtid_binlog_pos")
    sql source "DELETE FROM d.owner WHERE id = 2; UPDATE d.t SET v = 'end' WHERE a = 91"
    sql target "DELETE FROM ccr.repairs"
    ship
    run ccr apply target --job j --on-drift repair
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *'to be put right'*'owned (id=2)'* ]]
    same d
    [ "$(sql target "SELECT DISTINCT gtid FROM ccr.repairs")" = "$gtid" ]
    [ "$(sql target "SELECT name, row_key, action FROM ccr.repairs ORDER BY name, row_key, id")" = "$(printf '%s\t%s\t%s\n' bare "a=1, b='x'" 'missing row inserted' \
        owned id=2 'missing row inserted' t "a=80, b='k80'" 'row in the way deleted' t "a=80, b='k80'" 'row in the way deleted' t "a=91, b='k91'" 'row in the way deleted')" ]
    [[ $(sql target "SELECT found FROM ccr.repairs WHERE row_key LIKE 'a=91%'") == *"v='mine'"*"n='701'"* ]]
}

@test "--on-drift repair makes up no row of an UPDATE that was logged without all columns; one that is deleted goes" {
    local image

    sql source "USE d; CREATE TABLE part (id INT PRIMARY KEY, a INT NOT NULL DEFAULT 7, b VARCHAR(9), n INT UNIQUE, p TEXT); INSERT INTO part SELECT seq, seq, 'old', seq, 'text' FROM seq_1_to_9"
    replay
    for image in MINIMAL NOBLOB; do
        sql target "CREATE TABLE ccr.aside AS SELECT * FROM d.part WHERE id = 2; DELETE FROM d.part WHERE id = 2"
        sql source "SET binlog_row_image = $image; UPDATE d.part SET b = '$image' WHERE id = 2"
        ship
        run apply --on-drift repair
        fails 9 'update of d.part (id=2)' 'is missing on the target' 'put the row right; or'
        [ "$(sql target "SELECT COUNT(*) FROM d.part WHERE id = 2; SELECT COUNT(*) FROM ccr.repairs WHERE name = 'part'")" = "$(printf '0\n0')" ]
        sql target "INSERT INTO d.part SELECT * FROM ccr.aside; DROP TABLE ccr.aside"
        apply --on-drift repair
        # in the way
        sql target "INSERT INTO d.part VALUES (90, 9, 'mine', 90, '')"
        sql source "SET binlog_row_image = $image; UPDATE d.part SET n = 90 WHERE id = 3"
        ship
        run apply --on-drift repair
        fails 9 'update of d.part (id=3)' 'has such a row already' 'put the row right; or'
        sql target "DELETE FROM d.part WHERE id = 90"
        apply --on-drift repair
        sql source "UPDATE d.part SET n = 3 WHERE id = 3"
    done
    sql target "DELETE FROM d.part WHERE id IN (5, 6)"
    sql source "SET binlog_row_image = MINIMAL; DELETE FROM d.part WHERE id = 5; SET binlog_row_image = FULL; UPDATE d.part SET b = 'new' WHERE id = 6"
    replay --on-drift repair
    same d
}

@test "rows of many kinds that did not drift are not taken for it" {
    sql source "USE d; SET sql_mode = ''; CREATE TABLE every (i INT PRIMARY KEY, u BIGINT UNSIGNED, f FLOAT, g DOUBLE, d DECIMAL(20, 5), c CHAR(10), b BINARY(4), t TEXT, l BLOB,
            bits BIT(13), y YEAR, da DATE, ti TIME(3), dt DATETIME(6), ts TIMESTAMP(6) NULL, e ENUM('', 'a'), s SET('x', 'y'), j JSON, uu UUID, i6 INET6, p POINT, st INT AS (i + 1) STORED,
            vi INT AS (i + 2) VIRTUAL, h TEXT, UNIQUE (h));
        INSERT INTO every (i, u, f, g, d, c, b, t, l, bits, y, da, ti, dt, ts, e, s, j, uu, i6, p, h) SELECT seq, seq, seq / 7, 1 / seq, -seq / 3, 'c', 'b', REPEAT('t', seq), REPEAT('l', seq), seq, 2000 + seq,
            '0000-00-00', '-1:2:3.5', NOW(6), NOW(6), '', 'x,y', '{}', UUID(), '::1', POINT(seq, 1), seq FROM seq_1_to_50; INSERT INTO every (i) VALUES (51), (52)"
    replay
    sql source "USE d; UPDATE every SET d = d + 1; DELETE FROM every WHERE i > 40; UPDATE every SET h = CONCAT(h, 'x'), e = 'a'"
    ship
    apply --check-before-images
    same_schema --followed source target d
    [ "$(sql source "SELECT SUM(CRC32(CONCAT_WS(',', i, u, f, g, d, c, b, t, l, bits + 0, y, da, ti, dt, e, s, j, uu, i6, HEX(p), st, vi, h))) FROM d.every")" = \
        "$(sql target "SELECT SUM(CRC32(CONCAT_WS(',', i, u, f, g, d, c, b, t, l, bits + 0, y, da, ti, dt, e, s, j, uu, i6, HEX(p), st, vi, h))) FROM d.every")" ]
}

@test "a key that is a zero date, for which IS NULL is true, is no missing row" {
    sql source "USE d; SET sql_mode = ''; CREATE TABLE zero (k DATE NOT NULL PRIMARY KEY, v INT); CREATE TABLE zero_too (k DATETIME NOT NULL, i INT, v INT, PRIMARY KEY (k, i));
        INSERT INTO zero VALUES ('0000-00-00', 1), ('2024-01-01', 1); INSERT INTO zero_too VALUES ('0000-00-00', 1, 1), ('0000-00-00', 2, 1)"
    replay
    sql source "USE d; UPDATE zero SET v = 2; UPDATE zero_too SET v = 2; DELETE FROM zero_too WHERE i = 2"
    replay --check-before-images
    same d
    sql target "DELETE FROM d.zero WHERE k = '0000-00-00'"
    sql source "UPDATE d.zero SET v = 3"
    ship
    run apply --check-before-images
    fails 9 'd.zero (k=0000-00-00)' 'is missing'
    replay --on-drift repair
    [ "$(sql target "SELECT GROUP_CONCAT(action) FROM ccr.repairs WHERE name LIKE 'zero%'")" = 'missing row inserted' ]
    same d
}
