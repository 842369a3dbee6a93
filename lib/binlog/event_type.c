/* The names of all event types, as the servers' own tools print them. */
#include "binlog/event.h"

static const char *const low_names[] = {
    [1] = "Start_v3",
    [2] = "Query",
    [3] = "Stop",
    [4] = "Rotate",
    [5] = "Intvar",
    [6] = "Load",
    [7] = "Slave",
    [8] = "Create_file",
    [9] = "Append_block",
    [10] = "Exec_load",
    [11] = "Delete_file",
    [12] = "New_load",
    [13] = "Rand",
    [14] = "User_var",
    [15] = "Format_desc",
    [16] = "Xid",
    [17] = "Begin_load_query",
    [18] = "Execute_load_query",
    [19] = "Table_map",
    [20] = "Write_rows_pre_ga",
    [21] = "Update_rows_pre_ga",
    [22] = "Delete_rows_pre_ga",
    [23] = "Write_rows_v1",
    [24] = "Update_rows_v1",
    [25] = "Delete_rows_v1",
    [26] = "Incident",
    [27] = "Heartbeat",
    [28] = "Ignorable",
    [29] = "Rows_query",
    [30] = "Write_rows",
    [31] = "Update_rows",
    [32] = "Delete_rows",
    [33] = "MySQL_gtid",
    [34] = "MySQL_anonymous_gtid",
    [35] = "MySQL_previous_gtids",
    [36] = "MySQL_transaction_context",
    [37] = "MySQL_view_change",
    [38] = "XA_prepare",
    [39] = "MySQL_partial_update_rows",
    [40] = "MySQL_transaction_payload",
    [41] = "MySQL_heartbeat_v2",
    [42] = "MySQL_gtid_tagged",
};

static const char *const high_names[] = {
    [0] = "Annotate_rows",
    [1] = "Binlog_checkpoint",
    [2] = "Gtid",
    [3] = "Gtid_list",
    [4] = "Start_encryption",
    [5] = "Query_compressed",
    [6] = "Write_rows_compressed_v1",
    [7] = "Update_rows_compressed_v1",
    [8] = "Delete_rows_compressed_v1",
    [9] = "Write_rows_compressed",
    [10] = "Update_rows_compressed",
    [11] = "Delete_rows_compressed",
};

enum {
    LOW_COUNT = sizeof(low_names) / sizeof(low_names[0]),
    HIGH_COUNT = sizeof(high_names) / sizeof(high_names[0]),
};

const char *binlog_type_name(uint8_t type)
{
    const char *name = NULL;

    if (type < LOW_COUNT)
        name = low_names[type];
    else if (type >= BINLOG_ANNOTATE_ROWS && type < BINLOG_ANNOTATE_ROWS + HIGH_COUNT)
        name = high_names[type - BINLOG_ANNOTATE_ROWS];
    return name ? name : "unknown";
}

bool binlog_type_is_compressed(uint8_t type)
{
    return type >= BINLOG_QUERY_COMPRESSED && type <= BINLOG_DELETE_ROWS_COMPRESSED_V2;
}
