# shellcheck shell=bash
# Random changes to tables of every kind (kinds.pl, kinds.sql). Needs follow.bash.
#
#   kinds_start [KEYS]             two servers in different time zones, the tables with rows in them, the target restored;
#                                  KEYS: so many of the tables that have a type as their key
#   kinds_changes COUNT [current]  changes on the source; current: not to system-versioned tables, whose history needs full images
#   kinds_same                     tables by CHECKSUM TABLE, rows by their text (there are some), definitions

load follow

kinds_run() {
    KINDS_KEYS=$(cat "$T/keys")
    perl "$BATS_TEST_DIRNAME/kinds.pl" rows "$RANDOM" "$1" "$KINDS_KEYS" | if [ "${2:-}" = current ]; then grep -v history; else cat; fi >"$T/changes.sql"
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
    kinds_run 2000 current
    follow_start || return 1
    { echo 'USE k;' && sed -n '/history/,/;$/p' "$BATS_TEST_DIRNAME/kinds.sql"; } | sql_client source
    [ "$(sql source "SELECT (SELECT COUNT(*) FROM k.v_text) + (SELECT COUNT(*) FROM k.n_day) + (SELECT COUNT(*) FROM k.many) > 5")" -eq 1 ]
}

kinds_changes() {
    seed
    kinds_run "$@"
}

kinds_same() {
    same k && [ -s "$T/rows.source" ]
}
