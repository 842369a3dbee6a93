/*
 * The compressed events of log_bin_compress. A compressed record is a byte (bit 7 set, bits 4 to 6 the
 * algorithm, 0 for zlib, bits 0 to 2 the number of length bytes), the original length in that many bytes,
 * big-endian, and a zlib stream.
 */
#include <zlib.h>

#include "binlog/internal.h"

/* The most that one byte of a deflate stream can stand for. */
enum { ZLIB_MAX_RATIO = 1032 };

/* Reads the byte and the length in front of the stream. */
static bool inflate_head(struct cursor *c, uint64_t *size)
{
    uint8_t head;
    const uint8_t *bytes;

    if (!cursor_u8(c, &head) || (head & 0xf0) != 0x80)
        return false;
    unsigned count = head & 0x07;
    if (count < 1 || count > 4 || !cursor_bytes(c, count, &bytes))
        return false;
    *size = 0;
    for (unsigned i = 0; i < count; i++)
        *size = *size << 8 | bytes[i];
    return true;
}

struct err *binlog_inflate(uint8_t type, const uint8_t *bytes, size_t len, size_t limit, struct buf *out)
{
    struct cursor c = cursor_of(bytes, len);
    uint64_t size = 0;

    if (!inflate_head(&c, &size))
        return binlog_malformed(type, "unknown compression");
    if (size > limit || size / ZLIB_MAX_RATIO > cursor_left(&c))
        return err_new(ERR_INTEGRITY, "%s event: %zu compressed bytes claim to be %llu (limit %zu)",
                       binlog_type_name(type), cursor_left(&c), (unsigned long long)size, limit);
    buf_reserve(out, size + 1); /* + 1: never NULL for zlib */
    uLongf got = size;
    uLong used = cursor_left(&c);
    if (uncompress2(out->data + out->len, &got, c.p, &used) != Z_OK || got != size || used != cursor_left(&c))
        return binlog_malformed(type, "damaged compressed data");
    out->len += size;
    return NULL;
}

/* How many bytes of a compressed row event lie in front of the compressed images (see rows.h). */
static struct err *rows_prefix(const struct binlog_event *e, size_t *len)
{
    struct cursor c = cursor_of(e->body, e->body_len);
    bool v2 = e->type >= BINLOG_WRITE_ROWS_COMPRESSED_V2;
    bool update = e->type == BINLOG_UPDATE_ROWS_COMPRESSED_V1 || e->type == BINLOG_UPDATE_ROWS_COMPRESSED_V2;
    uint16_t extra = 2;
    uint64_t columns;

    if (!cursor_skip(&c, 8) || (v2 && !cursor_u16(&c, &extra)) || extra < 2 || !cursor_skip(&c, extra - 2u))
        return binlog_malformed(e->type, "too short");
    if (!cursor_lenenc(&c, &columns) || columns > cursor_left(&c) * 8)
        return binlog_malformed(e->type, "column count does not fit");
    if (!cursor_skip(&c, (size_t)(columns + 7) / 8 * (update ? 2 : 1)))
        return binlog_malformed(e->type, "too short for its column bitmaps");
    *len = (size_t)(c.p - e->body);
    return NULL;
}

static uint8_t plain_type(uint8_t type)
{
    if (type == BINLOG_QUERY_COMPRESSED)
        return BINLOG_QUERY;
    if (type < BINLOG_WRITE_ROWS_COMPRESSED_V2)
        return (uint8_t)(type - BINLOG_WRITE_ROWS_COMPRESSED_V1 + BINLOG_WRITE_ROWS_V1);
    return (uint8_t)(type - BINLOG_WRITE_ROWS_COMPRESSED_V2 + BINLOG_WRITE_ROWS_V2);
}

struct err *binlog_event_decompress(const struct binlog_event *e, size_t limit, struct buf *out)
{
    size_t prefix = 0;

    if (!binlog_type_is_compressed(e->type))
        return binlog_malformed(e->type, "is not a compressed event");
    if (e->type == BINLOG_QUERY_COMPRESSED) {
        struct binlog_query q;
        struct cursor c;
        TRY(binlog_query_head(e, &c, &q));
        prefix = (size_t)(c.p - e->body);
    } else {
        TRY(rows_prefix(e, &prefix));
    }
    size_t start = binlog_event_begin(out, plain_type(e->type), e->time, e->server_id, e->flags);
    buf_append(out, e->body, prefix);
    struct err *error = binlog_inflate(e->type, e->body + prefix, e->body_len - prefix, limit, out);
    if (error) {
        out->len = start;
        return error;
    }
    binlog_event_finish(out, start);
    le_put(out->data + start + HEADER_NEXT_AT, e->next_pos, 4);
    return NULL;
}
