#include "backup/chunk_key.h"

#include <stdlib.h>
#include <string.h>

#include "backup/column_text.h"
#include "base/mem.h"

enum literal_form {
    LITERAL_NONE,
    LITERAL_NUMBER,
    LITERAL_TEXT,
    LITERAL_BYTES,
    LITERAL_BIT,
    LITERAL_CAST,
    LITERAL_ENUM
};

/* An ENUM with more members would make conditions too long. */
enum { MOST_MEMBERS = 255 };

static enum literal_form literal_form_of(const struct catalog_column *column)
{
    static const struct {
        const char *type;
        enum literal_form form;
    } forms[] = {
        {"tinyint", LITERAL_NUMBER}, {"smallint", LITERAL_NUMBER}, {"mediumint", LITERAL_NUMBER},
        {"int", LITERAL_NUMBER},     {"bigint", LITERAL_NUMBER},   {"decimal", LITERAL_NUMBER},
        {"year", LITERAL_NUMBER},    {"float", LITERAL_NUMBER},    {"double", LITERAL_NUMBER},
        {"date", LITERAL_TEXT},      {"datetime", LITERAL_TEXT},   {"timestamp", LITERAL_TEXT},
        {"time", LITERAL_TEXT},      {"char", LITERAL_BYTES},      {"varchar", LITERAL_BYTES},
        {"binary", LITERAL_BYTES},   {"varbinary", LITERAL_BYTES}, {"bit", LITERAL_BIT},
        {"inet4", LITERAL_CAST},     {"inet6", LITERAL_CAST},      {"uuid", LITERAL_CAST},
        {"enum", LITERAL_ENUM},
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strcmp(forms[i].type, column->data_type) == 0)
            return forms[i].form;
    return LITERAL_NONE;
}

/* The members of "enum('a','it''s')". */
static size_t member_count(const struct catalog_column *column)
{
    bool inside = false;
    size_t count = 1;

    for (const char *p = column->column_type; *p; p++) {
        inside ^= *p == '\'';
        count += *p == ',' && !inside;
    }
    return count;
}

static const struct catalog_column *key_column(const struct chunk_key *k, size_t i)
{
    return &k->table->columns[k->key->columns[i]];
}

/*
 * CHAR lies in the index with its spaces, and is compared without them where the collation is one of NO PAD:
 * '' is before a tab, and lies behind it.
 */
static bool is_compared_otherwise(const struct catalog_column *column)
{
    const char *collation = column->collation ? column->collation : "";

    return strcmp(column->data_type, "char") == 0 &&
           (strstr(collation, "_nopad_") || strstr(collation, "_0900_"));
}

static bool is_usable(const struct catalog_column *column)
{
    enum literal_form form = literal_form_of(column);

    if (column->generated || column->row_start_or_end || form == LITERAL_NONE ||
        is_compared_otherwise(column))
        return false;
    return form != LITERAL_ENUM || member_count(column) <= MOST_MEMBERS;
}

static size_t usable_columns(const struct catalog_table *t, const struct catalog_key *key)
{
    size_t count = 0;

    if (!key->unique || key->hash)
        return 0;
    for (size_t i = 0; i < key->column_count; i++)
        if (t->columns[key->columns[i]].nullable)
            return 0;
    while (count < key->column_count && !key->prefix[count] && is_usable(&t->columns[key->columns[count]]) &&
           key->descending[count] == key->descending[0])
        count++;
    return count;
}

/* Is it the one that the server takes for the primary key? It has a name, and cannot be IGNORED. */
static bool is_primary(const struct catalog_table *t, const struct catalog_key *key)
{
    size_t count = 0;

    for (size_t i = 0; i < t->column_count; i++)
        count += t->columns[i].primary;
    for (size_t i = 0; i < key->column_count; i++)
        if (!t->columns[key->columns[i]].primary)
            return false;
    return count == key->column_count;
}

struct chunk_key chunk_key_choose(const struct catalog_table *t)
{
    size_t count = t->has_primary ? 1 : t->key_count;
    struct chunk_key k = {.table = t};

    /* the indexes of MEMORY are hashes, unless said otherwise */
    if (strcasecmp(t->engine, "MEMORY") == 0)
        return k;
    for (size_t i = 0; i < count && !k.key; i++) {
        k.count = t->has_primary || is_primary(t, &t->keys[i]) ? usable_columns(t, &t->keys[i]) : 0;
        if (k.count)
            k.key = &t->keys[i];
    }
    k.distinct = k.key && k.count == k.key->column_count && !t->versioned;
    return k;
}

void chunk_key_select(const struct chunk_key *k, struct buf *out)
{
    for (size_t i = 0; i < k->count; i++) {
        buf_append_str(out, i ? ", " : "");
        column_text_expression(key_column(k, i), out);
    }
}

void chunk_key_hint(const struct chunk_key *k, struct buf *out)
{
    buf_append_str(out, " FORCE INDEX (");
    sql_ident(out, k->key->name);
    buf_append_str(out, ")");
}

void chunk_key_order(const struct chunk_key *k, bool backwards, struct buf *out)
{
    for (size_t i = 0; i < k->count; i++) {
        buf_append_str(out, i ? ", " : " ORDER BY ");
        sql_ident(out, key_column(k, i)->name);
        buf_append_str(out, backwards ? " DESC" : "");
    }
}

static void append_hex(struct buf *out, const struct chunk_value *v)
{
    buf_append_str(out, "X'");
    for (size_t i = 0; i < v->len; i++)
        buf_printf(out, "%02X", (uint8_t)v->bytes[i]);
    buf_append_byte(out, '\'');
}

static void append_literal(struct buf *out, const struct catalog_column *column, const struct chunk_value *v)
{
    uint64_t bits = 0;

    switch (literal_form_of(column)) {
    case LITERAL_TEXT:
        sql_string(out, v->bytes);
        break;
    case LITERAL_BYTES:
        if (column->charset)
            buf_printf(out, "_%s ", column->charset);
        append_hex(out, v);
        break;
    case LITERAL_CAST:
        buf_append_str(out, "CAST(");
        append_hex(out, v);
        buf_printf(out, " AS %s)", column->data_type);
        break;
    case LITERAL_BIT:
        for (size_t i = 0; i < v->len; i++)
            bits = bits << 8 | (uint8_t)v->bytes[i];
        buf_printf(out, "%llu", (unsigned long long)bits);
        break;
    case LITERAL_NUMBER:
    case LITERAL_ENUM:
    case LITERAL_NONE:
        buf_append(out, v->bytes, v->len);
        break;
    }
}

/* The numbers of an ENUM on one side of a border; 0 is the error value. */
static void append_members(struct buf *out, const struct catalog_column *column, const struct chunk_value *v,
                           const char *sign)
{
    size_t at = strtoul(v->bytes, NULL, 10);
    size_t first = strcmp(sign, "<") == 0 ? 0 : strcmp(sign, ">") == 0 ? at + 1 : at;
    size_t end = strcmp(sign, "<") == 0 ? at : member_count(column) + 1;

    if (first >= end) {
        buf_append_str(out, "FALSE");
        return;
    }
    sql_ident(out, column->name);
    for (size_t i = first; i < end; i++)
        buf_printf(out, "%s%zu", i == first ? " IN (" : ",", i);
    buf_append_byte(out, ')');
}

static void compare_column(struct buf *out, const struct catalog_column *column, const struct chunk_value *v,
                           const char *sign)
{
    if (literal_form_of(column) == LITERAL_ENUM && strcmp(sign, "=") != 0) {
        append_members(out, column, v, sign);
        return;
    }
    sql_ident(out, column->name);
    buf_printf(out, " %s ", sign);
    append_literal(out, column, v);
}

/* Written out column by column, because that is the form in which the server uses an index. */
void chunk_key_condition(const struct chunk_key *k, const struct chunk_border *border, const char *sign,
                         struct buf *out)
{
    const char *strict = sign[0] == '<' ? "<" : ">";

    buf_append_byte(out, '(');
    for (size_t i = 0; i < border->count; i++) {
        buf_append_str(out, i ? " OR (" : "(");
        for (size_t n = 0; n <= i; n++) {
            buf_append_str(out, n ? " AND " : "");
            compare_column(out, key_column(k, n), &border->values[n],
                           n < i                   ? "="
                           : i + 1 < border->count ? strict
                                                   : sign);
        }
        buf_append_byte(out, ')');
    }
    buf_append_byte(out, ')');
}

void chunk_key_where(const struct chunk_key *k, const struct chunk_border *from,
                     const struct chunk_border *to, struct buf *out)
{
    if (from->values) {
        buf_append_str(out, " WHERE ");
        chunk_key_condition(k, from, ">=", out);
    }
    if (to->values) {
        buf_append_str(out, from->values ? " AND " : " WHERE ");
        chunk_key_condition(k, to, "<", out);
    }
}

static struct chunk_value copy_value(const char *bytes, size_t len)
{
    struct chunk_value v = {mem_alloc(len + 1), len};

    memcpy(v.bytes, bytes, len);
    v.bytes[len] = 0;
    return v;
}

static bool same_value(const struct chunk_value *a, const struct chunk_value *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

bool chunk_key_guess(const struct chunk_key *k, const struct chunk_border *low,
                     const struct chunk_border *high, double share, struct chunk_border *out)
{
    struct chunk_value between;
    size_t at = 0;

    while (at < k->count && same_value(&low->values[at], &high->values[at]))
        at++;
    if (at == k->count)
        return false;
    const struct catalog_column *column = key_column(k, at);
    if (!chunk_middle(chunk_order_of(column), column->scale, &low->values[at], &high->values[at], share,
                      &between))
        return false;
    *out = (struct chunk_border){mem_zalloc(at + 1, sizeof(*out->values)), at + 1};
    for (size_t i = 0; i < at; i++)
        out->values[i] = copy_value(low->values[i].bytes, low->values[i].len);
    out->values[at] = between;
    return true;
}

void chunk_border_set(struct chunk_border *b, char **row, const unsigned long *lengths, const size_t *places,
                      size_t count)
{
    *b = (struct chunk_border){mem_zalloc(count, sizeof(*b->values)), count};
    for (size_t i = 0; i < count; i++) {
        size_t at = places ? places[i] : i;
        b->values[i] = copy_value(row[at] ? row[at] : "", row[at] ? lengths[at] : 0);
    }
}

void chunk_border_copy(struct chunk_border *to, const struct chunk_border *from)
{
    *to = (struct chunk_border){0};
    if (!from->values)
        return;
    *to = (struct chunk_border){mem_zalloc(from->count, sizeof(*to->values)), from->count};
    for (size_t i = 0; i < from->count; i++)
        to->values[i] = copy_value(from->values[i].bytes, from->values[i].len);
}

bool chunk_border_same(const struct chunk_border *a, const struct chunk_border *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_value(&a->values[i], &b->values[i]))
            return false;
    return true;
}

void chunk_border_free(struct chunk_border *b)
{
    for (size_t i = 0; i < b->count; i++)
        free(b->values[i].bytes);
    free(b->values);
    *b = (struct chunk_border){0};
}
