/* Row events: their frame. The images are walked in rows_image.c. */
#include "binlog/internal.h"
#include "binlog/rows.h"

enum { ROWS_FLAGS_AT = BINLOG_HEADER_SIZE + 6 };

bool rows_type_is_rows(uint8_t type)
{
    return (type >= BINLOG_WRITE_ROWS_V1 && type <= BINLOG_DELETE_ROWS_V1) ||
           (type >= BINLOG_WRITE_ROWS_V2 && type <= BINLOG_DELETE_ROWS_V2) ||
           (type >= BINLOG_WRITE_ROWS_COMPRESSED_V1 && type <= BINLOG_DELETE_ROWS_COMPRESSED_V2);
}

/* Id, flags, and of version 2 a block of extra data whose length counts its own two bytes. */
static bool frame_parse(struct cursor *c, struct rows_event *r)
{
    uint16_t extra = 2;

    return cursor_uint(c, 6, &r->table_id) && cursor_u16(c, &r->flags) && (!r->v2 || cursor_u16(c, &extra)) &&
           extra >= 2 && cursor_skip(c, extra - 2u);
}

struct err *rows_event_parse(const struct binlog_event *e, struct rows_event *out)
{
    struct cursor c = cursor_of(e->body, e->body_len);
    struct rows_event r = {.v2 = e->type >= BINLOG_WRITE_ROWS_V2};
    uint64_t count;

    if (!rows_type_is_rows(e->type) || binlog_type_is_compressed(e->type))
        return binlog_malformed(e->type, "is not a plain row event");
    r.kind = (enum rows_kind)(e->type - (r.v2 ? BINLOG_WRITE_ROWS_V2 : BINLOG_WRITE_ROWS_V1));
    if (!frame_parse(&c, &r))
        return binlog_malformed(e->type, "too short");
    if (!cursor_lenenc(&c, &count) || count > ROWS_MAX_COLUMNS)
        return binlog_malformed(e->type, "wrong column count");
    r.column_count = count;
    if (!cursor_bytes(&c, (r.column_count + 7) / 8, &r.before_columns))
        return binlog_malformed(e->type, "too short for its column bitmap");
    r.after_columns = r.before_columns;
    if (r.kind == ROWS_UPDATE && !cursor_bytes(&c, (r.column_count + 7) / 8, &r.after_columns))
        return binlog_malformed(e->type, "too short for its column bitmap");
    r.rows = c.p;
    r.rows_len = cursor_left(&c);
    *out = r;
    return NULL;
}

static bool bitmap_is_full(const uint8_t *bits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(bits[i / 8] >> (i % 8) & 1))
            return false;
    return true;
}

bool rows_event_is_full(const struct rows_event *r)
{
    return bitmap_is_full(r->before_columns, r->column_count) &&
           bitmap_is_full(r->after_columns, r->column_count);
}

static void lenenc_build(struct buf *out, uint64_t value)
{
    if (value >= 0xfb)
        buf_append_byte(out, 0xfc);
    buf_append_le(out, value, value < 0xfb ? 1 : 2); /* at most ROWS_MAX_COLUMNS */
}

size_t rows_event_begin(struct buf *out, enum rows_kind kind, uint64_t table_id, uint16_t flags,
                        size_t column_count, const uint8_t *before_columns, const uint8_t *after_columns,
                        uint32_t time, uint32_t server_id)
{
    size_t start =
        binlog_event_begin(out, (uint8_t)(BINLOG_WRITE_ROWS_V1 + (unsigned)kind), time, server_id, 0);
    size_t bytes = (column_count + 7) / 8;

    buf_append_le(out, table_id, 6);
    buf_append_le(out, flags, 2);
    lenenc_build(out, column_count);
    buf_append(out, kind == ROWS_WRITE ? after_columns : before_columns, bytes);
    if (kind == ROWS_UPDATE)
        buf_append(out, after_columns, bytes);
    return start;
}

void rows_event_set_flags(struct buf *out, size_t start, uint16_t flags)
{
    le_put(out->data + start + ROWS_FLAGS_AT, flags, 2);
}
