#!/usr/bin/env bats
# Two shippers at once: the create of the next object is the only fence, and it is enough.

bats_require_minimum_version 1.5.0
load ../lib/common
load log

setup_file() {
    server_start source
    server_grant source source
}

@test "one wins, the other leaves with 'locked', 20 rounds" {
    export DB=race
    sql source "CREATE DATABASE race; CREATE TABLE race.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100))"
    snapshot source
    locked=0
    for round in $(seq 20); do
        insert source 5 "round $round"
        for shipper in 1 2; do
            (
                wait_until 10 test -e "$T/go$round"
                status=0
                ccr ship source --json --segment-size 4K >"$T/result$shipper" 2>"$T/errors$shipper" || status=$?
                echo "$status" >"$T/status$shipper"
            ) 3>&- &
        done
        touch "$T/go$round"
        wait
        both="$(cat "$T/status1") $(cat "$T/status2")"
        echo "round $round: $both"
        case $both in
        "0 75" | "75 0")
            locked=$((locked + 1))
            cat "$T/errors1" "$T/errors2" | grep -q "another ccr-ship has written object"
            ;;
        "0 0") # one after the other: only one can have found something
            [ "$(jq -s '[.[].changed] | sort | tostring' "$T/result1" "$T/result2")" = '"[false,true]"' ]
            ;;
        *) cat "$T/errors1" "$T/errors2" && false ;;
        esac
        shipped_all source
    done
    log_complete source
    [ "$locked" -ge 1 ]
}
