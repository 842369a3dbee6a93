#include "replay/need.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/job.h"

void need_add(struct need *n, const char *db, const char *name)
{
    n->tables = mem_resize(n->tables, n->count + 1, sizeof(*n->tables));
    n->tables[n->count++] = (struct need_table){mem_strdup(db), mem_strdup(name)};
}

void need_free(struct need *n)
{
    for (size_t i = 0; i < n->count; i++) {
        free(n->tables[i].db);
        free(n->tables[i].name);
    }
    free(n->tables);
    free(n->reason);
    *n = (struct need){0};
}

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
    const struct need *need;
    const char *gtid;
    const char *pos;
    uint64_t epoch;
    bool known; /* all of them */
};

/* In a transaction. */
static struct err *record(void *arg)
{
    struct recording *r = arg;
    struct job_needs needs;

    TRY(job_needs_read(r->conn, r->job, &needs));
    struct err *e = NULL;
    r->known = true;
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
        r->known = false;
        e = job_need_put(r->conn, r->job, &need);
    }
    job_needs_free(&needs);
    return e;
}

struct err *need_record(struct conn *c, const char *job, const struct need *n, const struct job_position *at,
                        bool *known)
{
    char gtid[GTID_TEXT_SIZE] = "";
    struct gtid_pos since = GTID_POS_INIT;
    const bool later = n->epoch > at->epoch;

    TRY(conn_exec(c, "ROLLBACK"));
    TRY(conn_exec(c, "SET SESSION autocommit = 1"));
    TRY(job_needs_setup(c));
    if (!later)
        gtid_pos_copy(&since, &at->pos);
    if (!later && n->gtid.seq)
        gtid_pos_set(&since, n->gtid);
    char *pos = gtid_pos_text(&since);
    struct recording r = {.conn = c,
                          .job = job,
                          .need = n,
                          .gtid = n->gtid.seq ? gtid_format(n->gtid, gtid) : gtid,
                          .pos = pos,
                          .epoch = later ? n->epoch : at->epoch};
    struct err *e = conn_transaction(c, record, &r);
    *known = !e && r.known;
    free(pos);
    gtid_pos_free(&since);
    return e;
}

/* Keys that change rows of another table, without the log saying so: as the target has them. */
static struct err *find_cascade(struct conn *c, const struct scope *scope, const struct need_table *t,
                                char **why)
{
    static const char calm[] = "('RESTRICT', 'NO ACTION')";
    const struct scope_name target = scope_target_table(scope, t->db, t->name);
    char *db = sql_string_dup(target.db);
    char *name = sql_string_dup(target.name);
    char *found = NULL;
    struct err *e = conn_value(
        c, &found,
        "SELECT CONCAT(TABLE_NAME, ' (', CONSTRAINT_NAME, ')') FROM "
        "information_schema.REFERENTIAL_CONSTRAINTS "
        "WHERE ((CONSTRAINT_SCHEMA = %s AND TABLE_NAME = %s) OR (UNIQUE_CONSTRAINT_SCHEMA = %s AND "
        "REFERENCED_TABLE_NAME = %s)) AND (DELETE_RULE NOT IN %s OR UPDATE_RULE NOT IN %s) LIMIT 1",
        db, name, db, name, calm, calm);

    if (!e && found)
        *why = mem_printf("a foreign key of %s changes rows that the log does not name", found);
    free(found);
    free(db);
    free(name);
    return e;
}

struct passing {
    struct conn *conn;
    const char *job;
    const struct need *need;
};

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
    return e;
}

struct err *need_pass(struct conn *c, const struct job *job, const struct need *n, char **why)
{
    struct passing p = {c, job->name, n};

    *why = NULL;
    for (size_t i = 0; i < n->count && !*why; i++) {
        if (!n->tables[i].name[0])
            *why = mem_strdup("it is more than single tables");
        else
            TRY(find_cascade(c, &job->scope, &n->tables[i], why));
    }
    return *why ? NULL : conn_transaction(c, turn, &p);
}
