# Names with what people do not write: a sample of it by a seed, in databases, tables, columns, keys, constraints, partitions,
# views, routines, triggers, events, sequences and users (characters.slow.bats has all of it).

# shellcheck disable=SC2016 # backticks of SQL

bats_require_minimum_version 1.5.0
load ../lib/common
load ../lib/stored
load restore
load users
load characters

setup_file() {
    seed
    export CCR_SEED
    servers
    grant_users target
    make_characters source sample
    backup --with-users
}

teardown_file() {
    servers_end
}

@test "a restored server has every name as it is on the source" {
    ccr restore target --quiet --standalone --with-users
    same_everything source target
    same_grants source target
    nothing_left
}

@test "tar unpacks the volumes: a file for each member" {
    same_members
}

@test "every name can be asked for, in backticks" {
    local hex name n=0
    store_use some
    for hex in $(perl "$CCR_ROOT/tests/restore/characters.pl" list "$CCR_SEED"); do
        name=$(perl -e 'print pack("H*", $ARGV[0])' "$hex")
        # a comma divides names
        case $name in *,*) continue ;; esac
        n=$((n + 1))
        [ $((n % 4)) -eq $((CCR_SEED % 4)) ] || continue
        rm -rf "$T/some"
        backup --databases "$name"
        [ "$(jq '[.objects[].db] | unique | length' "$STORE_DIR"/streams/main/snapshots/*/manifest.json)" -eq 1 ]
        [ "$(jq -j '.objects[0].db' "$STORE_DIR"/streams/main/snapshots/*/manifest.json | sed -z 's/`/``/g; s/.*/`&`/' | basenc --base16 -w 0)" = "$hex" ]
    done
    [ "$n" -gt 15 ]
}
