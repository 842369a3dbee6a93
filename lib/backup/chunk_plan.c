#include "backup/chunk_plan.h"

#include <stdlib.h>
#include <string.h>

#include "backup/chunk_probe.h"
#include "base/mem.h"

/* A search that is not at its end after so many questions counts instead. */
enum { MOST_DIVES = 48 };
/* Fewer rows are not worth a chunk, whatever the statistics say of their size. */
enum { LEAST_ROWS = 16 };
/* Of a table whose chunks cannot be cut, as long as nothing is known of it but what the statistics say. */
enum { MOST_ROWS_UNSEEN = 1000 };

/* The table, or some of its partitions. */
struct source {
    char *text;
    uint64_t rows; /* as the statistics have it */
    uint64_t bytes;
};

/* Rows that are not handed out yet. */
struct range {
    size_t source;
    bool whole;   /* all of the source: the statistics tell its size */
    bool counted; /* its chunks are found by counting */
    struct chunk_border from;
    struct chunk_border to;
};

struct chunk_plan {
    const struct catalog_table *table;
    const struct partitions_of *only;
    struct chunk_key key;
    uint64_t chunk_bytes;
    bool decided;
    bool by_system_time; /* partitioned so */
    struct source *sources;
    size_t source_count;
    size_t source_cap;
    struct range *ranges; /* the last one is next */
    size_t range_count;
    size_t range_cap;
    uint64_t seen_rows; /* of a chunk that was copied */
    uint64_t seen_bytes;
    uint64_t measure; /* what the server estimates for measure_rows counted ones; 0: not known */
    uint64_t measure_rows;
};

struct chunk_plan *chunk_plan_new(const struct catalog_table *table, const struct partitions_of *only,
                                  uint64_t chunk_bytes)
{
    struct chunk_plan *p = mem_zalloc(1, sizeof(*p));

    p->table = table;
    p->only = only;
    p->key = chunk_key_choose(table);
    p->chunk_bytes = chunk_bytes ? chunk_bytes : 1;
    return p;
}

static void range_free(struct range *r)
{
    chunk_border_free(&r->from);
    chunk_border_free(&r->to);
}

void chunk_plan_free(struct chunk_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->source_count; i++)
        free(p->sources[i].text);
    for (size_t i = 0; i < p->range_count; i++)
        range_free(&p->ranges[i]);
    free(p->sources);
    free(p->ranges);
    free(p);
}

const struct chunk_key *chunk_plan_key(const struct chunk_plan *p)
{
    return &p->key;
}

bool chunk_plan_is_empty(const struct chunk_plan *p)
{
    return p->decided && p->range_count == 0;
}

static void push_range(struct chunk_plan *p, const struct range *r)
{
    p->ranges = mem_grow(p->ranges, p->range_count, &p->range_cap, sizeof(*p->ranges));
    p->ranges[p->range_count++] = *r;
}

/* Partitions by SYSTEM_TIME that are named give their history, and take no FOR SYSTEM_TIME. */
static void add_source(struct chunk_plan *p, const char *partitions, uint64_t rows, uint64_t bytes)
{
    struct buf text = BUF_INIT;

    sql_table(&text, p->table->db, p->table->name);
    if (partitions)
        buf_printf(&text, " PARTITION (%s)", partitions);
    if (catalog_versioned_by_time(p->table) && !(partitions && p->by_system_time))
        buf_append_str(&text, " FOR SYSTEM_TIME ALL");
    p->sources = mem_grow(p->sources, p->source_count, &p->source_cap, sizeof(*p->sources));
    p->sources[p->source_count++] = (struct source){buf_steal(&text), rows, bytes};
}

/* Partitions one after the other, small ones together. */
static void group_partitions(struct chunk_plan *p, struct result *r)
{
    struct buf names = BUF_INIT;
    uint64_t rows = 0;
    uint64_t bytes = 0;
    char **row;

    while ((row = result_next(r, NULL)) != NULL) {
        if (p->only && !partitions_has(p->only, row[0]))
            continue;
        uint64_t more = row[2] ? strtoull(row[2], NULL, 10) : 0;
        p->by_system_time = row[3] && strcmp(row[3], "SYSTEM_TIME") == 0;
        if (names.len && bytes + more > p->chunk_bytes) {
            add_source(p, buf_str(&names), rows, bytes);
            buf_clear(&names);
            rows = bytes = 0;
        }
        buf_append_str(&names, names.len ? ", " : "");
        sql_ident(&names, row[0]);
        rows += row[1] ? strtoull(row[1], NULL, 10) : 0;
        bytes += more;
    }
    if (names.len)
        add_source(p, buf_str(&names), rows, bytes);
    buf_free(&names);
}

static struct err *read_partitions(struct chunk_plan *p, struct conn *c)
{
    char *db = sql_string_dup(p->table->db);
    char *name = sql_string_dup(p->table->name);
    struct result *r = NULL;
    struct err *e =
        conn_query(c, &r,
                   "SELECT PARTITION_NAME, SUM(TABLE_ROWS), SUM(DATA_LENGTH), MAX(PARTITION_METHOD) "
                   "FROM information_schema.PARTITIONS "
                   "WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND PARTITION_NAME IS NOT NULL "
                   "GROUP BY PARTITION_NAME ORDER BY MIN(PARTITION_ORDINAL_POSITION)",
                   db, name);

    free(db);
    free(name);
    if (!e)
        group_partitions(p, r);
    result_free(r);
    return e;
}

/* Where only the current rows of a versioned table count, they are not those of its partitions. */
static struct err *decide(struct chunk_plan *p, struct conn *c)
{
    const struct catalog_table *t = p->table;

    if (t->partitioned && (!t->versioned || catalog_versioned_by_time(t)))
        TRY(read_partitions(p, c));
    if (p->only && p->source_count == 0)
        return err_new(ERR_SOURCE, "the partitions asked for are gone");
    if (p->source_count == 0)
        add_source(p, NULL, t->rows_estimate, t->bytes_estimate);
    for (size_t i = p->source_count; i > 0; i--)
        push_range(p, &(struct range){.source = i - 1, .whole = true});
    p->decided = true;
    return NULL;
}

/* Rows of a chunk: by what was seen of the table, or by its statistics. */
static uint64_t wanted_rows(const struct chunk_plan *p, const struct source *s)
{
    uint64_t rows = p->seen_rows ? p->seen_rows : s->rows;
    uint64_t bytes = p->seen_rows ? p->seen_bytes : s->bytes;
    double wanted = (double)p->chunk_bytes * (double)rows / (double)(bytes ? bytes : 1);
    double most = p->seen_rows || p->key.distinct ? 1e15 : MOST_ROWS_UNSEEN;

    return wanted < LEAST_ROWS ? LEAST_ROWS : wanted > most ? (uint64_t)most : (uint64_t)wanted;
}

static struct chunk_probe probe_of(const struct chunk_plan *p, struct conn *c, const struct range *r)
{
    return (struct chunk_probe){c, &p->key, p->sources[r->source].text, &r->from, &r->to};
}

/* InnoDB's estimates end at half of the table's rows. */
static bool is_capped(const struct source *s, uint64_t estimate)
{
    return estimate + 1 >= s->rows / 2;
}

/* The border by counting; the first one becomes the measure of the others. */
static struct err *count_border(struct chunk_plan *p, const struct chunk_probe *probe, const struct range *r,
                                struct chunk_border *out)
{
    const struct source *s = &p->sources[r->source];
    uint64_t wanted = wanted_rows(p, s);
    uint64_t estimate = 0;

    TRY(chunk_probe_count(probe, wanted, out));
    if (!out->values || r->counted || p->measure)
        return NULL;
    struct chunk_probe before = *probe;
    before.to = out;
    TRY(chunk_probe_estimate(&before, &estimate));
    if (is_capped(s, estimate) || estimate == 0)
        return NULL;
    p->measure = estimate;
    p->measure_rows = wanted;
    return NULL;
}

/* A key, and what the server estimates to lie between the range's beginning and it. */
struct mark {
    struct chunk_border key;
    double rows;
};

static void mark_move(struct mark *m, struct chunk_border *key, double rows)
{
    chunk_border_free(&m->key);
    *m = (struct mark){*key, rows};
    *key = (struct chunk_border){0};
}

/*
 * One dive between two marks: the key where a value made up between them leads. `none`: no such value, or the
 * collation's order is not what was thought of. `next`: nothing lies between the marks.
 */
static struct err *dive(const struct chunk_probe *probe, const struct mark *low, const struct mark *high,
                        double share, struct chunk_border *key, bool *next)
{
    struct chunk_border value;
    struct chunk_probe behind = *probe;
    struct chunk_probe before = *probe;

    *next = false;
    *key = (struct chunk_border){0};
    if (!chunk_key_guess(probe->key, &low->key, &high->key, share, &value))
        return NULL;
    behind.from = &value;
    before.to = &value;
    struct err *e = chunk_probe_first(&behind, key);
    if (!e && key->values && chunk_border_same(key, &high->key)) {
        /* a hole; its other end is more to the point */
        chunk_border_free(key);
        e = chunk_probe_last(&before, key);
        *next = !e && key->values && chunk_border_same(key, &low->key);
    } else if (!e && key->values && chunk_border_same(key, &low->key)) {
        chunk_border_free(key);
    }
    chunk_border_free(&value);
    return e;
}

/* Halves the way every second time, which ends soon in whatever distribution. */
static double share_of(const struct mark *low, const struct mark *high, double target, int dives)
{
    if (dives % 2 || high->rows <= low->rows)
        return 0.5;
    return (target - low->rows) / (high->rows - low->rows);
}

static struct err *search_between(const struct chunk_probe *probe, struct mark *low, struct mark *high,
                                  double target, struct chunk_border *out)
{
    struct chunk_border key = {0};
    struct err *e = NULL;

    for (int dives = 0; !e && dives < MOST_DIVES; dives++) {
        uint64_t rows = 0;
        bool next = false;
        e = dive(probe, low, high, share_of(low, high, target, dives), &key, &next);
        if (e || !key.values)
            break;
        if (next) {
            chunk_border_copy(out, low->rows * 2 >= target ? &low->key : &high->key);
            break;
        }
        struct chunk_probe before = *probe;
        before.to = &key;
        e = chunk_probe_estimate(&before, &rows);
        if (!e && (double)rows >= 0.7 * target && (double)rows <= 1.3 * target) {
            *out = key;
            return NULL;
        }
        mark_move((double)rows < target ? low : high, &key, (double)rows);
    }
    chunk_border_free(&key);
    return e;
}

/* The border by dives, or by counting where they lead nowhere. */
static struct err *search_border(struct chunk_plan *p, const struct chunk_probe *probe, const struct range *r,
                                 struct chunk_border *out)
{
    const struct source *s = &p->sources[r->source];
    double target = (double)p->measure * (double)wanted_rows(p, s) / (double)p->measure_rows;
    struct mark low = {0};
    struct mark high = {0};
    uint64_t left = 0;

    TRY(chunk_probe_estimate(probe, &left));
    if (!is_capped(s, left) && (double)left <= 1.5 * target)
        return NULL;
    high.rows = (double)left;
    struct err *e = chunk_probe_first(probe, &low.key);
    if (!e)
        e = chunk_probe_last(probe, &high.key);
    if (!e && low.key.values && high.key.values)
        e = search_between(probe, &low, &high, target, out);
    if (!e && low.key.values && !out->values)
        e = count_border(p, probe, r, out);
    chunk_border_free(&low.key);
    chunk_border_free(&high.key);
    return e;
}

/* Where the next chunk of the range ends; none: all that is left is one chunk. */
static struct err *find_border(struct chunk_plan *p, struct conn *c, const struct range *r,
                               struct chunk_border *out)
{
    struct chunk_probe probe = probe_of(p, c, r);

    *out = (struct chunk_border){0};
    bool small = r->whole && p->sources[r->source].bytes <= p->chunk_bytes + p->chunk_bytes / 2;
    if (!p->key.key || (small && (p->key.distinct || !p->table->transactional)))
        return NULL;
    if (r->counted || !p->measure || !p->key.distinct)
        return count_border(p, &probe, r, out);
    return search_border(p, &probe, r, out);
}

static void write_chunk(const struct chunk_plan *p, const struct range *r, struct chunk *out)
{
    /* the records of other engines need not lie in the key's order */
    bool ordered = p->key.key && (p->table->transactional || r->from.values || out->to.values);

    buf_append_str(&out->from, p->sources[r->source].text);
    if (ordered) {
        chunk_key_hint(&p->key, &out->from);
        chunk_key_where(&p->key, &r->from, &out->to, &out->from);
        chunk_key_order(&p->key, false, &out->from);
    }
    out->source = r->source;
    out->can_be_cut = ordered && p->key.distinct;
}

struct err *chunk_plan_next(struct chunk_plan *p, struct conn *c, struct chunk *out)
{
    struct chunk_border border;

    *out = (struct chunk){.from = BUF_INIT};
    if (!p->decided)
        TRY(decide(p, c));
    struct range r = p->ranges[--p->range_count];
    struct err *e = find_border(p, c, &r, &border);
    if (!e) {
        chunk_border_copy(&out->to, border.values ? &border : &r.to);
        write_chunk(p, &r, out);
        if (border.values) {
            struct range rest = {.source = r.source, .counted = r.counted, .from = border, .to = r.to};
            r.to = (struct chunk_border){0};
            push_range(p, &rest);
        }
    }
    range_free(&r);
    return e;
}

void chunk_plan_cut(struct chunk_plan *p, const struct chunk *chunk, struct chunk_border *key)
{
    struct range rest = {.source = chunk->source, .counted = true, .from = *key};

    chunk_border_copy(&rest.to, &chunk->to);
    *key = (struct chunk_border){0};
    push_range(p, &rest);
}

void chunk_plan_learn(struct chunk_plan *p, uint64_t rows, uint64_t bytes)
{
    if (rows < LEAST_ROWS)
        return;
    p->seen_rows = rows;
    p->seen_bytes = bytes;
}

void chunk_free(struct chunk *chunk)
{
    buf_free(&chunk->from);
    chunk_border_free(&chunk->to);
}
