# shellcheck shell=bash
# Random changes to tables of every kind (kinds.pl, kinds.sql). Needs follow.bash.
#
#   kinds_start [KEYS]             two servers in different time zones, the tables with rows in them, the target restored;
#                                  KEYS: so many of the tables that have a type as their key
#   kinds_changes COUNT [partial]  changes on the source; partial: such as row images that are not full can tell of
#   kinds_same                     tables by CHECKSUM TABLE, rows by their text (there are some), definitions

load follow

# History needs full images. And where the primary key is the prefix of a BLOB or TEXT, MariaDB 10.11 was seen to log, without them, the
# DELETE of a row under a key that the same transaction had changed before: nothing can replay that.
kinds_partial() {
    perl "$BATS_TEST_DIRNAME/kinds.pl" schema "$1" | sed -n 's/^CREATE TABLE \(k_[0-9]*\) .*PRIMARY KEY (v(.*/\1/p'
    echo history
}

# kinds_run COUNT [NAMES]: without changes to tables with these words in their names
kinds_run() {
    local keys seed=$RANDOM # drawn here: a pipe's own shell has another sequence

    keys=$(cat "$T/keys")
    perl "$BATS_TEST_DIRNAME/kinds.pl" rows "$seed" "$1" "$keys" | if [ -n "${2:-}" ]; then grep -vE "${2//$'\n'/|}"; else cat; fi >"$T/changes.sql"
    sql_client source --force <"$T/changes.sql" >/dev/null 2>"$T/changes.log" || :
    # what may fail is told here; anything else is a mistake of the generator
    ! grep '^ERROR' "$T/changes.log" | grep -vE '^ERROR (1305|1178|1062|1205|1451|1452|1690|1292|1366|4084|1264)'
}

kinds_start() {
    seed
    echo "${1:-0}" >"$T/keys"
    follow_servers
    server_restart source --default-time-zone=+03:30
    server_restart target --default-time-zone=-05:00
    perl "$BATS_TEST_DIRNAME/kinds.pl" schema "${1:-0}" | sql_client source || return 1
    sed '/history/,/;$/d' "$BATS_TEST_DIRNAME/kinds.sql" | sql_client source
    kinds_run 2000 history
    follow_start || return 1
    { echo 'USE k;' && sed -n '/history/,/;$/p' "$BATS_TEST_DIRNAME/kinds.sql"; } | sql_client source
    [ "$(sql source "SELECT (SELECT COUNT(*) FROM k.v_text) + (SELECT COUNT(*) FROM k.n_day) + (SELECT COUNT(*) FROM k.many) > 5")" -eq 1 ]
}

# Several of a test are different ones.
kinds_changes() {
    [ -n "${kinds_seeded:-}" ] || seed
    kinds_seeded=true
    kinds_run "$1" "${2:+$(kinds_partial "$(cat "$T/keys")")}"
}

kinds_same() {
    same k && [ -s "$T/rows.source" ]
}
