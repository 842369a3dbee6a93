# --with-users: users, roles and privileges of a snapshot, and what becomes of those that the target has.

# shellcheck disable=SC2154 # bats sets stderr

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
    store_use without
    backup
}

setup() {
    store_use store
    target_clean
    drop_users target
}

teardown_file() {
    servers_end
}

restore() {
    ccr restore target --quiet --with-users "$@"
}

dump() {
    mariadb-dump --no-defaults --socket="$T/$1/sock" --user=root --routines --triggers --events --skip-dump-date \
        --databases shop my_app 'we`ird.db %'
}

manifest() {
    echo "$STORE_DIR"/streams/main/snapshots/*/manifest.json
}

@test "every kind of user, role and privilege: SHOW CREATE USER and SHOW GRANTS are the source's" {
    run --separate-stderr ccr restore target --standalone --with-users --json
    echo "$stderr"
    [ "$status" -eq 0 ]
    [[ $stderr != *warning* ]]
    [ "$(json_of .users_made)" -eq 17 ]
    [ "$(json_of .users_replaced)$(json_of .users_kept)" = 00 ]
    same_accounts source target
    same_schema source target shop my_app
    diff <(dump source) <(dump target)
    nothing_left
    # passwords are what they were, and definers can do what they could
    [ "$(mariadb --no-defaults --socket="$(server_socket target)" --user=never --password=never -N -e "SELECT COUNT(*) FROM shop.v3")" -eq 0 ]
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
    # an empty server takes all of it but what is about tables and routines that it lacks
    server_start plain
    sql_client plain --force <"$T/users.sql" 2>"$T/errors" || true
    diff <(accounts source | grep -v 'ON `shop`\.`\|`t.``a`\|servers\|ON PROCEDURE\|ON FUNCTION\|ON PACKAGE') \
        <(accounts plain | grep -v 'ON `shop`\.`\|servers')
    server_remove plain
}

@test "without --with-users on either side no user is copied" {
    ccr restore target --quiet --standalone --missing-definer=keep --databases my_app
    [ -z "$(account_names target "User IN ('root', 'PUBLIC')")" ]
    [ -z "$(sql target "SHOW GRANTS FOR PUBLIC")" ]
    store_use without
    [ "$(jq .users "$(manifest)")" = null ]
    run --separate-stderr ccr restore target --standalone --with-users
    [ "$status" -eq 2 ]
    [[ $stderr == *"was taken without users"*hint:*"ccr-backup --with-users"* ]]
}

@test "users that are there already, and are the same, need nothing" {
    restore --standalone
    sql target "REVOKE SELECT ON shop.* FROM PUBLIC; GRANT SELECT ON shop.* TO PUBLIC"
    run --separate-stderr ccr restore target --standalone --with-users --replace --json
    [ "$status" -eq 0 ]
    [ "$(json_of .users_made)" -eq 0 ]
    same_accounts source target
}

@test "a user that differs: refused by name, kept, or replaced" {
    restore --standalone
    sql target "SET PASSWORD FOR app@localhost = PASSWORD ('mine'); GRANT FILE ON *.* TO never@localhost; GRANT INSERT ON shop.* TO writer;
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
    diff "$T/before" <(accounts target | sed '/^--- `x509`@/,+2d')

    # writer has reader, so it must be handed on again
    run --separate-stderr ccr restore target --standalone --with-users --replace --existing-users replace
    [ "$status" -eq 6 ]
    [[ $stderr == *"role reader exists, and ccr@localhost is not its administrator"* ]]
    sql target "GRANT reader TO ccr@localhost WITH ADMIN OPTION" || {
        # nobody of ours is: as the source has it, two@10.% is
        sql target "INSERT INTO mysql.roles_mapping VALUES ('localhost', 'ccr', 'reader', 'Y'); FLUSH PRIVILEGES"
    }
    run --separate-stderr ccr restore target --standalone --with-users --replace --existing-users replace --json
    echo "$stderr"
    [ "$status" -eq 0 ]
    [[ $stderr == *"warning: these users of the target become the source's: PUBLIC, app@localhost, never@localhost, writer"* ]]
    [ "$(json_of '"\(.users_made) \(.users_replaced) \(.users_kept)"')" = "0 4 0" ]
    same_accounts source target
    run ccr restore target --standalone --with-users --existing-users overwrite
    [ "$status" -eq 2 ]
}

@test "a job's next restore brings new users, also those with roles of the first" {
    restore --job j
    same_accounts source target
    sql source "CREATE USER later@localhost IDENTIFIED BY 'l'; GRANT reader, writer TO later@localhost; CREATE ROLE third; GRANT third TO reader"
    store_use later
    backup --with-users
    sql source "DROP USER later@localhost; DROP ROLE third"
    store_use store
    cp -r "$STORE_DIR" "$T/both"
    cp -r "$T"/later/streams/main/snapshots/* "$T/both/streams/main/snapshots"
    run --separate-stderr ccr restore target --job j --with-users
    [ "$status" -eq 0 ]
    rm -r "$T/both"
}

@test "privileges follow renames; what is not in scope does not go along" {
    restore --standalone --rename-db my_app:other_app,shop:'new%' --rename-table 'shop.t:new%.T2' 2>"$T/log" || { cat "$T/log"; false; }
    cat "$T/log"
    [[ $(<"$T/log") == *"privileges of app@% on databases that are called like my\\_%: my_app is called other_app here, they do not cover it"* ]]
    diff <(accounts source | sed -e 's/ON `my\\\\_app`/ON `other\\\\_app`/; s/ON `my_app`/ON `other\\\\_app`/' -e 's/`shop`\.`t`/`new%`.`T2`/; s/`shop`\.\*/`new\\\\%`.*/; s/`shop`\./`new%`./' | sort) \
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
    restore --standalone --tables shop.t,shop.v2 --missing-definer=refuse 2>/dev/null || restore --standalone --tables shop.t
    [ "$(accounts target | grep -c 'ON `')" -eq "$(accounts source | grep -c 'ON `\(shop`\.`t\|mysql\)`')" ]
}

@test "privileges on what is no longer there" {
    sql source "CREATE DATABASE stale; CREATE TABLE stale.t (a INT, b INT); CREATE PROCEDURE stale.p() SELECT 1; CREATE USER s@localhost;
        GRANT SELECT ON stale.t TO s@localhost; GRANT UPDATE (b) ON stale.t TO s@localhost; GRANT SELECT ON nowhere.* TO s@localhost;
        GRANT CREATE ON nowhere.t TO s@localhost"
    store_use stale
    sql source "ALTER TABLE stale.t DROP b; CREATE TABLE stale.u (a INT); GRANT SELECT, DELETE ON stale.u TO s@localhost WITH GRANT OPTION; DROP TABLE stale.u"
    backup --databases stale --with-users
    run --separate-stderr ccr restore target --standalone --with-users
    echo "$stderr"
    [ "$status" -eq 0 ]
    [ "$(grep -c 'left out' <<<"$stderr")" -eq 1 ]
    [[ $stderr == *"left out, because what it is about is not there: GRANT UPDATE (\`b\`) ON \`stale\`.\`t\` TO \`s\`@\`localhost\`"* ]]
    diff <(sql source "SHOW GRANTS FOR s@localhost" | sed 's/, UPDATE (`b`)//' | sort) <(sql target "SHOW GRANTS FOR s@localhost" | sort)
    sql source "DROP USER s@localhost; DROP DATABASE stale"
}

@test "a target whose ccr may not hand on what is asked for, or lacks a plugin: refused before anything is loaded" {
    sql target "REVOKE ALL PRIVILEGES, GRANT OPTION FROM ccr@localhost; $(readme_grants target | sed 1d)"
    run --separate-stderr ccr restore target --standalone --with-users
    echo "$stderr"
    [ "$status" -eq 6 ]
    [[ $stderr == *"ccr@localhost does not have these privileges WITH GRANT OPTION: CREATE USER, "*hint:*README* ]]
    [[ $stderr == *"RELOAD"* && $stderr == *"ALL PRIVILEGES"* ]]
    [ -z "$(user_databases target)" ]
    grant_users target
    sql target "REVOKE PROXY ON ''@'%' FROM ccr@localhost"
    run --separate-stderr ccr restore target --standalone --with-users
    [ "$status" -eq 6 ]
    [[ $stderr == *"WITH GRANT OPTION: PROXY"* ]]
    grant_users target
    server_restart target --disable-unix-socket
    run --separate-stderr ccr restore target --standalone --with-users
    echo "$stderr"
    [ "$status" -eq 6 ]
    [[ $stderr == *"lacks the authentication plugin unix_socket of user two@10.%"* ]]
    server_restart target
    [ -z "$(user_databases target)" ]
}

@test "a privilege that the target's server does not know is refused, and no hash is shown" {
    local folder
    cp -r "$STORE_DIR" "$T/strange"
    store_use strange
    folder=$(dirname "$(manifest)")
    snapshot_unpack "$folder" "$T/open"
    sed -i "s/^CREATE USER \`never\`.*/CREATE USER \`never\`@\`localhost\` IDENTIFIED BY PASSWORD '*0123456789ABCDEF0123456789ABCDEF01234567' ACCOUNT FROZEN;/" \
        "$T/open/mysql/users.sql"
    snapshot_repack "$folder" "$T/open" ".users.pieces[0].bytes = $(stat -c %s "$T/open/mysql/users.sql")"
    run --separate-stderr ccr restore target --standalone --with-users --verbose
    echo "$stderr"
    [ "$status" -eq 6 ]
    [[ $stderr == *"does not understand: CREATE USER \`never\`@\`localhost\`..."* ]]
    [[ $stderr != *0123456789ABCDEF* ]]
    [ -z "$(user_databases target)" ]
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

@test "a source's users that it ignores itself are named and left out; hosts by name on a target that ignores them" {
    sql source "CREATE USER h@'db1.example.org'; FLUSH PRIVILEGES"
    store_use host
    run ccr backup source --databases my_app --with-users
    [ "$status" -eq 0 ]
    [[ $output == *"the source ignores its account h@db1.example.org"* ]]
    restore --standalone
    [ "$(sql target "SELECT COUNT(*) FROM mysql.global_priv WHERE User = 'h'")" -eq 0 ]
    sql source "DELETE FROM mysql.global_priv WHERE User = 'h'; FLUSH PRIVILEGES; CREATE USER h@'db1.example.org'"
    drop_users target
    target_clean
    store_use host2
    backup --databases my_app --with-users
    run --separate-stderr ccr restore target --standalone --with-users
    [ "$status" -eq 0 ]
    [[ $stderr == *"the target ignores users by the name of their host (skip_name_resolve): h@db1.example.org"* ]]
    sql source "DROP USER h@'db1.example.org'"
}

@test "ccr-read.sh makes them too" {
    server_start reader
    "$CCR_ROOT/formats/ccr-read.sh" "$STORE_DIR" main --no-defaults --socket="$T/reader/sock" --user=root
    # but for privileges on a table that is gone
    { accounts source && grant_tables source; } | grep -v '\bgone\b' >"$T/accounts.source"
    { accounts reader && grant_tables reader; } >"$T/accounts.reader"
    same_text source reader "$T/accounts.source" "$T/accounts.reader"
    server_remove reader
}
