/*
 * Table maps. `metadata` of a column is normalised to one number per type:
 *
 *   FLOAT, DOUBLE                       bytes of a value
 *   TIMESTAMP2, DATETIME2, TIME2        digits of the fraction
 *   BLOB types, GEOMETRY, JSON          bytes of the length in front of a value
 *   VARCHAR, VAR_STRING, STRING         longest value in bytes (above 255: two bytes of length, else one)
 *   ENUM, SET                           bytes of a value
 *   BIT                                 number of bits
 *   NEWDECIMAL                          precision | scale << 8
 *   others                              0
 */
#include "binlog/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/internal.h"
#include "binlog/rows_types.h"

/* Bytes that a type has in the metadata block. */
static unsigned metadata_bytes(uint8_t type)
{
    switch (type) {
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_TIMESTAMP2:
    case TYPE_DATETIME2:
    case TYPE_TIME2:
    case TYPE_BLOB_COMPRESSED:
    case TYPE_JSON:
    case TYPE_TINY_BLOB:
    case TYPE_MEDIUM_BLOB:
    case TYPE_LONG_BLOB:
    case TYPE_BLOB:
    case TYPE_GEOMETRY:
        return 1;
    case TYPE_VARCHAR:
    case TYPE_VARCHAR_COMPRESSED:
    case TYPE_VAR_STRING:
    case TYPE_BIT:
    case TYPE_NEWDECIMAL:
    case TYPE_ENUM:
    case TYPE_SET:
    case TYPE_STRING:
        return 2;
    default:
        return 0;
    }
}

/* CHAR, ENUM and SET all stand as STRING: the first byte is the real type, of which two bits may be inverted
 * to hold bits 8 and 9 of a CHAR's length. */
static void string_resolve(struct rows_column *c, const uint8_t *meta)
{
    c->type = meta[0] | 0x30;
    c->metadata = (uint16_t)(meta[1] | ((meta[0] & 0x30) ^ 0x30) << 4);
}

static void column_resolve(struct rows_column *c, const uint8_t *meta, unsigned bytes)
{
    uint16_t value = (uint16_t)le_get(meta, bytes);

    if (c->type == TYPE_STRING)
        string_resolve(c, meta);
    else if (c->type == TYPE_ENUM || c->type == TYPE_SET)
        c->metadata = meta[1];
    else if (c->type == TYPE_BIT)
        c->metadata = (uint16_t)(meta[0] + meta[1] * 8);
    else
        c->metadata = value;
}

/* Count, types, metadata and null bits; *c stands at the count. */
static struct err *columns_parse(struct cursor *c, struct rows_table_map *m)
{
    const uint8_t *types, *metadata, *nulls;
    uint64_t count, metadata_len;

    m->raw = c->p;
    if (!cursor_lenenc(c, &count) || count == 0 || count > ROWS_MAX_COLUMNS)
        return binlog_malformed(BINLOG_TABLE_MAP, "wrong column count");
    if (!cursor_bytes(c, count, &types) || !cursor_lenenc(c, &metadata_len) ||
        metadata_len > cursor_left(c) || !cursor_bytes(c, metadata_len, &metadata) ||
        !cursor_bytes(c, (count + 7) / 8, &nulls))
        return binlog_malformed(BINLOG_TABLE_MAP, "too short for its columns");
    m->raw_len = (size_t)(c->p - m->raw);
    m->column_count = count;
    m->columns = mem_zalloc(count, sizeof(*m->columns));
    struct cursor meta = cursor_of(metadata, metadata_len);
    for (size_t i = 0; i < count; i++) {
        struct rows_column *column = &m->columns[i];
        const uint8_t *bytes;
        column->type = types[i];
        column->nullable = nulls[i / 8] >> (i % 8) & 1;
        unsigned n = metadata_bytes(types[i]);
        if (!cursor_bytes(&meta, n, &bytes))
            return binlog_malformed(BINLOG_TABLE_MAP, "too short for its column metadata");
        column_resolve(column, bytes, n);
    }
    if (cursor_left(&meta) > 0)
        return binlog_malformed(BINLOG_TABLE_MAP, "more column metadata than columns");
    return NULL;
}

static bool name_parse(struct cursor *c, const char **name, size_t *name_len)
{
    uint8_t len;
    const uint8_t *bytes;

    if (!cursor_u8(c, &len) || len == 0 || !cursor_bytes(c, len + 1u, &bytes) ||
        memchr(bytes, 0, len + 1u) != bytes + len)
        return false;
    *name = (const char *)bytes;
    *name_len = len;
    return true;
}

struct err *rows_table_map_parse(const struct binlog_event *e, struct rows_table_map *out)
{
    struct cursor c = cursor_of(e->body, e->body_len);
    struct rows_table_map m = {0};

    if (e->type != BINLOG_TABLE_MAP)
        return binlog_malformed(e->type, "is not a table map");
    if (!cursor_uint(&c, 6, &m.table_id) || !cursor_u16(&c, &m.flags))
        return binlog_malformed(e->type, "too short");
    if (!name_parse(&c, &m.db, &m.db_len) || !name_parse(&c, &m.table, &m.table_len))
        return binlog_malformed(e->type, "damaged names");
    struct err *error = columns_parse(&c, &m);
    m.metadata = c.p;
    m.metadata_len = cursor_left(&c);
    if (error) {
        rows_table_map_free(&m);
        return error;
    }
    *out = m;
    return NULL;
}

void rows_table_map_free(struct rows_table_map *m)
{
    free(m->columns);
    *m = (struct rows_table_map){0};
}

static void name_build(struct buf *out, const char *name)
{
    size_t len = strlen(name);

    buf_append_byte(out, (uint8_t)len);
    buf_append(out, name, len + 1);
}

void rows_table_map_build(struct buf *out, const struct rows_table_map *m, uint64_t table_id, const char *db,
                          const char *table, uint32_t time, uint32_t server_id)
{
    size_t start = binlog_event_begin(out, BINLOG_TABLE_MAP, time, server_id, 0);

    buf_append_le(out, table_id, 6);
    buf_append_le(out, m->flags, 2);
    name_build(out, db);
    name_build(out, table);
    buf_append(out, m->raw, m->raw_len);
    binlog_event_finish(out, start);
}
