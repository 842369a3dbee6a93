# What the source logs of its columns beyond their types (binlog_row_metadata) is compared with the target.

load ../lib/common
load follow

setup_file() {
    follow_servers --binlog-row-metadata=FULL
    sql source "CREATE DATABASE d; CREATE TABLE d.t (y YEAR, u INT UNSIGNED, n INT, f FLOAT UNSIGNED, i UUID, id INT PRIMARY KEY, x INT NOT NULL DEFAULT 1, z INT,
        v VARCHAR(20), w VARCHAR(20) COLLATE utf8mb4_bin, e ENUM('a', 'it''s', '\\\\', 'ü', ''), s SET('p', 'q', 'r'), a INET4, g POINT, b VARBINARY(80),
        e16 ENUM('a', 'ö', '🙂') CHARACTER SET utf16, doc JSON, m INT AS (z + 1), h BLOB, UNIQUE (h))"
    follow_start
}

definition_hash() {
    sql_client target --skip-column-names --raw -e "SHOW CREATE TABLE d.t" | perl -pe 's/^t\t// if $. == 1; chomp if eof' | sha256sum | cut -d ' ' -f 1
}

target_alter() {
    sql target "ALTER TABLE d.t $1"
    sql target "UPDATE ccr.tables SET hash = '$(definition_hash)' WHERE name = 't'"
}

# otherwise CHANGE BACK TEXT...: as if the target had been made so, and ccr knew it so: a row stops the run, with these texts.
otherwise() {
    local change=$1 back=$2

    shift 2
    target_alter "$change"
    sql source "INSERT INTO d.t (id) VALUES (1)"
    ship
    run apply
    fails 9 "table d.t: " "$@" || return 1
    [ "$(sql target "SELECT COUNT(*) FROM d.t")" -eq 0 ] || return 1
    target_alter "$back"
    apply || return 1
    sql source "DELETE FROM d.t"
    replay
}

@test "FULL: names, signs, collations, members, geometries and the primary key" {
    otherwise "MODIFY e ENUM('it''s', 'a', '\\\\', 'ü', '')" "MODIFY e ENUM('a', 'it''s', '\\\\', 'ü', '')" "(e) is one whose member 1 is 'a' on the source and one where that is 'it's'"
    otherwise "MODIFY e ENUM('a', 'it''s', '/', 'ü', '')" "MODIFY e ENUM('a', 'it''s', '\\\\', 'ü', '')" "(e) is one whose member 3 is '\\' on the source and one where that is '/'"
    otherwise "MODIFY s SET('p', 'q', 'r', 't')" "MODIFY s SET('p', 'q', 'r')" "(s) is one whose member 4 is 'missing'"
    otherwise "MODIFY e16 ENUM('a', 'u', '🙂') CHARACTER SET utf16" "MODIFY e16 ENUM('a', 'ö', '🙂') CHARACTER SET utf16" "(e16) is one whose member 2 is 'ö' on the source"
    otherwise "MODIFY u INT" "MODIFY u INT UNSIGNED" '(u) is UNSIGNED on the source and signed on the target'
    otherwise "MODIFY n INT UNSIGNED" "MODIFY n INT" '(n) is signed on the source and UNSIGNED on the target'
    otherwise "MODIFY f FLOAT" "MODIFY f FLOAT UNSIGNED" '(f) is UNSIGNED on the source'
    otherwise "MODIFY z INT AFTER y, MODIFY n INT AFTER x, MODIFY u INT UNSIGNED AFTER z" "MODIFY u INT UNSIGNED AFTER y, MODIFY n INT AFTER u, MODIFY z INT AFTER x" '(z) is named u on the source'
    otherwise "MODIFY v VARCHAR(20) COLLATE utf8mb4_bin" "MODIFY v VARCHAR(20)" '(v) is utf8mb4_general_ci on the source and utf8mb4_bin on the target'
    otherwise "MODIFY b VARCHAR(20)" "MODIFY b VARBINARY(80)" '(b) is binary on the source and utf8mb4_general_ci'
    otherwise "MODIFY g POLYGON" "MODIFY g POINT" '(g) is point on the source and polygon on the target'
    otherwise "DROP PRIMARY KEY, ADD PRIMARY KEY (x, id)" "DROP PRIMARY KEY, ADD PRIMARY KEY (id)" 'the source has another primary key'
    sql source "INSERT INTO d.t (id, e, s, e16, g) VALUES (5, 4, 'p,r', 3, POINT(1, 2))"
    replay
    same d
    sql source "DELETE FROM d.t"
    replay
}

@test "MINIMAL: signs, collations and geometries" {
    sql source "SET GLOBAL binlog_row_metadata = MINIMAL"
    otherwise "MODIFY u INT" "MODIFY u INT UNSIGNED" '(u) is UNSIGNED on the source'
    otherwise "MODIFY w VARCHAR(20)" "MODIFY w VARCHAR(20) COLLATE utf8mb4_bin" '(w) is utf8mb4_bin on the source'
    otherwise "MODIFY g LINESTRING" "MODIFY g POINT" '(g) is point on the source'
    same d
}
