#include "mysql/replication.h"

#include <stdlib.h>
#include <string.h>

struct err *replication_query(struct conn *c, struct result **out)
{
    return conn_query(c, out, "SHOW ALL SLAVES STATUS");
}

static const char *column_text(const struct result *r, char **row, const char *name)
{
    const char *value = result_value(r, row, name);

    return value ? value : "";
}

bool replication_next(struct result *r, struct replication *out)
{
    char **row = result_next(r, NULL);

    if (!row)
        return false;
    const char *io = column_text(r, row, "Slave_IO_Running");
    const char *sql = column_text(r, row, "Slave_SQL_Running");
    const char *io_error = column_text(r, row, "Last_IO_Error");
    const char *sql_error = column_text(r, row, "Last_SQL_Error");
    const char *seconds = result_value(r, row, "Seconds_Behind_Master");
    bool stopped = strcmp(sql, "Yes") != 0 || strcmp(io, "No") == 0;

    *out = (struct replication){
        .connection = column_text(r, row, "Connection_name"),
        .state = "running",
        .error = *sql_error ? sql_error : io_error,
        .known = !stopped && seconds,
    };
    if (out->known)
        out->seconds = strtoull(seconds, NULL, 10);
    else
        out->state = stopped ? "stopped" : "connecting";
    return true;
}
