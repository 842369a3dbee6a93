# Scopes of patterns: what they cover is followed from its CREATE on, and a random workload across the border.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE shop_a; CREATE DATABASE shop_tmp; CREATE DATABASE logs; CREATE DATABASE other;
        CREATE TABLE shop_a.t (id INT PRIMARY KEY, v INT); CREATE TABLE shop_a.audit (id INT PRIMARY KEY, v INT);
        CREATE TABLE logs.e_1 (id INT PRIMARY KEY, v INT); CREATE TABLE logs.other (id INT PRIMARY KEY, v INT);
        CREATE TABLE other.t (id INT PRIMARY KEY, v INT); CREATE TABLE shop_tmp.t (id INT PRIMARY KEY, v INT)"
    ccr backup source --quiet --exclude-databases shop_tmp --exclude-tables '*.audit'
    ccr restore target --quiet --job j --databases 'shop_*' --tables 'logs.e_?'
    sql target "CREATE DATABASE other; CREATE TABLE other.t (mine INT); CREATE TABLE shop_a.audit (mine INT); CREATE TABLE logs.other (mine INT);
        INSERT INTO other.t VALUES (1); INSERT INTO shop_a.audit VALUES (1); INSERT INTO logs.other VALUES (1)"
}

# The tables of both servers that the job follows, or (with NOT) does not.
tables() {
    sql "$1" "SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables
        WHERE table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys', 'ccr') AND $2
        ((table_schema LIKE 'shop\\_%' AND table_schema <> 'shop_tmp' AND table_name <> 'audit')
            OR (table_schema = 'logs' AND table_name LIKE 'e\\__')) ORDER BY 1"
}

in_step() {
    local table

    [ "$(tables source '')" = "$(tables target '')" ] || { tables source ''; echo; tables target ''; return 1; }
    for table in $(tables source ''); do
        [ "$(sql source "CHECKSUM TABLE $table; SELECT * FROM $table ORDER BY 1")" = \
            "$(sql target "CHECKSUM TABLE $table; SELECT * FROM $table ORDER BY 1")" ] || { echo "$table differs"; return 1; }
    done
    # the target's own
    [ "$(tables target NOT)" = "$(printf 'logs.other\nother.t\nshop_a.audit')" ] || { tables target NOT; return 1; }
    [ "$(sql target "SELECT CONCAT_WS(' ', (SELECT mine FROM other.t), (SELECT mine FROM shop_a.audit), (SELECT mine FROM logs.other))")" = "1 1 1" ]
}

@test "new databases and tables are followed from their CREATE on; excluded ones are not" {
    sql source "CREATE DATABASE shop_b; CREATE TABLE shop_b.t (id INT PRIMARY KEY, v INT); INSERT INTO shop_b.t VALUES (1, 1);
        CREATE TABLE shop_b.audit (id INT); INSERT INTO shop_b.audit VALUES (1); CREATE TABLE shop_a.u (id INT PRIMARY KEY, v INT);
        CREATE TABLE logs.e_2 (id INT PRIMARY KEY, v INT); CREATE TABLE logs.e_22 (id INT PRIMARY KEY, v INT); CREATE TABLE shop_tmp.u (id INT);
        INSERT INTO logs.e_2 VALUES (1, 1); INSERT INTO logs.e_22 VALUES (1, 1); INSERT INTO shop_a.audit VALUES (1, 1); INSERT INTO other.t VALUES (5, 5)"
    replay
    in_step
}

@test "a table that a RENAME takes out of the pattern leaves, and its name can be used again" {
    sql source "RENAME TABLE logs.e_2 TO logs.old; CREATE TABLE logs.e_2 (id INT PRIMARY KEY, v INT); INSERT INTO logs.e_2 VALUES (7, 7);
        RENAME TABLE shop_b.t TO shop_tmp.moved; DROP TABLE logs.old, logs.e_1, shop_b.audit; CREATE TABLE logs.e_1 (id INT PRIMARY KEY, v INT)"
    replay
    in_step
}

@test "DROP DATABASE takes what is followed, and leaves what is the target's" {
    sql source "CREATE PROCEDURE shop_a.p() SELECT 1; CREATE VIEW shop_a.v AS SELECT * FROM shop_a.t"
    replay
    sql source "DROP DATABASE shop_a; CREATE DATABASE shop_a; CREATE TABLE shop_a.t (id INT PRIMARY KEY, v INT); INSERT INTO shop_a.t VALUES (1, 2);
        CREATE TABLE shop_a.audit (id INT PRIMARY KEY, v INT); DROP DATABASE logs; CREATE DATABASE logs"
    replay
    in_step
    [ "$(sql target "SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = 'shop_a'")" -eq 0 ]
}

# A statement of the workload. Tables: names in and out of scope; every one of them is a table (id, v) or is missing.
pick() {
    local names=(shop_a.t shop_a.u shop_a.audit shop_b.t shop_b.x logs.e_1 logs.e_2 logs.other other.t other.u shop_tmp.t)

    echo "${names[RANDOM % ${#names[@]}]}"
}

statement() {
    local a b

    a=$(pick) b=$(pick)
    case $((RANDOM % 16)) in
    0 | 1) echo "CREATE TABLE $a (id INT PRIMARY KEY, v INT)" ;;
    2) echo "DROP TABLE $a, $b" ;;
    3) echo "RENAME TABLE $a TO $b" ;;
    4) echo "CREATE TABLE $a LIKE $b" ;;
    5) echo "TRUNCATE TABLE $a" ;;
    6) echo "DELETE FROM $a WHERE id % 3 = $((RANDOM % 3))" ;;
    7) echo "UPDATE $a SET v = v + $RANDOM WHERE id % 2 = 0" ;;
    8) echo "ALTER TABLE $a ADD KEY (v), DROP KEY v" ;;
    9) echo "INSERT IGNORE INTO $a SELECT id + $((RANDOM % 50)), v FROM $b" ;;
    *) echo "INSERT IGNORE INTO $a VALUES ($((RANDOM % 100)), $RANDOM), ($((RANDOM % 100)), $RANDOM)" ;;
    esac
}

@test "a random workload across the border: in step, or a stop that a restore helps; the target's own is untouched" {
    local round code stops=0

    seed
    for round in $(seq $((4 * ${SOAK:-1}))); do
        for _ in $(seq 40); do
            echo "$(statement);"
        done >"$T/workload"
        sql_client source --force <"$T/workload" >/dev/null 2>&1 || :
        ship
        code=0
        apply >"$T/said" 2>&1 || code=$?
        if [ "$code" -eq 8 ]; then
            [ "$(sql target "SELECT COUNT(*) FROM ccr.needs")" -gt 0 ]
            stops=$((stops + 1))
            ccr backup source --quiet --exclude-databases shop_tmp --exclude-tables '*.audit'
            ccr restore target --quiet --job j
        elif [ "$code" -ne 0 ]; then
            cat "$T/said" "$T/workload"
            return 1
        fi
        in_step || { cat "$T/said" "$T/workload"; return 1; }
    done
    echo "# $stops stops in $round rounds" >&2
}
