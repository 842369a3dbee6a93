# --with-users: users, roles and privileges of a snapshot, and what becomes of those that the target has.

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
    store_use without
    backup
}

setup() {
    store_use store
    target_clean
    drop_users target
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
