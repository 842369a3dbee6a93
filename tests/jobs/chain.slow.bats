# A chain of three centres: what job one replicates from north to middle, job two ships on from there to south.

bats_require_minimum_version 1.5.0
load ../lib/common
load ../apply/follow

setup_file() {
    local s

    mkdir -p "$XDG_STATE_HOME"
    for s in north middle south; do
        server_start "$s" --log-bin-trust-function-creators=ON --log-slave-updates=ON
    done
    server_grant north source
    server_grant south target
    server_grant middle source
    cp "$T/middle/ccr.cnf" "$T/source.cnf"
    sql middle "DROP USER ccr@localhost"
    server_grant middle target
    sql middle "$(readme_grants source)"
    sql north "CREATE DATABASE shop; USE shop;
        CREATE TABLE kind (id INT PRIMARY KEY, name VARCHAR(20));
        CREATE TABLE item (id INT PRIMARY KEY AUTO_INCREMENT, kind INT, v VARCHAR(40), FOREIGN KEY (kind) REFERENCES kind (id));
        CREATE TABLE ledger (what VARCHAR(40)); CREATE TABLE old (id INT PRIMARY KEY, v TEXT) ENGINE=MyISAM;
        CREATE VIEW names AS SELECT v FROM item;
        INSERT INTO kind SELECT seq, 'n' FROM seq_1_to_9; INSERT INTO item (kind, v) SELECT 1 + seq % 9, 'n' FROM seq_1_to_300"
    sql middle "CREATE DATABASE own; CREATE TABLE own.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(40))"
    ccr backup north --stream north --quiet
    ccr restore middle --stream north --job one --quiet
}

work() {
    sql north "INSERT INTO item (kind, v) SELECT 1 + seq % 9, UUID() FROM seq_1_to_20; UPDATE item SET v = UUID() WHERE id % 7 = 0;
        DELETE FROM item WHERE id % 31 = 0; INSERT INTO ledger VALUES (UUID()); REPLACE INTO old VALUES (1, UUID())" shop
    sql middle "INSERT INTO own.t (v) VALUES (UUID())"
}

# Once through the chain.
pass_on() {
    ccr ship north --stream north --quiet &&
    ccr apply middle --job one --quiet "$@" &&
    ccr ship middle --stream middle --quiet &&
    ccr apply south --job two --quiet
}

all_equal() {
    same_tables north middle shop
    same_tables north south shop
    same_schema --followed north south shop
    same_tables middle south own
}

needs() {
    sql south "SELECT CONCAT_WS('.', db, name) FROM ccr.needs WHERE job = 'two' ORDER BY 1"
}

# What south needs is brought in as its hint says.
bring_in() {
    local tables

    tables=$(needs | paste -sd ,)
    ccr backup middle --stream middle --relay --tables "$tables" --quiet
    ccr restore south --job two --tables "$tables" --quiet
}

# The same, by what both ends do from cron.
answer_requests() {
    ccr backup middle --stream middle --relay --requested --cron
    ccr ship middle --stream middle --cron
    ccr restore south --job two --requested --cron
    ccr apply south --job two --cron
}

copies() {
    sql south "SELECT what FROM ccr.history WHERE job = 'two' AND what LIKE '$1 copy of snapshot %'" | wc -l
}

@test "what a job replicates to a server is in its snapshots only where that is wanted" {
    run ccr backup middle --stream middle
    fails 9 "shop.item (job one)" "shop.ledger (job one)" "relay = on"
    [ ! -e "$STORE_DIR/streams/middle/snapshots" ]
    run ccr backup middle --stream middle --tables 'shop.i*'
    fails 9 "shop.item (job one)"
    # what is its own goes as everywhere
    ccr backup middle --stream own --databases own --quiet
    printf '[store s]\nurl = %s\n[source middle]\nsocket = %s\ndefaults-file = %s\nstream = middle\nrelay = on\n' \
        "$STORE" "$(server_socket middle)" "$T/middle/ccr.cnf" >"$T/chain.conf"
    "$CCR_BIN/ccr-backup" --config "$T/chain.conf" --quiet 3>&-
    ccr restore south --stream middle --job two --quiet
    all_equal
    [ "$(jq -r '[.objects[].db] | unique | join(" ")' "$STORE_DIR"/streams/middle/snapshots/*/manifest.json)" = "own shop" ]
}

@test "changes on both roads, of all kinds, go through the chain" {
    local options

    for options in "" "--road ordered" "--batch-transactions 1" "--lanes 2"; do
        work
        work
        # shellcheck disable=SC2086
        pass_on $options
        all_equal
    done
    # nothing of it was left behind
    run "$CCR_BIN/ccr-status" --store "$STORE" --socket "$T/south/sock" --defaults-file "$T/south/ccr.cnf" --json
    [ "$(json_of '.jobs[0] | "\(.job) \(.state) \(.lag.transactions)"')" = "two following 0" ]
}

@test "DDL goes through the chain" {
    sql north "ALTER TABLE item ADD w INT DEFAULT 7; CREATE TABLE fresh (id INT PRIMARY KEY) SELECT 1 AS id; RENAME TABLE ledger TO book, book TO ledger;
        CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1; DROP VIEW names; CREATE VIEW names AS SELECT v, w FROM item;
        CREATE TRIGGER tr BEFORE INSERT ON fresh FOR EACH ROW SET NEW.id = NEW.id + 100; INSERT INTO fresh VALUES (1);
        CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR DO DELETE FROM fresh; TRUNCATE TABLE ledger" shop
    work
    pass_on
    all_equal
    sql north "DROP TABLE fresh; CREATE TABLE doomed (id INT); CREATE DATABASE more; CREATE TABLE more.t (id INT); INSERT INTO more.t VALUES (1)" shop
    pass_on --road ordered
    all_equal
    same_tables north south more
}

@test "the middle is killed while it applies, and while DDL runs" {
    local point

    for point in commit-before ddl-after; do
        work
        sql north "ALTER TABLE item ADD COLUMN IF NOT EXISTS k_${point%-*} INT DEFAULT 1" shop
        ccr ship north --stream north --quiet
        run env CCR_FAILPOINT="$point" "$CCR_BIN/ccr-apply" --store "$STORE" --socket "$T/middle/sock" --defaults-file "$T/middle/ccr.cnf" --job one
        [ "$status" -eq 137 ]
        ccr ship middle --stream middle --quiet
        ccr apply south --job two --quiet
        work
        pass_on
        all_equal
    done
}

@test "a full copy on the middle: a partial one further on, with its reason, of all its tables at once" {
    sql north "DROP TABLE shop.doomed"
    work
    ccr backup north --stream north --quiet
    ccr restore middle --stream north --job one --quiet
    ccr ship middle --stream middle --quiet
    run ccr apply south --job two
    fails 8 "the source is itself a target, and a ccr-restore there has swapped in what the job follows (5 tables)" \
        "ccr-backup --tables more.t,shop.item,shop.kind,shop.ledger,shop.old" "ccr.needs"
    [ "$(needs | paste -sd ' ')" = "more.t shop.item shop.kind shop.ledger shop.old" ]
    answer_requests
    work
    pass_on
    all_equal
    [ -z "$(needs)" ]
    [ "$(copies full) $(copies partial)" = "1 1" ]
    [ -z "$(sql south "SHOW DATABASES LIKE 'ccr\\_%'")" ]
}

@test "a partial copy on the middle: of the same table further on" {
    work
    ccr backup north --stream north --tables shop.item --quiet
    work
    ccr ship north --stream north --quiet
    ccr restore middle --job one --tables shop.item --quiet
    work
    run pass_on
    fails 8 "swapped in what the job follows (table shop.item)"
    [ "$(needs)" = shop.item ]
    bring_in
    pass_on
    all_equal
    [ "$(copies full) $(copies partial)" = "1 2" ]
}

