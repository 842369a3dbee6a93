#include "job/job_skips.h"

#include <stdlib.h>

#include "base/mem.h"
#include "job/job.h"
#include "job/job_state.h"

static struct err *setup(struct conn *c)
{
    return conn_exec(c, "CREATE TABLE IF NOT EXISTS ccr.skips (job VARCHAR(64) NOT NULL, "
                        "gtid VARCHAR(64) NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL, "
                        "at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, done_at TIMESTAMP NULL, "
                        "PRIMARY KEY (job, gtid)) ENGINE=InnoDB "
                        "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
}

struct err *job_skips_read(struct conn *c, const char *job, struct job_skips *out)
{
    struct result *r = NULL;
    char **row;
    char *quoted = sql_string_dup(job);
    struct err *e = conn_query_if_there(
        c, &r, "SELECT gtid, who, reason FROM ccr.skips WHERE job = %s AND done_at IS NULL", quoted);

    *out = (struct job_skips){0};
    free(quoted);
    while (!e && r && (row = result_next(r, NULL)) != NULL) {
        struct gtid gtid;
        if (!gtid_parse(row[0], &gtid)) {
            e = err_new(ERR_TARGET, "'%s' in ccr.skips is no GTID", row[0]);
            break;
        }
        out->items = mem_grow(out->items, out->count, &out->cap, sizeof(*out->items));
        out->items[out->count++] = (struct job_skip){gtid, mem_strdup(row[1]), mem_strdup(row[2])};
    }
    result_free(r);
    return e;
}

void job_skips_free(struct job_skips *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->items[i].who);
        free(s->items[i].reason);
    }
    free(s->items);
    *s = (struct job_skips){0};
}

const struct job_skip *job_skips_find(const struct job_skips *s, struct gtid gtid)
{
    for (size_t i = 0; i < s->count; i++)
        if (gtid_equal(s->items[i].gtid, gtid))
            return &s->items[i];
    return NULL;
}

struct adding {
    struct conn *conn;
    const char *job;
    const char *gtid;
    const char *who;
    const char *reason;
    bool *added;
};

static struct err *add(void *arg)
{
    const struct adding *a = arg;
    char *job = sql_string_dup(a->job);
    char *who = sql_string_dup(a->who);
    char *reason = sql_string_dup(a->reason);
    struct err *e =
        conn_exec(a->conn, "INSERT IGNORE INTO ccr.skips (job, gtid, reason, who) VALUES (%s, '%s', %s, %s)",
                  job, a->gtid, reason, who);

    *a->added = !e && conn_affected(a->conn) == 1;
    free(job);
    free(who);
    free(reason);
    if (e || !*a->added)
        return e;
    char *what = mem_printf("transaction %s is to be passed over, says %s", a->gtid, a->who);
    e = job_history_add(a->conn, a->job, what, a->reason);
    free(what);
    return e;
}

struct err *job_skip_add(struct conn *c, const char *job, const char *program, struct gtid gtid,
                         const char *reason, bool *added)
{
    char text[GTID_TEXT_SIZE];
    char *who = NULL;

    TRY(setup(c));
    TRY(job_who(c, program, &who));
    struct adding a = {c, job, gtid_format(gtid, text), who, reason, added};
    struct err *e = conn_transaction(c, add, &a);
    free(who);
    return e;
}

struct err *job_skip_done(struct conn *c, const char *job, const struct job_skip *skip)
{
    char text[GTID_TEXT_SIZE];
    char *quoted = sql_string_dup(job);
    char *what =
        mem_printf("transaction %s passed over, as %s said", gtid_format(skip->gtid, text), skip->who);
    struct err *e =
        conn_exec(c, "UPDATE ccr.skips SET done_at = SYSDATE() WHERE job = %s AND gtid = '%s'", quoted, text);

    if (!e)
        e = job_history_add(c, job, what, skip->reason);
    free(quoted);
    free(what);
    return e;
}
