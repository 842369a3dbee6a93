#include "mysql/blockers.h"

#include <stdlib.h>
#include <string.h>

static const char query_format[] =
    "SELECT p.ID, p.USER, p.HOST, p.COMMAND, p.TIME, LEFT(REPLACE(p.INFO, '\n', ' '), 100), "
    "TIMESTAMPDIFF(SECOND, t.STARTED, NOW()) "
    "FROM information_schema.PROCESSLIST p LEFT JOIN (SELECT trx_mysql_thread_id AS ID, "
    "MIN(trx_started) AS STARTED FROM information_schema.INNODB_TRX GROUP BY trx_mysql_thread_id) t "
    "ON t.ID = p.ID WHERE p.ID NOT IN (CONNECTION_ID()%s) AND p.USER NOT IN ('system user', "
    "'event_scheduler') "
    "AND p.COMMAND NOT IN ('Daemon', 'Binlog Dump') AND COALESCE(p.STATE, '') NOT LIKE 'Waiting for "
    "%%lock%%' "
    "ORDER BY p.COMMAND = 'Sleep' AND t.ID IS NULL, p.TIME DESC LIMIT 5";

static void describe_one(char **row, struct buf *out)
{
    buf_printf(out, "%sconnection %s (%s@%s, ", out->len ? "; " : "", row[0], row[1], row[2] ? row[2] : "");
    if (row[5])
        buf_printf(out, "for %s s: %s", row[4], row[5]);
    else if (row[6])
        buf_printf(out, "in a transaction for %s s", row[6]);
    else
        buf_printf(out, "idle for %s s", row[4]);
    buf_append_byte(out, ')');
}

char *blockers_describe(struct conn *c, const uint64_t *own, size_t own_count)
{
    struct buf list = BUF_INIT;
    struct buf out = BUF_INIT;
    struct result *r = NULL;
    char **row;

    for (size_t i = 0; i < own_count; i++)
        buf_printf(&list, ", %llu", (unsigned long long)own[i]);
    struct err *e = conn_query(c, &r, query_format, buf_str(&list));
    buf_free(&list);
    if (e) {
        err_free(e); /* the caller has a failure to tell already; this was to explain it */
        return NULL;
    }
    while ((row = result_next(r, NULL)) != NULL)
        describe_one(row, &out);
    result_free(r);
    return out.len ? buf_steal(&out) : NULL;
}
