# Tables at the edges of what fits: one row of 64 MB, a thousand columns, no row, a packet that is too small.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load restore

setup_file() {
    server_start source --max-allowed-packet=256M --innodb-log-file-size=256M
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON --max-allowed-packet=16M --innodb-log-file-size=256M
    server_grant source source
    server_grant target target
}

teardown_file() {
    servers_end
}

manifest() {
    echo "$STORE_DIR"/streams/main/snapshots/*/manifest.json
}

@test "a blob of 64 MB: refused by name while the target's packet is too small, then restored" {
    sql source "CREATE DATABASE large; CREATE TABLE large.t (id INT PRIMARY KEY, b LONGBLOB, n INT);
        CREATE TABLE large.small (id INT PRIMARY KEY);
        INSERT INTO large.t VALUES (1, REPEAT('0123456789abcde\\n', 4194304), 1), (2, 'x', 2); INSERT INTO large.small VALUES (1)"
    backup --databases large
    [ "$(jq '.tables[] | select(.name == "t") | .largest_row' "$(manifest)")" = 67108866 ]
    run --separate-stderr ccr restore target --standalone
    echo "$stderr"
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"max_allowed_packet is 16777216, too small for a row of large.t"*"hint: SET GLOBAL max_allowed_packet = "* ]]
    [ -z "$(user_databases target)" ]
    nothing_left
    # what the hint asks for is enough
    sql target "$(sed -n 's/.*hint: \(SET GLOBAL max_allowed_packet = [0-9]*\) .*/\1/p' <<<"$stderr")"
    ccr restore target --standalone
    same_tables source target large
    [ "$(sql target "SELECT LENGTH(b), MD5(b) FROM large.t WHERE id = 1")" = "$(sql source "SELECT LENGTH(b), MD5(b) FROM large.t WHERE id = 1")" ]
    nothing_left
}

@test "a thousand columns, and tables without rows" {
    local i columns='' values=''

    store_use wide
    for ((i = 1; i <= 1000; i++)); do
        columns+=", c$i $( ((i % 3)) && echo INT || echo 'VARCHAR(4) CHARACTER SET latin1')"
        values+=", $i"
    done
    sql source "CREATE DATABASE wide; USE wide; CREATE TABLE t (id INT PRIMARY KEY$columns) ENGINE=InnoDB;
        INSERT INTO t VALUES (1$values), (2$values); INSERT INTO t (id) VALUES (3);
        CREATE TABLE isam (id INT PRIMARY KEY$columns) ENGINE=MyISAM; INSERT INTO isam SELECT * FROM t;
        CREATE TABLE none (id INT PRIMARY KEY$columns) ENGINE=InnoDB; CREATE TABLE none_isam (id INT) ENGINE=MyISAM;
        CREATE TABLE none_parts (id INT PRIMARY KEY) AUTO_INCREMENT = 7 PARTITION BY HASH (id) PARTITIONS 3; CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 77"
    backup --databases wide
    [ "$(jq '[.tables[] | select(.name | startswith("none") or . == "counted") | .chunks | length] | add' "$(manifest)")" = 0 ]
    ccr restore target --standalone
    same_tables source target wide
    same_schema source target wide
    [ "$(sql target "SELECT SUM(c1 + c1000) FROM wide.t")" = 2002 ]
}
