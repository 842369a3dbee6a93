#include "replay/sender.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/mem.h"

/* Room in a packet beside the text: the statement's words and the protocol's own bytes. */
enum { PACKET_SLACK = 1024 };

/* Within a format description event, behind the common header: version 2, server version 50, created 4. */
enum { FORMAT_CREATED_AT = BINLOG_HEADER_SIZE + 52, FORMAT_TRAILER = 5 };

struct sender {
    struct conn *conn;
    uint64_t max_packet;
    struct buf format; /* ready to be sent */
    bool format_sent;
    struct buf events; /* scratch */
    struct buf text;
    struct bundle *in_flight;
    struct bundle *failed;
    uint64_t bytes;
};

struct sender *sender_new(struct conn *c, uint64_t max_packet)
{
    struct sender *s = mem_zalloc(1, sizeof(*s));

    s->conn = c;
    s->max_packet = max_packet;
    return s;
}

void sender_free(struct sender *s)
{
    if (!s)
        return;
    sender_reset(s);
    buf_free(&s->format);
    buf_free(&s->events);
    buf_free(&s->text);
    free(s);
}

/*
 * A time of creation means a server start, at which a replica ends the open transaction; and what ccr builds
 * has no checksums.
 */
static void copy_format(struct buf *to, const struct buf *event)
{
    buf_clear(to);
    buf_append(to, event->data, event->len);
    if (to->len < FORMAT_CREATED_AT + 4 + FORMAT_TRAILER)
        return;
    memset(to->data + FORMAT_CREATED_AT, 0, 4);
    memset(to->data + to->len - FORMAT_TRAILER, 0, FORMAT_TRAILER);
}

void sender_set_format(struct sender *s, const struct buf *event)
{
    copy_format(&s->format, event);
    s->format_sent = false;
}

bool sender_has_format(const struct sender *s, const struct buf *event)
{
    struct buf copy = BUF_INIT;

    copy_format(&copy, event);
    bool same = copy.len == s->format.len && copy.len > BINLOG_HEADER_SIZE &&
                memcmp(copy.data + BINLOG_HEADER_SIZE, s->format.data + BINLOG_HEADER_SIZE,
                       copy.len - BINLOG_HEADER_SIZE) == 0;
    buf_free(&copy);
    return same;
}

static void append_base64(struct buf *out, const uint8_t *bytes, size_t len)
{
    buf_reserve(out, (len + 2) / 3 * 4 + 1);
    out->len += (size_t)EVP_EncodeBlock(out->data + out->len, bytes, (int)len);
}

/* In two user variables; a fragment ends at a multiple of three bytes, so that the two texts join. */
static struct err *sender_set_fragments(struct sender *s)
{
    size_t half = s->events.len / 2 / 3 * 3;

    for (unsigned i = 0; i < 2; i++) {
        buf_clear(&s->text);
        buf_printf(&s->text, "SET @binlog_fragment_%u='", i);
        append_base64(&s->text, s->events.data + (i ? half : 0), i ? s->events.len - half : half);
        buf_append_byte(&s->text, '\'');
        TRY(conn_exec_bytes(s->conn, s->text.data, s->text.len));
    }
    buf_clear(&s->text);
    buf_append_str(&s->text, "BINLOG @binlog_fragment_0, @binlog_fragment_1");
    return NULL;
}

static struct err *too_large(const struct sender *s, const struct bundle *b)
{
    const struct table *t = b->runs[0].table;

    return err_hint(err_new(ERR_UNSUPPORTED,
                            "a row event of %zu bytes for table %s.%s is too large for the target",
                            b->rows.len, t->db, t->name),
                    "raise max_allowed_packet on the target (it is %llu)", (unsigned long long)s->max_packet);
}

/* Puts the statement for a bundle into s->text. */
static struct err *sender_compose(struct sender *s, struct bundle *b)
{
    buf_clear(&s->events);
    if (!s->format_sent)
        buf_append(&s->events, s->format.data, s->format.len);
    bundle_events(b, &s->events);
    size_t encoded = (s->events.len + 2) / 3 * 4;
    if (encoded + PACKET_SLACK > 2 * (s->max_packet - PACKET_SLACK))
        return too_large(s, b);
    if (encoded > s->max_packet / 2)
        return sender_set_fragments(s);
    buf_clear(&s->text);
    buf_append_str(&s->text, "BINLOG '");
    append_base64(&s->text, s->events.data, s->events.len);
    buf_append_byte(&s->text, '\'');
    return NULL;
}

struct err *sender_wait(struct sender *s)
{
    struct bundle *b = s->in_flight;

    if (!b)
        return NULL;
    s->in_flight = NULL;
    struct err *e = conn_answer(s->conn, "applying row events");
    if (e) {
        s->failed = b;
        s->format_sent = false;
    }
    return e;
}

struct err *sender_send(struct sender *s, struct bundle *b)
{
    TRY(sender_wait(s));
    struct err *e = sender_compose(s, b);
    if (!e) {
        s->format_sent = true;
        s->bytes += bundle_size(b);
        e = conn_send(s->conn, s->text.data, s->text.len, "sending row events");
    }
    if (e)
        s->failed = b;
    else
        s->in_flight = b;
    return e;
}

struct err *sender_apply(struct sender *s, const struct change *change, struct row_counts *counts)
{
    struct bundle b = {0};
    uint64_t bundle = change->table->bundle;

    change->table->bundle = 0; /* the serial of this bundle is not the road's */
    bundle_begin(&b, 1);
    struct err *e = bundle_add(&b, change);
    change->table->bundle = bundle;
    if (!e)
        e = sender_send(s, &b);
    if (!e)
        e = sender_wait(s);
    if (!e && counts)
        *counts = b.counts;
    if (s->failed == &b)
        s->failed = NULL;
    bundle_free(&b);
    return e;
}

struct bundle *sender_failed(const struct sender *s)
{
    return s->failed;
}

void sender_reset(struct sender *s)
{
    err_free(sender_wait(s));
    s->failed = NULL;
    s->format_sent = false;
}

uint64_t sender_bytes(const struct sender *s)
{
    return s->bytes;
}
