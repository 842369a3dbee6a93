#include "restore/stats_locks.h"

#include <stddef.h>

static const char *const tables[] = {"innodb_table_stats", "innodb_index_stats"};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

void stats_locks_take(struct conn *c)
{
    for (size_t i = 0; i < TABLES; i++)
        err_free(conn_exec(c, "HANDLER mysql.%s OPEN AS ccr_%s", tables[i], tables[i]));
}

void stats_locks_release(struct conn *c)
{
    for (size_t i = 0; i < TABLES; i++)
        err_free(conn_exec(c, "HANDLER ccr_%s CLOSE", tables[i]));
}
