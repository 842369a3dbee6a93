#include "snapshot/chunk_steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum literal_form { LITERAL_NONE, LITERAL_NUMBER, LITERAL_TEXT, LITERAL_BYTES };

/*
 * Types whose values have an exact literal that compares as the column does. FLOAT, ENUM, SET and BIT have
 * not; of the temporal types, zero and invalid dates are no literals, so none is taken.
 */
static enum literal_form literal_form_of(const struct catalog_column *column)
{
    static const struct {
        const char *type;
        enum literal_form form;
    } forms[] = {
        {"tinyint", LITERAL_NUMBER},  {"smallint", LITERAL_NUMBER}, {"mediumint", LITERAL_NUMBER},
        {"int", LITERAL_NUMBER},      {"bigint", LITERAL_NUMBER},   {"decimal", LITERAL_NUMBER},
        {"year", LITERAL_NUMBER},     {"inet4", LITERAL_TEXT},      {"inet6", LITERAL_TEXT},
        {"char", LITERAL_BYTES},      {"varchar", LITERAL_BYTES},   {"binary", LITERAL_BYTES},
        {"varbinary", LITERAL_BYTES},
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strcmp(forms[i].type, column->data_type) == 0)
            return forms[i].form;
    return LITERAL_NONE;
}

size_t chunk_steps_columns(const struct catalog_table *t, const struct catalog_key *key)
{
    size_t count = 0;

    if (!key->unique || key->hash)
        return 0;
    for (size_t i = 0; i < key->column_count; i++)
        if (t->columns[key->columns[i]].nullable)
            return 0;
    while (count < key->column_count && !key->prefix[count] &&
           literal_form_of(&t->columns[key->columns[count]]) != LITERAL_NONE)
        count++;
    return count;
}

void chunk_steps_table(struct buf *out, const struct catalog_table *t)
{
    sql_table(out, t->db, t->name);
    if (catalog_versioned_by_time(t))
        buf_append_str(out, ALL_HISTORY);
}

static const struct catalog_column *key_column(const struct catalog_table *t, const struct catalog_key *key,
                                               size_t i)
{
    return &t->columns[key->columns[i]];
}

static char *literal(const struct catalog_column *column, const char *value, size_t len)
{
    struct buf b = BUF_INIT;

    switch (literal_form_of(column)) {
    case LITERAL_TEXT:
        sql_string(&b, value);
        break;
    case LITERAL_BYTES:
        if (column->charset)
            buf_printf(&b, "_%s ", column->charset);
        buf_append_str(&b, "X'");
        for (size_t i = 0; i < len; i++)
            buf_printf(&b, "%02X", (uint8_t)value[i]);
        buf_append_byte(&b, '\'');
        break;
    case LITERAL_NUMBER:
    case LITERAL_NONE:
        buf_append(&b, value, len);
        break;
    }
    return buf_steal(&b);
}

/* Written out column by column, because that is the form in which the server uses an index. */
static void compare_keys(struct buf *out, const struct catalog_table *t, const struct catalog_key *key,
                         const struct chunk_border *border, const char *strict, const char *last)
{
    size_t count = chunk_steps_columns(t, key);

    for (size_t i = 0; i < count; i++) {
        buf_append_str(out, i ? " OR (" : "((");
        for (size_t k = 0; k <= i; k++) {
            if (k)
                buf_append_str(out, " AND ");
            sql_ident(out, key_column(t, key, k)->name);
            buf_printf(out, " %s %s", k < i ? "=" : i + 1 < count ? strict : last, border->values[k]);
        }
        buf_append_byte(out, ')');
    }
    buf_append_byte(out, ')');
}

void chunk_border_condition(struct buf *out, const struct catalog_table *t, const struct catalog_key *key,
                            const struct chunk_border *border, const char *sign)
{
    compare_keys(out, t, key, border, sign[0] == '<' ? "<" : ">", sign);
}

/* The key at `offset` among those whose comparison with `from` is `sign`. */
static struct err *key_at(struct conn *c, const struct catalog_table *t, const struct catalog_key *key,
                          const struct chunk_border *from, const char *sign, uint64_t offset,
                          struct chunk_border *out)
{
    struct buf sql = BUF_INIT;
    struct buf columns = BUF_INIT;
    struct result *r = NULL;
    unsigned long *lengths = NULL;
    size_t count = chunk_steps_columns(t, key);

    out->values = NULL;
    for (size_t i = 0; i < count; i++) {
        buf_append_str(&columns, i ? ", " : "");
        sql_ident(&columns, key_column(t, key, i)->name);
    }
    buf_printf(&sql, "SELECT HIGH_PRIORITY %s FROM ", buf_str(&columns));
    chunk_steps_table(&sql, t);
    buf_append_str(&sql, " FORCE INDEX (");
    sql_ident(&sql, key->name);
    buf_append_byte(&sql, ')');
    if (from->values) {
        buf_append_str(&sql, " WHERE ");
        compare_keys(&sql, t, key, from, ">", sign);
    }
    buf_printf(&sql, " ORDER BY %s LIMIT 1 OFFSET %llu", buf_str(&columns), (unsigned long long)offset);
    struct err *e = conn_query(c, &r, "%s", buf_str(&sql));
    char **row = e ? NULL : result_next(r, &lengths);
    if (row) {
        out->values = mem_zalloc(count, sizeof(*out->values));
        for (size_t i = 0; i < count; i++)
            out->values[i] = literal(key_column(t, key, i), row[i] ? row[i] : "", lengths[i]);
    }
    result_free(r);
    buf_free(&columns);
    buf_free(&sql);
    return e;
}

static bool same_border(size_t count, const struct chunk_border *a, const struct chunk_border *b)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(a->values[i], b->values[i]) != 0)
            return false;
    return true;
}

struct err *chunk_steps_next(struct conn *c, const struct catalog_table *t, const struct catalog_key *key,
                             const struct chunk_border *from, uint64_t step, struct chunk_border *out)
{
    size_t count = chunk_steps_columns(t, key);

    TRY(key_at(c, t, key, from, ">=", step, out));
    if (!from->values || !out->values || !same_border(count, from, out))
        return NULL;
    /* only the first columns of the key make the border, and more than a step's rows are alike in them */
    chunk_border_free(t, key, out);
    TRY(key_at(c, t, key, from, ">", 0, out));
    if (out->values && same_border(count, from, out))
        chunk_border_free(t, key, out);
    return NULL;
}

void chunk_border_free(const struct catalog_table *t, const struct catalog_key *key,
                       struct chunk_border *border)
{
    size_t count = chunk_steps_columns(t, key);

    for (size_t i = 0; border->values && i < count; i++)
        free(border->values[i]);
    free(border->values);
    border->values = NULL;
}
