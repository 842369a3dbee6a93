#include "replay/net_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/rows_types.h"
#include "replay/net.h"

static bool is_virtual(const struct catalog_column *c)
{
    return c->generated && !c->stored;
}

static bool key_identifies(const struct catalog_table *t, const struct catalog_key *key)
{
    for (size_t i = 0; i < key->column_count; i++) {
        const struct catalog_column *column = &t->columns[key->columns[i]];
        if (column->nullable || is_virtual(column))
            return false;
    }
    return key->unique && !key->hash && key->column_count > 0;
}

const struct catalog_key *net_identity(const struct catalog_table *t)
{
    for (size_t i = 0; i < t->key_count; i++) /* the primary key is the first one */
        if (key_identifies(t, &t->keys[i]))
            return &t->keys[i];
    return NULL;
}

/* Types whose bytes are a number, the lowest first. */
static bool is_little_endian(uint8_t type)
{
    static const bool little[256] = {
        [TYPE_TINY] = true,      [TYPE_SHORT] = true,   [TYPE_INT24] = true, [TYPE_LONG] = true,
        [TYPE_LONGLONG] = true,  [TYPE_YEAR] = true,    [TYPE_ENUM] = true,  [TYPE_SET] = true,
        [TYPE_DATE] = true,      [TYPE_NEWDATE] = true, [TYPE_TIME] = true,  [TYPE_DATETIME] = true,
        [TYPE_TIMESTAMP] = true,
    };

    return little[type];
}

static bool is_integer(uint8_t type)
{
    return type == TYPE_TINY || type == TYPE_SHORT || type == TYPE_INT24 || type == TYPE_LONG ||
           type == TYPE_LONGLONG;
}

static bool is_sized(uint8_t type)
{
    switch (type) {
    case TYPE_STRING:
    case TYPE_VAR_STRING:
    case TYPE_VARCHAR:
    case TYPE_VARCHAR_COMPRESSED:
    case TYPE_BLOB:
    case TYPE_BLOB_COMPRESSED:
    case TYPE_TINY_BLOB:
    case TYPE_MEDIUM_BLOB:
    case TYPE_LONG_BLOB:
    case TYPE_GEOMETRY:
    case TYPE_JSON:
        return true;
    default:
        return false;
    }
}

static struct net_column column_of(const struct catalog_table *t, const struct rows_table_map *map, size_t i)
{
    uint8_t type = map->columns[i].type;
    struct net_column c = {.column = i, .sized = is_sized(type)};

    if (is_little_endian(type))
        c.order = is_integer(type) && !t->columns[i].is_unsigned ? NET_SIGNED : NET_UNSIGNED;
    return c;
}

static void watch(struct net_key *k, const struct catalog_table *t, size_t column)
{
    if (k->columns_of < column + 1)
        k->columns_of = column + 1;
    k->watch_all |= is_virtual(&t->columns[column]);
    for (size_t i = 0; i < k->watched_count; i++)
        if (k->watched[i] == column)
            return;
    k->watched[k->watched_count++] = column;
}

static void watch_all_of(struct net_key *k, const struct catalog_table *t)
{
    k->watched = mem_zalloc(t->column_count + 1, sizeof(*k->watched));
    for (size_t i = 0; i < t->key_count; i++) {
        const struct catalog_key *key = &t->keys[i];
        k->has_virtual |= key->hash; /* by a hidden column */
        for (size_t j = 0; key->unique && j < key->column_count; j++)
            watch(k, t, key->columns[j]);
    }
    for (size_t i = 0; i < t->column_count; i++) {
        k->has_virtual |= is_virtual(&t->columns[i]);
        if (!t->columns[i].auto_increment)
            continue;
        watch(k, t, i);
        k->has_auto = true;
        k->auto_unsigned = t->columns[i].is_unsigned;
        k->auto_column = i;
    }
}

void net_key_init(struct net_key *k, const struct catalog_table *t, const struct rows_table_map *map)
{
    const struct catalog_key *identity = net_identity(t);

    *k = (struct net_key){.columns = mem_zalloc(identity->column_count, sizeof(*k->columns))};
    for (size_t i = 0; i < identity->column_count; i++)
        k->columns[k->count++] = column_of(t, map, identity->columns[i]);
    watch_all_of(k, t);
}

void net_key_free(struct net_key *k)
{
    free(k->columns);
    free(k->watched);
    *k = (struct net_key){0};
}

/* The highest byte first; the smallest negative number becomes 0. */
static void put_number(struct buf *out, const struct rows_value *v, bool is_signed)
{
    buf_reserve(out, v->len);
    for (size_t i = v->len; i > 0; i--)
        out->data[out->len++] = v->bytes[i - 1];
    if (is_signed)
        out->data[out->len - v->len] ^= 0x80;
}

struct err *net_key_put(const struct net_key *k, const struct rows_value *values, struct buf *out)
{
    for (size_t i = 0; i < k->count; i++) {
        const struct rows_value *v = &values[k->columns[i].column];
        if (!v->bytes)
            return err_new(ERR_INTEGRITY, "column %zu of a key is NULL in a row image",
                           k->columns[i].column + 1);
        if (k->columns[i].order == NET_BYTES)
            buf_append(out, v->bytes, v->len);
        else
            put_number(out, v, k->columns[i].order == NET_SIGNED);
    }
    /* behind the values, so that these decide the order */
    for (size_t i = 0; i < k->count; i++)
        if (k->columns[i].sized)
            buf_append_le(out, values[k->columns[i].column].len, 4);
    return NULL;
}

static bool value_differs(const struct rows_value *a, const struct rows_value *b)
{
    if (!a->bytes || !b->bytes)
        return a->bytes != b->bytes;
    return a->len != b->len || memcmp(a->bytes, b->bytes, a->len) != 0;
}

bool net_key_changed(const struct net_key *k, const struct rows_value *a, const struct rows_value *b)
{
    for (size_t i = 0; i < k->watched_count; i++)
        if (value_differs(&a[k->watched[i]], &b[k->watched[i]]))
            return true;
    return false;
}

uint64_t net_key_auto(const struct net_key *k, const struct rows_value *values)
{
    const struct rows_value *v = &values[k->auto_column];

    if (!k->has_auto || !v->bytes || v->len > sizeof(uint64_t))
        return 0;
    if (!k->auto_unsigned && v->bytes[v->len - 1] & 0x80)
        return 0; /* negative */
    return le_get(v->bytes, (unsigned)v->len);
}
