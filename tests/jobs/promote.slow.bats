# A promotion under a writing workload, with a ledger of acknowledged writes; and one that is killed at every statement.

load ../lib/common
load ../apply/follow
export PROTECT=detect

setup_file() {
    mkdir -p "$XDG_STATE_HOME"
    follow_servers
    sql source "CREATE DATABASE d; USE d; CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT); CREATE TABLE seen (id INT);
        CREATE TRIGGER a AFTER INSERT ON t FOR EACH ROW INSERT INTO seen VALUES (NEW.id); CREATE TRIGGER b AFTER INSERT ON t FOR EACH ROW SET @x = 1;
        CREATE SEQUENCE s; CREATE TABLE q (id BIGINT DEFAULT (NEXTVAL(s)) PRIMARY KEY, v INT); INSERT INTO q (v) VALUES (1), (2);
        CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2030-01-01 00:00:00' DO DELETE FROM d.seen"
    follow_start
    printf '[client]\nsocket = %s\nuser = root\n' "$T/source/sock" >"$T/source.cnf"
}

# Each write, and the GTID under which it was acknowledged.
clerk() {
    local n gtid

    for ((n = 1; ; n++)); do
        gtid=$(sql source "INSERT INTO d.t (v) VALUES ($1$n); SELECT @@last_gtid" 2>/dev/null) || return 0
        printf '%s\t%s\n' "$gtid" "$1$n" >>"$T/ledger"
    done
}

acknowledged() {
    [ "$(wc -l <"$T/ledger")" -ge "$1" ]
}

# those of the ledger up to a GTID ("le"), or behind it ("gt")
ledger() {
    awk -F '[-\t]' -v end="${2##*-}" -v which="$1" 'which == "le" ? $3 <= end + 0 : $3 > end + 0 { print $4 }' "$T/ledger" | sort
}

@test "the source dies in the middle of its work: what was shipped is there, and the loss that is told is what is missing" {
    local writers=() end loss n

    : >"$T/ledger"
    for n in 1 2; do
        clerk "$n" 3>&- &
        writers+=($!)
    done
    for n in 30 60 90; do
        wait_until 60 acknowledged "$n"
        ship
        [ "$n" -eq 90 ] || apply
    done
    wait_until 60 acknowledged 120
    server_kill source
    wait "${writers[@]}"
    run ccr promote target --job j --source "$T/source.cnf" --json --quiet
    fails 0 "the source cannot be asked"
    # it comes back for a moment: then the loss can be counted
    server_start source
    run ccr promote target --job j --source "$T/source.cnf" --yes
    fails 9 "transactions more" "--accept-loss unshipped"
    ccr promote target --job j --source "$T/source.cnf" --yes --accept-loss unshipped --reason "it is broken" --json >"$T/result"
    end=$(jq -r .loss.position "$T/result")
    loss=$(jq -r .loss.transactions "$T/result")
    [ "$(sql target "SELECT v FROM d.t" | sort | comm -13 - <(ledger le "$end") | wc -l)" -eq 0 ]
    [ "$(sql target "SELECT v FROM d.t" | sort | comm -12 - <(ledger gt "$end") | wc -l)" -eq 0 ]
    [ "$(ledger gt "$end" | wc -l)" -gt 0 ]
    # what the source committed and the target lacks, acknowledged or not
    [ "$loss" -eq $(($(sql source "SELECT COUNT(*) FROM d.t") - $(sql target "SELECT COUNT(*) FROM d.t"))) ]
    sql target "INSERT INTO d.t (v) VALUES (0)"
    [ "$(sql target "SELECT COUNT(*) FROM d.t JOIN d.seen USING (id) WHERE v = 0")" -eq 1 ]
}

@test "a promotion that is killed before every statement is gone on with" {
    local n killed=0 begun='' status=137

    "$CCR_BIN/ccr-job" desync --store "$STORE" --socket "$T/target/sock" --defaults-file "$T/target/ccr.cnf" --job j --yes --quiet
    sql target "DROP DATABASE d"
    store_use killed
    follow_start --quiet
    sql source "INSERT INTO d.t (v) VALUES (4711); UPDATE d.q SET id = 9000 WHERE v = 2"
    ship
    for ((n = 1; status == 137 && n < 300; n++)); do
        status=0
        CCR_FAILPOINT=statement:$n ccr promote target --job j --yes --quiet 2>"$T/err" || status=$?
        killed=$((killed + (status == 137)))
        # from there on a run has other statements
        if [ -z "$begun" ] && [ "$(sql target "SELECT state FROM ccr.states")" = promoting ]; then
            begun=yes n=0
        fi
    done
    echo "killed $killed times, then $status: $(cat "$T/err")"
    [ "$status" -eq 0 ]
    [ "$killed" -gt 40 ]
    same_schema source target d
    sql source "DO SETVAL(d.s, 9000)" # as the promotion did
    same_tables source target d
    [ "$(sql target "SELECT COUNT(*) FROM ccr.history WHERE what LIKE 'promoted by%'")" -eq 1 ]
    [ "$(sql target "SELECT state FROM ccr.states")" = promoted ]
}
