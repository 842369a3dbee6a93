#include "backup/column_text.h"

#include <string.h>

#include "base/mem.h"
#include "snapshot/row_text.h"

struct type_text {
    const char *type;
    const char *select_as; /* CAST(column AS ...), NULL: the column itself */
    const char *load_as;   /* SET column = CAST(@v AS ...), NULL: loaded into the column itself */
    bool plain;
};

static const struct type_text types[] = {
    {"tinyint", NULL, NULL, true},
    {"smallint", NULL, NULL, true},
    {"mediumint", NULL, NULL, true},
    {"int", NULL, NULL, true},
    {"bigint", NULL, NULL, true},
    {"decimal", NULL, NULL, true},
    {"double", NULL, NULL, true},
    {"float", "DOUBLE", NULL, true},
    {"year", NULL, NULL, true},
    {"date", NULL, NULL, true},
    {"time", NULL, NULL, true},
    {"datetime", NULL, NULL, true},
    {"timestamp", NULL, NULL, true},
    {"enum", "UNSIGNED", "UNSIGNED", true},
    {"set", "UNSIGNED", "UNSIGNED", true},
    {"uuid", "BINARY(16)", NULL, false},
    {"inet6", "BINARY(16)", NULL, false},
    {"inet4", "BINARY(4)", NULL, false},
};

static const struct type_text other_type = {"", NULL, NULL, false};

static const struct type_text *type_of(const struct catalog_column *column)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].type, column->data_type) == 0)
            return &types[i];
    return &other_type;
}

/* The period of a versioned table that has no columns of its own for it. */
static char row_start[] = "row_start", row_end[] = "row_end", timestamp[] = "timestamp";
static const struct catalog_column hidden_period[] = {{.name = row_start, .data_type = timestamp},
                                                      {.name = row_end, .data_type = timestamp}};

static bool is_period(const struct catalog_column *column)
{
    return column->row_start_or_end || column == &hidden_period[0] || column == &hidden_period[1];
}

static bool has_period(const struct catalog_table *t)
{
    for (size_t i = 0; i < t->column_count; i++)
        if (t->columns[i].row_start_or_end)
            return true;
    return false;
}

/* How many columns there are, the hidden ones counted, if they travel. */
static size_t column_end(const struct catalog_table *t)
{
    bool hidden = catalog_versioned_by_time(t) && !has_period(t);

    return t->column_count + (hidden ? sizeof(hidden_period) / sizeof(hidden_period[0]) : 0);
}

static bool travels(const struct catalog_table *t, const struct catalog_column *column)
{
    return column->row_start_or_end ? catalog_versioned_by_time(t) : !column->generated;
}

/* The next column that travels, from *i on; NULL behind the last. */
static const struct catalog_column *next_column(const struct catalog_table *t, size_t *i)
{
    while (*i < column_end(t)) {
        size_t at = (*i)++;
        if (at >= t->column_count)
            return &hidden_period[at - t->column_count];
        if (travels(t, &t->columns[at]))
            return &t->columns[at];
    }
    return NULL;
}

void column_text_expression(const struct catalog_column *column, struct buf *out)
{
    const char *as = type_of(column)->select_as;

    if (as)
        buf_append_str(out, "CAST(");
    sql_ident(out, column->name);
    if (as)
        buf_printf(out, " AS %s)", as);
}

char *column_text_select(const struct catalog_table *t)
{
    struct buf b = BUF_INIT;
    const struct catalog_column *column;

    for (size_t i = 0; (column = next_column(t, &i)) != NULL;) {
        if (b.len)
            buf_append_str(&b, ", ");
        column_text_expression(column, &b);
    }
    if (b.len == 0)
        buf_append_str(&b, "1"); /* nothing but generated columns: the rows still count */
    return buf_steal(&b);
}

static bool any_assignment(const struct catalog_table *t)
{
    const struct catalog_column *column;

    for (size_t i = 0; (column = next_column(t, &i)) != NULL;)
        if (type_of(column)->load_as)
            return true;
    return false;
}

/*
 * Whether the column is set from a variable. An AUTO_INCREMENT column is as soon as any other one is: the
 * server forgets that LOAD DATA gave it a 0 when it comes to the SET clause.
 */
static bool by_variable(const struct catalog_column *column, bool any)
{
    return type_of(column)->load_as || (any && column->auto_increment);
}

char *column_text_load(const struct catalog_table *t)
{
    struct buf b = BUF_INIT;
    struct buf set = BUF_INIT;
    const struct catalog_column *column;
    bool any = any_assignment(t);
    unsigned number = 0;

    buf_append_str(&b, ROW_TEXT_LOAD "(");
    for (size_t i = 0; (column = next_column(t, &i)) != NULL;) {
        if (number++)
            buf_append_str(&b, ", ");
        if (!by_variable(column, any)) {
            sql_ident(&b, column->name);
            continue;
        }
        const char *as = type_of(column)->load_as;
        buf_printf(&b, "@v%u", number);
        buf_append_str(&set, set.len ? ", " : " SET ");
        sql_ident(&set, column->name);
        if (as)
            buf_printf(&set, " = CAST(@v%u AS %s)", number, as);
        else
            buf_printf(&set, " = @v%u", number);
    }
    if (number == 0)
        buf_append_str(&b, "@v1");
    buf_append_byte(&b, ')');
    buf_append(&b, set.data, set.len);
    buf_free(&set);
    return buf_steal(&b);
}

bool *column_text_plain(const struct catalog_table *t)
{
    bool *plain = mem_zalloc(column_end(t) + 1, sizeof(*plain));
    const struct catalog_column *column;
    size_t count = 0;

    for (size_t i = 0; (column = next_column(t, &i)) != NULL;)
        plain[count++] = type_of(column)->plain;
    return plain;
}

struct text_rule *column_text_rules(const struct catalog_table *t)
{
    struct text_rule *rules = mem_zalloc(column_end(t) + 1, sizeof(*rules));
    const struct catalog_column *column;
    size_t count = 0;

    for (size_t i = 0; (column = next_column(t, &i)) != NULL;)
        rules[count++] = text_rule_of(column);
    return rules;
}

size_t column_text_place(const struct catalog_table *t, const struct catalog_column *column)
{
    const struct catalog_column *other;
    size_t place = 0;

    for (size_t i = 0; (other = next_column(t, &i)) != NULL && other != column;)
        place++;
    return place;
}

bool column_text_period(const struct catalog_table *t, size_t places[2])
{
    const struct catalog_column *column;
    size_t place = 0;
    unsigned found = 0;

    for (size_t i = 0; found < 2 && (column = next_column(t, &i)) != NULL; place++)
        if (is_period(column))
            places[found++] = place;
    return found == 2;
}

size_t column_text_count(const struct catalog_table *t)
{
    size_t count = 0;

    for (size_t i = 0; next_column(t, &i) != NULL;)
        count++;
    return count ? count : 1;
}
