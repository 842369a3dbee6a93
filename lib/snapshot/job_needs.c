#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "snapshot/job.h"

struct err *job_needs_setup(struct conn *c)
{
    return conn_exec(
        c,
        "CREATE TABLE IF NOT EXISTS ccr.needs (job VARCHAR(64) NOT NULL, kind VARCHAR(16) NOT NULL, "
        "db VARCHAR(130) NOT NULL, name VARCHAR(130) NOT NULL, gtid VARCHAR(64) NOT NULL, reason TEXT NOT "
        "NULL, "
        "at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (job, kind, db, name)) ENGINE=InnoDB "
        "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
}

struct err *job_needs_read(struct conn *c, const char *job, struct job_needs *out)
{
    char *quoted = sql_string_dup(job);
    char **row;

    *out = (struct job_needs){0};
    struct err *e = conn_query_if_there(
        c, &out->result,
        "SELECT kind, db, name, gtid, reason FROM ccr.needs WHERE job = %s ORDER BY db, name, kind", quoted);
    free(quoted);
    if (e || !out->result)
        return e;
    out->items = mem_zalloc(result_count(out->result) + 1, sizeof(*out->items));
    while ((row = result_next(out->result, NULL)) != NULL)
        out->items[out->count++] = (struct job_need){row[0], row[1], row[2], row[3], row[4]};
    return NULL;
}

void job_needs_free(struct job_needs *needs)
{
    free(needs->items);
    result_free(needs->result);
    *needs = (struct job_needs){0};
}

/* "'partial', 'job', 'shop', 'a'" and, of a whole one, the rest. */
static void append_values(struct buf *sql, const char *job, const struct job_need *need, bool whole)
{
    const char *const values[] = {need->kind, job, need->db, need->name, need->gtid, need->reason};

    for (size_t i = 0; i < (whole ? 6 : 4); i++) {
        buf_append_str(sql, i ? ", " : "");
        sql_string(sql, values[i]);
    }
}

static struct err *run(struct conn *c, struct buf *sql)
{
    struct err *e = conn_exec_bytes(c, sql->data, sql->len);

    buf_free(sql);
    return e;
}

struct err *job_need_put(struct conn *c, const char *job, const struct job_need *need)
{
    struct buf sql = BUF_INIT;

    buf_append_str(&sql, "INSERT INTO ccr.needs (kind, job, db, name, gtid, reason) VALUES (");
    append_values(&sql, job, need, true);
    buf_append_str(&sql, ") ON DUPLICATE KEY UPDATE gtid = VALUES(gtid), reason = VALUES(reason)");
    return run(c, &sql);
}

struct err *job_need_settle(struct conn *c, const char *job, const struct job_need *need)
{
    struct buf sql = BUF_INIT;

    buf_append_str(&sql, "DELETE FROM ccr.needs WHERE (kind, job, db, name) = (");
    append_values(&sql, job, need, false);
    buf_append_byte(&sql, ')');
    return run(c, &sql);
}

void job_needs_exclude(const struct job_needs *needs, struct scope *scope, struct buf *names)
{
    for (size_t i = 0; i < needs->count; i++) {
        const struct job_need *n = &needs->items[i];
        if (strcmp(n->kind, JOB_BEHIND) != 0)
            continue;
        scope_list_add(&scope->exclude_tables, n->db, n->name);
        buf_printf(names, "%s%s.%s", names->len ? ", " : "", n->db, n->name);
    }
}
