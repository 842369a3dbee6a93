# shellcheck shell=bash
# Random DDL beside a backup (load ddl); the choices are $RANDOM's, so `seed` repeats them.
#
#   ddl_schema           the tables, as SQL, for database d
#   ddl_statements N     N random changes of definitions and rows, one per line, with pauses between them

DDL_TABLES=6
DDL_ROWS=4000

ddl_fill() {
    echo "INSERT INTO $1 (v) SELECT CONCAT('$2 ', seq) FROM seq_1_to_$DDL_ROWS;"
}

ddl_create() {
    local engine=InnoDB

    # one of them knows no transactions, one has partitions
    [ "$1" != t2 ] || engine=MyISAM
    echo "CREATE TABLE $1 (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100), n INT DEFAULT 0) ENGINE=$engine$(
        [ "$1" != t3 ] || echo " PARTITION BY HASH (id) PARTITIONS 3");"
}

ddl_schema() {
    local i

    echo "CREATE DATABASE d; USE d;"
    for ((i = 1; i <= DDL_TABLES; i++)); do
        ddl_create "t$i"
        ddl_fill "t$i" begin
    done
}

# Any but those whose engine or partitions differ: what is exchanged must stay alike.
ddl_pair() {
    a=t$((4 + RANDOM % (DDL_TABLES - 3))) b=t1
}

ddl_change() {
    local t=t$((1 + RANDOM % DDL_TABLES)) column=c$((RANDOM % 3)) a b

    case $((RANDOM % 14)) in
    0) echo "ALTER TABLE $t ADD COLUMN IF NOT EXISTS $column INT DEFAULT $((RANDOM % 9));" ;;
    1) echo "ALTER TABLE $t ADD COLUMN IF NOT EXISTS $column VARCHAR(9) DEFAULT 'w' FIRST;" ;;
    2) echo "ALTER TABLE $t DROP COLUMN IF EXISTS $column;" ;;
    3) echo "ALTER TABLE $t MODIFY v VARCHAR($((100 + RANDOM % 300))), ALGORITHM=COPY;" ;;
    4) echo "ALTER TABLE $t MODIFY v VARCHAR(100) CHARACTER SET $( ((RANDOM % 2)) && echo latin1 || echo utf8mb4);" ;;
    5) echo "TRUNCATE TABLE $t; $(ddl_fill "$t" "after $RANDOM")" ;;
    6) ddl_pair && echo "RENAME TABLE $a TO moving, $b TO $a, moving TO $b;" ;;
    7) echo "DROP TABLE $t; $(ddl_create "$t") $(ddl_fill "$t" "anew $RANDOM")" ;;
    8) echo "CREATE TABLE IF NOT EXISTS extra$((RANDOM % 3)) SELECT id, v FROM $t WHERE id < 100;" ;;
    9) echo "DROP TABLE IF EXISTS extra$((RANDOM % 3));" ;;
    10) echo "ALTER TABLE $t ADD KEY IF NOT EXISTS by_n (n);" ;;
    11) echo "ALTER TABLE $t DROP KEY IF EXISTS by_n;" ;;
    12) echo "ALTER TABLE t3 TRUNCATE PARTITION p$((RANDOM % 3));" ;;
    13) echo "ALTER TABLE $t RENAME TO other; ALTER TABLE other RENAME TO $t;" ;;
    esac
}

ddl_statements() {
    local i t

    for ((i = 0; i < $1; i++)); do
        ddl_change
        t=t$((1 + RANDOM % DDL_TABLES))
        echo "START TRANSACTION; UPDATE $t SET n = n + 1, v = CONCAT('u', id) WHERE id % $((2 + RANDOM % 9)) = 0; UPDATE t1 SET n = n + 1; COMMIT;"
        [ $((RANDOM % 3)) -gt 0 ] || echo "DO SLEEP(0.$((RANDOM % 2))$((RANDOM % 10)));"
    done
}
