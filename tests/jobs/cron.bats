# The files in cron/ that are no scripts: crontab, systemd units, logrotate. (What the crontab's lines do: tests/e2e/readme.bats, cycle.bats.)

bats_require_minimum_version 1.5.0
load ../lib/common

# A copy of cron/ as it would be installed, for the user and the binaries of the test.
setup_file() {
    mkdir -p "$T/etc" "$T/bin"
    cp "$CCR_BIN"/ccr-* "$T/bin"
    cp "$CCR_ROOT"/cron/* "$T/etc"
    sed -i "s|/usr/local/bin|$T/bin|; s|^User=ccr|User=$(id -un)|" "$T/etc"/*.service
    sed -i "s|/var/log/ccr|$T/log|; s|ccr adm|$(id -un) $(id -gn)|" "$T/etc/ccr.logrotate"
}

@test "the systemd units are as systemd wants them" {
    command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
    run systemd-analyze verify --man=no "$T"/etc/*.service "$T"/etc/*.timer
    [ "$status" -eq 0 ]
    # complaints that it makes do without an error
    [[ $output != *"$T/etc"* ]]
    # it does look
    sed -i 's/^OnCalendar=.*/OnCalendar=sometimes/' "$T/etc/ccr-cycle-source.timer"
    run systemd-analyze verify --man=no "$T/etc/ccr-cycle-source.timer"
    grep -q "sometimes" <<<"$output"
}

@test "every timer has its service" {
    local timer
    for timer in "$CCR_ROOT"/cron/*.timer; do
        [ -e "${timer%.timer}.service" ]
    done
}

@test "the file for logrotate, and what it does with a log" {
    command -v logrotate >/dev/null || skip "no logrotate"
    chmod 644 "$T/etc/ccr.logrotate"
    mkdir "$T/log"
    chmod 755 "$T/log"
    echo "a line" >"$T/log/cycle.log"
    run logrotate --debug --state "$T/state" "$T/etc/ccr.logrotate"
    [ "$status" -eq 0 ]
    [[ $output != *error:* ]]
    run logrotate --force --state "$T/state" "$T/etc/ccr.logrotate"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(cat "$T/log/cycle.log.1")" = "a line" ]
}

# Five fields of time, a user, and a command that is one of the binaries with options that it has.
@test "the lines of the crontab" {
    local line fields binary flag seen=0

    while IFS= read -r line; do
        case $line in '' | '#'* | [A-Z]*=*) continue ;; esac
        read -r -a fields <<<"$line"
        for field in "${fields[@]:0:5}"; do
            [[ $field =~ ^(\*|[0-9]+)$ ]]
        done
        [ "${fields[5]}" = ccr ]
        binary=${fields[6]}
        [ -x "$CCR_BIN/$binary" ]
        for flag in "${fields[@]:7}"; do
            case $flag in --*) "$CCR_BIN/$binary" --help | grep -qE -- "^  $flag( |$)" ;; esac
        done
        seen=$((seen + 1))
    done <"$CCR_ROOT/cron/crontab"
    [ "$seen" -ge 4 ]
    grep -q '^MAILTO=' "$CCR_ROOT/cron/crontab"
}
