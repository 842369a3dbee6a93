# Tables without a key: a batch's changes as a bag of rows.

bats_require_minimum_version 1.5.0
load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; USE d; CREATE TABLE small (a INT, b VARCHAR(10)); INSERT INTO small VALUES (1, 'x'), (1, 'x'), (2, 'y');
        CREATE TABLE big (a INT, b VARCHAR(40)); INSERT INTO big SELECT seq % 500, CONCAT('row ', seq % 700) FROM seq_1_to_5000;
        CREATE TABLE maybe (a INT UNIQUE, b INT); INSERT INTO maybe SELECT IF(seq % 3, seq, NULL), seq % 5 FROM seq_1_to_300;
        CREATE TABLE every (i INT, u BIGINT UNSIGNED, f FLOAT, g DOUBLE, d DECIMAL(20, 5), c CHAR(10), v VARCHAR(20), n VARCHAR(20) CHARACTER SET latin1,
            b BINARY(4), vb VARBINARY(8), t TEXT, l BLOB, bits BIT(13), y YEAR, da DATE, ti TIME(3), dt DATETIME(6), ts TIMESTAMP(6) NULL,
            e ENUM('', 'a', 'A b'), s SET('x', 'y', 'z'), j JSON, uu UUID, i6 INET6, p POINT, st INT AS (i + 1) STORED, hidden INT INVISIBLE);
        CREATE TABLE computed (a INT, b INT AS (a + 1) VIRTUAL)"
    follow_start
}

merge() {
    ship
    run --separate-stderr ccr apply target --job j --json --verbose "$@"
    echo "$output" "${stderr:-}" | head -c 4000
    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.unmerged) \(.redone)"')" = "0 0" ]
}

road() {
    ccr apply target --job j --json --quiet --explain | jq -r ".tables[] | select(.name == \"$1\") | .road"
}

# All rows of d.every as text.
every() {
    sql "$1" "SELECT i, u, f, g, d, HEX(c), HEX(v), HEX(n), HEX(b), HEX(vb), HEX(t), HEX(l), bits + 0, y, da, ti, dt, ts, e + 0, s + 0, j, uu, i6, HEX(p), st, hidden
        FROM d.every" | sort | md5sum
}

no_side_table_left() {
    [ -z "$(sql target "SHOW TABLES IN ccr LIKE 'side%'")" ]
}

@test "which tables are bags" {
    [ "$(road big)" = bag ]
    [ "$(road maybe)" = bag ]
    [ "$(road every)" = bag ]
    [ "$(road computed)" = ordered ]
}

@test "a few rows go as events, many by a side table; duplicates keep their number" {
    sql source "USE d; DELETE FROM small WHERE a = 1 LIMIT 1; INSERT INTO small VALUES (2, 'y'); UPDATE small SET b = 'z' WHERE a = 2 LIMIT 1"
    merge
    same d
    sql source "USE d; DELETE FROM big WHERE a < 100 LIMIT 333; UPDATE big SET b = 'same' WHERE a BETWEEN 100 AND 200 LIMIT 400;
        INSERT INTO big SELECT 7, 'same' FROM seq_1_to_50; DELETE FROM big WHERE b = 'same' LIMIT 77; UPDATE big SET a = a + 1 LIMIT 1000"
    merge
    same d
    no_side_table_left
}

@test "a unique key with NULLs: values are free before they are taken again" {
    sql source "USE d; UPDATE maybe SET a = a + 1000 WHERE a IS NOT NULL; UPDATE maybe SET a = a - 999 WHERE a > 1000 ORDER BY a; DELETE FROM maybe WHERE a IS NULL LIMIT 40;
        UPDATE maybe SET b = b + 1 LIMIT 100"
    merge
    same d
}

@test "every type: values that are equal by collation, by number, or as text, but not as bytes" {
    local awkward="(1, 18446744073709551615, 1.1, 1e-300, -0.5, 'a', 'a', 'ä', 'a', 'a', 't', 'l', b'101', 2020, '2020-02-29', '-838:59:59.999', '9999-12-31 23:59:59.999999',
            '2038-01-19 03:14:07', '', 'x,z', '{\"a\": 1}', UUID(), '::1', POINT(1, 2), 5)"

    sql source "USE d; SET sql_mode = ''; INSERT INTO every (i, u, f, g, d, c, v, n, b, vb, t, l, bits, y, da, ti, dt, ts, e, s, j, uu, i6, p, hidden) VALUES $awkward;
        INSERT INTO every SELECT * FROM every; INSERT INTO every (i) SELECT seq FROM seq_1_to_20;
        INSERT INTO every (i, c, v, t, b, vb) VALUES (1, 'A', 'A', 'T', 'A', 'A'), (1, 'a', 'a ', 't ', 'a', 'a '), (1, 'a', 'a', 't', 'a', 'a');
        INSERT INTO every (i, f, g) VALUES (2, -0.0, -0.0), (2, 0.0, 0.0), (2, 1.17549e-38, 2.5e-308), (2, 16777216, 9007199254740993), (2, 16777217, 9007199254740992);
        INSERT INTO every (i, e, s) VALUES (3, '', ''), (3, 'nosuch', 'x'), (3, 'a', 'x'), (3, 'A b', 'y'), (3, NULL, NULL);
        INSERT INTO every (i, da, dt, y) VALUES (4, '0000-00-00', '0000-00-00 00:00:00', 0), (4, '2020-00-01', '2020-01-00', 1901), (4, NULL, NULL, NULL)"
    replay
    [ "$(every source)" = "$(every target)" ]
    sql source "USE d; SET sql_mode = ''; DELETE FROM every WHERE i = 1 LIMIT 2; DELETE FROM every WHERE v = 'a' AND LENGTH(v) = 2; DELETE FROM every WHERE BINARY c = 'A';
        DELETE FROM every WHERE i = 2 AND g = 0 LIMIT 1; DELETE FROM every WHERE i = 2 AND g > 9007199254740992; DELETE FROM every WHERE i = 3 AND e + 0 = 0;
        UPDATE every SET e = 'a' WHERE i = 3 AND e = ''; UPDATE every SET dt = '2021-01-01' WHERE i = 4 LIMIT 2; DELETE FROM every WHERE i BETWEEN 5 AND 20"
    merge
    [ "$(every source)" = "$(every target)" ]
    sql source "UPDATE d.every SET hidden = 1, i = i + 1; DELETE FROM d.every WHERE i > 3"
    merge
    [ "$(every source)" = "$(every target)" ]
}

@test "random changes" {

    seed
    for _ in 1 2 3; do
        sql source "USE d; $(for ((i = 0; i < 60; i++)); do
            case $((RANDOM % 4)) in
            0) echo "INSERT INTO big SELECT seq % $((RANDOM % 9 + 1)), CONCAT('row ', seq % 7) FROM seq_1_to_$((RANDOM % 90 + 1));" ;;
            1) echo "DELETE FROM big WHERE a = $((RANDOM % 500)) OR b = 'row $((RANDOM % 7))' LIMIT $((RANDOM % 60 + 1));" ;;
            2) echo "UPDATE big SET b = CONCAT('row ', $((RANDOM % 7))) WHERE a % $((RANDOM % 50 + 1)) = 0 LIMIT $((RANDOM % 60 + 1));" ;;
            3) echo "START TRANSACTION; DELETE FROM big LIMIT 5; UPDATE big SET a = $((RANDOM % 9)) LIMIT 9; $([ $((RANDOM % 2)) -eq 0 ] && echo COMMIT || echo ROLLBACK);" ;;
            esac
        done)"
        merge --batch-transactions $((RANDOM % 30 + 3))
        same d
    done
    no_side_table_left
}

@test "a row that the target lacks: named by the batch done again in order" {
    sql target "DELETE FROM d.big WHERE b = 'same' LIMIT 1"
    sql source "DELETE FROM d.big WHERE b = 'same'"
    ship
    run apply
    fails 9 'delete of d.big' "'same'" missing "transaction $(sql source "SELECT @@gtid_binlog_pos")"
    no_side_table_left
    sql target "INSERT INTO d.big SELECT a, b FROM d.big WHERE b = 'same' LIMIT 1" || true
    ccr restore target --job j --quiet >/dev/null || ccr backup source --quiet && ccr restore target --job j --quiet
    apply
    same d
}

@test "side tables of a killed run are dropped" {
    sql target "CREATE TABLE ccr.side_j_0 (a INT)"
    sql source "INSERT INTO d.small VALUES (9, 'n')"
    replay
    no_side_table_left
    same d
}
