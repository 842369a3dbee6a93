# ccr-job create, publish and delete: what is looked at before there is a job (each finding has a server, or a setting, that
# causes it), what a new job is, and what is left of one.

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
    server_start target --secure-timestamp=YES --partition=OFF
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
        CREATE TABLE keyed (a INT NOT NULL DEFAULT 1 COMMENT 'NOT NULL, ENGINE=ARCHIVE', b INT NOT NULL, c VARCHAR(9) CHARACTER SET latin1 CHECK (c <> ')'),
            KEY (c), UNIQUE (c, b), UNIQUE (a, b));
        CREATE TABLE parted (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2;
        CREATE TABLE hist (id INT PRIMARY KEY) WITH SYSTEM VERSIONING;
        CREATE TABLE cascading (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES good.t (id) ON DELETE CASCADE);
        CREATE TABLE referring (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES good.t (id));
        CREATE FUNCTION f() RETURNS INT RETURN 1;
        CREATE USER app@localhost; CREATE DEFINER=app@localhost SQL SECURITY INVOKER VIEW v AS SELECT id FROM t;
        CREATE DEFINER=app@localhost TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.id;
        SET time_zone = 'Europe/Berlin'; CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR DO DO 1;
        SET GLOBAL binlog_format = 'MIXED', binlog_row_image = 'MINIMAL', default_storage_engine = 'Aria'"
    ccr backup source --quiet --databases good
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
error|partitions|partitioned tables such as shop.parted
error|function|log_bin_trust_function_creators is off
error|cascade|shop.cascading (cascading_ibfk_1) to good.t
error|table|in the place of those to come: shop.t
error|foreign-key|shop.referring (referring_ibfk_1) to good.t leads out of the scope, to a table that the target does not have
warning|binlog-format|binlog_format is MIXED
warning|row-image|binlog_row_image is MINIMAL
warning|time-zone|it knows no time zones by name
warning|version|is older than the source's, 11.4.9
warning|max-allowed-packet|smaller than the source's 67108864
warning|engine|default_storage_engine is InnoDB, the source's is Aria
warning|key|: shop.arc, shop.keyless. They
warning|definer|app@localhost (view shop.v)
note|gtid-domain|GTID domain 0
END
    [ "$(json_of '"\(.errors) \(.warnings) \(.changed) \(.error.message)"')" = "10 8 false job new would not run as it is: 10 errors" ]
    [ -z "$(sql target "SHOW DATABASES LIKE 'ccr'")" ] # nothing is left behind
    # as text: errors first, each with its hint
    run job create --job new --check --source "$T/source/reach.cnf" --databases shop
    fails 9 "error: engine: target: the server lacks" "  hint: install the engine's plugin" "job new would not run"
    [[ $output == *"error: table"*"warning: binlog-format"*"note: gtid-domain"* ]]
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
    sql target "CREATE USER app@localhost"
    check --source "$T/source/reach.cnf" --databases shop
    [[ " $(whats warning) " != *" definer "* ]]
    sql target "DROP USER app@localhost"
    sql source "SET GLOBAL gtid_slave_pos = '7-7-7'"
    check --source "$T/source/reach.cnf" --databases good
    has warning binlog "it is or was a replica"
    sql source "SET GLOBAL gtid_slave_pos = ''"
    sql target "CREATE DATABASE good; CREATE TABLE good.t (id INT PRIMARY KEY)"
    check --source "$T/source/reach.cnf" --tables shop.referring
    [ "$status" -eq 0 ]
    has warning foreign-key "shop.referring (referring_ibfk_1) to good.t"
    sql target "DROP DATABASE good"
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
    # the hint is the statement to run
    sql source "$(json_of '.findings[] | select(.what == "privileges") | .hint | sub(" \\(the README.*"; "")' | sed 's/$/;/')"
    check --source "$T/poor.cnf:poor" --databases good
    [[ " $(whats error) $(whats warning) " != *" privileges "* ]]
    sql target "CREATE USER part@localhost; GRANT SELECT, PROCESS, SET USER, BINLOG REPLAY ON *.* TO part@localhost;
        GRANT ALL ON ccr.* TO part@localhost; GRANT ALL ON \`ccr\\_%\`.* TO part@localhost; GRANT ALL ON good.* TO part@localhost"
    printf '[client]\nuser = part\n' >"$T/part.cnf"
    check --source "$T/source/reach.cnf" --databases good --defaults-file "$T/part.cnf"
    has error privileges "target: the user lacks BINLOG ADMIN, READ_ONLY ADMIN"
    [ "$(whats error)" = privileges ] # what it may do on these databases is enough
    check --source "$T/source/reach.cnf" --databases shop --exclude-tables 'shop.*' --defaults-file "$T/part.cnf"
    has error privileges "INSERT, UPDATE, DELETE, CREATE, DROP"
}

# What was found, but for what only the source can tell.
findings() {
    json_of '.findings[] | select(.what != "source" and (.what != "time-zone" or .severity == "error")) | "\(.severity) \(.what) \(.message)"' | sort
}

@test "without the source, its newest snapshot tells all but the privileges there" {
    local volume

    check --databases good
    [ "$status" -eq 0 ]
    has note source "what its user may do there was not checked"
    has note source "as in snapshot 20"
    has warning version "11.4.9"
    sql source "SET GLOBAL binlog_format = 'MIXED', binlog_row_image = 'MINIMAL'"
    ccr backup source --quiet --databases shop
    check --databases shop --source "$T/source/reach.cnf"
    findings >"$T/live"
    check --databases shop
    [ "$status" -eq 9 ]
    [ "$(whats error)" = "engine collation time-zone versioned partitions cascade foreign-key table" ]
    [ "$(whats warning)" = "binlog-format row-image definer version max-allowed-packet key" ]
    findings | diff "$T/live" -
    sql source "SET GLOBAL binlog_format = 'ROW', binlog_row_image = 'FULL'"
    # what of it is out of the scope does not count
    check --databases shop --exclude-tables 'shop.arc,shop.ours,shop.par*'
    [ "$(whats error)" = "time-zone versioned cascade foreign-key table" ]
    check --tables 'shop.cascading,good.t'
    [ "$(whats error)" = "" ]
    check --databases good --tables 'shop.cascadign,shop.h*'
    has warning scope "does not hold good.*, shop.cascadign"
    # definitions that cannot be read
    volume=$(find "$STORE_DIR"/streams/main/snapshots/*/000001.tar.zst | tail -n 1)
    echo >>"$volume"
    check --databases shop
    has error snapshot "is not what was written"
    has error table shop.t
    truncate -s -1 "$volume"
    check --databases shop --stream other
    has error stream "it has no stream other"
    has note source "nothing is known of the source"
    has error table shop.t
}

@test "a new job is a row, a need, a request and job.json" {
    sql target "SET GLOBAL log_bin_trust_function_creators = ON"
    run job create --job new --databases good
    fails 2 "--reason is missing"
    run job create --job new --databases shop --reason "no chance"
    fails 9 "error: engine: "
    [ -z "$(sql target "SHOW DATABASES LIKE 'ccr'")" ]
    run job create --job new --databases good --rename-db good:copy --source "$T/source/reach.cnf" --reason "for reports"
    fails 0 "job new is made, and waits for its first copy"
    [ "$(sql target "SELECT name, stream, generation, JSON_VALUE(renames, '\$.databases.good') FROM ccr.jobs")" = $'new\tmain\t0\tcopy' ]
    [ "$(sql target "SELECT kind, db, name, reason FROM ccr.needs")" = $'full\t\t\tfor reports' ]
    [ "$(sql target "SELECT COUNT(*) FROM ccr.history WHERE what LIKE 'created by ccr-job (%)' AND reason = 'for reports'")" = 1 ]
    [ "$(jq -r '"\(.format) \(.job) \(.generation) \(.scope.include.databases) \(.renames.databases.good)"' "$STORE_DIR/jobs/new/job.json")" = \
        'ccr job new 0 ["good"] copy' ]
    [ "$(jq -r '"\(.kind) \(.reason)"' "$STORE_DIR"/jobs/new/requests/*.json)" = "full for reports" ]
    run job show --job new
    fails 0 "not copied yet" "the whole job needs a copy: for reports"
    # that name is taken now, here and in the store
    check --databases good
    has error job "it has a job new already"
    sql target "CREATE TABLE ccr.away AS SELECT * FROM ccr.jobs; DELETE FROM ccr.jobs"
    check --databases good
    has error job "another target has a job new: jobs/new/job.json"
    run ccr restore target --job new --databases good --rename-db good:copy
    fails 9 "another target has a job new: jobs/new/job.json" "ccr-job delete --job new --without-target"
    [ -z "$(sql target "SHOW DATABASES LIKE 'copy'")" ]
    sql target "INSERT INTO ccr.jobs SELECT * FROM ccr.away; DROP TABLE ccr.away"
}

@test "the names on the target are those of one job only" {
    run result_of --check --job second --databases good --rename-db good:copy
    has error overlap "job new writes there, too: copy.t"
    run result_of --check --job second --databases good
    [ "$status" -eq 0 ]
    ccr restore target --job new --requested --quiet
    [ "$(sql target "SELECT reason FROM ccr.history WHERE what LIKE 'full copy of snapshot %'")" = "for reports" ]
    [ ! -e "$STORE_DIR/jobs/new/requests" ]
    [ "$(jq .generation "$STORE_DIR/jobs/new/job.json")" = 1 ]
    [ "$(sql target "SHOW TABLES FROM copy")" = t ]
    run result_of --check --job second --databases good --rename-db good:copy
    has error overlap "copy.t"
    has note gtid-domain "that of job new, too"
}

@test "publish makes the store's copy anew" {
    ccr ship source --quiet
    ccr apply target --job new --quiet
    rm -r "$STORE_DIR/jobs"
    run job publish --job nobody
    fails 6 "no job 'nobody'"
    run job publish --job new
    fails 0 "the store has job new as the target has it"
    [ "$(jq -r '"\(.job) \(.generation)"' "$STORE_DIR/jobs/new/job.json")" = "new 1" ]
    [ "$(jq -r .nonce "$STORE_DIR/jobs/new/status.json")" = "$(sql target "SELECT nonce FROM ccr.position_new")" ]
    printf '{' >"$STORE_DIR/jobs/new/status.json"
    job publish --job new --quiet
    jq '.nonce = "00000000000000000000000000000000"' "$STORE_DIR/jobs/new/status.json" >"$T/status.json"
    cp "$T/status.json" "$STORE_DIR/jobs/new/status.json"
    run job publish --job new
    fails 9 "was cloned, or restored from a backup" "ccr-job adopt"
    cmp "$T/status.json" "$STORE_DIR/jobs/new/status.json"
    job adopt --job new --reason "the test wrote it" --quiet
}

lock_is_held() {
    [ "$(sql target "SELECT IS_USED_LOCK('ccr job new') IS NOT NULL")" = 1 ]
}

@test "delete: says first what would go, keeps the data unless told otherwise, and what is not as ccr has made it" {
    sql target "SELECT GET_LOCK('ccr job new', 0), SLEEP(120)" >"$T/lock" 2>&1 3>&- &
    wait_until 20 lock_is_held
    run job delete --job new --yes
    fails 75 "another run of job new is at work"
    sql target "KILL $(sql target "SELECT IS_USED_LOCK('ccr job new')")"
    wait
    server_restart target --secure-timestamp=NO # DDL is applied under the source's time
    sql source "CREATE TABLE good.other (id INT PRIMARY KEY); CREATE VIEW good.v AS SELECT id FROM good.t; CREATE SEQUENCE good.s;
        CREATE EVENT good.e ON SCHEDULE EVERY 1 YEAR DO DO 1"
    ccr ship source --quiet
    ccr apply target --job new --quiet
    sql target "ALTER TABLE copy.other ADD COLUMN mine INT; CREATE TABLE copy.own (id INT)"
    run job delete --job new --with-data --json
    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.changed) \([.tables[].name] | join(" "))"')" = "false v t s" ]
    sql target "REPLACE INTO ccr.states (job, state, since, reason, who) VALUES ('new', 'promoted', NOW(), 'x', 'x')"
    run job delete --job new --with-data --yes
    fails 9 "job new is promoted: its tables are those of a server of its own"
    sql target "UPDATE ccr.states SET state = 'following'"
    run job delete --job new --with-data --yes
    fails 0 "copy.other is not as ccr has made it, and stays" "copy.t: dropped" "job new is deleted, its tables too"
    [ "$(sql target "SHOW TABLES FROM copy")" = $'other\nown' ]
    [ -z "$(sql target "SHOW EVENTS FROM copy")$(sql target "SHOW DATABASES LIKE 'ccr%'")" ]
    [ ! -e "$STORE_DIR/jobs" ]
    # one that was never copied
    job create --job new --databases good --reason again --quiet
    rm -r "$STORE_DIR/jobs"
    job publish --job new --quiet
    [ "$(jq -r .reason "$STORE_DIR"/jobs/new/requests/*.json)" = again ]
    run job delete --job new
    fails 0 "job new would be deleted, its tables stay: --yes does it"
    [ -e "$STORE_DIR/jobs/new/job.json" ]
    run job delete --job new --yes
    fails 0 "job new is deleted, its tables stay"
    [ ! -e "$STORE_DIR/jobs" ]
    run job delete --job new --yes
    fails 6 "no job 'new'"
}

# ccr-job without any server.
forget() {
    "$CCR_BIN/ccr-job" delete --store "$STORE" --socket "$T/nowhere" --without-target "$@" 3>&-
}

@test "a job whose target is gone for good is removed from the store, and holds the log no longer" {
    job create --job new --databases good --rename-db good:again --reason again --quiet
    ccr restore target --job new --requested --quiet
    ccr apply target --job new --quiet
    sql source "CREATE DATABASE later"
    ccr ship source --quiet
    server_stop target
    run job delete --job new --yes
    fails 6 "target: connecting" "is the server up" "ccr-job delete --job new --without-target"
    run "$CCR_BIN/ccr-prune" --store "$STORE" --pitr 1 --json
    [ "$(json_of '[.streams[].jobs[] | .job] | join(" ")')" = new ]
    run forget --job nobody
    fails 4 "the store has nothing of a job 'nobody'" "ccr-status"
    run forget --job new --with-data
    fails 2 "does not go with --without-target"
    run job desync --job new --without-target
    fails 2 "takes no --without-target"
    run forget --job new
    fails 0 "its target last reported at 20" "holds the log of stream main from object" "--yes does it" "gone for good"
    [ -e "$STORE_DIR/jobs/new/status.json" ]
    printf '{' >"$STORE_DIR/jobs/new/status.json"
    run forget --job new
    fails 0 "the report cannot be read"
    run forget --job new --yes --json
    [ "$status" -eq 0 ]
    [ "$(json_of '"\(.changed) \(.job) \(.objects)"')" = "true new 2" ]
    [ ! -e "$STORE_DIR/jobs" ]
    run "$CCR_BIN/ccr-prune" --store "$STORE" --pitr 1 --json
    [ "$(json_of '[.streams[].jobs[]] | length')" = 0 ]
    run forget --job new --yes
    fails 4 "nothing of a job 'new'"
    # it comes back after all
    server_start target --secure-timestamp=NO
    ccr apply target --job new --quiet
    [ "$(jq -r .job "$STORE_DIR/jobs/new/status.json")" = new ]
    [ "$(sql target "SELECT pos FROM ccr.position_new")" = "$(sql source "SELECT @@gtid_binlog_pos")" ]
    job delete --job new --with-data --yes --quiet
}

@test "a source of another history than the stream's" {
    sql source "RESET MASTER; CREATE TABLE good.more (id INT PRIMARY KEY)"
    for id in {1..60}; do echo "INSERT INTO good.more VALUES ($id);"; done | sql_client source
    check --source "$T/source/reach.cnf" --databases good
    has warning stream "its history is not the one that stream main was written from"
}
