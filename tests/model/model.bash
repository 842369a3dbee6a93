# shellcheck shell=bash
# One history, replayed in three ways, compared. The source writes it; it is followed by
#
#   native   the server's own replication, into database m of the server `native`
#   merged   ccr-apply as it comes, into database m of the server `target`
#   ordered  ccr-apply with every table on the ordered road, into database o of the same server
#
#   model_servers              starts the three servers
#   model_reset                database m empty and everybody at its start, whatever happened before
#   model_history SEED COUNT   writes a random history of COUNT transactions to $T/history.sql
#   model_round                plays $T/history.sql and compares; 1 where something differs or failed
#   model_rounds ROUNDS COUNT  that many histories, from CCR_SEED on; ROUNDS of the environment comes first
#   model_restart              restarts the replicas, and compares again: counters have to be on the disk
#   model_keep NAME            keeps the history and what was seen, for a failure of that name
#   $MODEL_BATCHES             commits of the merged job so far
#   $MODEL_REFUSED             histories that no server replays
#
# RANDOM decides about the sizes of batches and the number of lanes.

MODEL_BATCHES=0 MODEL_UNMERGED=0 MODEL_REFUSED=0

model_servers() {
    server_start source
    server_start native --skip-log-bin --skip-slave-start
    server_start target --skip-log-bin --local-infile=ON
    server_grant source source
    server_grant target target
    sql source "CREATE USER replica@'%' IDENTIFIED BY 'replica'; GRANT REPLICATION SLAVE ON *.* TO replica@'%'"
}

model_reset() {
    sql source "DROP DATABASE IF EXISTS m; CREATE DATABASE m; CREATE TABLE m.nothing (id INT PRIMARY KEY)" &&
        sql native "STOP SLAVE; RESET SLAVE; DROP DATABASE IF EXISTS m; CREATE DATABASE m; CREATE TABLE m.nothing (id INT PRIMARY KEY);
            SET GLOBAL gtid_slave_pos = '$(sql source "SELECT @@gtid_binlog_pos")';
            CHANGE MASTER TO master_host = '127.0.0.1', master_port = $(server_port source), master_user = 'replica',
                master_password = 'replica', master_use_gtid = slave_pos; START SLAVE" &&
        ccr backup source --quiet --databases m &&
        ccr restore target --quiet --job merged --replace &&
        ccr restore target --quiet --job ordered --rename-db m:o --replace
}

model_history() {
    local units=$CCR_ROOT/build/unit

    case $CCR_BIN in
    */build/*) units=${CCR_BIN%/bin}/unit ;;
    esac
    "$units/model_history" "$1" "$2" >"$T/history.sql"
}

# Everything that can be seen of a database: a line for each row with every column, definitions, what CHECK TABLE says.
model_dump() {
    local statements

    statements=$(sql "$1" "SELECT CONCAT('SELECT \'row of ', t.table_name, '\', ',
            GROUP_CONCAT(CONCAT('COALESCE(HEX(CONCAT(\`', c.column_name, '\`)), \'-\')') ORDER BY c.ordinal_position),
            IF(t.table_type = 'SYSTEM VERSIONED', ', row_start, row_end', ''), ' FROM \`$2\`.\`', t.table_name, '\`',
            IF(t.table_type = 'SYSTEM VERSIONED', ' FOR SYSTEM_TIME ALL', ''), '; SHOW CREATE TABLE \`$2\`.\`', t.table_name,
            '\`; CHECK TABLE \`$2\`.\`', t.table_name, '\`;')
        FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name)
        WHERE t.table_schema = '$2' GROUP BY t.table_name") || return 1
    sql "$1" "$statements" >"$T/dump" || return 1
    sed -E -e "s/^$2\\.//" -e 's/^([^\t]*)(\tCREATE TABLE .*) AUTO_INCREMENT=([0-9]*)/counter of \1 \3\n\1\2/' "$T/dump" |
        LC_ALL=C sort >"$T/$3.all"
    grep -v $'\tcheck\t' "$T/$3.all" >"$T/$3.dump" # InnoDB's own faults: no two servers need to have the same
    grep $'\tcheck\t' "$T/$3.all" | grep -v $'\tstatus\tOK' >"$T/$3.complaints" || :
}

# The server itself can spoil an index over a virtual column; where native replication did not, ccr-apply must not.
model_indexes_sound() {
    [ -s "$T/native.complaints" ] || ! grep . "$T/ordered.complaints" "$T/merged.complaints"
}

model_same() {
    local who

    model_dump source m source && model_dump native m native && model_dump target m merged && model_dump target o ordered || return 1
    # a counter of the source also counts what was rolled back
    for who in source native; do
        grep -v '^counter of' "$T/$who.dump" >"$T/$who.uncounted"
    done
    same_text source native "$T/source.uncounted" "$T/native.uncounted" &&
        same_text native ordered "$T/native.dump" "$T/ordered.dump" &&
        same_text native merged "$T/native.dump" "$T/merged.dump" && model_indexes_sound
}

# model_apply JOB [OPTIONS]: in batches of any size, by one lane or several.
model_apply() {
    local job=$1

    shift
    [ $((RANDOM % 3)) -gt 0 ] || set -- --lanes $((2 + RANDOM % 2)) "$@"
    [ $((RANDOM % 4)) -gt 0 ] || set -- --batch-size $((1 + RANDOM % 20))K "$@"
    ccr apply target --job "$job" --quiet --json --batch-transactions $((1 + RANDOM % (RANDOM % 4 ? 40 : 400))) "$@" >"$T/$job.json" || return
    jq -e '.protection.written == []' "$T/$job.json" >/dev/null || { echo "taken for others' writes: $(jq -c .protection.written "$T/$job.json")"; return 1; }
}

# A replica that stopped would make the wait a long one.
native_is_there() {
    sql_client native --vertical --execute="SHOW SLAVE STATUS" >"$T/native.status"
    grep -q "^ *Slave_SQL_Running: No" "$T/native.status" ||
        [ "$(sql native "SELECT @@gtid_slave_pos")" = "$1" ]
}

# A server can log what no server replays: MariaDB 10.11 lets an UPDATE break a unique key over a TEXT column of a partitioned
# table (seed 70024 with 1,500 transactions). Native replication stops there, and then ccr-apply has to, on both roads, and
# name the same transaction. Everybody begins anew behind it.
model_refused_by_all() {
    local gtid job

    ! model_apply ordered --road ordered || return 1
    wait_until 60 native_is_there never || return 1
    grep -q "^ *Slave_SQL_Running: No" "$T/native.status" || return 1
    gtid=$(sql native "SELECT @@gtid_slave_pos")
    gtid=${gtid%-*}-$((${gtid##*-} + 1))
    for job in merged ordered; do
        jq -e --arg gtid "transaction $gtid: " '.error.message | startswith($gtid)' "$T/$job.json" >/dev/null || return 1
    done
    MODEL_REFUSED=$((MODEL_REFUSED + 1))
    model_reset
}

model_round() {
    sql_client source --force <"$T/history.sql" >/dev/null 2>"$T/refused"
    ccr ship source --quiet || return 1
    model_apply merged || { model_refused_by_all; return; }
    MODEL_BATCHES=$((MODEL_BATCHES + $(jq .batches "$T/merged.json")))
    # merged batches that the target refused, done again in order
    MODEL_UNMERGED=$((MODEL_UNMERGED + $(jq .unmerged "$T/merged.json")))
    [ "$(jq .unmerged "$T/merged.json")" -eq 0 ] || { echo "a merged batch was refused"; return 1; }
    model_apply ordered --road ordered || return 1
    wait_until 60 native_is_there "$(sql source "SELECT @@gtid_binlog_pos")" || return 1
    if grep -E "^ *Last_SQL_Error: ." "$T/native.status"; then
        return 1
    fi
    model_same
}

# counters FILE: of a dump.
counters() {
    sed -n 's/^counter of //p' "$1" | LC_ALL=C sort
}

# What InnoDB reads of a counter at its start may be more than it had in memory (an UPDATE of the column, an insert that was
# undone), on native replicas too: it must not be less.
model_restart() {
    local who

    for who in merged ordered; do
        counters "$T/$who.dump" >"$T/$who.counters"
    done
    server_restart native --skip-slave-start && server_restart target && sql native "START SLAVE" || return 1
    model_dump native m native && model_dump target m merged && model_dump target o ordered || return 1
    for who in native merged ordered; do
        grep -v '^counter of' "$T/$who.dump" >"$T/$who.uncounted"
    done
    same_text native ordered "$T/native.uncounted" "$T/ordered.uncounted" &&
        same_text native merged "$T/native.uncounted" "$T/merged.uncounted" || return 1
    for who in merged ordered; do
        counters "$T/$who.dump" | join "$T/$who.counters" - | awk '$3 < $2 { print "counter of", $1, "was", $2, "and is", $3; bad = 1 } END { exit bad }' || return 1
    done
}

model_keep() {
    local folder=${CCR_TEST_LOGS:-$CCR_ROOT/build/test-logs}/model-$1

    mkdir -p "$folder"
    cp "$T/history.sql" "$T/refused" "$T"/*.dump "$T"/*.json "$folder" 2>/dev/null
    echo "the history is kept in ${folder#"$CCR_ROOT"/}; tests/model/shrink makes it smaller"
}

# Seeds CCR_SEED, CCR_SEED + 1, ...
model_rounds() {
    local i current rounds=${ROUNDS:-$1}

    for ((i = 0; i < rounds; i++)); do
        current=$((CCR_SEED + i))
        RANDOM=$current
        model_history "$current" "$2"
        if ! model_round; then
            echo "# failed: CCR_SEED=$current ROUNDS=1 repeats it"
            model_keep "$current"
            return 1
        fi
    done
    echo "# $rounds histories of $2 transactions, $MODEL_BATCHES batches, $MODEL_UNMERGED of them done again in order, $MODEL_REFUSED histories that the server's own replication refused too" >&3
}
