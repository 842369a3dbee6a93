/* The source as the beginning of a log that can be replayed. */
#include <stdlib.h>
#include <string.h>

#include "check/checking.h"
#include "mysql/server.h"
#include "mysql/source_check.h"
#include "ship/source.h"

void check_formats(const struct checking *k)
{
    const char *format = facts_setting(k->facts, "binlog_format");
    const char *image = facts_setting(k->facts, "binlog_row_image");

    if (format && strcmp(format, "ROW") != 0)
        check_add(k->list, CHECK_WARNING, "binlog-format", "source",
                  "SET GLOBAL binlog_format = 'ROW', and in the server's option file",
                  "source: binlog_format is %s: changes that are logged as statements stop ccr-apply where "
                  "they cannot be repeated exactly",
                  format);
    if (image && strcmp(image, "FULL") != 0 && strcmp(image, "FULL_NODUP") != 0)
        check_add(k->list, CHECK_WARNING, "row-image", "source",
                  "SET GLOBAL binlog_row_image = 'FULL', and in the server's option file",
                  "source: binlog_row_image is %s: rows can be replayed, but not compared with what they "
                  "were (--check-before-images), and a REPLACE that names only some columns needs a copy of "
                  "its table",
                  image);
}

struct err *check_source_log(const struct checking *k)
{
    struct conn *c = k->p->source;
    struct server_info info = {0};
    bool lacks = false;

    TRY(server_info_read(c, &info));
    struct err *e = check_take(k->list, CHECK_ERROR, "binlog", "source", NULL, source_require_log(&info));
    if (!e && info.is_galera && info.log_bin && !info.log_slave_updates)
        check_add(k->list, CHECK_ERROR, "binlog", "source",
                  "set log_slave_updates=ON in the node's configuration and restart it",
                  "source: a Galera node whose binlog holds nothing of what other nodes write");
    server_info_free(&info);
    if (!e)
        e = server_lacks_replicated(c, &lacks);
    if (lacks)
        check_add(k->list, CHECK_WARNING, "binlog", "source",
                  "set log_slave_updates=ON in its configuration and restart it",
                  "source: it is or was a replica, and what it gets from its master is missing in its log");
    return e;
}

/* Is it the source that the stream was written from? */
struct err *check_source_history(const struct checking *k, const struct manifest *newest)
{
    struct source_check found;

    if (!newest || !k->facts->live || k->facts->end.count == 0)
        return NULL;
    const struct source_check_params params = {
        .conn = k->p->source,
        .params = k->p->source_params,
        .position = &newest->position,
        .fingerprints = newest->fingerprints,
        .fingerprint_count = newest->fingerprint_count,
    };
    struct err *e = source_check(&params, &found);
    if (e)
        return check_take(k->list, CHECK_ERROR, "stream", "source", k->p->source, e);
    if (found.verdict == SOURCE_FORK)
        check_add(k->list, CHECK_WARNING, "stream", "source",
                  "is it the right server? If so, its next snapshot begins a new epoch of the log",
                  "source: its history is not the one that stream %s was written from: %s", k->job->stream,
                  found.detail);
    source_check_free(&found);
    return NULL;
}
