#include "replay/sequence.h"

#include <stdlib.h>

/* The columns of every sequence. */
enum { NEXT_VALUE, MINIMUM, MAXIMUM, START, INCREMENT, CACHE, CYCLES, ROUNDS, SEQUENCE_COLUMNS };

enum { NUMBER_SIZE = 8, FLAG_SIZE = 1 };

static const uint8_t all_columns[] = {0xff};

bool sequence_is_partial(const struct table *table, const struct rows_event *rows)
{
    return table->catalog && table->catalog->is_sequence && rows->kind == ROWS_WRITE &&
           !rows_event_is_full(rows);
}

static struct err *append_logged(const struct table *table, const struct rows_event *rows,
                                 const struct rows_row *row, size_t column, struct buf *image)
{
    const uint8_t *value;
    size_t len;
    bool present;

    TRY(rows_field(&table->map, rows->after_columns, row->after, row->after_len, column, &value, &len,
                   &present));
    if (!present || !value || len != NUMBER_SIZE)
        return err_new(ERR_UNSUPPORTED, "the row of sequence %s.%s was logged without column %zu",
                       table->source_db, table->source_name, column + 1);
    buf_append(image, value, len);
    return NULL;
}

static struct err *append_row(const struct table *table, const struct rows_event *rows,
                              const struct rows_row *row, char **definition, struct buf *image)
{
    buf_append_byte(image, 0); /* no column is NULL */
    TRY(append_logged(table, rows, row, NEXT_VALUE, image));
    for (size_t i = MINIMUM; i <= CYCLES; i++)
        buf_append_le(image, (uint64_t)strtoll(definition[i - MINIMUM], NULL, 10),
                      i == CYCLES ? FLAG_SIZE : NUMBER_SIZE);
    return append_logged(table, rows, row, ROUNDS, image);
}

static struct err *append_rows(const struct table *table, const struct rows_event *rows, char **definition,
                               struct buf *image)
{
    struct rows_row row;
    size_t at = 0;
    bool done;

    for (;;) {
        TRY(rows_next(&table->map, rows, &at, &row, &done));
        if (done)
            return NULL;
        TRY(append_row(table, rows, &row, definition, image));
    }
}

struct err *sequence_complete(struct apply *a, const struct table *table, const struct rows_event *rows,
                              struct buf *image, struct rows_event *out)
{
    struct result *r = NULL;
    char *name = sql_table_dup(table->db, table->name);
    struct err *e =
        conn_query(a->conn, &r,
                   "SELECT minimum_value, maximum_value, start_value, increment, cache_size, cycle_option "
                   "FROM %s",
                   name);
    char **definition = e ? NULL : result_next(r, NULL);

    free(name);
    if (definition && table->map.column_count == SEQUENCE_COLUMNS)
        e = append_rows(table, rows, definition, image);
    else if (!e)
        e = err_new(ERR_UNSAFE, "sequence %s.%s cannot be read", table->db, table->name);
    result_free(r);
    if (e)
        return e;
    *out = *rows;
    out->after_columns = all_columns;
    out->rows = image->data;
    out->rows_len = image->len;
    return NULL;
}
