# Random data changes in sessions that change binlog_format as they like, replayed in several runs. SOAK=N: N times as many rounds.

load ../lib/common
load follow

setup_file() {
    follow_servers --log-bin-compress=ON --log-bin-compress-min-len=10 --binlog-annotate-row-events=OFF
    sql source "CREATE DATABASE d; CREATE TABLE d.t (id INT AUTO_INCREMENT PRIMARY KEY, k INT, v VARCHAR(60), UNIQUE (k));
        CREATE TABLE d.u (id INT PRIMARY KEY, n DECIMAL(12,3), x DATETIME(6)); CREATE TABLE d.m (id INT PRIMARY KEY, v VARCHAR(60)) ENGINE = MyISAM;
        INSERT INTO d.u SELECT seq, seq, NOW(6) FROM d.seq_1_to_50"
    follow_start
}

# workload SEED COUNT: statements of one session, some of which fail.
workload() {
    awk -v seed="$1" -v count="$2" 'function r(n) { return int(rand() * n) }
        BEGIN {
            srand(seed)
            split("ROW MIXED STATEMENT", format)
            for (i = 0; i < count; i++) {
                if (!open && r(6) == 0) print "SET SESSION binlog_format = " format[r(3) + 1] ";"
                if (!open && r(4) == 0) { print "START TRANSACTION;"; open = 1 }
                k = r(80)
                c = r(14)
                if (c == 0) print "INSERT IGNORE INTO t (k, v) VALUES (" k ", CONCAT(\"a\", RAND())), (" k + 1 ", NOW(6));"
                if (c == 1) print "SET @v = " k ".5, @s = \"s" k "\"; UPDATE t SET v = CONCAT(@s, k) WHERE k > @v;"
                if (c == 2) print "REPLACE INTO t (k, v) VALUES (" k ", LAST_INSERT_ID());"
                if (c == 3) print "DELETE FROM t WHERE k = " k ";"
                if (c == 4) print "INSERT INTO u VALUES (" k ", " r(1000) "/3, NOW(6)) ON DUPLICATE KEY UPDATE n = n + VALUES(n), x = NOW(6);"
                if (c == 5) print "UPDATE u, t SET u.n = u.n + t.k, t.v = u.n WHERE u.id = t.k AND t.k < " k ";"
                if (c == 6) print "INSERT INTO t (k, v) SELECT id + 100, n FROM u WHERE id = " k " ON DUPLICATE KEY UPDATE v = CONCAT(u.n, \"d\");"
                if (c == 7) print "DELETE u FROM u JOIN t ON u.id = t.k WHERE u.id = " k ";"
                if (c == 8) print "REPLACE INTO m VALUES (" r(20) ", \"m" k "\");"
                if (c == 9) print "UPDATE m SET v = CONCAT(id, " k ") WHERE id < " r(20) ";"
                if (c == 10) print "SET time_zone = \"+0" r(9) ":00\", sql_mode = \"" (r(2) ? "ANSI" : "STRICT_TRANS_TABLES") "\";" \
                    "INSERT INTO u VALUES (" k + 200 ", 1, FROM_UNIXTIME(" r(100000) "));SET sql_mode = \"\";"
                if (c == 11 && open) print "SAVEPOINT s;"
                if (c == 12 && open) print "ROLLBACK TO s;"
                if (c == 13) print "INSERT INTO t (k, v) VALUES (NULL, \"n\"), (" k + 300 ", MD5(\"" k "\"));"
                if (open && r(4) == 0) { print (r(4) ? "COMMIT;" : "ROLLBACK;"); open = 0 }
            }
        }'
}

@test "random workloads in all formats" {
    local i round

    seed
    for ((round = 0; round < 3 * ${SOAK:-1}; round++)); do
        for i in 1 2 3; do
            workload $((RANDOM * 7 + i)) 150 | sql_client source --force d >/dev/null 2>&1
            sql source "FLUSH BINARY LOGS"
            [ $((RANDOM % 2)) -eq 0 ] || replay
        done
        replay
        same d
        [ "$(sql source 'SELECT * FROM d.t ORDER BY id; SELECT * FROM d.u ORDER BY id; SELECT * FROM d.m ORDER BY id')" = \
            "$(sql target 'SELECT * FROM d.t ORDER BY id; SELECT * FROM d.u ORDER BY id; SELECT * FROM d.m ORDER BY id')" ]
    done
}
