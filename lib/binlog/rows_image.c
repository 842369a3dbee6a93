/* Row images: bits of the columns that are NULL, then the values of the others, without gaps. */
#include <string.h>

#include "binlog/internal.h"
#include "binlog/rows.h"
#include "binlog/rows_types.h"

/* An image being read: `columns` is the bitmap of those that are in it. */
struct image {
    const struct rows_table_map *map;
    const uint8_t *columns;
    const uint8_t *nulls;
    size_t null_at; /* which bit of `nulls` belongs to the next column that is in the image */
    struct cursor c;
};

static bool bit_get(const uint8_t *bits, size_t i)
{
    return bits[i / 8] >> (i % 8) & 1;
}

/* Nine digits take four bytes, fewer take as many as they need. */
static size_t digits_bytes(unsigned digits)
{
    static const uint8_t rest[9] = {0, 1, 1, 2, 2, 3, 3, 4, 4};

    return digits / 9 * 4 + rest[digits % 9];
}

size_t rows_decimal_bytes(unsigned precision, unsigned scale)
{
    return digits_bytes(precision - scale) + digits_bytes(scale);
}

/* Types whose values have one size whatever the metadata says. */
static const uint8_t plain_size[256] = {
    [TYPE_TINY] = 1,      [TYPE_YEAR] = 1,     [TYPE_SHORT] = 2,    [TYPE_INT24] = 3,
    [TYPE_DATE] = 3,      [TYPE_NEWDATE] = 3,  [TYPE_TIME] = 3,     [TYPE_LONG] = 4,
    [TYPE_TIMESTAMP] = 4, [TYPE_LONGLONG] = 8, [TYPE_DATETIME] = 8,
};

static struct err *bad_metadata(const struct rows_column *c)
{
    return err_new(ERR_INTEGRITY, "a column of type %u with metadata %u", c->type, c->metadata);
}

/* Length of a value of fixed size; 0 for a type that has a length in front of each value. */
static struct err *fixed_length(const struct rows_column *c, size_t *out)
{
    unsigned meta = c->metadata, precision = meta & 0xff, scale = meta >> 8;

    switch (c->type) {
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        *out = meta;
        return meta == (c->type == TYPE_FLOAT ? 4 : 8) ? NULL : bad_metadata(c);
    case TYPE_TIMESTAMP2:
    case TYPE_DATETIME2:
    case TYPE_TIME2:
        *out = (c->type == TYPE_TIMESTAMP2 ? 4u : c->type == TYPE_DATETIME2 ? 5u : 3u) + (meta + 1) / 2;
        return meta <= 6 ? NULL : bad_metadata(c);
    case TYPE_NEWDECIMAL:
        if (scale > precision || precision == 0 || precision > 65)
            return bad_metadata(c);
        *out = rows_decimal_bytes(precision, scale);
        return NULL;
    case TYPE_BIT:
        *out = (meta + 7) / 8;
        return meta >= 1 && meta <= 64 ? NULL : bad_metadata(c);
    case TYPE_ENUM:
    case TYPE_SET:
        *out = meta;
        return meta >= 1 && meta <= 8 ? NULL : bad_metadata(c);
    default:
        *out = plain_size[c->type];
        return NULL;
    }
}

/* Bytes of the length in front of a value. */
static struct err *prefix_length(const struct rows_column *c, unsigned *out)
{
    switch (c->type) {
    case TYPE_STRING:
    case TYPE_VAR_STRING:
    case TYPE_VARCHAR:
    case TYPE_VARCHAR_COMPRESSED:
        *out = c->metadata > 255 ? 2 : 1;
        return NULL;
    case TYPE_BLOB_COMPRESSED:
    case TYPE_JSON:
    case TYPE_TINY_BLOB:
    case TYPE_MEDIUM_BLOB:
    case TYPE_LONG_BLOB:
    case TYPE_BLOB:
    case TYPE_GEOMETRY:
        *out = c->metadata;
        return c->metadata >= 1 && c->metadata <= 4 ? NULL : bad_metadata(c);
    default:
        return err_new(ERR_UNSUPPORTED, "column type %u", c->type);
    }
}

static struct err *value_next(const struct rows_column *column, struct cursor *c, const uint8_t **value,
                              size_t *len)
{
    TRY(fixed_length(column, len));
    if (*len == 0) {
        unsigned prefix = 0;
        uint64_t n;
        TRY(prefix_length(column, &prefix));
        if (!cursor_uint(c, prefix, &n) || n > cursor_left(c))
            return err_new(ERR_INTEGRITY, "a row ends inside a value");
        *len = (size_t)n;
    }
    if (!cursor_bytes(c, *len, value))
        return err_new(ERR_INTEGRITY, "a row ends inside a value");
    return NULL;
}

static struct err *image_open(const struct rows_table_map *m, const uint8_t *columns, struct cursor c,
                              struct image *out)
{
    size_t present = 0;

    for (size_t i = 0; i < m->column_count; i++)
        present += bit_get(columns, i);
    *out = (struct image){.map = m, .columns = columns, .c = c};
    if (!cursor_bytes(&out->c, (present + 7) / 8, &out->nulls))
        return err_new(ERR_INTEGRITY, "a row ends inside its null bits");
    return NULL;
}

/* The next column, which the caller counts; absent and NULL ones have no bytes. */
static struct err *image_next(struct image *image, size_t column, const uint8_t **value, size_t *len,
                              bool *present)
{
    *value = NULL;
    *len = 0;
    *present = bit_get(image->columns, column);
    if (!*present || bit_get(image->nulls, image->null_at++))
        return NULL;
    return value_next(&image->map->columns[column], &image->c, value, len);
}

static struct err *in_column(struct err *e, const struct rows_table_map *m, size_t column)
{
    return err_context(e, "table %s.%s, column %zu", m->db, m->table, column + 1);
}

static struct err *image_walk(const struct rows_table_map *m, const uint8_t *columns, struct cursor *c,
                              const uint8_t **bytes, size_t *len)
{
    struct image image;

    TRY(image_open(m, columns, *c, &image));
    for (size_t i = 0; i < m->column_count; i++) {
        const uint8_t *value;
        size_t value_len;
        bool present;
        struct err *e = image_next(&image, i, &value, &value_len, &present);
        if (e)
            return in_column(e, m, i);
    }
    *bytes = c->p;
    *len = (size_t)(image.c.p - c->p);
    *c = image.c;
    return NULL;
}

struct err *rows_next(const struct rows_table_map *m, const struct rows_event *r, size_t *at,
                      struct rows_row *row, bool *done)
{
    *done = *at >= r->rows_len;
    if (*done)
        return NULL;
    if (r->column_count != m->column_count)
        return err_new(ERR_INTEGRITY, "rows of %zu columns for table %s.%s, whose table map has %zu",
                       r->column_count, m->db, m->table, m->column_count);
    struct cursor c = cursor_of(r->rows + *at, r->rows_len - *at);
    *row = (struct rows_row){0};
    if (r->kind != ROWS_WRITE)
        TRY(image_walk(m, r->before_columns, &c, &row->before, &row->before_len));
    if (r->kind != ROWS_DELETE)
        TRY(image_walk(m, r->after_columns, &c, &row->after, &row->after_len));
    if (row->before_len + row->after_len == 0)
        return err_new(ERR_INTEGRITY, "a row without bytes for table %s.%s", m->db, m->table);
    *at = (size_t)(c.p - r->rows);
    return NULL;
}

struct err *rows_event_count(const struct rows_table_map *m, const struct rows_event *r, uint64_t *count)
{
    struct rows_row row;
    bool done = false;
    size_t at = 0;

    *count = 0;
    for (;;) {
        TRY(rows_next(m, r, &at, &row, &done));
        if (done)
            return NULL;
        ++*count;
    }
}

struct err *rows_field(const struct rows_table_map *m, const uint8_t *present_columns, const uint8_t *image,
                       size_t image_len, size_t column, const uint8_t **value, size_t *len, bool *present)
{
    struct image at;

    if (column >= m->column_count)
        return err_new(ERR_INTERNAL, "table %s.%s has no column %zu", m->db, m->table, column + 1);
    TRY(image_open(m, present_columns, cursor_of(image, image_len), &at));
    for (size_t i = 0; i <= column; i++) {
        struct err *e = image_next(&at, i, value, len, present);
        if (e)
            return in_column(e, m, i);
    }
    return NULL;
}

struct err *rows_values(const struct rows_table_map *m, const uint8_t *present_columns, const uint8_t *image,
                        size_t image_len, size_t count, struct rows_value *out)
{
    struct image at;
    bool present;

    if (count > m->column_count)
        return err_new(ERR_INTERNAL, "table %s.%s has no column %zu", m->db, m->table, count);
    TRY(image_open(m, present_columns, cursor_of(image, image_len), &at));
    for (size_t i = 0; i < count; i++) {
        struct err *e = image_next(&at, i, &out[i].bytes, &out[i].len, &present);
        if (e)
            return in_column(e, m, i);
    }
    return NULL;
}
