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
    return job_need_put(c, job, n->db, n->name, gtid_format(n->gtid, gtid), n->reason);
}
