#!/bin/sh
# A restore test for every night: the newest snapshot into a scratch server, its rows counted, the server emptied again.
#
#   restore-test.sh CONFIG TARGET OPTIONS
#
# TARGET is the [target] section of a scratch server, on which nothing else lives: the script ends at once where it holds any
# database. OPTIONS is a MySQL option file to reach it by for counting and dropping. The binaries, jq and a mariadb
# client are in the PATH. Prints one line; exit code 0 only if all is well, so cron's mail or a timer's OnFailure tells:
#
#   30 5 * * *  ccr  restore-test.sh /etc/ccr/ccr.conf scratch /etc/ccr/scratch.cnf >>/var/log/ccr/restore-test.log
#
# --standalone restores with triggers, views and events, as one would in an emergency; no job is made.
set -eu

: "${3:?usage: $0 CONFIG TARGET OPTIONS}"
config=$1
target=$2
options=$3

scratch() {
    mariadb --defaults-file="$options" --batch --skip-column-names --execute="$1"
}

# As identifiers, quoted.
databases() {
    scratch "SELECT CONCAT('\`', REPLACE(schema_name, '\`', '\`\`'), '\`') FROM information_schema.schemata
        WHERE schema_name NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema', 'test')"
}

# The rows of all tables, counted one by one.
count_rows() {
    scratch "SELECT CONCAT('SELECT COUNT(*) FROM \`', REPLACE(table_schema, '\`', '\`\`'), '\`.\`', REPLACE(table_name, '\`', '\`\`'), '\`;')
        FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
        AND table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')" |
        mariadb --defaults-file="$options" --batch --skip-column-names --raw | awk '{ n += $1 } END { print n + 0 }'
}

left=$(databases)
if [ -n "$left" ]; then
    echo "$target is no scratch server, or an earlier test has not ended: it holds $left" >&2
    exit 1
fi

# Definers that only the source has do not stop the test.
result=$(ccr-restore --config "$config" --target "$target" --standalone --missing-definer keep --json)
wanted=$(printf '%s' "$result" | jq .rows)
found=$(count_rows)

databases | while read -r database; do
    scratch "DROP DATABASE $database"
done

printf '%s ' "$(date -u +%FT%TZ)"
printf '%s' "$result" | jq -r '"snapshot \(.snapshot), \(.tables) tables, \(.rows) rows, \(.seconds | floor) s"' | tr -d '\n'
if [ "$found" != "$wanted" ]; then
    echo ": FAILED, the server has $found rows"
    exit 1
fi
echo ": all there"
