# What a job needs is gone from the source before a copy was taken: dropped, renamed, its partition reorganized.

bats_require_minimum_version 1.5.0
load ../lib/common
load job

setup_file() {
    mkdir -p "$XDG_STATE_HOME"
    follow_servers
    sql source "CREATE DATABASE d; USE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT); INSERT INTO d.t SELECT seq, 0 FROM seq_1_to_100"
    follow_start --databases d
    sql source "CREATE DATABASE other; CREATE TABLE d.p (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id)
        (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (1000)); INSERT INTO d.p SELECT seq, 1 FROM seq_1_to_20" d
    replay
}

needs() {
    sql target "SELECT GROUP_CONCAT(kind, ' ', db, '.', name ORDER BY db, name) FROM ccr.needs WHERE job = 'j'"
}

# The log cannot bring in d.NAME.
arrives() {
    local name

    for name in "$@"; do
        sql source "CREATE TABLE other.$name (id INT PRIMARY KEY, v INT); INSERT INTO other.$name VALUES (1, 1); RENAME TABLE other.$name TO d.$name; INSERT INTO d.$name VALUES (2, 2)"
    done
    sql source "INSERT INTO d.t (id, v) SELECT MAX(id) + 1, 5 FROM d.t"
    ship
    run ccr apply target --job j
    fails 8 "d.$1"
}

# rounds N: so many cycles of both sides, the last of which has nothing left to do.
rounds() {
    for _ in $(seq "$1"); do
        ship
        ccr backup source --requested --quiet
        # each may come to the next thing that is needed
        ccr restore target --job j --requested --quiet || [ $? -eq 8 ]
        ccr apply target --job j --quiet || [ $? -eq 8 ]
    done
    ship
    apply
    [ "$(needs)" = NULL ] || { needs; return 1; }
    [ -z "$(find "$STORE_DIR/jobs" -path '*/requests/*' -type f)" ]
    same d
}

@test "a table that the job waits for is dropped: the answer is that it is gone, and the job goes on" {
    arrives gone
    sql source "DROP TABLE d.gone; INSERT INTO d.t (id, v) SELECT MAX(id) + 1, 6 FROM d.t"
    ship
    run --separate-stderr ccr backup source --requested --json
    [ "$status" -eq 0 ]
    [ "$(json_of '.requests[0] | "\(.state) \(.gone)"')" = "answered d.gone" ]
    [[ $(json_of .reason) == *"(not there any more: d.gone)" ]]
    rounds 1
    [[ $(sql target "SELECT CONCAT(what, ': ', reason) FROM ccr.history WHERE job = 'j' ORDER BY id DESC LIMIT 1") == "partial copy of snapshot "*"needed since"* ]]
}

@test "with another table of the same statement that is still there, and passed over meanwhile" {
    sql source "CREATE TABLE other.one (id INT PRIMARY KEY); CREATE TABLE other.two (id INT PRIMARY KEY); INSERT INTO other.two VALUES (7);
        RENAME TABLE other.one TO d.one, other.two TO d.two"
    ship
    run ccr apply target --job j --on-need pass
    fails 8 "d.one"
    sql source "DROP TABLE d.one; INSERT INTO d.two VALUES (8)"
    ship
    run ccr apply target --job j --on-need pass
    fails 8
    rounds 1
    [ "$(sql target "SELECT COUNT(*) FROM d.two")" -eq 2 ]
}

@test "renamed on, within the scope and out of it; its database dropped" {
    arrives a b c
    sql source "RENAME TABLE d.a TO d.a2, d.b TO other.b2; ALTER TABLE d.c RENAME d.c2; INSERT INTO d.a2 VALUES (3, 3)"
    rounds 7
    [ "$(sql target "SELECT COUNT(*) FROM d.a2")" -eq 3 ]
    sql source "DROP TABLE d.a2, d.c2, other.b2"
    rounds 1
}

@test "asked for by a person, and dropped or renamed since: the need follows the table" {
    sql source "CREATE TABLE d.u (id INT PRIMARY KEY); INSERT INTO d.u VALUES (1), (2); CREATE TABLE d.w LIKE d.u"
    replay
    sql target "DELETE FROM d.u WHERE id = 2"
    job resync --job j --reason "rows are missing" --tables d.u,d.w --quiet
    job resync --job j --reason "it looks odd" --partitions 'd.p:p1' --quiet
    sql target "UPDATE d.p SET v = 9"
    sql source "RENAME TABLE d.u TO d.u2; DROP TABLE d.w; RENAME TABLE d.p TO d.p2"
    replay
    [ "$(needs)" = "partial d.p2,partial d.u2,partial d.w" ]
    rounds 2
}

@test "a partition that is gone: the table is copied" {
    job resync --job j --reason "it looks odd" --partitions 'd.p2:p1' --quiet
    sql target "UPDATE d.p2 SET v = 9"
    sql source "ALTER TABLE d.p2 REORGANIZE PARTITION p1 INTO (PARTITION p1a VALUES LESS THAN (15), PARTITION p1b VALUES LESS THAN (1000))"
    replay
    rounds 2
    job resync --job j --reason "it looks odd" --partitions 'd.p2:p1a' --quiet
    sql source "DROP TABLE d.p2"
    replay
    rounds 2
}

@test "a user who might not see it says nothing of it" {
    run job resync --job j --reason "it looks odd" --tables d.nosuch --quiet
    fails 0 "warning: the target has no table d.nosuch: d.nosuch is copied if the source has it"
    sql source "CREATE USER some@localhost; GRANT REPLICATION SLAVE, BINLOG MONITOR, RELOAD, PROCESS, BINLOG ADMIN ON *.* TO some@localhost; GRANT SELECT ON mysql.proc TO some@localhost;
        GRANT SELECT, SHOW VIEW, TRIGGER ON d.t TO some@localhost"
    printf '[client]\nuser = some\nsocket = %s\n' "$T/source/sock" >"$T/some.cnf"
    run "$CCR_BIN/ccr-backup" --store "$STORE" --defaults-file "$T/some.cnf" --requested --relay
    fails 0 "is left: source: the user lacks the privilege SELECT on database d"
    rounds 1
}

@test "a database that the job follows was dropped, and all is to be copied anew" {
    sql source "CREATE DATABASE e; CREATE TABLE e.t (id INT PRIMARY KEY)"
    ccr backup source --quiet
    ccr restore target --job k --databases d,e --rename-db d:copy --quiet
    # behind the snapshot that is there
    sql source "INSERT INTO d.t (id, v) SELECT MAX(id) + 1, 5 FROM d.t"
    ship
    ccr apply target --job k --quiet
    sql source "DROP DATABASE e"
    job resync --job k --reason "all of it" --quiet
    ship
    ccr backup source --requested --quiet
    ccr restore target --job k --requested --quiet
    [ "$(sql target "SELECT COUNT(*) FROM ccr.needs WHERE job = 'k'")" -eq 0 ]
    [ -z "$(sql target "SHOW DATABASES LIKE 'e'")" ]
    same_tables source target d:copy
}
