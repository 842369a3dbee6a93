#include "snapshot/chunk_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "snapshot/chunk_steps.h"

enum plan_kind { PLAN_UNDECIDED, PLAN_RANGE, PLAN_STEPS, PLAN_PARTITIONS, PLAN_WHOLE };

/* With fewer rows a chunk costs more than it helps, whatever the statistics say of their size. */
enum { LEAST_ROWS = 1000 };

/* Integers as the server has them: from -2^63 to 2^64 - 1. */
__extension__ typedef __int128 wide;

struct chunk_plan {
    const struct catalog_table *table;
    uint64_t chunk_bytes;
    enum plan_kind kind;
    const struct catalog_key *key; /* RANGE and STEPS */
    wide at;                       /* RANGE: the next chunk's first value; `first` has none */
    wide max;
    wide step;
    struct chunk_border border; /* STEPS: where the next chunk begins */
    bool first;
    char **partitions;
    bool by_system_time; /* a partition named alone gives its history, and takes no FOR SYSTEM_TIME */
    size_t partition_count;
    size_t partition;
};

struct chunk_plan *chunk_plan_new(const struct catalog_table *table, uint64_t chunk_bytes)
{
    struct chunk_plan *p = mem_zalloc(1, sizeof(*p));

    p->table = table;
    p->chunk_bytes = chunk_bytes ? chunk_bytes : 1;
    p->first = true;
    return p;
}

void chunk_plan_free(struct chunk_plan *p)
{
    if (!p)
        return;
    if (p->key)
        chunk_border_free(p->table, p->key, &p->border);
    catalog_free_names(p->partitions, p->partition_count);
    free(p);
}

static bool is_integer(const char *type)
{
    static const char *const types[] = {"tinyint", "smallint", "mediumint", "int", "bigint"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

/*
 * The primary key, or without one the first unique key that can be walked: rows lie in the order of that key,
 * so that a chunk is one run of the table. Walking another key would read the table at random.
 */
static const struct catalog_key *usable_key(const struct catalog_table *t)
{
    size_t count = t->has_primary ? 1 : t->key_count;

    for (size_t i = 0; i < count; i++)
        if (chunk_steps_columns(t, &t->keys[i]) > 0)
            return &t->keys[i];
    return NULL;
}

static wide parse_wide(const char *text)
{
    bool negative = *text == '-';
    wide value = 0;

    for (text += negative; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (*text - '0');
    return negative ? -value : value;
}

/* Every value lies within 64 bits, signed or not. */
static void append_wide(struct buf *out, wide value)
{
    if (value < 0)
        buf_printf(out, "%lld", (long long)value);
    else
        buf_printf(out, "%llu", (unsigned long long)value);
}

static uint64_t chunks_expected(const struct chunk_plan *p)
{
    uint64_t chunks = p->table->bytes_estimate / p->chunk_bytes + 1;
    uint64_t most = p->table->rows_estimate / LEAST_ROWS + 1;

    return chunks < most ? chunks : most;
}

static struct err *plan_range(struct chunk_plan *p, struct conn *c)
{
    const struct catalog_table *t = p->table;
    char *column = sql_ident_dup(t->columns[p->key->columns[0]].name);
    struct buf table = BUF_INIT;
    struct result *r = NULL;

    chunk_steps_table(&table, t);
    struct err *e =
        conn_query(c, &r, "SELECT HIGH_PRIORITY MIN(%s), MAX(%s) FROM %s", column, column, buf_str(&table));
    free(column);
    buf_free(&table);
    if (e)
        return e;
    char **row = result_next(r, NULL);
    p->kind = PLAN_WHOLE;
    if (row && row[0] && row[1]) {
        p->kind = PLAN_RANGE;
        p->at = parse_wide(row[0]);
        p->max = parse_wide(row[1]);
        p->step = (p->max - p->at) / (wide)chunks_expected(p) + 1;
    }
    result_free(r);
    return NULL;
}

static struct err *plan_partitions(struct chunk_plan *p, struct conn *c)
{
    char *db = sql_string_dup(p->table->db);
    char *name = sql_string_dup(p->table->name);
    struct result *r = NULL;
    char **row;
    struct err *e =
        conn_query(c, &r,
                   "SELECT DISTINCT PARTITION_NAME, PARTITION_METHOD FROM information_schema.PARTITIONS "
                   "WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND PARTITION_NAME IS NOT NULL",
                   db, name);

    free(db);
    free(name);
    if (e)
        return e;
    p->partitions = mem_zalloc(result_count(r) + 1, sizeof(*p->partitions));
    while ((row = result_next(r, NULL)) != NULL) {
        p->partitions[p->partition_count++] = mem_strdup(row[0]);
        p->by_system_time = strcmp(row[1], "SYSTEM_TIME") == 0;
    }
    p->kind = p->partition_count ? PLAN_PARTITIONS : PLAN_WHOLE;
    result_free(r);
    return NULL;
}

static struct err *decide(struct chunk_plan *p, struct conn *c)
{
    const struct catalog_table *t = p->table;

    p->kind = PLAN_WHOLE;
    if (chunks_expected(p) < 2)
        return NULL;
    p->key = usable_key(t);
    if (p->key && is_integer(t->columns[p->key->columns[0]].data_type))
        return plan_range(p, c);
    /* where only the current rows count, they are not those of the partitions */
    if (!p->key && t->partitioned && (!t->versioned || catalog_versioned_by_time(t)))
        return plan_partitions(p, c);
    if (p->key)
        p->kind = PLAN_STEPS;
    return NULL;
}

static void append_hint(const struct chunk_plan *p, struct buf *from)
{
    buf_append_str(from, " FORCE INDEX (");
    sql_ident(from, p->key->name);
    buf_append_str(from, ")");
}

/* The first chunk has no lower end and the last no upper one: no row is outside. */
static void next_range(struct chunk_plan *p, struct buf *from, bool *last)
{
    char *column = sql_ident_dup(p->table->columns[p->key->columns[0]].name);
    wide next = p->at + p->step;

    *last = next > p->max;
    append_hint(p, from);
    if (!p->first || !*last)
        buf_append_str(from, " WHERE ");
    if (!p->first) {
        buf_printf(from, "%s >= ", column);
        append_wide(from, p->at);
    }
    if (!*last) {
        buf_printf(from, "%s%s < ", p->first ? "" : " AND ", column);
        append_wide(from, next);
    }
    p->at = next;
    free(column);
}

static struct err *next_step(struct chunk_plan *p, struct conn *c, struct buf *from, bool *last)
{
    struct chunk_border to = {0};
    uint64_t step = p->table->rows_estimate / chunks_expected(p) + 1;

    TRY(chunk_steps_next(c, p->table, p->key, &p->border, step, &to));
    *last = !to.values;
    append_hint(p, from);
    if (!p->first || !*last)
        buf_append_str(from, " WHERE ");
    if (!p->first)
        chunk_border_condition(from, p->table, p->key, &p->border, ">=");
    if (!*last) {
        buf_append_str(from, p->first ? "" : " AND ");
        chunk_border_condition(from, p->table, p->key, &to, "<");
    }
    chunk_border_free(p->table, p->key, &p->border);
    p->border = to;
    return NULL;
}

static void next_partition(struct chunk_plan *p, struct buf *from, bool *last)
{
    sql_table(from, p->table->db, p->table->name);
    buf_append_str(from, " PARTITION (");
    sql_ident(from, p->partitions[p->partition++]);
    buf_append_byte(from, ')');
    if (p->table->versioned && !p->by_system_time)
        buf_append_str(from, ALL_HISTORY);
    *last = p->partition == p->partition_count;
}

struct err *chunk_plan_next(struct chunk_plan *p, struct conn *c, struct buf *from, bool *last)
{
    struct err *e = NULL;

    if (p->kind == PLAN_UNDECIDED)
        TRY(decide(p, c));
    if (p->kind != PLAN_PARTITIONS)
        chunk_steps_table(from, p->table);
    switch (p->kind) {
    case PLAN_RANGE:
        next_range(p, from, last);
        break;
    case PLAN_STEPS:
        e = next_step(p, c, from, last);
        break;
    case PLAN_PARTITIONS:
        next_partition(p, from, last);
        break;
    case PLAN_WHOLE:
    case PLAN_UNDECIDED:
        *last = true;
        break;
    }
    p->first = false;
    return e;
}
