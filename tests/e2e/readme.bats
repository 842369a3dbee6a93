# The README's quick start, as it stands there: its settings, option file, config file, commands and crontab.
# Only paths and sockets are those of the test's servers, and the store may be in S3, as the README has it there.
# Stores: file ceph ceph-v2

bats_require_minimum_version 1.5.0
load ../lib/common

# block LANGUAGE [NAME]: the fenced block with this heading, without its indentation.
block() {
    sed 's/^   //' "$CCR_ROOT/README.md" |
        awk -v fence="\`\`\`$*" '$0 == fence { inside = 1; next } /^```/ { inside = 0 } inside'
}

# The settings of a my.cnf block as options of mariadbd.
settings() {
    block ini "$1" | sed -n 's/^\([a-z_]*\) = \(.*\)$/--\1=\2/p'
}

# machine NAME: what /etc/ccr would hold there.
machine() {
    local etc=$T/$1/etc

    mkdir -p "$etc"
    {
        block ini server.cnf
        echo "socket = $(server_socket "$1")"
    } >"$etc/server.cnf"
    {
        store_section
        block ini ccr.conf | sed '1,/^$/d'
    } | sed "s|/etc/ccr|$etc|" >"$etc/ccr.conf"
}

# The config file's first section.
store_section() {
    if [ "$CCR_TEST_STORE" = file ]; then
        block ini ccr.conf | sed "/^$/q; s|/srv/ccr|$T/store|"
        return
    fi
    printf '[ccr]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >"$etc/credentials"
    block ini s3.conf | sed "s|s3://backups/ccr|$STORE|; s|https://s3.example.org|$AWS_ENDPOINT_URL|"
    echo "signature = $CCR_SIGNATURE"
    echo
}

# Runs commands as they stand in the README on that machine: the environment knows nothing of a store.
on() {
    env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_ENDPOINT_URL -u CCR_SIGNATURE PATH="$CCR_BIN:$PATH" \
        sh -c "$(sed "s|/etc/ccr|$T/$1/etc|")" 3>&-
}

cron_line() {
    block crontab | grep " $1 " | sed 's/^\([^ ]* *\)\{5\}//'
}

setup_file() {
    stores_start
    mapfile -t source_settings < <(settings source.cnf)
    mapfile -t target_settings < <(settings target.cnf)
    server_start db1 --skip-log-bin --binlog-format=MIXED "${source_settings[@]}"
    server_start db2 --skip-log-bin "${target_settings[@]}"
    server_grant db1 source
    server_grant db2 target
    machine db1
    machine db2
    sql db1 "CREATE DATABASE shop; USE shop; CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20));
        INSERT INTO shop.t (v) SELECT CONCAT('row ', seq) FROM seq_1_to_1000;
        CREATE DATABASE other; CREATE TABLE other.t (id INT PRIMARY KEY)"
}

teardown_file() {
    servers_end
    stores_end
}

@test "the quick start's settings are what ccr asks for" {
    [ "$(sql db1 "SELECT @@log_bin, @@binlog_format, @@binlog_row_image")" = $'1\tROW\tFULL' ]
    [ "$(sql db2 "SELECT @@log_bin_trust_function_creators")" = 1 ]
}

@test "the first copy" {
    block sh source | on db1
    block sh target | on db2
    same_tables db1 db2 shop
    same_schema --followed db1 db2 shop
    # the config names one database
    [ -z "$(sql db2 "SHOW DATABASES LIKE 'other'")" ]
}

@test "the crontab keeps it in step, silently" {
    sql db1 "UPDATE shop.t SET v = 'new' WHERE id % 3 = 0; DELETE FROM shop.t WHERE id < 10;
        ALTER TABLE shop.t ADD COLUMN n INT; INSERT INTO shop.t (v, n) VALUES ('last', 1); INSERT INTO other.t VALUES (1)"
    [ "$(block crontab | wc -l)" -eq 3 ]
    run on db1 < <(cron_line "ccr-cycle source")
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    run on db2 < <(cron_line "ccr-cycle target")
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    same_tables db1 db2 shop
    same_schema --followed db1 db2 shop
}

@test "cron/crontab has the README's lines" {
    local side
    for side in source target; do
        [ "$(grep " ccr-cycle $side " "$CCR_ROOT/cron/crontab" | tr -s ' ' | sed 's/ ccr / /')" = \
            "$(block crontab | grep " ccr-cycle $side " | tr -s ' ')" ]
    done
}

@test "the README's commands for looking at the store work" {
    local commands
    store_copy "$T/copy"
    cd "$T/copy"
    commands=$(block sh | grep streams/ | sed "s|/ID/|/$(basename streams/main/snapshots/*[0-9a-f] | head -n 1)/|")
    [ "$(wc -l <<<"$commands")" -eq 3 ]
    run bash -e -o pipefail -c "$commands"
    [ "$status" -eq 0 ]
    [[ $output == *"shop/t/schema.sql"* && $output == *"### DELETE FROM"*"shop"* ]]
}

@test "every option that README and cron name exists" {
    local known option
    known=$(for binary in backup restore ship apply verify prune status job promote cycle; do "$CCR_BIN/ccr-$binary" --help; done)
    while read -r option; do
        if [ "$option" != --zstd ] && ! grep -qE -- "^  $option( |$)" <<<"$known"; then # tar's
            echo "unknown: $option"
            return 1
        fi
    # scripts start other programs, too
    done < <(cat "$CCR_ROOT/README.md" "$CCR_ROOT"/cron/*[!h] | grep -oE -- ' `?--[a-z-]+' | tr -d ' `' | sort -u)
}

@test "one table of the job once more" {
    sql db1 "CREATE TABLE shop.orders (id INT PRIMARY KEY, v INT); INSERT INTO shop.orders SELECT seq, seq FROM seq_1_to_100" shop
    on db1 < <(cron_line "ccr-cycle source")
    on db2 < <(cron_line "ccr-cycle target")
    block sh source-tables | on db1
    # the config names the database, the command the table
    store_copy "$T/copy"
    jq -es 'any(.databases == [] and .only_tables == ["shop/orders"])' "$T/copy"/streams/main/snapshots/*/manifest.json
    sql db1 "DELETE FROM shop.orders WHERE id < 10; DELETE FROM shop.t WHERE id < 20"
    on db1 < <(cron_line "ccr-cycle source")
    on db2 < <(cron_line "ccr-cycle target")
    sql db2 "UPDATE shop.orders SET v = 0"
    run on db2 < <(block sh target-tables)
    [ "$status" -eq 0 ]
    [[ $output == *"restored 1 tables"* ]]
    same_tables db1 db2 shop
    same_schema --followed db1 db2 shop
}
