#include "job/protect_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "binlog/query.h"
#include "binlog/statement.h"
#include "binlog/touched.h"
#include "job/job.h"
#include "mysql/catalog.h"
#include "mysql/log_reader.h"

struct scan {
    struct written *out;
    struct buf scratch;
    uint64_t group;       /* counts transactions */
    bool own;             /* the transaction writes to ccr's database */
    bool position;        /* to a position row */
    bool statement;       /* it is a statement */
    bool behind_position; /* the one before was ccr's, and announced or was a statement */
};

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

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

static struct written_table *find(const struct scan *s, const char *db, const char *name)
{
    const struct written_table key = {.db = db, .name = name};

    return s->out->count ? bsearch(&key, s->out->tables, s->out->count, sizeof(key), compare_tables) : NULL;
}

static void mark(const struct scan *s, const char *db, const char *name)
{
    struct written_table *t = find(s, db, name);

    if (t)
        t->in_group = s->group;
}

static void on_table(const char *db, const char *name, void *arg)
{
    struct scan *s = arg;

    if (is_own_database(db))
        s->own = true;
    if (strcmp(db, JOB_DATABASE) == 0 && starts(name, "position_"))
        s->position = true;
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
    struct written_table *t = find(s, db, name);

    if (t)
        t->transactions = 0;
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

static void scan_end(struct scan *s, struct gtid gtid, int64_t time)
{
    bool own = s->own || (s->statement && s->behind_position);

    for (size_t i = 0; i < s->out->count && !own; i++) {
        struct written_table *t = &s->out->tables[i];
        if (t->in_group != s->group)
            continue;
        if (!t->transactions++)
            t->first_time = time;
        t->last = gtid;
        t->last_time = time;
    }
    gtid_pos_set(&s->out->end, gtid);
    s->behind_position = own && (s->position || s->statement);
}

static struct err *scan_event(struct scan *s, struct log_reader *r, const struct log_item *item)
{
    if (item->place == GROUP_BEGIN) {
        s->group++;
        s->own = s->position = s->statement = false;
    }
    if (item->event.type == BINLOG_QUERY || item->event.type == BINLOG_QUERY_COMPRESSED ||
        item->event.type == BINLOG_EXECUTE_LOAD_QUERY)
        TRY(scan_query(s, &item->event));
    if (item->place == GROUP_END) {
        struct group *g = log_reader_group(r);
        scan_end(s, group_gtid(g)->gtid, group_time(g));
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

static struct err *read_tables(const struct protect_scan_params *p, struct written *out)
{
    char *job = sql_string_dup(p->job);
    char **row;
    struct err *e = conn_query(p->conn, &out->names, "SELECT db, name FROM ccr.tables WHERE job = %s", job);

    free(job);
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
    struct scan s = {.out = out};
    struct log_reader *r = NULL;

    *out = (struct written){.end = GTID_POS_INIT};
    gtid_pos_copy(&out->end, p->from);
    TRY(read_tables(p, out));
    TRY(log_reader_open(&dump, &r));
    struct err *e = scan_log(&s, r);
    out->refusal = log_reader_refusal(r);
    log_reader_close(r);
    buf_free(&s.scratch);
    return e;
}

void written_free(struct written *w)
{
    gtid_pos_free(&w->end);
    result_free(w->names);
    free(w->tables);
}
