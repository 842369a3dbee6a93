# shellcheck shell=bash
# Users, roles and privileges of every kind, and how two servers' are compared (load users).
# shellcheck disable=SC2016 # backticks of SQL

# Everything but the accounts that a server has for itself and the README's.
make_users() {
    sql_client "$1" <<'SQL'
SET NAMES utf8mb4;
CREATE USER app@'%' IDENTIFIED BY 'secret' REQUIRE SSL
    WITH MAX_QUERIES_PER_HOUR 5 MAX_CONNECTIONS_PER_HOUR 6 MAX_USER_CONNECTIONS 7 MAX_STATEMENT_TIME 1.5
    ACCOUNT LOCK PASSWORD EXPIRE INTERVAL 90 DAY;
CREATE USER two@'10.%' IDENTIFIED VIA mysql_native_password USING PASSWORD ('two') OR unix_socket;
CREATE USER expired@localhost IDENTIFIED BY 'x' PASSWORD EXPIRE;
CREATE USER 'both'@localhost IDENTIFIED BY 'x' PASSWORD EXPIRE INTERVAL 3 DAY;
ALTER USER 'both'@localhost PASSWORD EXPIRE;
CREATE USER never@localhost IDENTIFIED BY 'never' PASSWORD EXPIRE NEVER;
CREATE USER certified@localhost REQUIRE SUBJECT '/CN=it''s; "x" \\ ' AND ISSUER '/CN=b' AND CIPHER 'c';
CREATE USER x509@localhost REQUIRE X509;
CREATE USER ''@'192.168.%' IDENTIFIED BY '';
CREATE USER 'o''dd`u"s\\é; -- 中
'@'192.168.1.0/255.255.255.0' IDENTIFIED BY 'q';
CREATE USER invalid@localhost IDENTIFIED VIA mysql_native_password USING 'invalid';
CREATE USER app@localhost IDENTIFIED BY 'another';
CREATE USER app@'::1';
CREATE ROLE reader;
CREATE ROLE writer WITH ADMIN app@'%';
CREATE ROLE `r 3é` WITH ADMIN reader;
CREATE ROLE WITHOUT_ADMIN;
GRANT reader TO writer;
GRANT reader TO app@'%', root@localhost;
GRANT reader TO two@'10.%' WITH ADMIN OPTION;
SET DEFAULT ROLE reader FOR app@'%';
REVOKE WITHOUT_ADMIN FROM root@localhost;
CREATE DATABASE shop;
CREATE DATABASE my_app;
CREATE DATABASE `we``ird.db %`;
CREATE TABLE shop.t (a INT PRIMARY KEY, `b,c` INT, d INT, `e``)` INT);
CREATE TABLE shop.u (a INT PRIMARY KEY);
CREATE TABLE shop.gone (a INT PRIMARY KEY);
CREATE TABLE my_app.t (a INT PRIMARY KEY);
CREATE TABLE `we``ird.db %`.`t.``a` (a INT PRIMARY KEY);
CREATE SQL SECURITY INVOKER VIEW shop.v AS SELECT a FROM shop.t;
CREATE DEFINER = app@'%' VIEW shop.v2 AS SELECT a FROM shop.v;
CREATE SEQUENCE shop.s;
CREATE DEFINER = app@'%' PROCEDURE shop.p() SELECT 1;
CREATE FUNCTION shop.f() RETURNS INT DETERMINISTIC RETURN 1;
SET sql_mode = ORACLE;
DELIMITER //
CREATE PACKAGE shop.pack AS PROCEDURE pp; END;//
CREATE PACKAGE BODY shop.pack AS PROCEDURE pp AS BEGIN NULL; END; END;//
DELIMITER ;
GRANT EXECUTE ON PACKAGE shop.pack TO reader;
GRANT EXECUTE ON PACKAGE BODY shop.pack TO reader, app@localhost;
SET sql_mode = DEFAULT;
GRANT SELECT, RELOAD ON *.* TO app@'%' WITH GRANT OPTION;
GRANT ALL ON shop.* TO app@'%';
CREATE DEFINER = reader VIEW shop.v3 AS SELECT a FROM shop.v2;
GRANT ALL ON shop.* TO app@localhost WITH GRANT OPTION;
GRANT SELECT ON `my\_app`.* TO app@'%' WITH GRANT OPTION;
GRANT SELECT ON `my\_%`.* TO app@'%';
GRANT INSERT ON my_app.* TO app@'%';
GRANT SELECT ON `we``ird.db \%`.* TO reader;
GRANT SELECT (a, `b,c`, `e``)`), INSERT (d), UPDATE ON shop.t TO app@'%' WITH GRANT OPTION;
GRANT SELECT (a) ON shop.v2 TO writer;
GRANT SELECT ON shop.v3 TO writer, never@localhost;
GRANT SELECT, INSERT ON shop.s TO writer;
GRANT SELECT, DELETE ON shop.gone TO app@'%' WITH GRANT OPTION;
GRANT CREATE, DROP ON shop.later TO app@'%';
GRANT UPDATE ON `we``ird.db %`.`t.``a` TO 'o''dd`u"s\\é; -- 中
'@'192.168.1.0/255.255.255.0';
GRANT EXECUTE ON PROCEDURE shop.p TO app@'%';
GRANT EXECUTE, ALTER ROUTINE ON FUNCTION shop.f TO reader WITH GRANT OPTION;
GRANT PROXY ON app@'%' TO two@'10.%' WITH GRANT OPTION;
GRANT PROXY ON ''@'%' TO expired@localhost;
GRANT SELECT ON shop.* TO PUBLIC;
GRANT SHOW DATABASES ON *.* TO PUBLIC;
GRANT ALL ON *.* TO never@localhost WITH GRANT OPTION;
GRANT BINLOG ADMIN, SET USER, CREATE USER, SUPER ON *.* TO writer;
GRANT SELECT ON mysql.* TO expired@localhost;
GRANT SELECT (Host), UPDATE ON mysql.servers TO expired@localhost;
DROP TABLE shop.gone;
SQL
}

# SQL expressions over mysql.global_priv; names hold anything, so they travel in hexadecimal.
IS_ROLE="JSON_VALUE(Priv, '\$.is_role') IN ('1', 'true')"
ACCOUNT="IF(User = 'PUBLIC', User, CONCAT('\`', REPLACE(User, '\`', '\`\`'), IF($IS_ROLE, '\`', CONCAT('\`@\`', Host, '\`'))))"

# The accounts of a server as SQL, in hexadecimal, but for those that this condition leaves out.
account_names() {
    sql "$1" "SELECT HEX(CONVERT($ACCOUNT USING utf8mb4)) FROM mysql.global_priv
        WHERE User NOT IN ('ccr', 'mariadb.sys', 'mysql') AND NOT ($2) ORDER BY 1"
}

# What the server says of each, in a fixed order.
accounts() {
    account_names "$1" "User = 'root' AND Host <> 'localhost'" | perl -ne 'chomp; my $a = pack("H*", $_);
        print "SHOW CREATE USER $a;\n" if $a =~ /@/; print "SHOW GRANTS FOR $a;\n"' >"$T/statements.$1"
    # columns come in no order: grant_tables has them
    sql_client "$1" --skip-column-names <"$T/statements.$1" | grep -v ' (`' | sort
    return "${PIPESTATUS[0]}"
}

grant_tables() {
    sql "$1" "SELECT Host, Db, User, Table_name, Column_name, Column_priv FROM mysql.columns_priv ORDER BY 1, 2, 3, 4, 5;
        SELECT Host, Db, User, Table_name, Table_priv, Column_priv FROM mysql.tables_priv WHERE User <> 'mariadb.sys' ORDER BY 1, 2, 3, 4;
        SELECT Host, Db, User, LOWER(Routine_name), Routine_type, Proc_priv FROM mysql.procs_priv ORDER BY 1, 2, 3, 4, 5;
        SELECT Host, User, Proxied_host, Proxied_user, With_grant FROM mysql.proxies_priv WHERE User NOT IN ('root', 'ccr') ORDER BY 1, 2, 3, 4;
        SELECT * FROM mysql.db ORDER BY 1, 2, 3; SELECT * FROM mysql.roles_mapping ORDER BY 1, 2, 3"
}

# same_accounts A B [WITHOUT]: lines that begin with WITHOUT do not count on B.
same_accounts() {
    { accounts "$1" && grant_tables "$1"; } >"$T/accounts.$1" || return 1
    { accounts "$2" && grant_tables "$2"; } | sed "${3:+/^$3/d}" >"$T/accounts.$2" || return 1
    [ "$(wc -l <"$T/accounts.$1")" -gt 50 ] || return 1
    same_text "$1" "$2" "$T/accounts.$1" "$T/accounts.$2"
}

# None is left but those of a new server and the README's.
drop_users() {
    local hex account statements="GRANT USAGE ON *.* TO PUBLIC; REVOKE ALL PRIVILEGES, GRANT OPTION FROM PUBLIC;"

    for hex in $(account_names "$1" "User IN ('root', 'PUBLIC')"); do
        account=$(basenc --base16 -d <<<"$hex")
        case $account in
        *@*) statements+="DROP USER $account;" ;;
        *) statements+="DROP ROLE $account;" ;;
        esac
    done
    sql "$1" "$statements"
}

grant_users() {
    sql "$1" "$(readme_grants target-users)"
}

# What make_users made, with the databases that it names.
restore() {
    ccr restore target --quiet --with-users "$@"
}

dump() {
    mariadb-dump --no-defaults --socket="$T/$1/sock" --user=root --routines --triggers --events --skip-dump-date \
        --databases shop my_app 'we`ird.db %'
}

manifest() {
    echo "$STORE_DIR"/streams/main/snapshots/*/manifest.json
}
