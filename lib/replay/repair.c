#include "replay/repair.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "replay/drift.h"
#include "replay/key_text.h"
#include "replay/row_match.h"

static bool same_bytes(const struct buf *a, const uint8_t *b, size_t len)
{
    return a->len == len && (len == 0 || memcmp(a->data, b, len) == 0);
}

static struct repair *find_note(struct apply *a, const struct change *c, const struct rows_row *row)
{
    for (size_t i = 0; i < a->repair_count; i++) {
        const struct culprit *u = &a->repairs[i].culprit;
        if (gtid_equal(u->gtid, c->gtid) && u->kind == c->rows->kind &&
            strcmp(u->source_db, c->table->source_db) == 0 &&
            strcmp(u->source_name, c->table->source_name) == 0 &&
            same_bytes(&u->before, row->before, row->before_len) &&
            same_bytes(&u->after, row->after, row->after_len))
            return &a->repairs[i];
    }
    return NULL;
}

static bool is_known(const struct apply *a, const struct culprit *u)
{
    for (size_t i = 0; i < a->repair_count; i++) {
        const struct culprit *x = &a->repairs[i].culprit;
        if (gtid_equal(x->gtid, u->gtid) && x->kind == u->kind &&
            strcmp(x->source_name, u->source_name) == 0 &&
            same_bytes(&x->before, u->before.data, u->before.len) &&
            same_bytes(&x->after, u->after.data, u->after.len))
            return true;
    }
    return false;
}

bool repair_note(struct apply *a, struct culprit *u)
{
    bool missing = u->number == ER_KEY_NOT_FOUND && u->before.len > 0;
    bool in_the_way = u->number == ER_DUP_ENTRY && u->after.len > 0;

    if (a->limits.drift != DRIFT_REPAIR || (!missing && !in_the_way) ||
        !culprit_is_repairable(u->kind, u->full) || is_known(a, u))
        return false;
    a->repairs = mem_grow(a->repairs, a->repair_count, &a->repair_cap, sizeof(*a->repairs));
    a->repairs[a->repair_count++] = (struct repair){.culprit = *u};
    *u = (struct culprit){0};
    return true;
}

void repair_again(struct apply *a)
{
    for (size_t i = 0; i < a->repair_count; i++)
        a->repairs[i].done = false;
}

void repair_free(struct apply *a)
{
    for (size_t i = 0; i < a->repair_count; i++)
        culprit_free(&a->repairs[i].culprit);
    free(a->repairs);
    a->repairs = NULL;
    a->repair_count = a->repair_cap = 0;
}

/* One row to be put right, on the lane of its table. */
struct work {
    struct lane *lane;
    const struct change *change;
    const struct rows_row *row;
    const struct culprit *culprit;
    const char *job;
    struct side_table *side;
    uint64_t first_id;
};

static struct err *record(const struct work *w, const char *found, size_t found_len, const char *action)
{
    struct buf key = BUF_INIT;

    key_text(&key, w->change->table, w->change->rows, w->row);
    const struct drift_record line = {
        .table = w->change->table,
        .gtid = w->change->gtid,
        .key = buf_str(&key),
        .columns = "",
        .found = found,
        .found_len = found_len,
        .action = action,
    };
    struct err *e = drift_record(lane_conn(w->lane), w->job, &line);
    buf_free(&key);
    return e;
}

static struct err *insert_missing(const struct work *w)
{
    struct rows_event event = *w->change->rows;
    struct change change = *w->change;

    event.kind = ROWS_WRITE;
    event.flags = ROWS_NO_FOREIGN_KEY_CHECKS | ROWS_NO_CHECK_CONSTRAINT_CHECKS;
    event.after_columns = event.before_columns;
    event.rows = w->row->before;
    event.rows_len = w->row->before_len;
    change.rows = &event;
    TRY(sender_apply(ordered_sender(lane_road(w->lane)), &change, NULL));
    return record(w, NULL, 0, "missing row inserted");
}

/* The row as it is to be, and, of an update, as it was. */
static struct err *load_images(struct work *w)
{
    struct side_load load;

    TRY(side_tables_get(lane_sides(w->lane), w->change->table, false, &w->side));
    side_load_begin(&load, ordered_sender(lane_road(w->lane)), w->side, w->change->table,
                    w->change->rows->after_columns);
    struct err *e = side_load_add(&load, w->row->after, w->row->after_len);
    if (!e && w->row->before)
        e = side_load_add(&load, w->row->before, w->row->before_len);
    if (!e)
        e = side_load_end(&load, lane_conn(w->lane));
    w->first_id = load.first_id;
    side_load_free(&load);
    return e;
}

static void append_key_equal(struct buf *sql, const struct catalog_table *t, const struct catalog_key *key,
                             const char *image)
{
    for (size_t i = 0; i < key->column_count; i++) {
        buf_append_str(sql, i ? " AND t." : "(t.");
        sql_ident(sql, t->columns[key->columns[i]].name);
        buf_printf(sql, " = %s.c%zu", image, key->columns[i] + 1);
    }
    buf_append_str(sql, ")");
}

/* " FROM t JOIN s ...": the rows that hold a unique value of the image, other than the row that is updated.
 */
static void append_in_the_way(const struct work *w, struct buf *sql)
{
    const struct table *table = w->change->table;
    const struct catalog_table *t = table->catalog;
    const struct catalog_key *identity = net_identity(t);
    const char * or = "(";

    buf_append_str(sql, " FROM ");
    sql_table(sql, table->db, table->name);
    buf_printf(sql, " t JOIN %s s ON s.id = %llu", w->side->quoted, (unsigned long long)w->first_id);
    if (w->row->before)
        buf_printf(sql, " JOIN %s b ON b.id = %llu", w->side->quoted, (unsigned long long)w->first_id + 1);
    buf_append_str(sql, " WHERE ");
    for (size_t i = 0; i < t->key_count; i++) {
        if (!t->keys[i].unique)
            continue;
        buf_append_str(sql, or);
        append_key_equal(sql, t, &t->keys[i], "s");
        or = " OR ";
    }
    buf_append_str(sql, ")");
    if (w->row->before && identity) {
        buf_append_str(sql, " AND NOT ");
        append_key_equal(sql, t, identity, "b");
    }
}

static struct err *record_in_the_way(const struct work *w)
{
    struct buf sql = BUF_INIT;
    struct result *r = NULL;
    unsigned long *lengths;
    char **row;

    buf_append_str(&sql, "SELECT ");
    row_match_text(&sql, w->change->table->catalog);
    append_in_the_way(w, &sql);
    buf_append_str(&sql, " FOR UPDATE");
    struct err *e = conn_query(lane_conn(w->lane), &r, "%s", buf_str(&sql));
    buf_free(&sql);
    while (!e && (row = result_next(r, &lengths)) != NULL)
        e = record(w, row[0], row[0] ? lengths[0] : 0, "row in the way deleted");
    result_free(r);
    return e;
}

/* Without the target's foreign keys: what refers to the row is the source's business. */
static struct err *delete_in_the_way(const struct work *w)
{
    struct conn *c = lane_conn(w->lane);
    struct buf sql = BUF_INIT;

    TRY(conn_exec(c, "USE " JOB_DATABASE)); /* where an alias in DELETE is looked for, whatever it is */
    TRY(conn_exec(c, "SET SESSION foreign_key_checks = 0"));
    buf_append_str(&sql, "DELETE t");
    append_in_the_way(w, &sql);
    struct err *e = conn_exec_bytes(c, sql.data, sql.len);
    buf_free(&sql);
    if (!e)
        e = conn_exec(c, "SET SESSION foreign_key_checks = 1");
    if (!e)
        e = conn_exec(c, "DELETE FROM %s", w->side->quoted);
    return e;
}

static struct err *put_right(struct work *w)
{
    TRY(lane_open(w->lane));
    if (w->culprit->number == ER_KEY_NOT_FOUND) {
        TRY(insert_missing(w));
    } else {
        TRY(load_images(w));
        TRY(record_in_the_way(w));
        TRY(delete_in_the_way(w));
    }
    lane_count_repair(w->lane);
    /* the events leave the session's clock at their time */
    return conn_exec(lane_conn(w->lane), "SET timestamp = DEFAULT");
}

/* Rows from `start` to `end` of a change. */
static struct err *add_rows(struct apply *a, const struct change *change, size_t start, size_t end)
{
    struct rows_event piece = *change->rows;
    struct change part = *change;

    if (start == end)
        return NULL;
    piece.rows += start;
    piece.rows_len = end - start;
    part.rows = &piece;
    return batch_add(&a->batch, &part);
}

struct err *repair_add(struct apply *a, const struct change *change)
{
    struct rows_row row;
    size_t start = 0; /* of what is not added yet */
    size_t at = 0;
    bool done = false;

    for (;;) {
        size_t from = at;
        TRY(rows_next(&change->table->map, change->rows, &at, &row, &done));
        if (done)
            return add_rows(a, change, start, from);
        struct repair *note = find_note(a, change, &row);
        if (!note || note->done)
            continue;
        note->done = true;
        TRY(add_rows(a, change, start, from));
        start = from;
        TRY(batch_flush(&a->batch));
        struct work w = {.lane = batch_lane(&a->batch, change->table),
                         .change = change,
                         .row = &row,
                         .culprit = &note->culprit,
                         .job = a->job->name};
        struct err *e = put_right(&w);
        if (e)
            return err_context(e, "putting right a row of %s.%s", change->table->db, change->table->name);
        batch_touch(&a->batch, change->table);
    }
}
