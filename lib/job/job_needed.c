#include "job/job_needed.h"

#include <inttypes.h>
#include <stdlib.h>

#include "job/job.h"

enum { REASONS_SHOWN = 3 };

struct err *job_needed_setup(struct conn *c)
{
    return conn_exec(
        c, "CREATE TABLE IF NOT EXISTS ccr.needed (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, "
           "job VARCHAR(64) NOT NULL, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "
           "db VARCHAR(130) NOT NULL, name VARCHAR(130) NOT NULL, reason TEXT NOT NULL, KEY (job, db, name)) "
           "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
}

struct err *job_needed_add(struct conn *c, const char *job, const char *db, const char *name,
                           const char *reason)
{
    char *quoted[] = {sql_string_dup(job), sql_string_dup(db), sql_string_dup(name), sql_string_dup(reason)};
    struct err *e =
        conn_exec(c, "DELETE FROM ccr.needed WHERE job = %s AND at <= NOW() - INTERVAL 1 DAY", quoted[0]);

    if (!e)
        e = conn_exec(c, "INSERT INTO ccr.needed (job, db, name, reason) VALUES (%s, %s, %s, %s)", quoted[0],
                      quoted[1], quoted[2], quoted[3]);
    for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++)
        free(quoted[i]);
    return e;
}

static void add_reasons(struct result *r, uint64_t *times, struct buf *why)
{
    char **row;

    for (size_t i = 0; (row = result_next(r, NULL)) != NULL; i++) {
        *times += strtoull(row[1], NULL, 10);
        if (why && i < REASONS_SHOWN)
            buf_printf(why, "%s%s (%s times)", i ? "; " : "", row[0], row[1]);
    }
    if (why && result_count(r) > REASONS_SHOWN)
        buf_printf(why, "; and %zu more", result_count(r) - REASONS_SHOWN);
}

struct err *job_needed_count(struct conn *c, const char *job, const char *db, const char *name,
                             uint64_t *times, struct buf *why)
{
    struct result *r = NULL;
    char *quoted[] = {sql_string_dup(job), sql_string_dup(db), sql_string_dup(name)};
    struct err *e =
        conn_query_if_there(c, &r,
                            "SELECT reason, COUNT(*) FROM ccr.needed WHERE job = %s AND db = %s AND name = "
                            "%s AND at > NOW() - INTERVAL 1 DAY GROUP BY reason ORDER BY COUNT(*) DESC, "
                            "MAX(id) DESC",
                            quoted[0], quoted[1], quoted[2]);

    *times = 0;
    if (r)
        add_reasons(r, times, why);
    result_free(r);
    for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++)
        free(quoted[i]);
    return e;
}

struct err *job_needed_forget(struct conn *c, const char *job)
{
    static const char *const tables[] = {"needed"};

    return job_forget(c, job, tables, 1);
}
