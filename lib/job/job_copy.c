#include "job/job_copy.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"

struct err *job_copy_setup(struct conn *c)
{
    return conn_exec(c, "CREATE TABLE IF NOT EXISTS ccr.copies (job VARCHAR(64) NOT NULL PRIMARY KEY, "
                        "partial TINYINT NOT NULL, snapshot VARCHAR(64) NOT NULL, reason TEXT NOT NULL, "
                        "row_count BIGINT UNSIGNED NOT NULL, rows_before BIGINT UNSIGNED NOT NULL, "
                        "started TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB "
                        "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
}

struct err *job_copy_begin(struct conn *c, const char *job, const struct job_copy *copy)
{
    char *quoted[] = {sql_string_dup(job), sql_string_dup(copy->snapshot), sql_string_dup(copy->reason)};
    struct err *e = conn_exec(c,
                              "REPLACE INTO ccr.copies (job, partial, snapshot, reason, row_count, "
                              "rows_before) VALUES (%s, %d, %s, %s, %" PRIu64 ", %" PRIu64 ")",
                              quoted[0], copy->partial, quoted[1], quoted[2], copy->rows, copy->before);

    for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++)
        free(quoted[i]);
    return e;
}

struct err *job_copy_read(struct conn *c, const char *job, struct job_copy_state *out)
{
    struct result *r = NULL;
    char *quoted = sql_string_dup(job);
    struct err *e = conn_query_if_there(
        c, &r,
        "SELECT c.partial, c.snapshot, c.reason, c.row_count, c.rows_before, SUM(l.row_count), "
        "UNIX_TIMESTAMP() - UNIX_TIMESTAMP(c.started) FROM ccr.copies c JOIN ccr.loads l ON l.job = c.job "
        "WHERE c.job = %s GROUP BY c.job",
        quoted);

    *out = (struct job_copy_state){0};
    free(quoted);
    char **row = r ? result_next(r, NULL) : NULL;
    if (row)
        *out = (struct job_copy_state){
            .found = true,
            .copy = {.partial = row[0][0] != '0',
                     .snapshot = mem_strdup(row[1]),
                     .reason = mem_strdup(row[2]),
                     .rows = strtoull(row[3], NULL, 10),
                     .before = strtoull(row[4], NULL, 10)},
            .loaded = strtoull(row[5], NULL, 10),
            .seconds = row[6][0] == '-' ? 0 : strtoull(row[6], NULL, 10),
        };
    result_free(r);
    return e;
}

void job_copy_state_free(struct job_copy_state *s)
{
    free(s->copy.snapshot);
    free(s->copy.reason);
    *s = (struct job_copy_state){0};
}
