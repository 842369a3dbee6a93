# As kinds.bats, with a table for every type as a key. SOAK=N: N times as many rounds.

load ../lib/common
load kinds

setup_file() {
    kinds_start
}

@test "every type as a key, on both roads, with all row images" {
    local round image road

    for ((round = 0; round < 3 * ${SOAK:-1}; round++)); do
        for road in merged ordered; do
            for image in FULL NOBLOB MINIMAL; do
                sql source "SET GLOBAL binlog_row_image = $image, binlog_row_metadata = $([ $((RANDOM % 2)) -eq 0 ] && echo FULL || echo NO_LOG)"
                kinds_changes 1500 "$([ $image = FULL ] || echo partial)"
                replay --road "$road" --batch-transactions $((1 + RANDOM % 2000))
                kinds_same
            done
        done
    done
}
