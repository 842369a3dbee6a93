# Every column type of the server, as value and as key, and every kind of table: random changes, equal on both sides. The
# first half of the history goes through backup and restore, the second through ship and apply, in other time zones.

load ../lib/common
load kinds

setup_file() {
    kinds_start 25
}

@test "every type and kind of table: through a snapshot, and merged" {
    kinds_changes 1500
    replay
    kinds_same
}

@test "in order, in small batches, with full row metadata" {
    sql source "SET GLOBAL binlog_row_metadata = FULL"
    kinds_changes 700
    replay --road ordered --batch-transactions 9
    kinds_same
}

@test "row images NOBLOB and MINIMAL" {
    sql source "SET GLOBAL binlog_row_metadata = MINIMAL, binlog_row_image = NOBLOB"
    kinds_changes 300 partial
    sql source "SET GLOBAL binlog_row_metadata = NO_LOG, binlog_row_image = MINIMAL"
    kinds_changes 300 partial
    replay
    sql source "SET GLOBAL binlog_row_image = FULL"
    kinds_same
}
