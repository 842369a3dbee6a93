# ccr-job create: what is looked at before there is a job. Each finding has a server, or a setting, that causes it.

load ../lib/common
load job

# source: tables and settings that the target lacks. bare: a source without a binlog, in another case of names.
setup_file() {
    mkdir -p "$XDG_STATE_HOME" "$T/charsets"
    cp /usr/share/mysql/charsets/*.xml "$T/charsets"
    sed -i 's|^</charsets>|<charset name="utf8mb4"><collation name="utf8mb4_ours_ci" id="1234"><rules><reset>a</reset><p>b</p></rules></collation></charset>&|' \
        "$T/charsets/Index.xml"
    server_start source --character-sets-dir="$T/charsets/" --version=11.4.9-MariaDB --plugin-load-add=ha_archive \
        --log-bin-trust-function-creators=ON --max-allowed-packet=64M
    server_start bare --skip-log-bin --lower-case-table-names=1
    server_start target --secure-timestamp=YES
    for name in source bare; do
        server_grant "$name" source
        { cat "$T/$name/ccr.cnf"; echo "socket = $T/$name/sock"; } >"$T/$name/reach.cnf"
    done
    server_grant target target
    mariadb-tzinfo-to-sql /usr/share/zoneinfo/Europe/Berlin Europe/Berlin | sql_client source mysql
    sql source "CREATE DATABASE good; CREATE TABLE good.t (id INT PRIMARY KEY);
        CREATE DATABASE shop; USE shop;
        CREATE TABLE t (id INT PRIMARY KEY);
        CREATE TABLE keyless (a INT, UNIQUE (a));
        CREATE TABLE arc (id INT) ENGINE=ARCHIVE;
        CREATE TABLE ours (a VARCHAR(10) COLLATE utf8mb4_ours_ci PRIMARY KEY);
        CREATE TABLE hist (id INT PRIMARY KEY) WITH SYSTEM VERSIONING;
        CREATE TABLE cascading (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES good.t (id) ON DELETE CASCADE);
        CREATE TABLE referring (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES good.t (id));
        CREATE FUNCTION f() RETURNS INT RETURN 1;
        SET time_zone = 'Europe/Berlin'; CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR DO DO 1;
        SET GLOBAL binlog_format = 'MIXED', binlog_row_image = 'MINIMAL', default_storage_engine = 'Aria'"
    sql target "CREATE DATABASE shop; CREATE TABLE shop.t (id INT); SET GLOBAL slave_exec_mode = 'IDEMPOTENT'"
}

# Its result alone.
result_of() {
    job create --job new --json "$@" 2>/dev/null
}

check() {
    run result_of --check "$@"
}

# has SEVERITY WHAT PART-OF-THE-MESSAGE: one such finding, with a hint
has() {
    [ "$(json_of "[.findings[] | select(.severity == \"$1\" and .what == \"$2\" and (.hint | length > 0) and
        (.message | contains(\"$3\")))] | length")" -eq 1 ] || { echo "no $1 of $2: $3"; json_of '.findings[]'; return 1; }
}

# All findings of a severity, in their order.
whats() {
    json_of "[.findings[] | select(.severity == \"$1\") | .what] | join(\" \")"
}

@test "what the target lacks of the source, and what would be lost" {
    local severity what text

    check --source "$T/source/reach.cnf" --databases shop
    [ "$status" -eq 9 ]
    while IFS='|' read -r severity what text; do
        has "$severity" "$what" "$text"
    done <<'END'
error|server|slave_exec_mode is 'IDEMPOTENT'
error|engine|ARCHIVE of table shop.arc
error|collation|utf8mb4_ours_ci of table shop.ours
error|time-zone|event shop.ev cannot be created
error|versioned|system-versioned tables such as shop.hist
error|function|log_bin_trust_function_creators is off
error|cascade|shop.cascading (cascading_ibfk_1) to good.t
error|table|in the place of those to come: shop.t
warning|foreign-key|shop.referring (referring_ibfk_1) to good.t
warning|binlog-format|binlog_format is MIXED
warning|row-image|binlog_row_image is MINIMAL
warning|time-zone|it knows no time zones by name
warning|version|is older than the source's, 11.4.9
warning|max-allowed-packet|smaller than the source's 67108864
warning|engine|default_storage_engine is InnoDB, the source's is Aria
warning|key|shop.arc, shop.keyless
info|gtid-domain|GTID domain 0
END
    [ "$(json_of '"\(.errors) \(.warnings) \(.changed) \(.error.message)"')" = "8 8 false job new would not run as it is: 8 errors" ]
    [ -z "$(sql target "SHOW DATABASES LIKE 'ccr'")" ] # nothing is left behind
    # as text: errors first, each with its hint
    run job create --job new --check --source "$T/source/reach.cnf" --databases shop
    fails 9 "error: engine: target: the server lacks" "  hint: install the engine's plugin" "job new would not run"
    [[ $output == *"error: table"*"warning: binlog-format"*"info: gtid-domain"* ]]
}

@test "what is out of the scope is not looked at; --replace and renames make room" {
    sql target "SET GLOBAL slave_exec_mode = 'STRICT', log_bin_trust_function_creators = ON"
    sql source "SET GLOBAL binlog_format = 'ROW', binlog_row_image = 'FULL', default_storage_engine = 'InnoDB'"
    check --source "$T/source/reach.cnf" --databases good
    [ "$status" -eq 0 ]
    [ "$(whats error)/$(whats warning)" = "/time-zone version max-allowed-packet" ]
    check --source "$T/source/reach.cnf" --tables shop.t
    [ "$(whats error)" = table ]
    check --source "$T/source/reach.cnf" --tables shop.t --replace
    [ "$status" -eq 0 ]
    has warning table "shop.t"
    check --source "$T/source/reach.cnf" --tables shop.t --rename-db shop:other
    [ "$status" -eq 0 ]
    check --source "$T/source/reach.cnf" --tables good.t --rename-table good.t:shop.t
    [ "$(whats error)" = table ]
}

@test "a source without a binlog, whose names are in another case; a scope that is not there" {
    check --source "$T/bare/reach.cnf"
    [ "$status" -eq 9 ]
    has error binlog "the source has no binlog"
    has error name-case "lower_case_table_names is 0, the source's is 1"
    check --source "$T/bare/reach.cnf" --databases nowhere
    has error scope "there is no database nowhere"
}

@test "privileges that are missing on either side are named together" {
    sql source "CREATE USER poor@localhost; GRANT SELECT, REPLICATION SLAVE ON *.* TO poor@localhost"
    printf '[poor]\nuser = poor\nsocket = %s\n' "$T/source/sock" >"$T/poor.cnf"
    check --source "$T/poor.cnf:poor" --databases good
    [ "$status" -eq 9 ]
    has error privileges "source: the user lacks PROCESS, BINLOG MONITOR, BINLOG ADMIN"
    has warning privileges "RELOAD, LOCK TABLES"
    sql target "CREATE USER part@localhost; GRANT SELECT, PROCESS, SET USER, BINLOG REPLAY ON *.* TO part@localhost;
        GRANT ALL ON ccr.* TO part@localhost; GRANT ALL ON \`ccr\\_%\`.* TO part@localhost; GRANT ALL ON good.* TO part@localhost"
    printf '[client]\nuser = part\n' >"$T/part.cnf"
    check --source "$T/source/reach.cnf" --databases good --defaults-file "$T/part.cnf"
    has error privileges "target: the user lacks BINLOG ADMIN, READ_ONLY ADMIN"
    [ "$(whats error)" = privileges ] # what it may do on these databases is enough
    check --source "$T/source/reach.cnf" --databases shop --exclude-tables 'shop.*' --defaults-file "$T/part.cnf"
    has error privileges "INSERT, UPDATE, DELETE, CREATE, DROP"
}
