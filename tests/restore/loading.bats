# How rows get into the target: shapes and sizes that the bundles of bulk INSERT must cope with, and what is refused.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored
load restore

# edit MEMBER SED-EXPRESSION: changes what the store's only snapshot holds, under checksums that fit.
edit() {
    local folder

    folder=$(echo "$STORE_DIR"/streams/main/snapshots/*)
    rm -rf "$T/open"
    snapshot_unpack "$folder" "$T/open"
    sed -i "$2" "$T/open/$1"
    snapshot_repack "$folder" "$T/open"
}

setup_file() {
    server_start source --max-allowed-packet=256M
    server_start target --max-allowed-packet=64M --local-infile=OFF --skip-log-bin
    server_grant source source
    server_grant target target
    sql source "CREATE DATABASE shapes; USE shapes;
        CREATE TABLE narrow (b TINYINT NOT NULL); INSERT INTO narrow SELECT seq % 100 FROM seq_1_to_150000;
        CREATE TABLE nulls (b TINYINT); INSERT INTO nulls SELECT NULL FROM seq_1_to_70000;
        CREATE TABLE empties (a CHAR(3) NOT NULL, b VARCHAR(3) NOT NULL, c BLOB NOT NULL) ENGINE=Aria;
        INSERT INTO empties SELECT '', '', '' FROM seq_1_to_100000;
        CREATE TABLE defaults (g INT AS (1 + 1) STORED); INSERT INTO defaults VALUES ()$(printf ', ()%.0s' {1..2499});
        CREATE TABLE no_rows (id INT PRIMARY KEY);
        CREATE SEQUENCE numbers"
    sql source "CREATE TABLE shapes.columns (id INT PRIMARY KEY$(printf ', c%d VARCHAR(4)' {1..999})) CHARACTER SET ascii"
    # of a row all columns are NULL, of the others their number
    sql source "INSERT INTO shapes.columns (id$(printf ', c%d' {1..999})) SELECT seq$(printf ', IF(seq = 70, NULL, %d)' {1..999})
        FROM shapes.seq_1_to_200"
    # around a bundle's size and far beyond, of bytes that are escaped and of others, the largest in the middle
    sql source "CREATE TABLE shapes.sizes (id INT PRIMARY KEY, b LONGBLOB, t LONGTEXT);
        INSERT INTO shapes.sizes SELECT seq, REPEAT(CHAR(0, 9, 10, 92), seq), REPEAT('x', seq * 3) FROM shapes.seq_1_to_300;
        INSERT INTO shapes.sizes SELECT 1000 + seq, REPEAT('y', 1048566 + seq), '' FROM shapes.seq_1_to_12;
        INSERT INTO shapes.sizes SELECT 2000 + seq, REPEAT('\n', 524280 + seq), NULL FROM shapes.seq_1_to_12;
        INSERT INTO shapes.sizes VALUES (1500, REPEAT(CHAR(0, 9, 10, 92), 2000000), REPEAT('z', 9000000)),
            (1501, REPEAT('y', 4000000), ''), (1502, '', REPEAT('z', 5000000)), (2100, '', REPEAT('z', 3000000)),
            (3000, REPEAT('y', 16777216), REPEAT('z', 16777215))"
    backup --databases shapes
}

teardown_file() {
    servers_end
}

@test "many, wide, large, empty and missing values, without LOAD DATA" {
    ccr restore target --standalone
    same_tables source target shapes
    same_schema source target shapes
    [ "$(status_of target Com_load)" -eq 0 ]
    nothing_left
}

@test "the same with a small max_allowed_packet, in small chunks, until a row does not fit it" {
    local hint manifest

    store_use chunks
    backup --databases shapes --chunk-size 256K
    # as an older ccr-backup leaves it, so that it is met only while loading
    manifest=$(echo "$STORE_DIR"/streams/main/snapshots/*/manifest.json)
    chmod u+w "$manifest"
    edit_manifest "$manifest" 'del(.tables[].largest_row)'
    target_clean
    sql target "SET GLOBAL max_allowed_packet = 2097152"
    run --separate-stderr ccr restore target --standalone
    echo "$status: $stderr"
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"chunk "*" of shapes.sizes: target: row "*" of the chunk does not fit max_allowed_packet (2097152)"* ]]
    [ -z "$(sql target "SHOW DATABASES LIKE 'shapes'")" ]
    hint=$(sed -n 's/.*hint: SET GLOBAL max_allowed_packet = \([0-9]*\) or more.*/\1/p' <<<"$stderr")
    while [ -n "$hint" ]; do
        sql target "SET GLOBAL max_allowed_packet = $hint"
        run --separate-stderr ccr restore target --standalone --json
        echo "$status: $stderr"
        hint=$(sed -n 's/.*hint: SET GLOBAL max_allowed_packet = \([0-9]*\) or more.*/\1/p' <<<"$stderr")
    done
    [ "$status" -eq 0 ]
    [ "$(json_of .resumed_chunks)" -gt 1 ]
    # the largest row has 33,554,431 bytes; one of 17,000,000 has 25,000,000 as text
    [ "$(sql target "SELECT @@GLOBAL.max_allowed_packet BETWEEN 33554431 AND 35000000")" -eq 1 ]
    same_tables source target shapes
    sql target "SET GLOBAL max_allowed_packet = 67108864"
}

# load_refused WAY DB WORDS: loaded that way, the rows of DB.t are refused, in the server's words, and nothing of DB is there.
load_refused() {
    run --separate-stderr ccr restore target --standalone --load "$1"
    echo "$1 $3 $status: $stderr"
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"chunk 1 of $2.t: "*"$3"* ]]
    [ -z "$(sql target "SHOW DATABASES LIKE '$2'")" ]
}

@test "a key that the rows violate is named, with the chunk and the server's words" {
    local way

    store_use twice
    sql source "CREATE DATABASE twice; CREATE TABLE twice.t (id INT NOT NULL PRIMARY KEY, n INT NOT NULL);
        INSERT INTO twice.t SELECT seq, seq FROM twice.seq_1_to_5000; UPDATE twice.t SET n = 17 WHERE id = 4000"
    backup --databases twice
    # shellcheck disable=SC2016 # backticks of SQL
    edit twice/t/schema.sql 's/PRIMARY KEY (`id`)/PRIMARY KEY (`n`)/'
    sql target "SET GLOBAL local_infile = 1"
    for way in bulk text; do
        load_refused "$way" twice "Duplicate entry '17' for key 'PRIMARY'"
    done
    sql target "SET GLOBAL local_infile = 0"
}

@test "a value that its column does not take is refused, with the chunk and the server's words" {
    local damage expected good way

    store_use damaged
    good=$STORE_DIR
    sql source "CREATE DATABASE damaged; CREATE TABLE damaged.t (id INT NOT NULL PRIMARY KEY, n TINYINT NOT NULL, v VARCHAR(5), d DATE,
        e ENUM ('a', 'b'), g INT AS (n + 1) STORED) CHARACTER SET utf8mb4;
        INSERT INTO damaged.t (id, n, v, d, e) SELECT seq, IF(seq % 2, 100, 10), 'rigéé', '2020-02-29', 1 FROM damaged.seq_1_to_3000"
    backup --databases damaged
    sql target "SET GLOBAL local_infile = 1"
    # of as many bytes as before
    while read -r damage expected; do
        store_use damaged-one
        rm -rf "$STORE_DIR"
        cp -a "$good" "$STORE_DIR"
        edit damaged/t/000001.tsv "/^200[01]\\t/s/$damage"
        for way in bulk text; do
            load_refused "$way" damaged "$expected"
        done
    done <<'END'
\t100\t/\t128\t/ Out of range value for column 'n' at row 2001
\t100\t/\t1x0\t/ Data truncated for column 'n' at row 2001
\t10\t/\txy\t/ Incorrect integer value: 'xy' for column
\t10\t/\t\\N\t/ 'n'
rigéé/rightxy/ Data truncated for column 'v' at row 2000
ig/\xff\xfe/ Incorrect string value: '\xFF\xFE
-29/-32/ column
END
    sql target "SET GLOBAL local_infile = 0"
}

@test "a server that warns of more than it keeps: no warning is missed" {
    store_use warned
    sql source "CREATE DATABASE warned; SET sql_mode = ''; CREATE TABLE warned.t (n INT NOT NULL, e ENUM ('a'), f ENUM ('b'));
        INSERT INTO warned.t SELECT seq, 0, 0 FROM warned.seq_1_to_70000"
    backup --databases warned
    ccr restore target --standalone
    same_tables source target warned
    sql target "SET GLOBAL local_infile = 1"
    run --separate-stderr ccr restore target --standalone --replace --load text
    sql target "SET GLOBAL local_infile = 0"
    echo "$status: $stderr"
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"chunk 1 of warned.t: "*"140000 warnings"*"hint: --load bulk"* ]]
}

@test "rows that are no rows" {
    store_use torn
    sql source "CREATE DATABASE torn; CREATE TABLE torn.t (id INT NOT NULL PRIMARY KEY, n INT NOT NULL, v VARCHAR(20));
        INSERT INTO torn.t VALUES (1, 1, 'one'), (2, 2, 'two')"
    backup --databases torn
    edit torn/t/000001.tsv 's/two/t\\o/'
    run --separate-stderr ccr restore target --standalone
    echo "$status: $stderr"
    [ "$status" -eq 7 ]
    [[ "$stderr" == *"chunk 1 of torn.t: row 2 of the chunk does not have 3 fields"* ]]
    edit torn/t/000001.tsv 's/t\\o/two/; s/1\tone/1 one/'
    run --separate-stderr ccr restore target --standalone
    echo "$status: $stderr"
    [ "$status" -eq 7 ]
    [[ "$stderr" == *"row 1 of the chunk does not have 3 fields"* ]]
}

@test "a target that prepares no statements" {
    sql target "SET GLOBAL max_prepared_stmt_count = 0"
    store_use warned
    run --separate-stderr ccr restore target --standalone --replace
    sql target "SET GLOBAL max_prepared_stmt_count = DEFAULT"
    echo "$status: $stderr"
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"of warned.t: "*"max_prepared_stmt_count"*"hint: "*"--load text"* ]]
}

# $1 tables small.t01, t02, ... of ten rows that are 4,000 bytes each; every tenth has an engine without transactions.
small_tables() {
    local i statements="CREATE DATABASE small; USE small;"

    for ((i = 1; i <= $1; i++)); do
        statements+=$(printf 'CREATE TABLE t%02d (id INT NOT NULL PRIMARY KEY, n INT NOT NULL, v TEXT NOT NULL) ENGINE=%s;
            INSERT INTO t%02d SELECT seq, seq %% 3, REPEAT(CHAR(64 + seq), 4000) FROM seq_1_to_10;' \
            "$i" "$((i % 10 ? 1 : 0))" "$i" | sed 's/ENGINE=1/ENGINE=InnoDB/; s/ENGINE=0/ENGINE=Aria/')
    done
    sql source "$statements"
}

@test "small tables share transactions: one that fails takes back what shares its own, and no more" {
    local i staged

    store_use small
    small_tables 80
    backup --databases small --threads 1
    # shellcheck disable=SC2016 # backticks of SQL
    edit small/t79/schema.sql 's/PRIMARY KEY (`id`)/PRIMARY KEY (`n`)/'
    run --separate-stderr ccr restore target --standalone --threads 1
    echo "$status: $stderr"
    [ "$status" -eq 6 ]
    [[ "$stderr" == *"loading chunk 1 of small.t79: "*"Duplicate entry"* ]]
    [ -z "$(sql target "SHOW DATABASES LIKE 'small'")" ]
    # fewer transactions than tables, and each with its rows in ccr.loads
    [ "$(sql target "SELECT COUNT(*) BETWEEN 40 AND 78 FROM ccr.loads")" -eq 1 ]
    [ "$(sql target "SELECT SUM(row_count) = 10 * COUNT(*) FROM ccr.loads")" -eq 1 ]
    staged=$(for i in {01..80}; do echo "SELECT 't$i' FROM ccr_stage_standalone_1.t$i HAVING COUNT(*) = 10;"; done | sql_client target --skip-column-names | sort)
    [ "$staged" = "$(sql target "SELECT name FROM ccr.loads ORDER BY name")" ]
    sql target "ALTER TABLE ccr_stage_standalone_1.t79 DROP PRIMARY KEY, ADD PRIMARY KEY (id)"
    run --separate-stderr ccr restore target --standalone --threads 3 --json
    echo "$status: $stderr"
    [ "$status" -eq 0 ]
    [ "$(json_of .resumed_chunks)" -ge 40 ]
    same_tables source target small
}

@test "of tables that cannot be made the first is named, however many connections make them" {
    store_use unmade
    sql source "DROP DATABASE IF EXISTS small"
    small_tables 80
    backup --databases small
    target_clean
    # shellcheck disable=SC2016 # backticks of SQL
    edit small/t33/schema.sql 's/`n` int/`n` nothing/'
    # shellcheck disable=SC2016
    edit small/t34/schema.sql 's/`n` int/`n` nothing/'
    for _ in 1 2 3; do
        run --separate-stderr ccr restore target --standalone --threads 4
        echo "$status: $stderr"
        [ "$status" -eq 6 ]
        [[ "$stderr" == *"staging: creating table ccr_stage_standalone_1.t33: "* ]]
    done
    [ -z "$(sql target "SHOW DATABASES LIKE 'small'")" ]
}

# A session of the target is in this state.
session_is() {
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.processlist WHERE state = '$1'")" -ge 1 ]
}

is_staged() {
    sql target "SELECT 1 FROM ccr_stage_standalone_0.plan" >/dev/null 2>&1
}

@test "a table without transactions: a deadlock behind its rows does not bring them twice" {
    local locker

    store_use lasting
    sql source "CREATE DATABASE lasting; CREATE TABLE lasting.t (a CHAR(100) NOT NULL) ENGINE=MyISAM"
    sql source "INSERT INTO t SELECT REPEAT('x', 100) FROM seq_1_to_300" lasting
    backup --databases lasting
    target_clean
    restore_start --standalone --threads 1 --max-rate 4K
    # its rows have to wait for a reader, who holds no metadata lock that is in their way
    wait_until 60 is_staged
    sql target "LOCK TABLES ccr_stage_standalone_1.t READ; SELECT SLEEP(1000)" >/dev/null 2>&1 3>&- &
    wait_until 60 session_is "User sleep"
    wait_until 60 session_is "Waiting for table level lock"
    # one that has what the restore needs next, and waits for what it holds
    sql target "LOCK TABLES ccr.loads WRITE, ccr_stage_standalone_1.t WRITE" 3>&- &
    locker=$!
    wait_until 60 session_is "Waiting for table metadata lock"
    sql target "KILL $(sql target "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(1000)%'")"
    wait "$restore" || { cat "$T/out"; return 1; }
    wait "$locker"
    same_tables source target lasting
    nothing_left
}
