#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/job.h"

/* "epoch = 1, number = 2, ..." */
static void append_place(struct buf *sql, const struct job_position *p, const char *tables)
{
    char *pos = gtid_pos_text(&p->pos);

    buf_printf(sql, "epoch = %llu, number = %llu, source_time = %lld, pos = ", (unsigned long long)p->epoch,
               (unsigned long long)p->number, (long long)p->source_time);
    sql_string(sql, pos);
    buf_append_str(sql, ", tables = ");
    sql_string(sql, tables);
    free(pos);
}

static void append_where(struct buf *sql, const char *job, const char *nonce)
{
    buf_append_str(sql, " WHERE job = ");
    sql_string(sql, job);
    buf_printf(sql, " AND nonce = '%s'", nonce);
}

static struct err *run(struct conn *c, struct buf *sql)
{
    struct err *e = conn_exec_bytes(c, sql->data, sql->len);

    buf_free(sql);
    return e;
}

struct err *job_lane_write(struct conn *c, const char *job, unsigned lane, const struct job_position *to,
                           const char *tables)
{
    struct buf sql = BUF_INIT;

    buf_append_str(&sql, "UPDATE ccr.lanes SET ");
    append_place(&sql, to, tables);
    append_where(&sql, job, to->nonce);
    buf_printf(&sql, " AND lane = %u", lane);
    TRY(run(c, &sql));
    return conn_affected(c) == 1 ? NULL : err_new(ERR_LOCKED, "another run has taken over job %s", job);
}

struct err *job_lanes_write(struct conn *c, const char *job, const struct job_position *to)
{
    struct buf sql = BUF_INIT;

    buf_append_str(&sql, "UPDATE ccr.lanes SET ");
    append_place(&sql, to, "{}");
    append_where(&sql, job, to->nonce);
    return run(c, &sql);
}

struct err *job_lanes_make(struct conn *c, const char *job, unsigned count, const struct job_position *at)
{
    struct buf sql = BUF_INIT;

    buf_append_str(&sql, "DELETE FROM ccr.lanes WHERE job = ");
    sql_string(&sql, job);
    TRY(run(c, &sql));
    for (unsigned lane = 0; count > 1 && lane < count; lane++) {
        buf_append_str(&sql, "INSERT INTO ccr.lanes SET job = ");
        sql_string(&sql, job);
        buf_printf(&sql, ", lane = %u, nonce = '%s', ", lane, at->nonce);
        append_place(&sql, at, "{}");
        TRY(run(c, &sql));
    }
    return NULL;
}

struct err *job_lanes_claim(struct conn *c, const char *job, const char *old_nonce, const char *new_nonce)
{
    struct buf sql = BUF_INIT;

    buf_printf(&sql, "UPDATE ccr.lanes SET nonce = '%s'", new_nonce);
    append_where(&sql, job, old_nonce);
    return run(c, &sql);
}

static struct err *lane_from_row(char **row, struct job_lane *out)
{
    *out = (struct job_lane){
        .at = {.epoch = strtoull(row[0], NULL, 10),
               .number = strtoull(row[1], NULL, 10),
               .source_time = strtoll(row[3], NULL, 10)},
        .tables = mem_strdup(row[4]),
    };
    return gtid_pos_parse(row[2], ERR_TARGET, &out->at.pos);
}

struct err *job_lanes_read(struct conn *c, const char *job, const char *nonce, struct job_lane **out,
                           size_t *count)
{
    struct result *r = NULL;
    char *quoted = sql_string_dup(job);
    char **row;

    *out = NULL;
    *count = 0;
    struct err *e = conn_query_if_there(c, &r,
                                        "SELECT epoch, number, pos, source_time, tables FROM ccr.lanes "
                                        "WHERE job = %s AND nonce = '%s' ORDER BY lane",
                                        quoted, nonce);
    free(quoted);
    if (e || !r)
        return e;
    *out = mem_zalloc(result_count(r) + 1, sizeof(**out));
    while (!e && (row = result_next(r, NULL)) != NULL)
        e = lane_from_row(row, &(*out)[(*count)++]);
    result_free(r);
    return e ? err_context(e, "lanes of job %s", job) : NULL;
}

void job_lanes_free(struct job_lane *lanes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        job_position_free(&lanes[i].at);
        free(lanes[i].tables);
    }
    free(lanes);
}
