# More of --with-users: users that the target has and that differ, renames and scope, what is gone, kills, other readers.

# shellcheck disable=SC2154,SC2016 # bats sets stderr; backticks of SQL

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored
load restore
load users

setup_file() {
    servers
    grant_users target
    make_users source
    backup --with-users
}

setup() {
    store_use store
    target_clean
    drop_users target
}

@test "what the store has of them: SQL in a volume, hashes nowhere else" {
    local volume
    [ "$(jq -c '.users | [.accounts, (.pieces | map(.member)), .role_grants]' "$(manifest)")" = \
        '[18,["mysql/users.sql"],["GRANT `reader` TO `root`@`localhost` WITH ADMIN OPTION"]]' ]
    volume=$(printf '%s/%06d.tar.zst' "$(dirname "$(manifest)")" "$(jq '.users.pieces[0].volume' "$(manifest)")")
    tar --zstd -xOf "$volume" mysql/users.sql >"$T/users.sql"
    grep -q "^CREATE USER \`never\`@\`localhost\` IDENTIFIED BY PASSWORD '\*[0-9A-F]*' PASSWORD EXPIRE NEVER;$" "$T/users.sql"
    run ! grep -E "\`(root|mariadb.sys)\`@" "$T/users.sql"
    run ! grep -E '\*[0-9A-F]{40}' "$(manifest)"
    run ! grep -rE '\*[0-9A-F]{40}' "$T/backup.log"
    "$CCR_BIN/ccr-verify" --store "$STORE" --quiet
    cp -r "$STORE_DIR" "$T/short"
    edit_manifest "$T/short/streams/main/snapshots/$(basename "$(dirname "$(manifest)")")/manifest.json" '.users.pieces[0].bytes += 1'
    run "$CCR_BIN/ccr-verify" --store "file://$T/short"
    [ "$status" -eq 7 ]
    [[ $output == *"mysql/users.sql has "* ]]
    # an empty server takes all of it but what is about tables and routines that it lacks
    server_start plain
    sql_client plain --force <"$T/users.sql" 2>"$T/errors" || true
    # (who runs it becomes the administrator of all roles)
    diff <(accounts source | grep -v 'ON `shop`\.`\|`t.``a`\|servers\|ON PROCEDURE\|ON FUNCTION\|ON PACKAGE\|TO `root`') \
        <(accounts plain | grep -v 'ON `shop`\.`\|servers\|TO `root`')
    server_remove plain
}

@test "a user that differs: refused by name, kept, or replaced" {
    restore --standalone
    sql target "SET PASSWORD FOR app@localhost = PASSWORD ('mine'); REVOKE GRANT OPTION ON *.* FROM never@localhost; GRANT INSERT ON shop.* TO writer;
        GRANT SELECT ON *.* TO PUBLIC; DROP USER x509@localhost; GRANT PROXY ON never@localhost TO app@localhost; GRANT reader TO app@localhost"
    accounts target >"$T/before"
    run --separate-stderr ccr restore target --standalone --with-users --replace
    echo "$stderr"
    [ "$status" -eq 9 ]
    [[ $stderr == *"these users exist, unlike the source's: PUBLIC, app@localhost, never@localhost, writer"*hint:*--existing-users=keep* ]]
    diff "$T/before" <(accounts target)

    # ccr is no administrator of reader any more, and app@localhost, who would get it, stays as it is
    run --separate-stderr ccr restore target --standalone --with-users --replace --existing-users keep --json
    [ "$status" -eq 0 ]
    [[ $stderr == *"warning: these users exist on the target, unlike the source's, and stay as they are: PUBLIC, app@localhost, never@localhost, writer"* ]]
    [ "$(json_of '"\(.users_made) \(.users_replaced) \(.users_kept)"')" = "1 0 4" ]
    diff "$T/before" <(accounts target | grep -v '`x509`@')

    # writer has reader, so it must be handed on again
    run --separate-stderr ccr restore target --standalone --with-users --replace --existing-users replace
    [ "$status" -eq 6 ]
    [[ $stderr == *"role reader exists, and ccr@localhost is not its administrator"* ]]
    sql target "GRANT reader TO ccr@localhost WITH ADMIN OPTION"
    run --separate-stderr ccr restore target --standalone --with-users --replace --existing-users replace --json
    echo "$stderr"
    [ "$status" -eq 0 ]
    [[ $stderr == *"warning: these users of the target become the source's: PUBLIC, app@localhost, never@localhost, writer"* ]]
    [ "$(json_of '"\(.users_made) \(.users_replaced) \(.users_kept)"')" = "0 4 0" ]
    same_accounts source target "localhost	ccr	"
    run ccr restore target --standalone --with-users --existing-users overwrite
    [ "$status" -eq 2 ]
}

@test "a job's next restore brings new users, also those with roles of the first" {
    restore --job j
    same_accounts source target "localhost	ccr	"
    [ "$(sql target "SELECT GROUP_CONCAT(Role ORDER BY Role) FROM mysql.roles_mapping WHERE User = 'ccr' AND Admin_option = 'Y'")" = \
        "WITHOUT_ADMIN,r 3é,reader,writer" ]
    sql source "CREATE USER later@localhost IDENTIFIED BY 'l'; GRANT reader TO later@localhost; CREATE ROLE third; GRANT third TO later@localhost"
    cp -r "$STORE_DIR" "$T/later"
    store_use later
    backup --with-users
    run --separate-stderr ccr restore target --job j --with-users --json
    echo "$stderr"
    [ "$status" -eq 0 ]
    [ "$(json_of .users_made)" -eq 2 ]
    same_accounts source target "localhost	ccr	"
    sql source "DROP USER later@localhost; DROP ROLE third"
}

@test "privileges follow renames; what is not in scope does not go along" {
    restore --standalone --rename-db my_app:other_app,shop:'new%' --rename-table 'shop.t:new%.T2' 2>"$T/log" || { cat "$T/log"; false; }
    cat "$T/log"
    [[ $(<"$T/log") == *"privileges of app@% on databases that are called like my\\_%: my_app is called other_app here, they do not cover it"* ]]
    diff <(accounts source | sed -e 's/ON `my\\\\_app`/ON `other\\\\_app`/; s/ON `my_app`/ON `other_app`/' -e 's/`shop`\.`t`/`new%`.`T2`/; s/`shop`\.\*/`new\\\\%`.*/; s/`shop`\./`new%`./' | sort) \
        <(accounts target | sort)
    target_clean
    drop_users target
    run --separate-stderr ccr restore target --standalone --with-users --databases my_app
    echo "$stderr"
    [ "$status" -eq 0 ]
    [[ $stderr == *" privileges are on what is not in scope: they do not go along"* ]]
    diff <(accounts source | grep -v 'ON \(PROCEDURE \|FUNCTION \|PACKAGE \|PACKAGE BODY \)\?`\(shop\|we``ird.db \\*%\)`') <(accounts target)
    target_clean
    drop_users target
    restore --standalone --tables shop.t
    diff <(accounts source | grep 'ON `mysql`') <(accounts target | grep 'ON `' | grep -v PROXY)
    [ "$(sql target "SELECT DISTINCT Db, Table_name FROM mysql.columns_priv ORDER BY 1")" = "$(printf 'mysql\tservers\nshop\tt')" ]
}

@test "privileges on what is no longer there" {
    sql source "CREATE DATABASE stale; CREATE TABLE stale.t (a INT, b INT); CREATE PROCEDURE stale.p() SELECT 1; CREATE USER s@localhost;
        GRANT SELECT ON stale.t TO s@localhost; GRANT UPDATE (b) ON stale.t TO s@localhost; GRANT SELECT ON nowhere.* TO s@localhost;
        GRANT CREATE ON nowhere.t TO s@localhost"
    store_use stale
    sql source "ALTER TABLE stale.t DROP b; CREATE TABLE stale.u (a INT); GRANT SELECT, DELETE ON stale.u TO s@localhost WITH GRANT OPTION; DROP TABLE stale.u"
    backup --with-users
    run --separate-stderr ccr restore target --standalone --with-users
    echo "$stderr"
    [ "$status" -eq 0 ]
    [ "$(grep -c 'left out' <<<"$stderr")" -eq 1 ]
    [[ $stderr == *"left out, because what it is about is not there: GRANT UPDATE (\`b\`) ON \`stale\`.\`t\` TO \`s\`@\`localhost\`"* ]]
    diff <(sql source "SHOW GRANTS FOR s@localhost" | sed 's/, UPDATE (`b`)//' | sort) <(sql target "SHOW GRANTS FOR s@localhost" | sort)
    sql source "DROP USER s@localhost; DROP DATABASE stale"
}

@test "killed anywhere behind the swap: the next run makes the rest" {
    local all before
    CCR_FAILPOINT_LOG=$T/passed restore --standalone
    all=$(grep -c '^statement$' "$T/passed")
    for before in 3 14 35 50 70; do
        target_clean
        drop_users target
        CCR_FAILPOINT=statement:$((all - before)) run restore --standalone
        [ "$status" -eq 137 ]
        restore --standalone
        same_accounts source target
        nothing_left
    done
}

@test "ccr-read.sh makes them too" {
    server_start reader
    "$CCR_ROOT/formats/ccr-read.sh" "$STORE_DIR" main --no-defaults --socket="$T/reader/sock" --user=root
    # but for privileges on a table that is gone, and that its root is the administrator of all roles
    { accounts source && grant_tables source; } | grep -v '\bgone\b\|TO `root`\|localhost	root' >"$T/accounts.source"
    { accounts reader && grant_tables reader; } | grep -v 'TO `root`\|localhost	root' >"$T/accounts.reader"
    same_text source reader "$T/accounts.source" "$T/accounts.reader"
    server_remove reader
}
