#include "replay/schema_text.h"

#include "mysql/charset.h"

enum { TEXT_MAX = 64 << 10 };

static struct err *find_charset(struct schema_change *s)
{
    if (s->charset || !s->session.has_charset)
        return NULL;
    return charset_of_collation(s->a->conn, s->session.character_set_client, &s->charset);
}

struct err *schema_text_read(struct schema_change *s)
{
    const struct binlog_query *q = s->query;
    bool exact = false;

    if (s->as_sent || charset_is_ascii(q->sql, q->sql_len))
        return NULL;
    TRY(batch_flush(&s->a->batch)); /* the connection is used */
    TRY(find_charset(s));
    if (charset_is_utf8(s->charset))
        return NULL;
    if (q->sql_len <= TEXT_MAX)
        TRY(charset_convert(s->a->conn, s->charset, "utf8mb4", q->sql, q->sql_len, &s->utf8, &exact));
    s->as_sent = !exact;
    if (s->as_sent)
        return NULL;
    s->in_utf8 = *q;
    s->in_utf8.sql = buf_str(&s->utf8);
    s->in_utf8.sql_len = s->utf8.len;
    s->query = &s->in_utf8;
    return NULL;
}

struct err *schema_text_write(struct schema_change *s, struct buf *sql)
{
    struct buf out = BUF_INIT;
    bool exact;

    if (s->as_sent || charset_is_ascii(sql->data, sql->len))
        return NULL;
    TRY(find_charset(s));
    if (charset_is_utf8(s->charset))
        return NULL;
    struct err *e = charset_convert(s->a->conn, "utf8mb4", s->charset, sql->data, sql->len, &out, &exact);
    if (!e && !exact)
        e = schema_change_stop(
            s, ERR_UNSUPPORTED,
            "a name on the target cannot be written in the character set of the statement");
    if (e) {
        buf_free(&out);
        return e;
    }
    buf_free(sql);
    *sql = out;
    return NULL;
}
