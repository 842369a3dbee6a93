#include "job/job_copy.h"

#include <inttypes.h>
#include <stdlib.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "job/job.h"

struct err *job_copy_setup(struct conn *c)
{
    TRY(conn_exec(c, "CREATE TABLE IF NOT EXISTS ccr.copies (job VARCHAR(64) NOT NULL PRIMARY KEY, "
                     "partial TINYINT NOT NULL, snapshot VARCHAR(64) NOT NULL, reason TEXT NOT NULL, "
                     "row_count BIGINT UNSIGNED NOT NULL, rows_before BIGINT UNSIGNED NOT NULL, "
                     "started TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, replay_from LONGTEXT NULL, "
                     "replay_started TIMESTAMP NULL) ENGINE=InnoDB "
                     "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"));
    TRY(job_add_column(c, "copies", "replay_from", "LONGTEXT NULL"));
    return job_add_column(c, "copies", "replay_started", "TIMESTAMP NULL");
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

struct err *job_copy_replays(struct conn *c, const char *job, const struct gtid_pos *from)
{
    char *text = gtid_pos_text(from);
    char *quoted[] = {sql_string_dup(text), sql_string_dup(job)};
    struct err *e =
        conn_exec(c, "UPDATE ccr.copies SET replay_from = %s, replay_started = NOW() WHERE job = %s",
                  quoted[0], quoted[1]);

    free(text);
    free(quoted[0]);
    free(quoted[1]);
    return e;
}

/* An earlier version's table has fewer columns. */
static struct err *select_copy(struct conn *c, const char *job, struct result **out)
{
    static const char select[] =
        "SELECT c.partial, c.snapshot, c.reason, c.row_count, c.rows_before, SUM(l.row_count), "
        "UNIX_TIMESTAMP() - UNIX_TIMESTAMP(c.started), %s FROM ccr.copies c LEFT JOIN ccr.loads l "
        "ON l.job = c.job WHERE c.job = %s GROUP BY c.job";
    char *quoted = sql_string_dup(job);
    struct err *e = conn_query_if_there(
        c, out, select, "c.replay_from, UNIX_TIMESTAMP() - UNIX_TIMESTAMP(c.replay_started)", quoted);

    if (e && conn_errno(c) == ER_BAD_FIELD_ERROR) {
        err_free(e);
        e = conn_query_if_there(c, out, select, "NULL, NULL", quoted);
    }
    free(quoted);
    return e;
}

/* By the server's clock, which may be set back. */
static uint64_t seconds_of(const char *text)
{
    return !text || text[0] == '-' ? 0 : strtoull(text, NULL, 10);
}

static struct err *copy_from_row(char **row, struct job_copy_state *out)
{
    out->copy = (struct job_copy){.partial = row[0][0] != '0',
                                  .snapshot = mem_strdup(row[1]),
                                  .reason = mem_strdup(row[2]),
                                  .rows = strtoull(row[3], NULL, 10),
                                  .before = strtoull(row[4], NULL, 10)};
    out->loaded = row[5] ? strtoull(row[5], NULL, 10) : 0;
    out->seconds = seconds_of(row[6]);
    out->replay_seconds = seconds_of(row[8]);
    out->found = row[5] || out->staged;
    return row[7] ? gtid_pos_parse(row[7], ERR_TARGET, &out->from) : NULL;
}

static struct err *read_staged(struct conn *c, const char *job, struct job_copy_state *out)
{
    char *stage = job_stage_name(job);
    struct job_position p;
    struct err *e = job_position_read(c, stage, &p, &out->staged);

    if (!e && out->staged)
        gtid_pos_copy(&out->at, &p.pos);
    job_position_free(&p);
    free(stage);
    return e;
}

struct err *job_copy_read(struct conn *c, const char *job, struct job_copy_state *out)
{
    struct result *r = NULL;

    *out = (struct job_copy_state){0};
    TRY(read_staged(c, job, out));
    struct err *e = select_copy(c, job, &r);
    char **row = r ? result_next(r, NULL) : NULL;
    if (row)
        e = copy_from_row(row, out);
    result_free(r);
    return e;
}

void job_copy_state_free(struct job_copy_state *s)
{
    free(s->copy.snapshot);
    free(s->copy.reason);
    gtid_pos_free(&s->at);
    gtid_pos_free(&s->from);
    *s = (struct job_copy_state){0};
}
