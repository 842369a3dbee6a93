#include "restore/open_transactions.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SHOWN = 5 };

/* A session may begin another transaction within the second, which then counts as the old one: that only
 * waits longer. The id of a transaction is no help, as it changes with its first write. */
#define IDENTITY "CONCAT(t.trx_mysql_thread_id, ' ', t.trx_started)"
#define OPEN     "t.trx_mysql_thread_id NOT IN (0, CONNECTION_ID())"

struct open_transactions {
    char **identities;
    size_t count;
};

struct err *open_transactions_read(struct conn *c, struct open_transactions **out)
{
    struct result *r = NULL;
    char **row;

    TRY(conn_query(c, &r, "SELECT " IDENTITY " FROM information_schema.INNODB_TRX t WHERE " OPEN));
    struct open_transactions *t = mem_zalloc(1, sizeof(*t));
    t->identities = mem_zalloc(result_count(r) + 1, sizeof(*t->identities));
    while ((row = result_next(r, NULL)) != NULL)
        t->identities[t->count++] = mem_strdup(row[0]);
    result_free(r);
    *out = t;
    return NULL;
}

void open_transactions_free(struct open_transactions *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        free(t->identities[i]);
    free(t->identities);
    free(t);
}

/* "'12 2026-11-23 06:02:58', ..." */
static char *identity_list(const struct open_transactions *t)
{
    struct buf out = BUF_INIT;

    for (size_t i = 0; i < t->count; i++) {
        buf_append_str(&out, i ? ", " : "");
        sql_string(&out, t->identities[i]);
    }
    return buf_steal(&out);
}

struct err *open_transactions_left(struct conn *c, const struct open_transactions *t, size_t *left)
{
    uint64_t n = 0;

    *left = 0;
    if (t->count == 0)
        return NULL;
    char *list = identity_list(t);
    struct err *e = conn_number(
        c, &n, "SELECT COUNT(*) FROM information_schema.INNODB_TRX t WHERE " OPEN " AND " IDENTITY " IN (%s)",
        list);
    free(list);
    *left = (size_t)n;
    return e;
}

/* Columns: id, user, host, seconds, command, statement. */
static void describe_row(char **row, size_t n, struct buf *out)
{
    const char *statement = row[5] && *row[5] ? row[5] : NULL;

    buf_printf(out, "%sconnection %s (%s@%s, %s s, %s)", n ? "; " : "", row[0], row[1] ? row[1] : "?",
               row[2] ? row[2] : "?", row[3] ? row[3] : "?",
               statement ? statement : (row[4] && strcmp(row[4], "Sleep") == 0 ? "idle" : "no statement"));
}

static struct err *describe(struct conn *c, const char *sql, struct buf *out, size_t *count)
{
    struct result *r = NULL;
    char **row;

    *count = 0;
    TRY(conn_query(c, &r, "%s", sql));
    while (*count < SHOWN && (row = result_next(r, NULL)) != NULL)
        describe_row(row, (*count)++, out);
    if (result_count(r) > SHOWN)
        buf_printf(out, " and %zu more", result_count(r) - SHOWN);
    result_free(r);
    return NULL;
}

struct err *open_transactions_describe(struct conn *c, const struct open_transactions *t, struct buf *out)
{
    size_t count;
    char *list = identity_list(t);
    char *sql = mem_printf(
        "SELECT t.trx_mysql_thread_id, p.USER, p.HOST, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), "
        "p.COMMAND, LEFT(COALESCE(p.INFO, t.trx_query), 100) "
        "FROM information_schema.INNODB_TRX t "
        "LEFT JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id "
        "WHERE " OPEN " AND " IDENTITY " IN (%s) ORDER BY t.trx_started",
        list);
    struct err *e = describe(c, sql, out, &count);

    free(sql);
    free(list);
    return e;
}

/* False where the plugin is not there, or knows nothing. */
static bool describe_exactly(struct conn *c, const char *databases, struct buf *out)
{
    size_t count = 0;
    char *sql = mem_printf("SELECT DISTINCT p.ID, p.USER, p.HOST, p.TIME, p.COMMAND, LEFT(p.INFO, 100) "
                           "FROM information_schema.METADATA_LOCK_INFO l "
                           "JOIN information_schema.PROCESSLIST p ON p.ID = l.THREAD_ID "
                           "WHERE l.TABLE_SCHEMA IN (%s) AND p.ID <> CONNECTION_ID() "
                           "ORDER BY p.TIME DESC",
                           databases);

    buf_append_str(out, "held by ");
    struct err *e = describe(c, sql, out, &count);
    free(sql);
    bool known = !e && count > 0;
    err_free(e);
    return known;
}

struct err *lock_holders_describe(struct conn *c, const char *databases, struct buf *out)
{
    size_t before = out->len;
    size_t count;

    if (databases && describe_exactly(c, databases, out))
        return NULL;
    out->len = before;
    buf_append_str(out, "candidates: ");
    return describe(
        c,
        "SELECT p.ID, p.USER, p.HOST, COALESCE(TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), p.TIME), "
        "p.COMMAND, LEFT(COALESCE(p.INFO, t.trx_query), 100) FROM information_schema.PROCESSLIST p "
        "LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID "
        "WHERE p.ID <> CONNECTION_ID() AND p.COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Slave_IO', "
        "'Slave_SQL', 'Slave_worker') "
        "ORDER BY t.trx_started IS NULL, p.COMMAND = 'Sleep', p.TIME DESC",
        out, &count);
}
