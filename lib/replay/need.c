#include "replay/need.h"

#include <stdlib.h>

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

struct err *need_record(struct conn *c, const char *job, const struct need *n)
{
    char gtid[GTID_TEXT_SIZE];

    TRY(conn_exec(c, "ROLLBACK"));
    TRY(conn_exec(c, "SET SESSION autocommit = 1"));
    TRY(job_needs_setup(c));
    TRY(conn_exec(c, "START TRANSACTION"));
    for (size_t i = 0; i < n->count; i++) {
        const struct job_need need = {.kind = JOB_NEED,
                                      .db = n->tables[i].db,
                                      .name = n->tables[i].name,
                                      .gtid = gtid_format(n->gtid, gtid),
                                      .reason = n->reason};
        TRY(job_need_put(c, job, &need));
    }
    return conn_exec(c, "COMMIT");
}
