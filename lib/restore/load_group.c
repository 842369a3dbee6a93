#include "restore/load_group.h"

#include <stdlib.h>

#include <mysqld_error.h>

#include "base/mem.h"

/* What is loaded again after a kill stays little, and so does the statement that records it. */
#define SMALL_TABLE ((uint64_t)64 << 10)
#define MOST_BYTES  ((uint64_t)1 << 20)
enum { MOST_CHUNKS = 500 };

bool load_group_takes(const struct load_piece *piece, const struct load_bounds *bounds)
{
    const struct manifest_table *rows = piece->table->rows;
    const struct manifest_chunk *chunk = &rows->chunks[piece->chunk];

    return rows->transactional && rows->bytes <= SMALL_TABLE && chunk->piece_count == 1 &&
           chunk->rows < bounds->rows && chunk->bytes < bounds->bytes &&
           piece->table->loaded[piece->chunk] == 0;
}

/* Each chunk counts one row more: the one in ccr.loads. */
bool load_group_is_full(const struct load_group *g, const struct load_piece *piece,
                        const struct load_bounds *bounds)
{
    const struct manifest_chunk *chunk = &piece->table->rows->chunks[piece->chunk];
    uint64_t most = bounds->bytes < MOST_BYTES ? bounds->bytes : MOST_BYTES;

    return g->count == MOST_CHUNKS || g->rows + g->count + chunk->rows >= bounds->rows ||
           g->bytes + chunk->bytes > most;
}

void load_group_add(struct load_group *g, const struct load_piece *piece, const struct load_part *part,
                    uint64_t rows)
{
    g->items = mem_grow(g->items, g->count, &g->cap, sizeof(*g->items));
    g->items[g->count++] = (struct load_grouped){piece->table, piece->chunk, rows - part->rows, rows};
    g->rows += part->rows;
    g->bytes += part->bytes;
}

static void append_row(const struct load_grouped *item, const char *job, struct buf *sql)
{
    const struct restore_table *t = item->table;

    buf_append_str(sql, "(");
    sql_string(sql, job);
    buf_append_str(sql, ", ");
    sql_string(sql, t->db->name);
    buf_append_str(sql, ", ");
    sql_string(sql, t->name);
    buf_printf(sql, ", %llu, %llu)", (unsigned long long)t->rows->chunks[item->chunk].id,
               (unsigned long long)item->rows);
}

static void append_insert(const struct load_group *g, const char *job, struct buf *sql)
{
    buf_append_str(sql, "INSERT INTO ccr.loads (job, db, name, chunk, row_count) VALUES ");
    for (size_t i = 0; i < g->count; i++) {
        buf_append_str(sql, i ? ", " : "");
        append_row(&g->items[i], job, sql);
    }
}

static void append_update(const struct load_grouped *item, const char *job, struct buf *sql)
{
    const struct restore_table *t = item->table;

    buf_printf(sql, "UPDATE ccr.loads SET row_count = %llu WHERE job = ", (unsigned long long)item->rows);
    sql_string(sql, job);
    buf_append_str(sql, " AND db = ");
    sql_string(sql, t->db->name);
    buf_append_str(sql, " AND name = ");
    sql_string(sql, t->name);
    buf_printf(sql, " AND chunk = %llu AND row_count = %llu",
               (unsigned long long)t->rows->chunks[item->chunk].id, (unsigned long long)item->before);
}

/* Of a chunk in several parts each has a transaction of its own; chunks that share one are whole. */
struct err *load_group_record(const struct load_group *g, struct conn *c, const char *job)
{
    struct buf sql = BUF_INIT;

    if (g->items[0].before)
        append_update(&g->items[0], job, &sql);
    else
        append_insert(g, job, &sql);
    struct err *e = conn_exec_bytes(c, sql.data, sql.len);
    buf_free(&sql);
    if (e ? conn_errno(c) != ER_DUP_ENTRY : conn_affected(c) == g->count)
        return e;
    err_free(e);
    return err_new(ERR_LOCKED, "another run of job %s is loading the same tables", job);
}

void load_group_mark(struct load_group *g)
{
    for (size_t i = 0; i < g->count; i++)
        g->items[i].table->loaded[g->items[i].chunk] = g->items[i].rows;
    load_group_clear(g);
}

void load_group_clear(struct load_group *g)
{
    g->count = 0;
    g->rows = g->bytes = 0;
}

void load_group_free(struct load_group *g)
{
    free(g->items);
    *g = (struct load_group){0};
}
