# Jobs of an earlier version, and servers that see names differently.

load ../lib/common

setup_file() {
    server_start source
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON
    server_grant source source
    server_grant target target
    sql source "CREATE DATABASE shop; CREATE TABLE shop.a (id INT PRIMARY KEY); CREATE TABLE shop.b (id INT PRIMARY KEY);
        CREATE DATABASE crm; CREATE TABLE crm.p (id INT PRIMARY KEY)"
    ccr backup source --quiet
}

tables() {
    sql target "SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables WHERE table_schema IN ('copy', 'shop', 'crm', 'new')
        ORDER BY 1" | tr '\n' ' '
}

@test "a job as the first version stored it is followed as before, and stored anew by the next restore" {
    ccr restore target --quiet --job old --databases crm --tables shop.a --rename-db shop:copy
    [ "$(tables)" = "copy.a crm.p " ]
    sql target "UPDATE ccr.jobs SET scope = '{\"databases\":[\"crm\"],\"tables\":[\"shop/a\"]}', renames = '{\"shop\":\"copy\"}'"
    sql source "INSERT INTO shop.a VALUES (1); INSERT INTO shop.b VALUES (1); CREATE TABLE crm.q (id INT PRIMARY KEY); INSERT INTO crm.q VALUES (1)"
    ccr ship source --quiet
    ccr apply target --quiet --job old
    [ "$(sql target "SELECT (SELECT COUNT(*) FROM copy.a) + (SELECT COUNT(*) FROM crm.q)")" -eq 2 ]
    ccr backup source --quiet
    ccr restore target --quiet --job old
    [ "$(tables)" = "copy.a crm.p crm.q " ]
    [ "$(sql target "SELECT JSON_VALUE(scope, '$.version') FROM ccr.jobs")" = 2 ]
}

@test "renames of tables: changed by a later restore, the copy under the old name stays; staging and old databases are gone" {
    ccr restore target --quiet --job t --replace --databases shop --rename-table shop.a:new.x
    [ "$(tables)" = "copy.a crm.p crm.q new.x shop.b " ]
    ccr restore target --quiet --job t --rename-table shop.a:new.y,shop.b:new.b
    [ "$(tables)" = "copy.a crm.p crm.q new.b new.x new.y shop.b " ]
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'ccr\\_%'")" -eq 0 ]
}

@test "a target that sees names differently is refused for a job" {
    server_start lower --local-infile=ON --log-bin-trust-function-creators=ON --lower-case-table-names=1
    server_grant lower target
    run ccr restore lower --job j
    [ "$status" -eq 6 ]
    [[ $output == *lower_case_table_names* ]]
    ccr restore lower --quiet --standalone
}

# refused STATEMENTS NAME: what these make cannot keep its name on a server that stores names in lower case.
refused() {
    store_use "refused-$RANDOM$RANDOM"
    sql source "CREATE DATABASE folded; $1"
    ccr backup source --quiet --databases 'folde?,Folde?,grös?'
    run ccr restore lower --standalone
    echo "$output"
    [ "$status" -eq 6 ]
    [[ $output == *"so $2 would change its name"*hint:* ]]
    sql source "DROP DATABASE folded; DROP DATABASE IF EXISTS Folded; DROP DATABASE IF EXISTS \`grösS\`"
    [ -z "$(sql lower "SHOW DATABASES LIKE '%old%'")" ]
}

@test "... and for a plain copy, where a name would be another one there: databases, tables, sequences, views" {
    refused "CREATE DATABASE Folded" "database Folded"
    refused "CREATE DATABASE \`grösS\`" "database grösS"
    refused "CREATE TABLE folded.\`tÉ\` (a INT)" "table folded.tÉ"
    refused "CREATE TABLE folded.T (a INT)" "table folded.T"
    refused "CREATE SEQUENCE folded.S" "sequence folded.S"
    refused "CREATE VIEW folded.V AS SELECT 1" "view folded.V"
    store_use folds
    sql source "CREATE DATABASE folded; CREATE TABLE folded.\`té\` (Id INT PRIMARY KEY); CREATE FUNCTION folded.Half(N INT) RETURNS INT DETERMINISTIC RETURN N / 2;
        CREATE TRIGGER folded.Tr BEFORE INSERT ON folded.\`té\` FOR EACH ROW SET @A = 1"
    ccr backup source --quiet --databases folded
    run ccr restore lower --standalone --rename-db folded:Copy
    [ "$status" -eq 6 ]
    ccr restore lower --quiet --standalone
    same_schema source lower folded
    sql source "DROP DATABASE folded"
    server_remove lower
}

@test "a source that does not tell names by their case: a plain copy on one that does, but for programs" {
    store_use from-lower
    server_start from --lower-case-table-names=1 --log-bin-trust-function-creators=ON
    server_grant from source
    sql from "CREATE DATABASE Mixed; USE Mixed; CREATE TABLE Keep (Id INT PRIMARY KEY); CREATE VIEW SeeIt AS SELECT Id FROM MIXED.KEEP; CREATE SEQUENCE SeQ;
        CREATE TABLE \`ÄÖ\` (a INT PRIMARY KEY, b BIGINT DEFAULT NEXTVAL(SeQ), c INT, FOREIGN KEY (c) REFERENCES KEEP (Id))"
    ccr backup from --quiet
    run ccr restore target --job mixed
    [ "$status" -eq 6 ]
    [[ $output == *"lower_case_table_names is 0, unlike the source's"* ]]
    ccr restore target --quiet --standalone
    same_schema from target mixed
    [ "$(sql target "SHOW TABLES IN mixed" | tr '\n' ' ')" = "keep seeit seq äö " ]
    sql from "CREATE TRIGGER Mixed.Tr BEFORE INSERT ON Mixed.Keep FOR EACH ROW SET @A = 1"
    ccr backup from --quiet
    run ccr restore target --standalone --replace
    [ "$status" -eq 6 ]
    [[ $output == *"routines, triggers and events that spell a table's name in capitals would not find it"*hint:* ]]
    server_start to --local-infile=ON --log-bin-trust-function-creators=ON --lower-case-table-names=1
    server_grant to target
    sql from "CREATE PROCEDURE Mixed.Proc() SELECT * FROM mIXED.kEEP; CREATE EVENT Mixed.Ev ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DISABLE DO DELETE FROM MIXED.KEEP"
    ccr backup from --quiet
    ccr restore to --quiet --standalone
    same_schema from to mixed
    server_remove from
    server_remove to
}

@test "both servers without case: names in statements mean what they mean there" {
    store_use lower
    server_start from --lower-case-table-names=1
    server_start to --local-infile=ON --log-bin-trust-function-creators=ON --lower-case-table-names=1
    server_grant from source
    server_grant to target
    sql from "CREATE DATABASE Shop; CREATE TABLE Shop.Keep (id INT PRIMARY KEY); CREATE TABLE Shop.Gone (id INT PRIMARY KEY); CREATE DATABASE Other"
    ccr backup from --quiet
    ccr restore to --quiet --job j --databases shop
    sql from "DROP TABLE SHOP.GONE; INSERT INTO sHop.kEEP VALUES (1); CREATE TABLE SHOP.New (id INT); CREATE TABLE OTHER.t (id INT)"
    ccr ship from --quiet
    ccr apply to --quiet --job j
    same_tables from to shop
    [ "$(sql to "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'other'")" -eq 0 ]
}
