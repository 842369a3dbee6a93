#include "replay/row_match.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/conn.h"

/* How a column's bytes are reached in SQL. */
enum match_class {
    MATCH_VALUE,  /* equal values are equal bytes */
    MATCH_FLOAT,  /* but for the sign of a zero, which shows in the angle */
    MATCH_NUMBER, /* texts may repeat (the empty one of an ENUM): the number behind it */
    MATCH_TEXT,   /* by bytes, not by collation */
    MATCH_BYTES,
};

static enum match_class match_class(const struct catalog_column *c)
{
    static const char *const bytes[] = {
        "tinyblob",   "blob",     "mediumblob", "longblob",        "geometry",     "point",
        "linestring", "polygon",  "multipoint", "multilinestring", "multipolygon", "geometrycollection",
        "binary",     "varbinary"};

    if (strcmp(c->data_type, "float") == 0 || strcmp(c->data_type, "double") == 0)
        return MATCH_FLOAT;
    if (strcmp(c->data_type, "enum") == 0 || strcmp(c->data_type, "set") == 0 ||
        strcmp(c->data_type, "bit") == 0)
        return MATCH_NUMBER;
    for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
        if (strcmp(c->data_type, bytes[i]) == 0)
            return MATCH_BYTES;
    return c->charset ? MATCH_TEXT : MATCH_VALUE;
}

bool row_match_column(const struct catalog_column *c)
{
    return !c->generated && !c->row_start_or_end;
}

static void append_name(struct buf *sql, const struct catalog_table *t, size_t column,
                        enum row_match_side side)
{
    if (side == ROW_MATCH_SIDE) {
        buf_printf(sql, "c%zu", column + 1);
        return;
    }
    buf_append_str(sql, "t.");
    sql_ident(sql, t->columns[column].name);
}

/* "before NAME after <=> before s.cN after" */
static void append_pair(struct buf *sql, const struct catalog_table *t, size_t column, const char *before,
                        const char *after)
{
    buf_append_str(sql, before);
    append_name(sql, t, column, ROW_MATCH_TABLE);
    buf_printf(sql, "%s <=> %ss.c%zu%s", after, before, column + 1, after);
}

void row_match_equal(struct buf *sql, const struct catalog_table *t, size_t column)
{
    switch (match_class(&t->columns[column])) {
    case MATCH_FLOAT:
        append_pair(sql, t, column, "", "");
        buf_append_str(sql, " AND ");
        append_pair(sql, t, column, "ATAN2(", ", -1)");
        return;
    case MATCH_NUMBER:
        append_pair(sql, t, column, "CAST(", " AS UNSIGNED)");
        return;
    case MATCH_TEXT:
        append_pair(sql, t, column, "CAST(", " AS BINARY)");
        return;
    case MATCH_VALUE:
    case MATCH_BYTES:
    default:
        append_pair(sql, t, column, "", "");
    }
}

void row_match_all_equal(struct buf *sql, const struct catalog_table *t, const uint8_t *columns)
{
    const char *and = "";

    for (size_t i = 0; i < t->column_count; i++) {
        if (!row_match_column(&t->columns[i]) || (columns && !(columns[i / 8] >> (i % 8) & 1)))
            continue;
        buf_append_str(sql, and);
        row_match_equal(sql, t, i);
        and = " AND ";
    }
    if (!*and)
        buf_append_str(sql, "TRUE");
}

void row_match_hash(struct buf *sql, const struct catalog_table *t, enum row_match_side side)
{
    buf_append_str(sql, "CRC32(CONCAT_WS(','");
    for (size_t i = 0; i < t->column_count; i++) {
        if (!row_match_column(&t->columns[i]))
            continue;
        enum match_class class = match_class(&t->columns[i]);
        bool number = class == MATCH_NUMBER;
        bool bytes = class == MATCH_TEXT || class == MATCH_BYTES;
        buf_append_str(sql, bytes ? ", CRC32(" : number ? ", CAST(" : ", ");
        append_name(sql, t, i, side);
        buf_append_str(sql, bytes ? ")" : number ? " AS UNSIGNED)" : "");
    }
    buf_append_str(sql, "))");
}

void row_match_text(struct buf *sql, const struct catalog_table *t)
{
    buf_append_str(sql, "CONCAT(''");
    for (size_t i = 0; i < t->column_count; i++) {
        if (!row_match_column(&t->columns[i]))
            continue;
        char *label = mem_printf("%s=", t->columns[i].name);
        buf_append_str(sql, ", ");
        sql_string(sql, label);
        buf_append_str(sql, ", QUOTE(t.");
        sql_ident(sql, t->columns[i].name);
        buf_append_str(sql, "), '\\n'");
        free(label);
    }
    buf_append_str(sql, ")");
}
