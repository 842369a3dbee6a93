# Random DDL of every kind with changes to rows in between: equal on both sides, tables, rows and definitions. SOAK=N: N times as many rounds.

load ../lib/common
load follow

setup_file() {
    follow_servers --log-bin-trust-function-creators=ON
    sql source "CREATE DATABASE a; CREATE DATABASE b"
    follow_start
}

@test "random histories of DDL and changes, on both roads" {
    local round road

    seed
    for ((round = 0; round < 6 * ${SOAK:-1}; round++)); do
        road=$([ $((round % 2)) -eq 0 ] && echo merged || echo ordered)
        perl "$BATS_TEST_DIRNAME/ddl_random.pl" "$RANDOM" 500 >"$T/history.sql"
        sql_client source --force <"$T/history.sql" >/dev/null 2>"$T/history.log" || :
        ship
        run apply --road "$road" --batch-transactions $((1 + RANDOM % 300))
        if [ "$status" -eq 8 ]; then
            # what the log does not hold: said clearly, and behind it goes a new snapshot
            [[ $output == *"not in the log"* || $output == *"depends on the order of rows"* || $output == *"failed on the source"* || $output == *"without transactions"* ]]
            follow_start --replace
        elif [ "$status" -ne 0 ]; then
            echo "$output"
            false
        else
            same a b
        fi
    done
}
