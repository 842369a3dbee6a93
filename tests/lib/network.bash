# shellcheck shell=bash
# Networks that break (load ../lib/network, behind common): net_proxy.py, one for each server that a test wants behind one.
#
#   network_start NAME UPSTREAM    between clients and that server of the test's, or that port; $T/NAME.net is its folder
#   network_port NAME              where clients connect
#   network NAME COMMAND...        the commands of net_proxy.py
#   network_broken NAME            the fault that was armed last has happened
#   networks_end
#
# A server takes users by TCP who are users of 127.0.0.1, not of localhost.

network_start() {
    local upstream=$2 folder=$T/$1.net

    [ ! -d "$T/$upstream" ] || upstream=$(server_port "$upstream")
    mkdir -p "$folder"
    "$CCR_ROOT/tests/lib/net_proxy.py" "$upstream" "$folder" >"$folder/log" 2>&1 </dev/null 3>&- &
    echo $! >"$folder/pid"
    disown $!
    wait_until 30 test -e "$folder/port"
}

network_port() {
    cat "$T/$1.net/port"
}

network() {
    local name=$1 answer

    shift
    [ "$1" = passed ] || : >"$T/$name.net/events"
    exec 8<>"/dev/tcp/127.0.0.1/$(cat "$T/$name.net/control")"
    printf '%s\n' "$*" >&8
    read -r answer <&8
    exec 8>&-
    [ "$answer" = ok ] || { printf '%s\n' "$answer" && [ "$1" = passed ]; }
}

network_broken() {
    grep -q fired "$T/$1.net/events"
}

networks_end() {
    local file pid

    for file in "$T"/*.net/pid; do
        [ -e "$file" ] || continue
        pid=$(<"$file")
        kill "$pid" 2>/dev/null
        wait_until 20 process_ended "$pid"
    done
}
