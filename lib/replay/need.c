#include "replay/need.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "snapshot/job.h"

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

static struct err *is_known(struct conn *c, const char *job, const struct job_need *need, bool *known)
{
    struct job_needs needs;

    *known = false;
    TRY(job_needs_read(c, job, &needs));
    for (size_t i = 0; i < needs.count; i++) {
        const struct job_need *n = &needs.items[i];
        *known |= strcmp(n->kind, need->kind) == 0 && strcmp(n->db, need->db) == 0 &&
                  strcmp(n->name, need->name) == 0 && strcmp(n->gtid, need->gtid) == 0 &&
                  strcmp(n->pos, need->pos) == 0 && n->epoch == need->epoch;
    }
    job_needs_free(&needs);
    return NULL;
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

    r->known = true;
    for (size_t i = 0; i < r->need->count; i++) {
        const struct need_table *t = &r->need->tables[i];
        const struct job_need need = {.kind = t->db[0] ? JOB_NEED : JOB_FULL,
                                      .db = t->db,
                                      .name = t->name,
                                      .gtid = r->gtid,
                                      .reason = r->need->reason,
                                      .epoch = r->epoch,
                                      .pos = r->pos};
        bool known;
        TRY(is_known(r->conn, r->job, &need, &known));
        if (!known)
            TRY(job_need_put(r->conn, r->job, &need));
        r->known &= known;
    }
    return NULL;
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
