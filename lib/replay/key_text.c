#include "replay/key_text.h"

enum { SHOWN_COLUMNS = 8 };

/* The columns that identify a row: of the primary key, else of a unique key without NULLs, else the first
 * few. */
static size_t key_columns(const struct catalog_table *t, size_t columns[SHOWN_COLUMNS])
{
    size_t count = 0;

    for (size_t i = 0; i < t->key_count && count == 0; i++) {
        const struct catalog_key *key = &t->keys[i];
        bool usable = key->unique && !key->hash;
        for (size_t j = 0; usable && j < key->column_count; j++)
            usable = key->columns[j] < t->column_count && !t->columns[key->columns[j]].nullable;
        for (size_t j = 0; usable && j < key->column_count && count < SHOWN_COLUMNS; j++)
            columns[count++] = key->columns[j];
    }
    for (size_t i = 0; count == 0 && i < t->column_count && i < SHOWN_COLUMNS; i++)
        columns[i] = i;
    if (count == 0)
        count = t->column_count < SHOWN_COLUMNS ? t->column_count : SHOWN_COLUMNS;
    return count;
}

void key_text(struct buf *out, const struct table *t, const struct rows_event *r, const struct rows_row *row)
{
    size_t columns[SHOWN_COLUMNS];
    size_t count = key_columns(t->catalog, columns);
    bool insert = r->kind == ROWS_WRITE;
    const char *comma = "";

    for (size_t i = 0; i < count; i++) {
        const struct catalog_column *column = &t->catalog->columns[columns[i]];
        const uint8_t *value = NULL;
        size_t len = 0;
        bool present = false;
        struct err *e = rows_field(
            &t->map, insert ? r->after_columns : r->before_columns, insert ? row->after : row->before,
            insert ? row->after_len : row->before_len, columns[i], &value, &len, &present);
        if (e || !present) {
            err_free(e);
            continue;
        }
        buf_printf(out, "%s%s=", comma, column->name);
        if (value)
            rows_field_text(&t->map.columns[columns[i]], column->is_unsigned, value, len, out);
        else
            buf_append_str(out, "NULL");
        comma = ", ";
    }
}
