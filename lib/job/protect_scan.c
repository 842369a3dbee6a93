#include "job/protect_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "binlog/query.h"
#include "binlog/rows.h"
#include "binlog/statement.h"
#include "binlog/touched.h"
#include "job/job.h"
#include "mysql/catalog.h"
#include "mysql/log_reader.h"

/* Where `intent` stands in a position row (job_position.c). */
enum { INTENT_COLUMN = 8 };

struct scan {
    struct written *out;
    struct buf scratch;
    const char *position;      /* the job's position table */
    struct rows_table_map map; /* of that table, as it came last */
    struct buf map_event;      /* what it points into */
    uint64_t group;            /* counts transactions */
    bool own;                  /* the transaction writes to ccr's database */
    bool statement;            /* it is a statement */
    bool position_written;     /* at all */
};

static bool is_own_database(const char *db)
{
    return strcmp(db, JOB_DATABASE) == 0 || catalog_is_restore_database(db);
}

static int compare_tables(const void *a, const void *b)
{
    const struct written_table *x = a;
    const struct written_table *y = b;
    int order = strcmp(x->db, y->db);

    return order ? order : strcmp(x->name, y->name);
}

struct written_table *written_find(const struct written *w, const char *db, const char *name)
{
    const struct written_table key = {.db = db, .name = name};

    return w->count ? bsearch(&key, w->tables, w->count, sizeof(key), compare_tables) : NULL;
}

static void mark(const struct scan *s, const char *db, const char *name)
{
    struct written_table *t = written_find(s->out, db, name);

    if (t)
        t->in_group = s->group;
}

static void on_table(const char *db, const char *name, void *arg)
{
    struct scan *s = arg;

    if (is_own_database(db))
        s->own = true;
    mark(s, db, name);
}

static void mark_dml(struct scan *s, const struct binlog_query *q, uint64_t sql_mode)
{
    struct touched touched;

    touched_read(q->sql, q->sql_len, sql_mode, &touched);
    for (size_t i = 0; i < touched.count; i++)
        if (touched.names[i].role == TOUCHED_WRITTEN)
            mark(s, touched.names[i].db ? touched.names[i].db : q->db, touched.names[i].name);
    touched_free(&touched);
}

/* A table that a restore has swapped in is none that others have written to. */
static void swapped_in(const struct scan *s, const char *db, const char *name)
{
    struct written_table *t = written_find(s->out, db, name);

    if (t)
        t->transactions = t->apart = 0;
}

static void mark_names(struct scan *s, const struct binlog_query *q, const struct statement *st)
{
    const bool removes = st->action == STATEMENT_TRUNCATE || st->action == STATEMENT_DROP;

    for (size_t i = 0; i < st->name_count; i++)
        s->own |= is_own_database(st->names[i].db ? st->names[i].db : q->db);
    for (size_t i = 0; i < st->name_count; i++) {
        const struct statement_name *n = &st->names[i];
        const char *db = n->db ? n->db : q->db;
        if (n->name && s->own && st->action == STATEMENT_RENAME && n->role == STATEMENT_TO)
            swapped_in(s, db, n->name);
        else if (n->name && removes && (st->kind == STATEMENT_TABLE || st->kind == STATEMENT_SEQUENCE))
            mark(s, db, n->name);
    }
}

static struct err *scan_query(struct scan *s, const struct binlog_event *e)
{
    struct binlog_query q;
    struct query_session session;
    struct statement st;

    TRY(binlog_query_parse(e, &s->scratch, &q));
    TRY(query_session_parse(q.status, q.status_len, &session));
    statement_parse(q.sql, q.sql_len, session.sql_mode, &st);
    if (st.action == STATEMENT_DML)
        mark_dml(s, &q, session.sql_mode);
    else
        mark_names(s, &q, &st);
    s->statement |= st.action != STATEMENT_TRANSACTION && st.action != STATEMENT_SAVEPOINT;
    statement_free(&st);
    return NULL;
}

/* The bytes of an event are gone with the next one. */
static struct err *scan_table_map(struct scan *s, const struct binlog_event *e)
{
    struct rows_table_map map;
    struct binlog_event copy = *e;

    TRY(rows_table_map_parse(e, &map));
    bool is_position = strcmp(map.db, JOB_DATABASE) == 0 && strcmp(map.table, s->position) == 0;
    rows_table_map_free(&map);
    if (!is_position)
        return NULL;
    rows_table_map_free(&s->map);
    buf_clear(&s->map_event);
    buf_append(&s->map_event, e->data, e->len);
    copy.data = (const uint8_t *)s->map_event.data;
    copy.body = copy.data + (e->body - e->data);
    return rows_table_map_parse(&copy, &s->map);
}

/* What the position row says of an intent. An image that leaves the column out has not changed it. */
static struct err *scan_position(struct scan *s, const struct binlog_event *e)
{
    struct rows_event rows;
    struct rows_row row;
    const uint8_t *intent = NULL;
    size_t len = 0;
    size_t at = 0;
    bool done = false;
    bool present = false;

    TRY(rows_event_parse(e, &rows));
    if (!s->map.columns || rows.table_id != s->map.table_id)
        return NULL;
    TRY(rows_next(&s->map, &rows, &at, &row, &done));
    if (done || !row.after || s->map.column_count <= INTENT_COLUMN)
        return NULL;
    TRY(rows_field(&s->map, rows.after_columns, row.after, row.after_len, INTENT_COLUMN, &intent, &len,
                   &present));
    s->position_written = true;
    if (present)
        s->out->announced = intent != NULL;
    return NULL;
}

static struct err *scan_rows(struct scan *s, const struct binlog_event *e)
{
    struct binlog_event plain;

    if (!binlog_type_is_compressed(e->type))
        return scan_position(s, e);
    if (!s->map.columns)
        return NULL;
    buf_clear(&s->scratch);
    TRY(binlog_event_decompress(e, BINLOG_EVENT_MAX, &s->scratch));
    const struct binlog_format none = {0};
    TRY(binlog_event_parse(&none, (const uint8_t *)s->scratch.data, s->scratch.len, &plain));
    return scan_position(s, &plain);
}

static void scan_end(struct scan *s, const struct binlog_gtid *begin, int64_t time)
{
    bool apart = !s->statement && !(begin->flags & BINLOG_GTID_TRANSACTIONAL);
    bool own = s->own || (s->out->announced && (apart || s->statement));

    for (size_t i = 0; i < s->out->count && !own; i++) {
        struct written_table *t = &s->out->tables[i];
        if (t->in_group != s->group)
            continue;
        if (!t->transactions++)
            t->first_time = time;
        t->apart += apart;
        t->last = begin->gtid;
        t->last_time = time;
    }
    gtid_pos_set(&s->out->end, begin->gtid);
}

static struct err *scan_content(struct scan *s, const struct binlog_event *e)
{
    switch (e->type) {
    case BINLOG_QUERY:
    case BINLOG_QUERY_COMPRESSED:
    case BINLOG_EXECUTE_LOAD_QUERY:
        return scan_query(s, e);
    case BINLOG_TABLE_MAP:
        return scan_table_map(s, e);
    default:
        return rows_type_is_rows(e->type) ? scan_rows(s, e) : NULL;
    }
}

static struct err *scan_event(struct scan *s, struct log_reader *r, const struct log_item *item)
{
    if (item->place == GROUP_BEGIN) {
        s->group++;
        s->own = s->statement = false;
        rows_table_map_free(&s->map); /* a server that was restarted gives its number to another table */
    }
    TRY(scan_content(s, &item->event));
    if (item->place == GROUP_END) {
        struct group *g = log_reader_group(r);
        scan_end(s, group_gtid(g), group_time(g));
    }
    return NULL;
}

static struct err *scan_log(struct scan *s, struct log_reader *r)
{
    struct log_item item;

    group_on_table(log_reader_group(r), on_table, s);
    for (;;) {
        TRY(interrupt_check());
        TRY(log_reader_next(r, &item));
        if (item.what == LOG_END)
            return NULL;
        if (item.what == LOG_EVENT)
            TRY(scan_event(s, r, &item));
    }
}

static void excuse_apart(struct written *w)
{
    for (size_t i = 0; i < w->count; i++)
        w->tables[i].transactions -= w->tables[i].apart;
}

struct err *written_read(struct conn *c, const char *job, struct written *out)
{
    char *quoted = sql_string_dup(job);
    char **row;
    struct err *e = conn_query(c, &out->names, "SELECT db, name FROM ccr.tables WHERE job = %s", quoted);

    free(quoted);
    if (e)
        return e;
    out->tables = mem_zalloc(result_count(out->names) + 1, sizeof(*out->tables));
    while ((row = result_next(out->names, NULL)) != NULL)
        out->tables[out->count++] = (struct written_table){.db = row[0], .name = row[1]};
    qsort(out->tables, out->count, sizeof(*out->tables), compare_tables);
    return NULL;
}

struct err *protect_scan(const struct protect_scan_params *p, struct written *out)
{
    const struct binlog_dump_params dump = {.conn = *p->params, .from = p->from};
    char *position = job_position_table(p->job);
    struct scan s = {.out = out, .position = position};
    struct log_reader *r = NULL;

    gtid_pos_copy(&out->end, p->from);
    out->announced = p->announced;
    struct err *e = log_reader_open(&dump, &r);
    if (!e)
        e = scan_log(&s, r);
    if (s.position_written)
        excuse_apart(out);
    out->refusal = r ? log_reader_refusal(r) : out->refusal;
    log_reader_close(r);
    rows_table_map_free(&s.map);
    buf_free(&s.map_event);
    buf_free(&s.scratch);
    free(position);
    return e;
}

void written_free(struct written *w)
{
    gtid_pos_free(&w->end);
    result_free(w->names);
    free(w->tables);
}
