#include "replay/need.h"

#include <stdlib.h>

#include "snapshot/job.h"

void need_free(struct need *n)
{
    free(n->db);
    free(n->name);
    free(n->reason);
    *n = (struct need){0};
}

struct err *need_record(struct conn *c, const char *job, const struct need *n)
{
    char gtid[GTID_TEXT_SIZE];

    TRY(conn_exec(c, "ROLLBACK"));
    TRY(conn_exec(c, "SET SESSION autocommit = 1"));
    const struct job_need need = {.kind = JOB_NEED,
                                  .db = n->db,
                                  .name = n->name,
                                  .gtid = gtid_format(n->gtid, gtid),
                                  .reason = n->reason};

    TRY(job_needs_setup(c));
    return job_need_put(c, job, &need);
}
