# Definitions that change while a snapshot is taken: it is right, or the backup says what was in its way; never wrong.

# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0
load ../lib/common
load ddl

ROUNDS=${CCR_ROUNDS:-8}

setup_file() {
    server_start source
    server_start target --local-infile=ON --log-bin-trust-function-creators=ON
    server_grant source source
    server_grant target target
}

changing() {
    [ "$(sql source "SELECT MAX(n) > 0 FROM d.t1" 2>/dev/null)" = 1 ]
}

@test "random DDL of every kind: a snapshot and the log behind it are the source, or there is no snapshot" {
    local round status taken=0 refused=0

    seed
    for ((round = 1; round <= ROUNDS; round++)); do
        echo "round $round"
        store_use "store$round"
        ddl_schema | sql_client source
        ddl_statements 25 >"$T/changes.sql"
        sql_client source d <"$T/changes.sql" >/dev/null 2>"$T/changes.log" 3>&- &
        # the first changes are under way
        wait_until 20 changing
        status=0
        ccr backup source --databases d --threads 2 --chunk-size 16K >"$T/backup.out" 2>&1 || status=$?
        wait
        cat "$T/changes.log"
        [ ! -s "$T/changes.log" ]
        if [ "$status" -ne 0 ]; then
            cat "$T/backup.out"
            [ "$status" -eq 5 ]
            grep -qE 'changed|replaced|dropped|definitions change|definition' "$T/backup.out"
            [ -z "$(find "$STORE_DIR" -name manifest.json)" ]
            refused=$((refused + 1))
        else
            taken=$((taken + 1))
            ccr ship source --quiet
            ccr restore target --job j --quiet
            ccr apply target --job j --quiet
            same_tables source target d
            same_schema --followed source target d
        fi
        sql target "DROP DATABASE IF EXISTS d; DROP DATABASE IF EXISTS ccr"
        sql source "DROP DATABASE d"
    done
    echo "# $taken snapshots, $refused refused" >&3
    [ "$((taken + refused))" -eq "$ROUNDS" ]
}
