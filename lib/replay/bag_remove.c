/* Rows of a table without a key, removed by two scans. */
#include <stdlib.h>

#include "base/mem.h"
#include "job/job.h"
#include "replay/bag_rows.h"
#include "replay/row_match.h"

struct removal {
    struct bag_table *t;
    const struct bag_target *target;
    struct side_table *side;
    struct bag_row **rows; /* those taken away, in the order of their ids in the side table */
    uint64_t *found;       /* copies in the table */
    uint64_t count;
    uint64_t first_id;
};

static void collect_rows(struct removal *r)
{
    size_t cap = 0;

    for (struct bag_row *row = r->t->rows; row; row = row->next) {
        if (row->lowest == 0)
            continue;
        r->rows = mem_grow(r->rows, r->count, &cap, sizeof(struct bag_row *));
        r->rows[r->count++] = row;
    }
    r->found = mem_zalloc(r->count + 1, sizeof(*r->found));
}

static struct err *load_rows(struct removal *r)
{
    struct side_load load;

    side_load_begin(&load, ordered_sender(r->target->road), r->side, r->t->table, r->t->columns);
    struct err *e = NULL;
    for (uint64_t i = 0; i < r->count && !e; i++)
        e = side_load_add(&load, r->rows[i]->image, r->rows[i]->len);
    if (!e)
        e = side_load_end(&load, r->target->conn);
    r->first_id = load.first_id;
    side_load_free(&load);
    return e;
}

static struct err *hash_rows(struct removal *r)
{
    struct buf hash = BUF_INIT;

    row_match_hash(&hash, r->t->table->catalog, ROW_MATCH_SIDE);
    struct err *e = conn_exec(r->target->conn, "UPDATE %s SET hash = %s", r->side->quoted, buf_str(&hash));
    buf_free(&hash);
    return e;
}

/* " FROM t STRAIGHT_JOIN s ON ...": each row of the table, and its image. */
static void append_join(const struct removal *r, struct buf *sql)
{
    const struct table *t = r->t->table;

    buf_append_str(sql, " FROM ");
    sql_table(sql, t->db, t->name);
    buf_printf(sql, " t STRAIGHT_JOIN %s s FORCE INDEX (hash) ON s.hash = ", r->side->quoted);
    row_match_hash(sql, t->catalog, ROW_MATCH_TABLE);
    buf_append_str(sql, " AND ");
    row_match_all_equal(sql, t->catalog, NULL);
}

static struct err *count_found(struct removal *r)
{
    struct buf sql = BUF_INIT;
    struct result *result = NULL;
    char **row;

    buf_append_str(&sql, "SELECT s.id, COUNT(*)");
    append_join(r, &sql);
    buf_append_str(&sql, " GROUP BY s.id FOR UPDATE");
    struct err *e = conn_query(r->target->conn, &result, "%s", buf_str(&sql));
    buf_free(&sql);
    TRY(e);
    while ((row = result_next(result, NULL)) != NULL) {
        uint64_t i = strtoull(row[0], NULL, 10) - r->first_id;
        if (i < r->count)
            r->found[i] = strtoull(row[1], NULL, 10);
    }
    result_free(result);
    return NULL;
}

/* The batch is done again in order then, which names the row. */
static struct err *check_found(const struct removal *r)
{
    const struct table *t = r->t->table;

    for (uint64_t i = 0; i < r->count; i++)
        if (r->found[i] < (uint64_t)-r->rows[i]->lowest)
            return err_new(ERR_UNSAFE, "table %s.%s has fewer copies of a row than the log takes away", t->db,
                           t->name);
    return NULL;
}

static struct err *delete_found(struct removal *r)
{
    struct buf sql = BUF_INIT;
    uint64_t expected = 0;

    for (uint64_t i = 0; i < r->count; i++)
        expected += r->found[i];
    buf_append_str(&sql, "DELETE t");
    append_join(r, &sql);
    struct err *e = conn_exec_bytes(r->target->conn, sql.data, sql.len);
    buf_free(&sql);
    if (!e && conn_affected(r->target->conn) != expected)
        e = err_new(ERR_UNSAFE, "%llu rows of %s.%s were deleted, and not %llu",
                    (unsigned long long)conn_affected(r->target->conn), r->t->table->db, r->t->table->name,
                    (unsigned long long)expected);
    return e;
}

static struct err *remove_rows(struct removal *r)
{
    /* an alias in DELETE is looked for in the default database, whichever it is */
    TRY(conn_exec(r->target->conn, "USE " JOB_DATABASE));
    TRY(side_tables_get(r->target->sides, r->t->table, true, &r->side));
    TRY(load_rows(r));
    TRY(hash_rows(r));
    TRY(count_found(r));
    TRY(check_found(r));
    TRY(delete_found(r));
    for (uint64_t i = 0; i < r->count; i++) /* copies above those taken away are put back */
        r->rows[i]->copies += (int64_t)r->found[i];
    return conn_exec(r->target->conn, "DELETE FROM %s", r->side->quoted);
}

struct err *bag_remove(struct bag *b, const struct bag_target *target, uint64_t *rows)
{
    for (struct bag_table *t = b->tables; t; t = t->next) {
        struct removal r = {.t = t, .target = target};
        uint64_t taken = bag_taken(t);
        if (taken < BAG_FEWEST)
            continue;
        collect_rows(&r);
        struct err *e = remove_rows(&r);
        free(r.rows);
        free(r.found);
        if (e)
            return err_context(e, "removing rows of %s.%s", t->table->db, t->table->name);
        *rows += taken;
    }
    /* the events that filled the side tables leave the session's clock at their time */
    return conn_exec(target->conn, "SET timestamp = DEFAULT");
}
