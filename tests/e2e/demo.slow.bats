# make demo's script and make install.

bats_require_minimum_version 1.5.0
load ../lib/common

@test "make demo replicates a shop of 300,000 rows and more, tells what happened, and leaves nothing behind" {
    mkdir "$BATS_TEST_TMPDIR/tmp"
    run env -u STORE -u MAKEFLAGS TMPDIR="$BATS_TEST_TMPDIR/tmp" make -s -C "$CCR_ROOT" demo
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *stage*rows*bytes*compressed*seconds*rows/s*lag* ]]
    [ "$(awk '/^fill the shop/ { print ($4 >= 300000) }' <<<"$output")" -eq 1 ]
    [ "$(grep -cE '^(backup|restore|ship, shop busy|apply, shop busy|ship the rest|apply the rest) ' <<<"$output")" -ge 8 ]
    [[ $output == *"tar --zstd -tvf "*"mariadb-binlog"*"jq "* ]]
    [[ $output == *"The target equals the source in every table."* ]]
    [ "$(grep -c ' equal$' <<<"$output")" -ge 8 ]
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/tmp")" ]
    # no server of its own is left
    run ! grep -aqsF "datadir=$BATS_TEST_TMPDIR/tmp" /proc/[0-9]*/cmdline
}

@test "make demo STORE=s3: the same through a bucket of a private Ceph" {
    mkdir "$BATS_TEST_TMPDIR/tmp"
    run env -u STORE -u MAKEFLAGS TMPDIR="$BATS_TEST_TMPDIR/tmp" CUSTOMERS=500 ROUNDS=1 make -s -C "$CCR_ROOT" demo STORE=s3 3>&-
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"The store is the bucket demo at http://127.0.0.1:"*"The target equals the source in every table."* ]]
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/tmp")" ]
    run ! grep -aqsF "$BATS_TEST_TMPDIR/tmp" /proc/[0-9]*/cmdline
}

@test "KEEP=1 leaves both servers, and says how to connect and how to stop" {
    mkdir "$BATS_TEST_TMPDIR/tmp"
    run env -u STORE TMPDIR="$BATS_TEST_TMPDIR/tmp" KEEP=1 CUSTOMERS=500 ROUNDS=1 "$CCR_ROOT/bin/ccr-demo" 3>&-
    [ "$status" -eq 0 ]
    local connect stop
    connect=$(sed -n 's/^ *\(mariadb .*\) shop .*# the target.*/\1/p' <<<"$output")
    stop=$(sed -n 's/^ *\(kill .*\)/\1/p' <<<"$output")
    [ "$($connect -N -B -e "SELECT COUNT(*) FROM shop.product")" -eq 100 ]
    bash -c "$stop"
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/tmp")" ]
}

@test "make install puts binaries and documents below DESTDIR and PREFIX" {
    make -s -C "$CCR_ROOT" install DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/opt/ccr
    local root=$BATS_TEST_TMPDIR/root/opt/ccr
    [[ $("$root/bin/ccr-ship" --version) == "ccr-ship "* ]]
    [ -x "$root/bin/ccr-demo" ]
    grep -q '^\.TH ccr-ship 1' "$root/share/man/man1/ccr-ship.1"
    grep -qF '\-\-segment\-age SECONDS' "$root/share/man/man1/ccr-ship.1"
    [ -e "$root/share/doc/ccr/README.md" ]
    [ -e "$root/share/doc/ccr/examples/crontab" ]
    [ -n "$(ls "$root/share/doc/ccr/formats")" ]
}
