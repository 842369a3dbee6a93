# Random statements, run as they are on one copy of a schema and rewritten on a renamed one, give the same.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE s; CREATE DATABASE o; USE s;
        CREATE TABLE s.a (id INT PRIMARY KEY, n INT, a INT); CREATE TABLE s.b (id INT PRIMARY KEY, n INT, s INT);
        CREATE TABLE o.c (id INT PRIMARY KEY, n INT, b INT);
        INSERT INTO s.a SELECT seq, seq % 7, seq % 3 FROM seq_1_to_20; INSERT INTO s.b SELECT seq, seq % 5, seq FROM seq_5_to_30;
        INSERT INTO o.c SELECT seq, seq % 4, 1 FROM seq_10_to_15"
    follow_start --rename-db s:t --rename-table s.a:o.aa,o.c:t.cc
}

one_of() {
    local -n of=$1

    echo "${of[RANDOM % ${#of[@]}]}"
}

# The text of a query over the tables, in one of many forms.
query() {
    # shellcheck disable=SC2034
    local froms=("s.a JOIN s.b ON s.b.id = a.id" "a, b WHERE a.id = b.id" "\`a\` x JOIN (b AS s LEFT JOIN o.c ON c.id = s.id) ON s.id = x.id"
        "(SELECT a.id, a.n FROM a WHERE a.n > 2) AS q JOIN s.a USING (id)" "o.c AS a" "s.a /* a */ WHERE EXISTS (SELECT 1 FROM b WHERE b.id = a.id)"
        "b NATURAL JOIN (SELECT id FROM o.c) d" "a WHERE a.id IN (SELECT b.n FROM b, o.c WHERE c.id = b.id UNION SELECT s.b.n FROM s.b)"
        "s.b o WHERE o.n = (SELECT MAX(a.n) FROM s.a WHERE a.id <= o.id)")
    # shellcheck disable=SC2034
    local columns=("COUNT(*)" "COUNT(*), 'a.n s.b'" "SUM(EXTRACT(YEAR_MONTH FROM '2026-01-01')) + COUNT(*)" "COUNT(DISTINCT s.f(3))")

    echo "SELECT $(one_of columns) FROM $(one_of froms)"
}

@test "views, routines and DDL with names of every form: the same results on both sides" {
    local i views=0

    seed
    sql source "CREATE FUNCTION s.f(i INT) RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM s.a WHERE a.n > i)"
    for i in $(seq $((${SOAK:-1} * 40))); do
        if sql source "CREATE VIEW v$i AS $(query)" s 2>"$T/refused"; then
            views=$((views + 1))
        fi
        sql source "CREATE PROCEDURE p$i() $(query)" s 2>>"$T/refused" || :
    done
    [ "$views" -gt 20 ] || { cat "$T/refused"; return 1; }
    replay
    for i in $(sql source "SELECT table_name FROM information_schema.views WHERE table_schema = 's'"); do
        [ "$(sql source "SELECT * FROM s.$i")" = "$(sql target "SELECT * FROM t.$i")" ] ||
            { sql source "SHOW CREATE VIEW s.$i"; sql target "SHOW CREATE VIEW t.$i"; return 1; }
    done
    for i in $(sql source "SELECT routine_name FROM information_schema.routines WHERE routine_schema = 's' AND routine_type = 'PROCEDURE'"); do
        [ "$(sql source "CALL s.$i()" s)" = "$(sql target "CALL t.$i()" t)" ] ||
            { sql source "SHOW CREATE PROCEDURE s.$i"; sql target "SHOW CREATE PROCEDURE t.$i"; return 1; }
    done
}
