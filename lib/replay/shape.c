#include "replay/shape.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/rows_types.h"

/* Types whose metadata is always the same number. */
static const struct {
    const char *data_type;
    uint8_t type;
    uint16_t metadata;
} fixed_types[] = {
    {"tinyint", TYPE_TINY, 0},
    {"smallint", TYPE_SHORT, 0},
    {"mediumint", TYPE_INT24, 0},
    {"int", TYPE_LONG, 0},
    {"bigint", TYPE_LONGLONG, 0},
    {"float", TYPE_FLOAT, 4},
    {"double", TYPE_DOUBLE, 8},
    {"year", TYPE_YEAR, 0},
    {"date", TYPE_DATE, 0},
    {"tinytext", TYPE_BLOB, 1},
    {"text", TYPE_BLOB, 2},
    {"mediumtext", TYPE_BLOB, 3},
    {"longtext", TYPE_BLOB, 4},
    {"tinyblob", TYPE_BLOB, 1},
    {"blob", TYPE_BLOB, 2},
    {"mediumblob", TYPE_BLOB, 3},
    {"longblob", TYPE_BLOB, 4},
    {"geometry", TYPE_GEOMETRY, 4},
    {"point", TYPE_GEOMETRY, 4},
    {"linestring", TYPE_GEOMETRY, 4},
    {"polygon", TYPE_GEOMETRY, 4},
    {"multipoint", TYPE_GEOMETRY, 4},
    {"multilinestring", TYPE_GEOMETRY, 4},
    {"multipolygon", TYPE_GEOMETRY, 4},
    {"geometrycollection", TYPE_GEOMETRY, 4},
    {"uuid", TYPE_STRING, 16},
    {"inet6", TYPE_STRING, 16},
    {"inet4", TYPE_STRING, 4},
};

/* How many members "enum('a','b''c')" has. */
static size_t count_members(const char *column_type)
{
    size_t count = 0;
    bool inside = false;

    for (const char *p = column_type; *p; p++) {
        if (*p != '\'')
            continue;
        if (inside && p[1] == '\'') {
            p++;
            continue;
        }
        inside = !inside;
        count += inside;
    }
    return count;
}

static uint16_t set_bytes(size_t members)
{
    size_t bytes = (members + 7) / 8;

    return (uint16_t)(bytes > 4 ? 8 : bytes);
}

static bool is_temporal(const char *data_type, uint8_t *type, uint8_t *old_type)
{
    if (strcmp(data_type, "time") == 0) {
        *type = TYPE_TIME2;
        *old_type = TYPE_TIME;
    } else if (strcmp(data_type, "datetime") == 0) {
        *type = TYPE_DATETIME2;
        *old_type = TYPE_DATETIME;
    } else if (strcmp(data_type, "timestamp") == 0) {
        *type = TYPE_TIMESTAMP2;
        *old_type = TYPE_TIMESTAMP;
    } else {
        return false;
    }
    return true;
}

/* Types whose metadata depends on the column. */
static bool variable_type(const struct catalog_column *c, struct rows_column *out)
{
    uint8_t type, old_type;
    size_t extra = c->compressed ? 1 : 0;

    if (is_temporal(c->data_type, &type, &old_type)) {
        bool old = strstr(c->column_type, "mariadb-5.3") != NULL;
        out->type = old ? old_type : type;
        out->metadata = old ? 0 : (uint16_t)c->datetime_precision;
    } else if (strcmp(c->data_type, "decimal") == 0) {
        out->type = TYPE_NEWDECIMAL;
        out->metadata = (uint16_t)(c->precision | c->scale << 8);
    } else if (strcmp(c->data_type, "bit") == 0) {
        out->type = TYPE_BIT;
        out->metadata = (uint16_t)c->precision;
    } else if (strcmp(c->data_type, "char") == 0 || strcmp(c->data_type, "binary") == 0) {
        out->type = TYPE_STRING;
        out->metadata = (uint16_t)c->octet_length;
    } else if (strcmp(c->data_type, "varchar") == 0 || strcmp(c->data_type, "varbinary") == 0) {
        out->type = extra ? TYPE_VARCHAR_COMPRESSED : TYPE_VARCHAR;
        out->metadata = (uint16_t)(c->octet_length + extra);
    } else if (strcmp(c->data_type, "enum") == 0) {
        out->type = TYPE_ENUM;
        out->metadata = count_members(c->column_type) < 256 ? 1 : 2;
    } else if (strcmp(c->data_type, "set") == 0) {
        out->type = TYPE_SET;
        out->metadata = set_bytes(count_members(c->column_type));
    } else {
        return false;
    }
    return true;
}

static struct err *shape_of_column(const struct catalog_table *t, const struct catalog_column *c,
                                   struct rows_column *out)
{
    out->nullable = c->nullable;
    for (size_t i = 0; i < sizeof(fixed_types) / sizeof(fixed_types[0]); i++)
        if (strcmp(fixed_types[i].data_type, c->data_type) == 0) {
            out->type = fixed_types[i].type;
            out->metadata = fixed_types[i].metadata;
            if (c->compressed)
                out->type = TYPE_BLOB_COMPRESSED;
            return NULL;
        }
    if (strstr(c->column_type, "mariadb-5.3") && c->datetime_precision > 0)
        return err_hint(
            err_new(ERR_UNSUPPORTED,
                    "table %s.%s: column %s keeps its fractions in the format of MariaDB 5.3, whose "
                    "length the binlog does not tell",
                    t->db, t->name, c->name),
            "ALTER TABLE ... FORCE with mysql56_temporal_format=ON, here and at the source");
    if (variable_type(c, out))
        return NULL;
    return err_new(ERR_UNSUPPORTED, "table %s.%s: column %s has the type '%s', which ccr does not know",
                   t->db, t->name, c->name, c->column_type);
}

/* The hidden columns of system versioning, where the table does not declare them itself. */
static size_t hidden_period(const struct catalog_table *t, struct rows_column *out)
{
    if (!t->versioned)
        return 0;
    for (size_t i = 0; i < t->column_count; i++)
        if (t->columns[i].row_start_or_end)
            return 0;
    out[0] = out[1] = (struct rows_column){.type = TYPE_TIMESTAMP2, .metadata = 6, .nullable = false};
    return 2;
}

/* A unique key by hash has a hidden column, which is NULL where one of its columns is. */
static size_t hidden_hashes(const struct catalog_table *t, struct rows_column *out)
{
    size_t count = 0;

    for (size_t i = 0; i < t->key_count; i++) {
        const struct catalog_key *key = &t->keys[i];
        if (!key->hash)
            continue;
        out[count] = (struct rows_column){.type = TYPE_LONGLONG};
        for (size_t j = 0; j < key->column_count; j++)
            if (key->columns[j] < t->column_count && t->columns[key->columns[j]].nullable)
                out[count].nullable = true;
        count++;
    }
    return count;
}

static const char *type_name(uint8_t type)
{
    static const struct {
        uint8_t type;
        const char *name;
    } names[] = {
        {TYPE_TINY, "TINYINT"},
        {TYPE_SHORT, "SMALLINT"},
        {TYPE_INT24, "MEDIUMINT"},
        {TYPE_LONG, "INT"},
        {TYPE_LONGLONG, "BIGINT"},
        {TYPE_FLOAT, "FLOAT"},
        {TYPE_DOUBLE, "DOUBLE"},
        {TYPE_NEWDECIMAL, "DECIMAL"},
        {TYPE_BIT, "BIT"},
        {TYPE_YEAR, "YEAR"},
        {TYPE_DATE, "DATE"},
        {TYPE_TIME2, "TIME"},
        {TYPE_DATETIME2, "DATETIME"},
        {TYPE_TIMESTAMP2, "TIMESTAMP"},
        {TYPE_STRING, "CHAR"},
        {TYPE_VARCHAR, "VARCHAR"},
        {TYPE_VARCHAR_COMPRESSED, "compressed VARCHAR"},
        {TYPE_BLOB, "BLOB or TEXT"},
        {TYPE_BLOB_COMPRESSED, "compressed BLOB or TEXT"},
        {TYPE_ENUM, "ENUM"},
        {TYPE_SET, "SET"},
        {TYPE_GEOMETRY, "GEOMETRY"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].type == type)
            return names[i].name;
    return "another type";
}

/* "DECIMAL(10,2) NOT NULL", "VARCHAR of 80 bytes"; malloc'ed. */
static char *column_text(const struct rows_column *c)
{
    const char *name = type_name(c->type);
    const char *null = c->nullable ? "" : " NOT NULL";

    switch (c->type) {
    case TYPE_NEWDECIMAL:
        return mem_printf("%s(%u,%u)%s", name, c->metadata & 0xffu, (unsigned)c->metadata >> 8, null);
    case TYPE_BIT:
    case TYPE_TIME2:
    case TYPE_DATETIME2:
    case TYPE_TIMESTAMP2:
        return mem_printf("%s(%u)%s", name, c->metadata, null);
    case TYPE_STRING:
    case TYPE_VARCHAR:
    case TYPE_VARCHAR_COMPRESSED:
    case TYPE_ENUM:
    case TYPE_SET:
        return mem_printf("%s of %u bytes%s", name, c->metadata, null);
    case TYPE_BLOB:
    case TYPE_BLOB_COMPRESSED:
        return mem_printf("%s with %u bytes of length%s", name, c->metadata, null);
    default:
        return mem_printf("%s%s", name, null);
    }
}

struct err *shape_difference(const struct catalog_table *t, size_t column, const char *source,
                             const char *target)
{
    const char *name = column < t->column_count ? t->columns[column].name : "hidden";

    return err_hint(err_new(ERR_UNSAFE,
                            "table %s.%s: column %zu (%s) is %s on the source and %s on the target", t->db,
                            t->name, column + 1, name, source, target),
                    SHAPE_HINT);
}

static struct err *difference(const struct catalog_table *t, size_t column, const struct rows_column *source,
                              const struct rows_column *target)
{
    char *a = column_text(source);
    char *b = column_text(target);
    struct err *e = shape_difference(t, column, a, b);

    free(a);
    free(b);
    return e;
}

struct err *shape_check(const struct rows_table_map *map, const struct catalog_table *t)
{
    size_t count = 0;
    struct err *e = NULL;
    struct rows_column *expected = mem_zalloc(t->column_count + t->key_count + 2, sizeof(*expected));

    for (; !e && count < t->column_count; count++)
        e = shape_of_column(t, &t->columns[count], &expected[count]);
    if (!e) {
        count += hidden_period(t, expected + count);
        count += hidden_hashes(t, expected + count);
        if (count != map->column_count)
            e = err_hint(err_new(ERR_UNSAFE,
                                 "table %s.%s has %zu columns on the source and %zu on the target "
                                 "(hidden ones included)",
                                 t->db, t->name, map->column_count, count),
                         SHAPE_HINT);
    }
    for (size_t i = 0; !e && i < count; i++) {
        const struct rows_column *source = &map->columns[i];
        if (source->type != expected[i].type || source->metadata != expected[i].metadata ||
            source->nullable != expected[i].nullable)
            e = difference(t, i, source, &expected[i]);
    }
    free(expected);
    return e;
}
