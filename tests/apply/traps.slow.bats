# Facts of the server that take their time to show.

load ../lib/common
load follow

setup_file() {
    follow_servers
    sql source "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO d.t VALUES (1, 'a'), (2, 'b')"
    follow_start
}

@test "a lock wait that times out rolls back only its statement: the batch is rolled back, and done again" {
    sql source "BEGIN; INSERT INTO d.t VALUES (3, 'c'); UPDATE d.t SET v = 'source' WHERE id = 2; COMMIT; INSERT INTO d.t VALUES (4, 'd')"
    ship
    rows_hold target "UPDATE d.t SET v = 'mine' WHERE id = 2; SELECT 'held'"
    ccr apply target --job j --json --quiet >"$T/result" 7>&- &
    run=$!
    wait_until 10 row_is_awaited
    # the session waits for 20 s
    wait_until 60 row_is_awaited_anew
    rows_release ROLLBACK
    wait "$run"
    output=$(<"$T/result")
    [ "$(json_of '"\(.redone >= 1) \(.rows) \(.batches)"')" = "true 3 1" ]
    same d
}
