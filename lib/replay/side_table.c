#include "replay/side_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/rows_types.h"
#include "job/job.h"
#include "replay/row_match.h"

enum { LOAD_BYTES = 512 * 1024 }; /* of images in one statement */

struct side_tables {
    const struct conn_params *params;
    char *job;
    unsigned number;
    struct conn *conn; /* for CREATE and DROP; opened when first needed */
    struct side_table **tables;
    size_t count;
    size_t cap;
};

/* "side_JOB_" of side_JOB_N: job names may hold underscores, N is digits only. */
static bool is_side_table(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(name, prefix, len) == 0 && name[len] && name[len + strspn(name + len, "0123456789")] == 0;
}

struct err *side_tables_clean(struct conn *c, const char *job)
{
    char *prefix = mem_printf("side_%s_", job);
    char **names = NULL;
    size_t count = 0;
    struct err *e = catalog_list_tables(c, JOB_DATABASE, "BASE TABLE", &names, &count);

    for (size_t i = 0; !e && i < count; i++) {
        if (!is_side_table(names[i], prefix))
            continue;
        char *table = sql_table_dup(JOB_DATABASE, names[i]);
        e = conn_exec(c, "DROP TABLE IF EXISTS %s", table);
        free(table);
    }
    catalog_free_names(names, count);
    free(prefix);
    return e ? err_context(e, "dropping the side tables that a killed run left") : NULL;
}

struct side_tables *side_tables_new(const struct conn_params *params, const char *job, unsigned number)
{
    struct side_tables *s = mem_zalloc(1, sizeof(*s));

    s->params = params;
    s->job = mem_strdup(job);
    s->number = number;
    return s;
}

static void side_table_free(struct side_table *side)
{
    free(side->table.db);
    free(side->table.name);
    free(side->quoted);
    free(side->columns);
    buf_free(&side->table.map_event);
    free(side);
}

void side_tables_free(struct side_tables *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++) {
        if (!conn_is_lost(s->conn)) /* otherwise the next run drops them */
            err_free(conn_exec(s->conn, "DROP TABLE IF EXISTS %s", s->tables[i]->quoted));
        side_table_free(s->tables[i]);
    }
    free(s->tables);
    conn_close(s->conn);
    free(s->job);
    free(s);
}

static void append_column(struct buf *sql, const struct catalog_table *t, const struct rows_table_map *map,
                          size_t i)
{
    buf_printf(sql, "c%zu ", i + 1);
    if (i < t->column_count) {
        const struct catalog_column *c = &t->columns[i];
        buf_append_str(sql, c->column_type);
        if (c->charset)
            buf_printf(sql, " CHARACTER SET %s COLLATE %s", c->charset, c->collation);
    } else {
        /* hidden: the period of a versioned table, the hash of a unique key over long values */
        buf_append_str(sql, map->columns[i].type == TYPE_LONGLONG ? "BIGINT" : "TIMESTAMP(6)");
    }
    buf_append_str(sql, " NULL, ");
}

static char *side_columns(const struct table *t, bool with_hash)
{
    struct buf sql = BUF_INIT;

    for (size_t i = 0; i < t->map.column_count; i++)
        append_column(&sql, t->catalog, &t->map, i);
    buf_append_str(&sql, "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY");
    if (with_hash)
        buf_append_str(&sql, ", hash INT UNSIGNED NULL, KEY (hash)");
    return buf_steal(&sql);
}

/* The job's, by the number of those before it. */
static struct err *side_create(struct side_tables *s, struct side_table *side)
{
    side->table.db = mem_strdup(JOB_DATABASE);
    side->table.name = mem_printf("side_%s_%zu", s->job, s->number + SIDE_SETS_MOST * s->count);
    side->quoted = sql_table_dup(JOB_DATABASE, side->table.name);
    if (!s->conn) {
        TRY(conn_open(s->params, &s->conn));
        /* what the followed table's columns are allowed to be is allowed here */
        TRY(conn_exec(s->conn, "SET SESSION innodb_strict_mode = 0, sql_mode = ''"));
    }
    return conn_exec(s->conn, "CREATE TABLE %s (%s) ENGINE=InnoDB", side->quoted, side->columns);
}

/* The events that fill it describe the followed table, under the side table's name. */
static void side_describe(struct side_table *side, const struct table *t)
{
    side->table.id = t->id;
    side->table.map = t->map;
    side->table.catalog = &side->catalog;
    side->table.bundle = 0;
    buf_clear(&side->table.map_event);
    rows_table_map_build(&side->table.map_event, &t->map, t->id, side->table.db, side->table.name, 0, 0);
}

struct err *side_tables_get(struct side_tables *s, const struct table *t, bool with_hash,
                            struct side_table **out)
{
    char *columns = side_columns(t, with_hash);

    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->tables[i]->columns, columns) == 0) {
            free(columns);
            *out = s->tables[i];
            side_describe(*out, t);
            return NULL;
        }
    struct side_table *side = mem_zalloc(1, sizeof(*side));
    side->columns = columns;
    struct err *e = side_create(s, side);
    if (e) {
        side_table_free(side);
        return err_context(e, "making a side table for %s.%s", t->db, t->name);
    }
    s->tables = mem_grow(s->tables, s->count, &s->cap, sizeof(*s->tables));
    s->tables[s->count++] = side;
    side_describe(side, t);
    *out = side;
    return NULL;
}

void side_load_begin(struct side_load *l, struct sender *s, struct side_table *side, const struct table *t,
                     const uint8_t *columns)
{
    *l = (struct side_load){.sender = s, .side = side, .table = t, .columns = columns};
}

static struct err *side_load_send(struct side_load *l)
{
    const struct rows_event rows = {
        .kind = ROWS_WRITE,
        .column_count = l->table->map.column_count,
        .before_columns = l->columns,
        .after_columns = l->columns,
        .rows = l->images.data,
        .rows_len = l->images.len,
    };
    const struct change change = {.table = &l->side->table, .rows = &rows};

    if (l->images.len == 0)
        return NULL;
    struct row_counts counts;
    TRY(sender_apply(l->sender, &change, &counts));
    l->count += counts.writes;
    buf_clear(&l->images);
    return NULL;
}

struct err *side_load_add(struct side_load *l, const uint8_t *image, size_t len)
{
    if (l->images.len > 0 && l->images.len + len > LOAD_BYTES)
        TRY(side_load_send(l));
    buf_append(&l->images, image, len);
    return NULL;
}

/* Row events can be dropped without an error, and other rows may lie there: both would show in the ids. */
struct err *side_load_end(struct side_load *l, struct conn *c)
{
    struct result *r = NULL;

    TRY(side_load_send(l));
    if (l->count == 0)
        return NULL;
    TRY(conn_query(c, &r, "SELECT COUNT(*), MIN(id), MAX(id) FROM %s LOCK IN SHARE MODE", l->side->quoted));
    char **row = result_next(r, NULL);
    uint64_t count = row ? strtoull(row[0], NULL, 10) : 0;
    uint64_t last = row && row[2] ? strtoull(row[2], NULL, 10) : 0;
    l->first_id = row && row[1] ? strtoull(row[1], NULL, 10) : 0;
    result_free(r);
    if (count != l->count || last - l->first_id + 1 != count)
        return err_new(ERR_TARGET, "the side table %s holds %llu rows, and not the %llu that it was sent",
                       l->side->quoted, (unsigned long long)count, (unsigned long long)l->count);
    return NULL;
}

void side_load_free(struct side_load *l)
{
    buf_free(&l->images);
}
