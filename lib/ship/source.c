#include "ship/source.h"

#include <string.h>

#include "mysql/server.h"

static void warn_of_settings(const struct server_info *info, struct log *log)
{
    if (strcmp(info->binlog_format, "ROW") != 0)
        log_warn(log,
                 "the source has binlog_format=%s: what it logs as a statement may stop ccr-apply, or need a "
                 "copy of its tables; set binlog_format=ROW",
                 info->binlog_format);
    if (strcmp(info->binlog_row_image, "FULL") != 0 && strcmp(info->binlog_row_image, "FULL_NODUP") != 0)
        log_warn(
            log,
            "the source has binlog_row_image=%s: rows can be replayed, but not checked, and a REPLACE that "
            "names only some columns needs a copy of its table; set FULL",
            info->binlog_row_image);
}

/* What such a server replicates is in its tables, and so in the snapshots, but not in its log. */
static struct err *warn_of_unlogged_replication(struct conn *c, struct log *log)
{
    bool lacks = false;

    TRY(server_lacks_replicated(c, &lacks));
    if (lacks)
        log_warn(log,
                 "the source is or was a replica, and log_slave_updates is off: what it gets from its master "
                 "is missing in its log; set log_slave_updates=ON");
    return NULL;
}

struct err *source_require_log(const struct server_info *info)
{
    if (!info->log_bin)
        return err_hint(err_new(ERR_SOURCE, "the source has no binlog"),
                        "set log_bin, server_id and binlog_format=ROW in its configuration and restart it");
    return NULL;
}

struct err *source_check_settings(struct conn *c, struct log *log)
{
    struct server_info info;

    TRY(server_info_read(c, &info));
    struct err *e = source_require_log(&info);
    if (!e)
        warn_of_settings(&info, log);
    server_info_free(&info);
    return e ? e : warn_of_unlogged_replication(c, log);
}
