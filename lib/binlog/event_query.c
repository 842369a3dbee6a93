/* Query events: a statement, the database it ran in, and (query.c) its session. */
#include <string.h>

#include "binlog/event.h"
#include "binlog/internal.h"

struct err *binlog_query_head(const struct binlog_event *e, struct cursor *c, struct binlog_query *q)
{
    uint8_t db_len;
    uint16_t status_len;
    const uint8_t *db;

    *c = cursor_of(e->body, e->body_len);
    if (!cursor_u32(c, &q->thread_id) || !cursor_u32(c, &q->exec_time) || !cursor_u8(c, &db_len) ||
        !cursor_u16(c, &q->error_code) || !cursor_u16(c, &status_len))
        return binlog_malformed(e->type, "too short");
    if (e->type == BINLOG_EXECUTE_LOAD_QUERY && !cursor_skip(c, LOAD_QUERY_EXTRA))
        return binlog_malformed(e->type, "too short");
    if (!cursor_bytes(c, status_len, &q->status))
        return binlog_malformed(e->type, "too short for its status variables");
    if (!cursor_bytes(c, (size_t)db_len + 1, &db))
        return binlog_malformed(e->type, "too short for its database");
    if (memchr(db, 0, (size_t)db_len + 1) != db + db_len)
        return binlog_malformed(e->type, "the database's name is not ended by a NUL");
    q->status_len = status_len;
    q->db = (const char *)db;
    q->db_len = db_len;
    return NULL;
}

struct err *binlog_query_parse(const struct binlog_event *e, struct buf *scratch, struct binlog_query *out)
{
    struct binlog_query q = {0};
    struct cursor c;

    if (e->type != BINLOG_QUERY && e->type != BINLOG_QUERY_COMPRESSED && e->type != BINLOG_EXECUTE_LOAD_QUERY)
        return binlog_malformed(e->type, "is not a query event");
    TRY(binlog_query_head(e, &c, &q));
    q.sql = (const char *)c.p;
    q.sql_len = cursor_left(&c);
    if (e->type == BINLOG_QUERY_COMPRESSED) {
        buf_clear(scratch);
        TRY(binlog_inflate(e->type, c.p, cursor_left(&c), BINLOG_EVENT_MAX, scratch));
        q.sql = (const char *)scratch->data;
        q.sql_len = scratch->len;
    }
    *out = q;
    return NULL;
}

bool binlog_query_is(const struct binlog_query *q, const char *word)
{
    return q->sql_len == strlen(word) && memcmp(q->sql, word, q->sql_len) == 0;
}
