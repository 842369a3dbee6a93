#include "binlog/rows_metadata.h"

#include <stdlib.h>

#include "base/mem.h"
#include "binlog/internal.h"
#include "binlog/rows_types.h"

/* The parts, by their numbers in the event: type, length, bytes. */
enum metadata_part {
    PART_SIGNS = 1,
    PART_DEFAULT_COLLATION = 2,
    PART_COLLATIONS = 3,
    PART_NAMES = 4,
    PART_SET_MEMBERS = 5,
    PART_ENUM_MEMBERS = 6,
    PART_GEOMETRIES = 7,
    PART_PRIMARY = 8,
    PART_PRIMARY_PREFIXES = 9,
    PART_MEMBERS_DEFAULT_COLLATION = 10,
    PART_MEMBERS_COLLATIONS = 11,
    PART_VISIBILITY = 12, /* MySQL */
};

typedef bool column_test(const struct rows_column *c);

static bool is_numeric(const struct rows_column *c)
{
    switch (c->type) {
    case TYPE_TINY:
    case TYPE_SHORT:
    case TYPE_INT24:
    case TYPE_LONG:
    case TYPE_LONGLONG:
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_NEWDECIMAL:
    case TYPE_YEAR:
        return true;
    default:
        return false;
    }
}

static bool is_character(const struct rows_column *c)
{
    switch (c->type) {
    case TYPE_VARCHAR:
    case TYPE_VARCHAR_COMPRESSED:
    case TYPE_VAR_STRING:
    case TYPE_STRING:
    case TYPE_TINY_BLOB:
    case TYPE_MEDIUM_BLOB:
    case TYPE_LONG_BLOB:
    case TYPE_BLOB:
    case TYPE_BLOB_COMPRESSED:
    case TYPE_GEOMETRY:
        return true;
    default:
        return false;
    }
}

static bool is_set(const struct rows_column *c)
{
    return c->type == TYPE_SET;
}

static bool is_enum(const struct rows_column *c)
{
    return c->type == TYPE_ENUM;
}

static bool is_enum_or_set(const struct rows_column *c)
{
    return is_enum(c) || is_set(c);
}

static bool is_geometry(const struct rows_column *c)
{
    return c->type == TYPE_GEOMETRY;
}

static bool is_any(const struct rows_column *c)
{
    (void)c;
    return true;
}

struct metadata_reader {
    const struct rows_table_map *map;
    struct rows_metadata *out;
    struct cursor c; /* of the part at hand */
    size_t column;
};

/* The next column of a kind, or NULL. Start with column = 0. */
static struct rows_column_metadata *column_next(struct metadata_reader *r, column_test *test)
{
    while (r->column < r->map->column_count) {
        size_t i = r->column++;
        if (test(&r->map->columns[i]))
            return &r->out->columns[i];
    }
    return NULL;
}

/* A bit for each numeric column, the first in the highest. */
static bool read_signs(struct metadata_reader *r)
{
    struct rows_column_metadata *column;
    uint8_t bits = 0;

    for (size_t n = 0; (column = column_next(r, is_numeric)) != NULL; n++) {
        if (n % 8 == 0 && !cursor_u8(&r->c, &bits))
            return false;
        column->sign = bits & (0x80 >> (n % 8)) ? ROWS_UNSIGNED : ROWS_SIGNED;
    }
    return true;
}

/* One number for each column of a kind. */
static bool read_collations(struct metadata_reader *r, column_test *test)
{
    struct rows_column_metadata *column;

    while ((column = column_next(r, test)) != NULL)
        if (!cursor_lenenc(&r->c, &column->collation))
            return false;
    return true;
}

/* The number that most columns of a kind have; then pairs, which column of that kind has which other one. */
static bool read_default_collation(struct metadata_reader *r, column_test *test)
{
    struct rows_column_metadata *column;
    uint64_t standard, other, collation;
    size_t n = 0;

    if (!cursor_lenenc(&r->c, &standard))
        return false;
    while (cursor_left(&r->c) > 0) {
        if (!cursor_lenenc(&r->c, &other) || !cursor_lenenc(&r->c, &collation) || other < n)
            return false;
        for (column = column_next(r, test); column && n < other; n++, column = column_next(r, test))
            column->collation = standard;
        if (!column)
            return false;
        column->collation = collation;
        n++;
    }
    while ((column = column_next(r, test)) != NULL)
        column->collation = standard;
    return true;
}

static bool read_names(struct metadata_reader *r)
{
    struct rows_column_metadata *column;

    while ((column = column_next(r, is_any)) != NULL) {
        const uint8_t *bytes;
        uint64_t len;
        if (!cursor_lenenc(&r->c, &len) || len > cursor_left(&r->c) || !cursor_bytes(&r->c, len, &bytes))
            return false;
        column->name = (const char *)bytes;
        column->name_len = len;
    }
    r->out->has_names = true;
    return true;
}

bool rows_member_next(struct cursor *members, const uint8_t **bytes, size_t *len)
{
    uint64_t n;

    if (cursor_left(members) == 0 || !cursor_lenenc(members, &n) || n > cursor_left(members))
        return false;
    *len = n;
    return cursor_bytes(members, n, bytes);
}

static bool read_members(struct metadata_reader *r, column_test *test)
{
    struct rows_column_metadata *column;
    const uint8_t *bytes;
    size_t len;

    while ((column = column_next(r, test)) != NULL) {
        if (!cursor_lenenc(&r->c, &column->member_count))
            return false;
        struct cursor begin = r->c;
        for (uint64_t i = 0; i < column->member_count; i++)
            if (!rows_member_next(&r->c, &bytes, &len))
                return false;
        column->members = cursor_of(begin.p, (size_t)(r->c.p - begin.p));
        column->has_members = true;
    }
    return true;
}

static bool read_geometries(struct metadata_reader *r)
{
    struct rows_column_metadata *column;

    while ((column = column_next(r, is_geometry)) != NULL) {
        if (!cursor_lenenc(&r->c, &column->geometry))
            return false;
        column->has_geometry = true;
    }
    return true;
}

static bool read_primary(struct metadata_reader *r, bool with_prefixes)
{
    struct rows_metadata *out = r->out;

    if (out->primary)
        return false;
    out->primary = mem_zalloc(out->column_count, sizeof(*out->primary));
    while (cursor_left(&r->c) > 0) {
        uint64_t column, prefix;
        if (!cursor_lenenc(&r->c, &column) || (with_prefixes && !cursor_lenenc(&r->c, &prefix)) ||
            column >= out->column_count || out->primary_count == out->column_count)
            return false;
        out->primary[out->primary_count++] = column;
    }
    return true;
}

static bool read_part(struct metadata_reader *r, uint8_t part)
{
    switch ((enum metadata_part)part) {
    case PART_SIGNS:
        return read_signs(r);
    case PART_DEFAULT_COLLATION:
        return read_default_collation(r, is_character);
    case PART_COLLATIONS:
        return read_collations(r, is_character);
    case PART_NAMES:
        return read_names(r);
    case PART_SET_MEMBERS:
        return read_members(r, is_set);
    case PART_ENUM_MEMBERS:
        return read_members(r, is_enum);
    case PART_GEOMETRIES:
        return read_geometries(r);
    case PART_PRIMARY:
        return read_primary(r, false);
    case PART_PRIMARY_PREFIXES:
        return read_primary(r, true);
    case PART_MEMBERS_DEFAULT_COLLATION:
        return read_default_collation(r, is_enum_or_set);
    case PART_MEMBERS_COLLATIONS:
        return read_collations(r, is_enum_or_set);
    case PART_VISIBILITY:
        return cursor_skip(&r->c, cursor_left(&r->c));
    }
    return false;
}

static struct err *metadata_read(const struct rows_table_map *m, struct rows_metadata *out)
{
    struct cursor c = cursor_of(m->metadata, m->metadata_len);

    while (cursor_left(&c) > 0) {
        uint8_t part;
        uint64_t len;
        const uint8_t *bytes;
        if (!cursor_u8(&c, &part) || !cursor_lenenc(&c, &len) || len > cursor_left(&c) ||
            !cursor_bytes(&c, len, &bytes))
            return binlog_malformed(BINLOG_TABLE_MAP, "damaged metadata");
        if (part == 0 || part > PART_VISIBILITY)
            return err_new(ERR_UNSUPPORTED,
                           "table map of %s.%s: metadata of type %u, which ccr does not know", m->db,
                           m->table, part);
        struct metadata_reader r = {.map = m, .out = out, .c = cursor_of(bytes, len)};
        if (!read_part(&r, part) || cursor_left(&r.c) > 0)
            return err_new(ERR_INTEGRITY,
                           "table map of %s.%s: its metadata of type %u does not fit its columns", m->db,
                           m->table, part);
    }
    return NULL;
}

struct err *rows_metadata_parse(const struct rows_table_map *m, struct rows_metadata *out)
{
    *out = (struct rows_metadata){.column_count = m->column_count};
    out->columns = mem_zalloc(m->column_count, sizeof(*out->columns));
    struct err *e = metadata_read(m, out);
    if (e)
        rows_metadata_free(out);
    return e;
}

void rows_metadata_free(struct rows_metadata *m)
{
    free(m->columns);
    free(m->primary);
    *m = (struct rows_metadata){0};
}
