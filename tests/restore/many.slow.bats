# Many objects: 1,000 tables in a database (SOAK: 5,000), 100 databases (200), 1,024 partitions in a table (8,192). That they come over as
# they are; how fast is measured elsewhere.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored
load restore
load characters

setup() {
    store_use "store-$BATS_TEST_NUMBER"
    server_start source --table-open-cache=2000
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON --table-open-cache=2000
    server_grant source source
    server_grant target target
}

teardown() {
    logs_keep
    servers_end
}

TABLES=$((${SOAK:-1} > 1 ? 5000 : 1000))
DATABASES=$((${SOAK:-1} > 1 ? 200 : 100))

@test "$TABLES tables in one database, some with keys that refer to others, triggers and views" {
    perl -e 'print "CREATE DATABASE many; USE many;\n";
        for (1 .. shift) {
            my $before = $_ - 1;
            my $key = $_ % 10 || $_ < 20 ? "" : ", CONSTRAINT f$_ FOREIGN KEY (b) REFERENCES t$before (id)";
            print "CREATE TABLE t$_ (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(20), b INT, KEY (a)$key);\n";
            print "INSERT INTO t$_ (a) VALUES (\"a$_\"), (\"b$_\");\n" if $_ % 7;
            print "CREATE VIEW v$_ AS SELECT id, a FROM t$_;\n" unless $_ % 50;
            print "CREATE TRIGGER r$_ BEFORE INSERT ON t$_ FOR EACH ROW SET NEW.b = NULL;\n" unless $_ % 25;
        }' "$TABLES" >"$T/many.sql"
    sql_client source <"$T/many.sql"
    backup
    ccr restore target --quiet --standalone
    same_everything source target
    # in their own place: as many pairs of names in one statement
    ccr restore target --quiet --standalone --replace
    same_everything source target
    nothing_left
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'many'")" -eq $((TABLES + TABLES / 50)) ]
}

@test "$DATABASES databases, as a job and again as a job" {
    perl -e 'for (1 .. shift) {
            print "CREATE DATABASE d$_ COMMENT = \"number $_\"; USE d$_;\n";
            print "CREATE TABLE t$_ (id INT PRIMARY KEY, n INT); INSERT INTO t$_ VALUES ($_, 1);\n" for 1 .. 4;
            print "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN $_;\nCREATE VIEW v AS SELECT n, f() AS f FROM t1;\n";
            print "CREATE EVENT e ON SCHEDULE EVERY $_ DAY STARTS \"2037-01-01 00:00:00\" DO DELETE FROM t1;\n";
        }' "$DATABASES" >"$T/many.sql"
    sql_client source <"$T/many.sql"
    backup
    ccr restore target --quiet --job j
    ccr restore target --quiet --job j
    same_tables source target d1 d63 d100
    same_schema --followed source target d1 d63 d100
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema LIKE 'd%' AND table_type = 'BASE TABLE'")" -eq $((4 * DATABASES)) ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.kept")" -eq "$DATABASES" ]
    target_clean
    ccr restore target --quiet --standalone
    same_everything source target
    nothing_left
}

@test "many partitions in one table: a thousand, in the soak as many as a table can have" {
    local parts=$((${SOAK:-0} ? 8192 : 1024))
    {
        printf 'CREATE DATABASE parts; CREATE TABLE parts.t (id INT PRIMARY KEY, v VARCHAR(20), KEY (v)) PARTITION BY RANGE (id) ('
        for ((i = 1; i < parts; i++)); do
            printf 'PARTITION p%d VALUES LESS THAN (%d),\n' "$i" $((i * 10))
        done
        printf 'PARTITION last VALUES LESS THAN MAXVALUE);\n'
    } >"$T/parts.sql"
    sql_client source <"$T/parts.sql"
    # a default database, for tables of the sequence engine need one
    sql source "INSERT INTO t SELECT seq * 7, CONCAT('v', seq) FROM seq_1_to_20000" parts
    backup
    ccr restore target --quiet --standalone
    same_everything source target
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.partitions WHERE table_schema = 'parts'")" -eq "$parts" ]
    nothing_left
}
