#include "backup/chunk_probe.h"

#include <stdlib.h>
#include <string.h>

/* Takes `sql` over. */
static struct err *ask_key(const struct chunk_probe *p, struct buf *sql, struct chunk_border *out)
{
    struct result *r = NULL;
    unsigned long *lengths = NULL;

    *out = (struct chunk_border){0};
    struct err *e = conn_query(p->conn, &r, "%s", buf_str(sql));
    char **row = e ? NULL : result_next(r, &lengths);
    if (row)
        chunk_border_set(out, row, lengths, NULL, p->key->count);
    result_free(r);
    buf_free(sql);
    return e;
}

static void begin(const struct chunk_probe *p, struct buf *sql)
{
    buf_append_str(sql, "SELECT HIGH_PRIORITY ");
    chunk_key_select(p->key, sql);
    buf_printf(sql, " FROM %s", p->source);
    chunk_key_hint(p->key, sql);
}

static struct err *end_key(const struct chunk_probe *p, bool last, struct chunk_border *out)
{
    struct buf sql = BUF_INIT;

    begin(p, &sql);
    chunk_key_where(p->key, p->from, p->to, &sql);
    chunk_key_order(p->key, last, &sql);
    buf_append_str(&sql, " LIMIT 1");
    return ask_key(p, &sql, out);
}

struct err *chunk_probe_first(const struct chunk_probe *p, struct chunk_border *out)
{
    return end_key(p, false, out);
}

struct err *chunk_probe_last(const struct chunk_probe *p, struct chunk_border *out)
{
    return end_key(p, true, out);
}

/*
 * In a key that is not distinct two borders of different bytes may be alike, so one is to lie behind the
 * first row's in the server's eyes, or a chunk could be empty for ever.
 */
struct err *chunk_probe_count(const struct chunk_probe *p, uint64_t rows, struct chunk_border *out)
{
    struct chunk_border first = {0};
    struct buf sql = BUF_INIT;

    if (!p->key->distinct) {
        TRY(chunk_probe_first(p, &first));
        if (!first.values) {
            *out = first;
            return NULL;
        }
    }
    begin(p, &sql);
    if (first.values) {
        buf_append_str(&sql, " WHERE ");
        chunk_key_condition(p->key, &first, ">", &sql);
        if (p->to->values) {
            buf_append_str(&sql, " AND ");
            chunk_key_condition(p->key, p->to, "<", &sql);
        }
    } else {
        chunk_key_where(p->key, p->from, p->to, &sql);
    }
    chunk_border_free(&first);
    chunk_key_order(p->key, false, &sql);
    buf_printf(&sql, " LIMIT 1 OFFSET %llu", (unsigned long long)rows);
    return ask_key(p, &sql, out);
}

struct err *chunk_probe_estimate(const struct chunk_probe *p, uint64_t *rows)
{
    struct buf sql = BUF_INIT;
    struct result *r = NULL;

    *rows = 0;
    buf_printf(&sql, "EXPLAIN SELECT HIGH_PRIORITY 1 FROM %s", p->source);
    chunk_key_hint(p->key, &sql);
    chunk_key_where(p->key, p->from, p->to, &sql);
    struct err *e = conn_query(p->conn, &r, "%s", buf_str(&sql));
    buf_free(&sql);
    char **row = e ? NULL : result_next(r, NULL);
    const char *shown = row ? result_value(r, row, "rows") : NULL;
    if (shown)
        *rows = strtoull(shown, NULL, 10);
    result_free(r);
    return e;
}
