#include "binlog/sql_varies.h"

bool sql_function_varies(const struct sql_token *name)
{
    static const char *const names[] = {
        "UUID",         "UUID_SHORT",   "SYS_GUID",        "SYSDATE",          "RANDOM_BYTES",
        "LOAD_FILE",    "FOUND_ROWS",   "ROW_COUNT",       "VERSION",          "USER",
        "SESSION_USER", "SYSTEM_USER",  "GET_LOCK",        "RELEASE_LOCK",     "RELEASE_ALL_LOCKS",
        "IS_FREE_LOCK", "IS_USED_LOCK", "MASTER_POS_WAIT", "MASTER_GTID_WAIT", "NEXTVAL",
        "LASTVAL",      "SETVAL",       "ENCRYPT",         "BENCHMARK",        "UUID_V4",
        "UUID_V7",      NULL,
    };

    return sql_token_is_any(name, names);
}
