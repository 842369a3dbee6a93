# The test suite's own tools: a comparison that cannot fail would prove nothing.

load ../lib/common

setup_file() {
    server_start a
    server_start b --log-bin-trust-function-creators=1
    sql a "CREATE DATABASE d" && sql b "CREATE DATABASE d"
}

both() {
    sql a "$1" d
    sql b "$1" d
}

@test "servers are private: own ports, own sockets, distinct ids, an empty set of databases" {
    [ "$(server_port a)" != "$(server_port b)" ]
    [ "$(sql a 'SELECT @@server_id')" != "$(sql b 'SELECT @@server_id')" ]
    [ "$(sql a 'SELECT @@log_bin, @@binlog_format, @@bind_address')" = $'1\tROW\t127.0.0.1' ]
    [ "$(sql a 'SHOW DATABASES' | sort | tr '\n' ' ')" = "d information_schema mysql performance_schema sys " ]
}

@test "a killed server comes back with its data and its options" {
    sql b "CREATE TABLE d.kept (id INT PRIMARY KEY); INSERT INTO d.kept VALUES (7)"
    local port pid
    port=$(server_port b)
    pid=$(server_pid b)
    server_kill b
    process_ended "$pid"
    server_restart b
    [ "$(sql b 'SELECT id FROM d.kept')" = 7 ]
    [ "$(sql b 'SELECT @@log_bin_trust_function_creators')" = 1 ]
    [ "$(server_port b)" = "$port" ]
    sql b "DROP TABLE d.kept"
}

@test "same_tables sees a changed value, a missing row and a missing table" {
    both "CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))"
    both "CREATE OR REPLACE TABLE \`odd \`\` name\` (id INT PRIMARY KEY)"
    both "INSERT INTO t VALUES (1, 'one'), (2, 'two')"
    same_tables a b d
    sql b "UPDATE t SET v = 'Two' WHERE id = 2" d
    run same_tables a b d
    [ "$status" -ne 0 ]
    [[ $output == *"-t"* ]]
    sql b "UPDATE t SET v = 'two' WHERE id = 2" d
    same_tables a b d
    sql b "DELETE FROM t WHERE id = 2" d
    run same_tables a b d
    [ "$status" -ne 0 ]
    sql b "DROP TABLE t" d
    run same_tables a b d
    [ "$status" -ne 0 ]
    both "DROP TABLE IF EXISTS t"
    sql b "CREATE DATABASE e; RENAME TABLE d.\`odd \`\` name\` TO e.\`odd \`\` name\`"
    same_tables a b d:e
    sql b "DROP DATABASE e"
    sql a "DROP TABLE d.\`odd \`\` name\`"
}

@test "same_tables compares tables with generated columns by their rows, however they came about" {
    sql a "CREATE TABLE g (id INT PRIMARY KEY, v VARCHAR(9), u VARCHAR(9) AS (UPPER(v)) VIRTUAL); INSERT INTO g (id, v) VALUES (1, 'a'), (2, NULL)" d
    sql b "CREATE TABLE g (id INT PRIMARY KEY, v VARCHAR(9)); INSERT INTO g VALUES (2, NULL), (1, 'a');
        ALTER TABLE g ADD COLUMN u VARCHAR(9) AS (UPPER(v)) VIRTUAL" d
    same_tables a b d
    sql b "UPDATE g SET v = 'A' WHERE id = 1" d
    run same_tables a b d
    [ "$status" -ne 0 ]
    both "DROP TABLE g"
}

@test "same_tables sees what sums do not: a letter that went from one column to the next" {
    both "CREATE TABLE z (v VARCHAR(9), w VARCHAR(9))"
    both "INSERT INTO z VALUES ('ab', 'c'), ('ab', 'c')"
    same_tables a b d
    sql b "UPDATE z SET v = 'a', w = 'bc' LIMIT 1" d
    [ "$(table_sums a d)" = "$(table_sums b d)" ]
    run same_tables a b d
    [ "$status" -ne 0 ]
    [[ $output == *"+INSERT INTO \`z\` VALUES ('a','bc');"* ]]
    both "DROP TABLE z"
}

@test "same_schema sees every kind of object, and --followed leaves out triggers, events and counters" {
    local object
    both "CREATE TABLE s (id INT PRIMARY KEY AUTO_INCREMENT, n INT)"
    for object in "VIEW v AS SELECT id FROM s" "FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1" \
        "PROCEDURE p() SELECT 1" "SEQUENCE q" "TABLE u (id INT)"; do
        sql a "SET GLOBAL log_bin_trust_function_creators = 1; CREATE $object" d
        run same_schema --followed a b d
        [ "$status" -ne 0 ]
        sql b "CREATE $object" d
        same_schema --followed a b d
    done
    for object in "TRIGGER g BEFORE INSERT ON s FOR EACH ROW SET NEW.n = 1" "EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1"; do
        sql a "CREATE $object" d
        same_schema --followed a b d
        run same_schema a b d
        [ "$status" -ne 0 ]
        sql b "CREATE $object" d
    done
    sql a "ALTER TABLE s AUTO_INCREMENT = 40" d
    same_schema --followed a b d
    run same_schema a b d
    [ "$status" -ne 0 ]
}

@test "the user of the README's statements can connect, and is not root" {
    server_grant a source
    server_grant b target
    run mariadb --defaults-file="$T/b/ccr.cnf" --socket="$(server_socket b)" -N -e "SELECT CURRENT_USER()"
    [ "$output" = ccr@localhost ]
    run mariadb --defaults-file="$T/a/ccr.cnf" --socket="$(server_socket a)" -N -e "CREATE DATABASE forbidden"
    [ "$status" -ne 0 ]
}

@test "server_remove leaves nothing behind" {
    local pid
    pid=$(server_pid b)
    server_remove b
    process_ended "$pid"
    [ ! -e "$T/b" ]
}
