#include "replay/drift.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "replay/key_text.h"
#include "replay/net_rows.h"
#include "replay/row_match.h"

/* One table's rows under comparison. */
struct comparison {
    struct drift *d;
    const struct net_table *t;
    struct side_table *side;
    const struct net_row **rows; /* in the order of their ids in the side table */
    uint64_t count;
    uint64_t first_id;
    struct buf fill; /* missing rows, to be inserted together */
};

/* Of images inserted at a time. */
enum { FILL_BYTES = 256 * 1024 };

/* What the target has in a row's place. */
struct difference {
    const struct net_row *row;
    bool missing;
    const char *columns;
    const char *found;
    size_t found_len;
    char *key;
};

struct err *drift_setup(struct conn *c)
{
    return conn_exec(
        c, "CREATE TABLE IF NOT EXISTS ccr.repairs (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, "
           "job VARCHAR(64) NOT NULL, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, gtid VARCHAR(64) NOT "
           "NULL, "
           "db VARCHAR(64) NOT NULL, name VARCHAR(64) NOT NULL, row_key LONGTEXT NOT NULL, "
           "differed LONGTEXT NOT NULL, found LONGBLOB NULL, action VARCHAR(64) NOT NULL, KEY (job, id)) "
           "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
}

struct err *drift_record(struct conn *c, const char *job, const struct drift_record *record)
{
    char gtid[GTID_TEXT_SIZE];
    const char *texts[] = {job,
                           gtid_format(record->gtid, gtid),
                           record->table->db,
                           record->table->name,
                           record->key,
                           record->columns,
                           record->action};
    struct buf sql = BUF_INIT;

    buf_append_str(
        &sql, "INSERT INTO ccr.repairs (job, gtid, db, name, row_key, differed, action, at, found) VALUES (");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sql_string(&sql, texts[i]);
        buf_append_str(&sql, ", ");
    }
    buf_append_str(&sql, "SYSDATE(), "); /* the session's clock is the source's */
    if (record->found) {
        buf_append_str(&sql, "x'");
        for (size_t i = 0; i < record->found_len; i++)
            buf_printf(&sql, "%02x", (unsigned)(uint8_t)record->found[i]);
        buf_append_str(&sql, "')");
    } else {
        buf_append_str(&sql, "NULL)");
    }
    struct err *e = conn_exec_bytes(c, sql.data, sql.len);
    buf_free(&sql);
    return e;
}

static void collect_rows(struct comparison *c)
{
    c->rows = mem_zalloc(c->t->row_count + 1, sizeof(struct net_row *));
    for (const struct net_row *row = c->t->rows; row; row = row->next)
        if (row->before)
            c->rows[c->count++] = row;
}

static struct err *load_rows(struct comparison *c)
{
    struct side_load load;

    side_load_begin(&load, ordered_sender(c->d->road), c->side, c->t->table, c->t->columns);
    struct err *e = NULL;
    for (uint64_t i = 0; i < c->count && !e; i++)
        e = side_load_add(&load, c->rows[i]->before, c->rows[i]->before_len);
    if (!e)
        e = side_load_end(&load, c->d->conn);
    c->first_id = load.first_id;
    side_load_free(&load);
    return e;
}

/* In a WHERE clause, `t.k IS NULL` is true of a zero date as well, where that column is NOT NULL. */
static void append_missing(struct buf *sql, const struct catalog_table *t, size_t key_column)
{
    buf_append_str(sql, "COALESCE(t.");
    sql_ident(sql, t->columns[key_column].name);
    buf_printf(sql, " = s.c%zu, 0) = 0", key_column + 1);
}

/* Three columns: is the row missing, which columns differ, what is there. */
static void append_differences(struct buf *sql, const struct catalog_table *t, size_t key_column)
{
    buf_append_str(sql, ", ");
    append_missing(sql, t, key_column);
    buf_append_str(sql, ", CONCAT_WS(', '");
    for (size_t i = 0; i < t->column_count; i++) {
        const struct catalog_column *column = &t->columns[i];
        if (!row_match_column(column))
            continue;
        buf_append_str(sql, ", IF(");
        row_match_equal(sql, t, i);
        buf_append_str(sql, ", NULL, ");
        sql_string(sql, column->name);
        buf_append_str(sql, ")");
    }
    buf_append_str(sql, "), ");
    row_match_text(sql, t);
}

static struct err *query_differences(const struct comparison *c, struct result **out)
{
    const struct catalog_table *t = c->t->table->catalog;
    const struct catalog_key *key = net_identity(t);
    struct buf sql = BUF_INIT;

    buf_append_str(&sql, "SELECT s.id");
    append_differences(&sql, t, key->columns[0]);
    buf_printf(&sql, " FROM %s s LEFT JOIN ", c->side->quoted);
    sql_table(&sql, c->t->table->db, c->t->table->name);
    buf_append_str(&sql, " t ON ");
    for (size_t i = 0; i < key->column_count; i++) {
        buf_append_str(&sql, i ? " AND t." : "t.");
        sql_ident(&sql, t->columns[key->columns[i]].name);
        buf_printf(&sql, " = s.c%zu", key->columns[i] + 1);
    }
    buf_append_str(&sql, " WHERE ");
    append_missing(&sql, t, key->columns[0]);
    buf_append_str(&sql, " OR NOT (");
    row_match_all_equal(&sql, t, NULL);
    buf_append_str(&sql, ") ORDER BY s.id FOR UPDATE");
    struct err *e = conn_query(c->d->conn, out, "%s", buf_str(&sql));
    buf_free(&sql);
    return e;
}

static char *key_of(const struct comparison *c, const struct net_row *row)
{
    struct buf key = BUF_INIT;
    const struct rows_event event = {.kind = ROWS_DELETE, .before_columns = c->t->columns};
    const struct rows_row image = {.before = row->before, .before_len = row->before_len};

    key_text(&key, c->t->table, &event, &image);
    return buf_steal(&key);
}

static struct err *describe(const struct comparison *c, const struct difference *x)
{
    const struct table *t = c->t->table;
    char gtid[GTID_TEXT_SIZE];

    gtid_format(x->row->first, gtid);
    struct err *e =
        x->missing
            ? err_new(ERR_UNSAFE, "a row of %s.%s (%s) that transaction %s changes is missing on the target",
                      t->db, t->name, x->key, gtid)
            : err_new(
                  ERR_UNSAFE,
                  "a row of %s.%s (%s) is not on the target what it was on the source before transaction %s: "
                  "differing: %s",
                  t->db, t->name, x->key, gtid, x->columns);
    return err_hint(err_about(e, t->source_db, t->source_name),
                    "the target was changed by others than ccr: --on-drift repair makes its rows the "
                    "source's; or " COPY_HINT,
                    t->source_db, t->source_name);
}

/* The target's row becomes what the log takes it for. */
static struct err *put_right(const struct comparison *c, const struct difference *x)
{
    struct buf images = BUF_INIT;
    struct table *table = c->t->table;

    for (int i = 0; i < (x->missing ? 1 : 2); i++)
        buf_append(&images, x->row->before, x->row->before_len);
    const struct rows_event event = {
        .kind = x->missing ? ROWS_WRITE : ROWS_UPDATE,
        .flags = ROWS_NO_FOREIGN_KEY_CHECKS | ROWS_NO_CHECK_CONSTRAINT_CHECKS,
        .column_count = table->map.column_count,
        .before_columns = c->t->columns,
        .after_columns = c->t->columns,
        .rows = images.data,
        .rows_len = images.len,
    };
    const struct change change = {.table = table, .rows = &event, .gtid = x->row->first};
    struct err *e = sender_apply(ordered_sender(c->d->road), &change, NULL);
    buf_free(&images);
    return e;
}

/* Rows that the snapshot did not hold come in as they were before the batch, which then changes them. */
static struct err *fill_flush(struct comparison *c)
{
    struct table *table = c->t->table;
    const struct rows_event event = {
        .kind = ROWS_WRITE,
        .flags = ROWS_NO_FOREIGN_KEY_CHECKS | ROWS_NO_CHECK_CONSTRAINT_CHECKS,
        .column_count = table->map.column_count,
        .before_columns = c->t->columns,
        .after_columns = c->t->columns,
        .rows = c->fill.data,
        .rows_len = c->fill.len,
    };
    const struct change change = {.table = table, .rows = &event, .gtid = c->rows[0]->first};

    if (c->fill.len == 0)
        return NULL;
    TRY(sender_apply(ordered_sender(c->d->road), &change, NULL));
    buf_clear(&c->fill);
    return NULL;
}

static struct err *fill_add(struct comparison *c, const struct net_row *row)
{
    buf_append(&c->fill, row->before, row->before_len);
    return c->fill.len < FILL_BYTES ? NULL : fill_flush(c);
}

static struct err *take_difference(struct comparison *c, const struct difference *x)
{
    const struct drift_record record = {
        .table = c->t->table,
        .gtid = x->row->first,
        .key = x->key,
        .columns = x->missing ? "" : x->columns,
        .found = x->missing ? NULL : x->found,
        .found_len = x->found_len,
        .action = x->missing ? "missing row inserted" : "row overwritten",
    };

    if (c->d->mode == DRIFT_FILL && x->missing)
        return fill_add(c, x->row);
    if (c->d->mode != DRIFT_REPAIR) {
        c->d->found = true;
        c->d->gtid = x->row->first;
        return describe(c, x);
    }
    TRY(put_right(c, x));
    c->d->repaired++;
    return drift_record(c->d->conn, c->d->job, &record);
}

static struct err *take_differences(struct comparison *c)
{
    struct result *r = NULL;
    struct err *e = query_differences(c, &r);
    unsigned long *lengths;
    char **row;

    while (!e && (row = result_next(r, &lengths)) != NULL) {
        uint64_t i = strtoull(row[0], NULL, 10) - c->first_id;
        if (i >= c->count) {
            e = err_new(ERR_INTERNAL, "a side table holds a row that nobody sent");
            break;
        }
        struct difference x = {.row = c->rows[i],
                               .missing = row[1][0] == '1',
                               .columns = row[2],
                               .found = row[3],
                               .found_len = row[3] ? lengths[3] : 0,
                               .key = key_of(c, c->rows[i])};
        e = take_difference(c, &x);
        free(x.key);
    }
    result_free(r);
    return e;
}

static struct err *check_table(struct comparison *c)
{
    TRY(side_tables_get(c->d->sides, c->t->table, false, &c->side));
    TRY(load_rows(c));
    TRY(take_differences(c));
    TRY(fill_flush(c));
    return conn_exec(c->d->conn, "DELETE FROM %s", c->side->quoted);
}

struct err *drift_check(struct drift *d, const struct net *n)
{
    struct err *e = NULL;

    for (const struct net_table *t = n->tables; t && !e; t = t->next) {
        struct comparison c = {.d = d, .t = t};
        collect_rows(&c);
        if (c.count > 0)
            e = check_table(&c);
        free(c.rows);
        buf_free(&c.fill);
    }
    /* the events leave the session's clock at their time */
    return e ? e : conn_exec(d->conn, "SET timestamp = DEFAULT");
}
