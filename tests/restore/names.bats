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
    server_start lower --local-infile=ON --lower-case-table-names=1
    server_grant lower target
    run ccr restore lower --job j
    [ "$status" -eq 6 ]
    [[ $output == *lower_case_table_names* ]]
    ccr restore lower --quiet --standalone
    server_remove lower
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
