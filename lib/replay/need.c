#include "replay/need.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/job.h"
#include "job/job_needed.h"
#include "replay/intent.h"
#include "replay/session.h"

static bool has_table(const struct need *n, const char *db, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->tables[i].db, db) == 0 && strcmp(n->tables[i].name, name) == 0)
            return true;
    return false;
}

void need_add(struct need *n, const char *db, const char *name)
{
    if (has_table(n, db, name))
        return;
    n->tables = mem_resize(n->tables, n->count + 1, sizeof(*n->tables));
    n->tables[n->count++] = (struct need_table){mem_strdup(db), mem_strdup(name)};
}

char *need_text(const struct need *n)
{
    struct buf out = BUF_INIT;

    for (size_t i = 0; i < n->count; i++)
        buf_printf(&out, "%s%s.%s", i ? "," : "", n->tables[i].db,
                   n->tables[i].name[0] ? n->tables[i].name : "*");
    return buf_steal(&out);
}

void need_free(struct need *n)
{
    for (size_t i = 0; i < n->count; i++) {
        free(n->tables[i].db);
        free(n->tables[i].name);
    }
    free(n->tables);
    free(n->reason);
    free(n->too_often);
    *n = (struct need){0};
}

static bool is_open(const struct job_needs *needs, const struct job_need *need)
{
    bool open = false;

    for (size_t i = 0; i < needs->count && !open; i++)
        open = strcmp(needs->items[i].kind, need->kind) == 0 && strcmp(needs->items[i].db, need->db) == 0 &&
               strcmp(needs->items[i].name, need->name) == 0;
    return open;
}

/* Just as it is, too. */
static bool is_known(const struct job_needs *needs, const struct job_need *need)
{
    bool known = false;

    for (size_t i = 0; i < needs->count && !known; i++) {
        const struct job_need *n = &needs->items[i];
        known = strcmp(n->kind, need->kind) == 0 && strcmp(n->db, need->db) == 0 &&
                strcmp(n->name, need->name) == 0 && strcmp(n->gtid, need->gtid) == 0 &&
                strcmp(n->pos, need->pos) == 0 && n->epoch == need->epoch;
    }
    return known;
}

struct recording {
    struct conn *conn;
    const char *job;
    struct need *need;
    const char *gtid;
    const char *pos;
    uint64_t epoch;
    uint64_t a_day;
};

/* One that was not open. */
static struct err *count_need(const struct recording *r, const struct need_table *t)
{
    uint64_t times = 0;
    struct buf why = BUF_INIT;
    const char *dot = t->name[0] ? "." : "";

    TRY(job_needed_add(r->conn, r->job, t->db, t->name, r->need->reason));
    struct err *e = job_needed_count(r->conn, r->job, t->db, t->name, &times, &why);
    if (!e && r->a_day && times >= r->a_day && !r->need->too_often)
        r->need->too_often = mem_printf("%s%s%s has needed a copy %llu times within a day: %s",
                                        t->db[0] ? t->db : "the whole job", dot, t->name,
                                        (unsigned long long)times, buf_str(&why));
    buf_free(&why);
    return e;
}

/* In a transaction. */
static struct err *record(void *arg)
{
    struct recording *r = arg;
    struct job_needs needs;

    TRY(job_needs_read(r->conn, r->job, &needs));
    struct err *e = NULL;
    r->need->known = true;
    for (size_t i = 0; i < r->need->count && !e; i++) {
        const struct need_table *t = &r->need->tables[i];
        const struct job_need need = {.kind = t->db[0] ? JOB_NEED : JOB_FULL,
                                      .db = t->db,
                                      .name = t->name,
                                      .gtid = r->gtid,
                                      .reason = r->need->reason,
                                      .epoch = r->epoch,
                                      .pos = r->pos};
        if (is_known(&needs, &need))
            continue;
        r->need->known = false;
        if (!is_open(&needs, &need))
            e = count_need(r, t);
        if (!e)
            e = job_need_put(r->conn, r->job, &need);
    }
    job_needs_free(&needs);
    return e;
}

/*
 * Tables that keys join with it which change rows without the log saying so, as the target has them: rows of
 * database, name, "table (constraint)"; target names.
 */
static struct err *read_joined(struct conn *c, const struct scope *scope, const struct need_table *t,
                               struct result **out)
{
    static const char calm[] = "('RESTRICT', 'NO ACTION')";
    static const char columns[] = "CONCAT(TABLE_NAME, ' (', CONSTRAINT_NAME, ')') FROM "
                                  "information_schema.REFERENTIAL_CONSTRAINTS WHERE ";
    const struct scope_name target = scope_target_table(scope, t->db, t->name);
    char *db = sql_string_dup(target.db);
    char *name = sql_string_dup(target.name);
    struct err *e = conn_query(
        c, out,
        "SELECT UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME, %s CONSTRAINT_SCHEMA = %s AND TABLE_NAME = "
        "%s AND (DELETE_RULE NOT IN %s OR UPDATE_RULE NOT IN %s) UNION ALL "
        "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, %s UNIQUE_CONSTRAINT_SCHEMA = %s AND REFERENCED_TABLE_NAME = "
        "%s AND (DELETE_RULE NOT IN %s OR UPDATE_RULE NOT IN %s)",
        columns, db, name, calm, calm, columns, db, name, calm, calm);

    free(db);
    free(name);
    return e;
}

/* One cannot be copied without the others. */
static struct err *add_joined(struct conn *c, const struct scope *scope, struct need *n)
{
    for (size_t i = 0; i < n->count; i++) { /* which grows meanwhile */
        struct result *r = NULL;
        struct scope_name source;
        char **row;

        if (!n->tables[i].name[0])
            continue;
        TRY(read_joined(c, scope, &n->tables[i], &r));
        while ((row = result_next(r, NULL)) != NULL)
            if (scope_source_table(scope, row[0], row[1], &source) &&
                scope_table(scope, source.db, source.name))
                need_add(n, source.db, source.name);
        result_free(r);
    }
    return NULL;
}

struct err *need_record(struct conn *c, const struct job *job, struct need *n, const struct job_position *at,
                        uint64_t a_day)
{
    char gtid[GTID_TEXT_SIZE] = "";
    struct gtid_pos since = GTID_POS_INIT;
    const bool later = n->epoch > at->epoch;

    TRY(conn_exec(c, "ROLLBACK"));
    TRY(session_prepare(c)); /* it may be the source's */
    TRY(job_needs_setup(c));
    TRY(job_needed_setup(c));
    TRY(add_joined(c, &job->scope, n));
    if (!later)
        gtid_pos_copy(&since, &at->pos);
    if (!later && n->gtid.seq)
        gtid_pos_set(&since, n->gtid);
    char *pos = gtid_pos_text(&since);
    struct recording r = {.conn = c,
                          .job = job->name,
                          .need = n,
                          .gtid = n->gtid.seq ? gtid_format(n->gtid, gtid) : gtid,
                          .pos = pos,
                          .epoch = later ? n->epoch : at->epoch,
                          .a_day = a_day};
    struct err *e = conn_transaction(c, record, &r);
    free(pos);
    gtid_pos_free(&since);
    return e;
}

/* One that is not among them, and not behind either. */
static struct err *find_cascade(struct conn *c, const struct scope *scope, const struct need *n,
                                const struct need_table *t, char **why)
{
    struct result *r = NULL;
    struct scope_name source;
    char **row;
    struct err *e = read_joined(c, scope, t, &r);

    while (!e && !*why && (row = result_next(r, NULL)) != NULL) {
        bool ours = scope_source_table(scope, row[0], row[1], &source) &&
                    (has_table(n, source.db, source.name) || scope_is_behind(scope, source.db, source.name));
        if (!ours)
            *why = mem_printf("a foreign key of %s changes rows that the log does not name", row[2]);
    }
    result_free(r);
    return e;
}

struct passing {
    struct conn *conn;
    const char *job;
    const struct need *need;
    struct job_position *at;
};

/* What an intent lists is settled with these tables. */
static struct err *clear_intent(const struct passing *p)
{
    struct job_position next = *p->at;

    next.intent = NULL;
    return p->at->intent ? job_position_update(p->conn, p->job, p->at, &next) : NULL;
}

static struct err *note_passed(const struct passing *p)
{
    char *tables = need_text(p->need);
    char *what = mem_printf("going on without %s", tables);
    struct err *e = job_history_add(p->conn, p->job, what, p->need->reason);

    free(tables);
    free(what);
    return e;
}

/* One that is gone by now stays so: a copy has been quicker. */
static struct err *turn(void *arg)
{
    const struct passing *p = arg;
    char *job = sql_string_dup(p->job);
    struct err *e = NULL;

    for (size_t i = 0; i < p->need->count && !e; i++) {
        const struct need_table *t = &p->need->tables[i];
        char *patterns[] = {scope_literal(t->db), scope_literal(t->name)};
        char *texts[] = {sql_string_dup(t->db), sql_string_dup(t->name), sql_string_dup(patterns[0]),
                         sql_string_dup(patterns[1])};
        e = conn_exec(p->conn,
                      "UPDATE ccr.needs SET kind = '" JOB_BEHIND
                      "', db = %s, name = %s WHERE job = %s AND kind = "
                      "'" JOB_NEED "' AND db = %s AND name = %s",
                      texts[2], texts[3], job, texts[0], texts[1]);
        for (size_t k = 0; k < 2; k++)
            free(patterns[k]);
        for (size_t k = 0; k < 4; k++)
            free(texts[k]);
    }
    free(job);
    if (!e)
        e = clear_intent(p);
    return e ? e : note_passed(p);
}

static struct err *check_intent(const struct need *n, const char *intent, char **why)
{
    struct need of_intent = {0};
    struct err *e = intent ? intent_needs(intent, &of_intent) : NULL;
    bool settled = of_intent.count > 0;

    for (size_t i = 0; i < of_intent.count; i++)
        settled &= has_table(n, of_intent.tables[i].db, of_intent.tables[i].name);
    if (!e && intent && !settled)
        *why = mem_strdup("a transaction is half done");
    need_free(&of_intent);
    return e;
}

struct err *need_pass(struct conn *c, const struct job *job, const struct need *n, struct job_position *at,
                      char **why)
{
    struct passing p = {c, job->name, n, at};

    *why = NULL;
    TRY(check_intent(n, at->intent, why));
    for (size_t i = 0; i < n->count && !*why; i++) {
        if (!n->tables[i].name[0])
            *why = mem_strdup("it is more than single tables");
        else
            TRY(find_cascade(c, &job->scope, n, &n->tables[i], why));
    }
    if (*why)
        return NULL;
    TRY(conn_transaction(c, turn, &p));
    free(at->intent);
    at->intent = NULL;
    return NULL;
}
