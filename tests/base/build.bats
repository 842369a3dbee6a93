# What the Makefile does before there is anything to run: installing packages, or saying which.

load ../lib/common

# A copy of what make needs, a fresh machine's list of packages (there are none), and a PATH without sudo. All by relative
# names: who runs it may not be allowed to pass through the folders above.
setup() {
    local tool

    mkdir -p "$T/tree/tools" "$T/tree/packages"
    cp -r "$CCR_ROOT/Makefile" "$CCR_ROOT/.ci" "$T/tree"
    : >"$T/tree/packages/status"
    for tool in make dpkg-query apt-get id; do
        ln -sf "$(command -v $tool)" "$T/tree/tools"
    done
    chmod -R a+rX "$T/tree"
    cd "$T/tree" || return 1
}

# as_nobody COMMAND...: as somebody who may install nothing, on a fresh machine.
as_nobody() {
    local as=()

    [ "$(id -u)" -ne 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    "${as[@]}" env -i PATH=tools DPKG_ADMINDIR=packages "$@"
}

# The values of these variables of the Makefile.
value_of() {
    make -s --eval "value: ; @echo$(printf " \$(%s)" "$@")" value
}

@test "make deps, demo and check: without root and sudo the missing packages are listed, and nothing is done" {
    local target packages

    find . | sort >"$T/before"
    for target in deps demo check; do
        packages=$(value_of DEPS_BUILD "$([ "$target" = check ] && echo DEPS_CHECK || echo DEPS_RUN)")
        run as_nobody make "$target"
        echo "$output"
        [ "$status" -eq 2 ]
        [[ $output == *"neither root nor sudo"*"as root: apt-get install $packages"$'\n'* ]]
        [[ $packages == "gcc make "*" zstd "* ]]
    done
    find . | sort | cmp - "$T/before"
}

@test "make deps: only what is missing is listed, and nothing is said where nothing is" {
    printf 'Package: %s\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nMaintainer: none\nDescription: none\n\n' zstd jq >packages/status
    run as_nobody make deps "DEPS_BUILD=zstd" "DEPS_RUN=jq tar"
    echo "$output"
    [ "$status" -eq 2 ]
    [[ $output == *"apt-get install tar"* ]]
    [[ $output != *zstd* && $output != *jq* ]]
    run as_nobody make deps "DEPS_BUILD=zstd" "DEPS_RUN=jq"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "make help lists every target that a user calls, with what it does" {
    local target

    run make -s -C "$CCR_ROOT" help
    [ "$status" -eq 0 ]
    for target in all deps demo check lint install clean soak fuzz bench; do
        [[ $output == *"make $target "* ]]
    done
}
