# shellcheck shell=bash
# What the suites of lib/binlog share: the programs that drive the parsers.

# The programs of the build under test (CCR_BIN is the folder of its binaries).
binlog_tool() {
    local units=$CCR_ROOT/build/unit tool=$1

    case $CCR_BIN in
    */build/*) units=${CCR_BIN%/bin}/unit ;;
    esac
    shift
    "$units/binlog_$tool" "$@"
}

# The server's binlog files, all of them or from number FIRST on.
binlogs() {
    local name=$1 first=${2:-1} file

    while IFS= read -r file; do
        if [ "$((10#${file##*.}))" -ge "$first" ]; then
            echo "$T/$name/data/${file##*/}"
        fi
    done <"$T/$name/data/binlog.index"
}

# Number of the binlog that the server writes to now, after a fresh one was begun.
binlog_fresh() {
    sql "$1" "FLUSH BINARY LOGS"
    sql "$1" "SHOW MASTER STATUS" | sed 's/^[^.]*\.0*\([0-9]*\).*/\1/'
}
