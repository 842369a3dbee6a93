# Data changes logged as statements, for a job that follows one database under another name.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; CREATE DATABASE e; CREATE TABLE d.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50)); CREATE TABLE d.u (id INT PRIMARY KEY, n INT);
        CREATE TABLE e.t (id INT PRIMARY KEY)"
    follow_start --databases d --rename-db d:copy
}

# logs STATEMENTS: as statements, in database d.
logs() {
    sql_client source d <<<"SET SESSION binlog_format = STATEMENT; $1" >/dev/null
    ship
}

@test "renamed: qualified or not, and with a default database that is not followed" {
    logs "INSERT INTO t (v) VALUES ('a'); INSERT INTO d.u VALUES (1, 1); UPDATE d.t, u SET t.v = u.n; USE e; INSERT INTO d.u SELECT id + 10, 2 FROM d.t;
        INSERT INTO e.t VALUES (1)"
    apply
    same_tables source target d:copy
}

@test "several lanes: statements between rows, and in one transaction with them" {
    logs "START TRANSACTION; INSERT INTO t (v) VALUES ('s'); SET @x = 1; UPDATE u SET n = n + 1; COMMIT"
    sql source "INSERT INTO d.u VALUES (30, 1); SET SESSION binlog_format = MIXED; START TRANSACTION; INSERT INTO d.t (v) VALUES (UUID());
        INSERT INTO d.u VALUES (31, 1); UPDATE d.u SET n = n * 2; COMMIT; SET SESSION binlog_format = ROW; UPDATE d.u SET n = n + 1"
    replay --lanes 2
    same_tables source target d:copy
}

@test "both roads, and --dry-run" {
    logs "INSERT INTO t (v) VALUES ('x'), ('y'); DELETE FROM u WHERE id = 30"
    apply --dry-run
    apply --road ordered
    same_tables source target d:copy
}

@test "a statement that touches both sides stops the run" {
    logs "INSERT INTO d.u SELECT id + 100, 3 FROM e.t"
    run apply
    fails 8 'touches what the job follows and what it does not (e.t)' 'INSERT INTO d.u'
    [ "$(sql target 'SELECT COUNT(*) FROM copy.u WHERE id > 100')" -eq 0 ]
}
