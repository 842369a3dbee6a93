/* The net changes, in the order in which they are sent. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "replay/net_rows.h"

/* Of row images in one event: bundles fill well with pieces much smaller than themselves. */
enum { PIECE_BYTES = 32 * 1024 };

/* What is to be done with a row. */
enum { EMIT_DELETE = 1, EMIT_UPDATE = 2, EMIT_INSERT = 4 };

struct sorted {
    uint64_t prefix; /* of the key, as a number */
    const struct net_row *row;
    unsigned actions;
};

_Static_assert(sizeof(struct sorted) <= NET_SORT_BYTES, "net_bytes counts them");

struct emitter {
    const struct net *n;
    const struct net_table *t;
    struct err *(*emit)(void *arg, const struct change *c);
    void *arg;
    struct buf rows;
};

static uint64_t prefix_of(const struct net_row *row)
{
    uint64_t prefix = 0;

    for (size_t i = 0; i < 8; i++)
        prefix = prefix << 8 | (i < row->key_len ? row->key[i] : 0);
    return prefix;
}

static int compare(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;

    if (x->prefix != y->prefix)
        return x->prefix < y->prefix ? -1 : 1;
    size_t len = x->row->key_len < y->row->key_len ? x->row->key_len : y->row->key_len;
    int order = memcmp(x->row->key, y->row->key, len);
    if (order != 0)
        return order;
    return x->row->key_len < y->row->key_len ? -1 : x->row->key_len > y->row->key_len;
}

static struct err *emit_flush(struct emitter *m, enum rows_kind kind)
{
    const struct rows_event event = {
        .kind = kind,
        .table_id = m->t->table->id,
        .flags = ROWS_NO_FOREIGN_KEY_CHECKS | ROWS_NO_CHECK_CONSTRAINT_CHECKS,
        .column_count = m->t->table->map.column_count,
        .before_columns = m->t->columns,
        .after_columns = m->t->columns,
        .rows = m->rows.data,
        .rows_len = m->rows.len,
    };
    const struct change change = {m->t->table, &event, m->n->time, m->n->server_id, m->n->gtid};

    if (m->rows.len == 0)
        return NULL;
    TRY(m->emit(m->arg, &change));
    buf_clear(&m->rows);
    return NULL;
}

/* Either image may be NULL. */
static struct err *emit_row(struct emitter *m, enum rows_kind kind, const void *before, size_t before_len,
                            const void *after, size_t after_len)
{
    if (m->rows.len + before_len + after_len > PIECE_BYTES)
        TRY(emit_flush(m, kind));
    if (before)
        buf_append(&m->rows, before, before_len);
    if (after)
        buf_append(&m->rows, after, after_len);
    return NULL;
}

static struct err *emit_deletes(struct emitter *m, const struct sorted *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].actions & EMIT_DELETE)
            TRY(emit_row(m, ROWS_DELETE, rows[i].row->before, rows[i].row->before_len, NULL, 0));
    return emit_flush(m, ROWS_DELETE);
}

static struct err *emit_updates(struct emitter *m, const struct sorted *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].actions & EMIT_UPDATE)
            TRY(emit_row(m, ROWS_UPDATE, rows[i].row->before, rows[i].row->before_len, rows[i].row->after,
                         rows[i].row->after_len));
    return emit_flush(m, ROWS_UPDATE);
}

static struct err *emit_inserts(struct emitter *m, const struct sorted *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].actions & EMIT_INSERT)
            TRY(emit_row(m, ROWS_WRITE, NULL, 0, rows[i].row->after, rows[i].row->after_len));
    return emit_flush(m, ROWS_WRITE);
}

/* The row with the highest AUTO_INCREMENT value comes and goes. */
static struct err *emit_auto(struct emitter *m)
{
    const struct buf *image = &m->t->auto_image;

    TRY(emit_row(m, ROWS_WRITE, NULL, 0, image->data, image->len));
    TRY(emit_flush(m, ROWS_WRITE));
    TRY(emit_row(m, ROWS_DELETE, image->data, image->len, NULL, 0));
    return emit_flush(m, ROWS_DELETE);
}

/* Does nothing that is sent otherwise move the counter as far as the source's own changes did? */
static struct err *needs_auto(const struct net_table *t, bool *out)
{
    const struct net_row *row = t->auto_row;
    struct rows_value *values;

    *out = row && t->auto_saved;
    if (!*out || !row->exists)
        return NULL;
    values = mem_zalloc(t->key.columns_of, sizeof(*values));
    struct err *e =
        rows_values(&t->table->map, t->columns, row->after, row->after_len, t->key.columns_of, values);
    *out = !e && net_key_auto(&t->key, values) != t->auto_max;
    free(values);
    return e;
}

/* A row that is there before and after, and has given up unique values: are they others now? */
static struct err *unique_differs(const struct net_row *row, bool *out)
{
    const struct net_table *t = row->table;
    const struct net_key *key = &t->key;

    *out = key->watch_all;
    if (*out)
        return NULL;
    struct rows_value *a = mem_zalloc(2 * key->columns_of, sizeof(*a));
    struct rows_value *b = a + key->columns_of;
    struct err *e = rows_values(&t->table->map, t->columns, row->before, row->before_len, key->columns_of, a);
    if (!e)
        e = rows_values(&t->table->map, t->columns, row->after, row->after_len, key->columns_of, b);
    *out = !e && net_key_changed(key, a, b);
    free(a);
    return e;
}

static struct err *actions_of(const struct net_row *row, bool with_auto, unsigned *out)
{
    *out = 0;
    if (!row->before || !row->exists) {
        *out = row->before ? EMIT_DELETE : row->exists ? EMIT_INSERT : 0;
        return NULL;
    }
    bool same = row->before_len == row->after_len && memcmp(row->before, row->after, row->after_len) == 0;
    bool apart = row->moved && with_auto;
    if (row->moved && !apart && !same)
        TRY(unique_differs(row, &apart));
    *out = apart ? EMIT_DELETE | EMIT_INSERT : same ? 0 : EMIT_UPDATE;
    return NULL;
}

static struct err *emit_table(struct emitter *m, struct sorted *rows)
{
    size_t count = 0;
    bool with_auto = false;

    TRY(needs_auto(m->t, &with_auto));
    for (const struct net_row *row = m->t->rows; row; row = row->next) {
        unsigned actions;
        TRY(actions_of(row, with_auto, &actions));
        if (actions)
            rows[count++] = (struct sorted){prefix_of(row), row, actions};
    }
    qsort(rows, count, sizeof(*rows), compare);
    TRY(emit_deletes(m, rows, count));
    if (with_auto)
        TRY(emit_auto(m));
    TRY(emit_updates(m, rows, count));
    return emit_inserts(m, rows, count);
}

struct err *net_emit(struct net *n, struct err *(*emit)(void *arg, const struct change *c), void *arg)
{
    struct emitter m = {.n = n, .emit = emit, .arg = arg};
    struct err *e = NULL;

    for (m.t = n->tables; m.t && !e; m.t = m.t->next) {
        struct sorted *rows = mem_zalloc(m.t->row_count + 1, sizeof(*rows));
        e = emit_table(&m, rows);
        free(rows);
    }
    buf_free(&m.rows);
    return e;
}
