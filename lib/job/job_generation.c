#include <stdlib.h>

#include <mysqld_error.h>

#include "job/job.h"

struct err *job_generation_setup(struct conn *c)
{
    return job_add_column(c, "jobs", "generation", "BIGINT UNSIGNED NOT NULL DEFAULT 0");
}

struct err *job_generation_read(struct conn *c, const char *job, uint64_t *out)
{
    struct result *r = NULL;
    char *quoted = sql_string_dup(job);
    struct err *e = conn_query_if_there(c, &r, "SELECT generation FROM ccr.jobs WHERE name = %s", quoted);

    *out = 0;
    free(quoted);
    if (e && conn_errno(c) == ER_BAD_FIELD_ERROR) { /* an earlier version's */
        err_free(e);
        return NULL;
    }
    char **row = r ? result_next(r, NULL) : NULL;
    if (row)
        *out = strtoull(row[0], NULL, 10);
    result_free(r);
    return e;
}

struct err *job_generation_next(struct conn *c, const char *job)
{
    char *quoted = sql_string_dup(job);
    struct err *e = conn_exec(c, "UPDATE ccr.jobs SET generation = generation + 1 WHERE name = %s", quoted);

    free(quoted);
    return e;
}
