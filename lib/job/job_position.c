#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "job/job.h"

#define POSITION_COLUMNS                                                                                     \
    " (id TINYINT UNSIGNED NOT NULL PRIMARY KEY, epoch BIGINT UNSIGNED NOT NULL, "                           \
    "number BIGINT UNSIGNED NOT NULL, pos LONGTEXT NOT NULL, source_time BIGINT NOT NULL, "                  \
    "nonce CHAR(32) NOT NULL, previous_nonce CHAR(32) NOT NULL, pending LONGTEXT NULL, "                     \
    "intent LONGTEXT NULL, held LONGTEXT NULL, updates BIGINT UNSIGNED NOT NULL, "                           \
    "updated TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)) "            \
    "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

char *job_position_table(const char *job)
{
    return mem_printf("position_%s", job);
}

char *job_stage_name(const char *job)
{
    return mem_printf("%s+stage", job);
}

void job_new_nonce(char nonce[JOB_NONCE_SIZE])
{
    hash_random_hex(nonce, JOB_NONCE_SIZE - 1);
}

static char *position_table_quoted(const char *db, const char *job)
{
    char *name = job_position_table(job);
    char *quoted = sql_table_dup(db, name);

    free(name);
    return quoted;
}

static void append_string_or_null(struct buf *sql, const char *s)
{
    if (s)
        sql_string(sql, s);
    else
        buf_append_str(sql, "NULL");
}

/* "epoch = 1, number = 2, ..." */
static void append_assignments(struct buf *sql, const struct job_position *p)
{
    char *pos = gtid_pos_text(&p->pos);

    buf_printf(sql, "epoch = %llu, number = %llu, source_time = %lld, pos = ", (unsigned long long)p->epoch,
               (unsigned long long)p->number, (long long)p->source_time);
    sql_string(sql, pos);
    buf_printf(sql, ", nonce = '%s', previous_nonce = '%s', pending = ", p->nonce, p->previous_nonce);
    append_string_or_null(sql, p->pending);
    buf_append_str(sql, ", intent = ");
    append_string_or_null(sql, p->intent);
    buf_append_str(sql, ", held = ");
    append_string_or_null(sql, p->held);
    free(pos);
}

struct err *job_position_create(struct conn *c, const char *db, const char *job, const struct job_position *p)
{
    struct buf sql = BUF_INIT;
    char *table = position_table_quoted(db, job);
    struct err *e = conn_exec(c, "CREATE OR REPLACE TABLE %s%s", table, POSITION_COLUMNS);

    if (!e) {
        buf_printf(&sql, "INSERT INTO %s SET id = 1, updates = 0, ", table);
        append_assignments(&sql, p);
        e = conn_exec_bytes(c, sql.data, sql.len);
    }
    free(table);
    buf_free(&sql);
    return e;
}

static struct err *read_nonce(const char *text, char out[JOB_NONCE_SIZE])
{
    if (strlen(text) >= JOB_NONCE_SIZE)
        return err_new(ERR_TARGET, "the position row holds a nonce that ccr did not write: '%s'", text);
    strcpy(out, text);
    return NULL;
}

static struct err *position_from_row(char **row, struct job_position *out)
{
    *out = (struct job_position){
        .epoch = strtoull(row[0], NULL, 10),
        .number = strtoull(row[1], NULL, 10),
        .source_time = strtoll(row[3], NULL, 10),
        .pending = row[6] ? mem_strdup(row[6]) : NULL,
        .intent = row[7] ? mem_strdup(row[7]) : NULL,
        .held = row[8] ? mem_strdup(row[8]) : NULL,
    };
    TRY(gtid_pos_parse(row[2], ERR_TARGET, &out->pos));
    TRY(read_nonce(row[4], out->nonce));
    return read_nonce(row[5], out->previous_nonce);
}

struct err *job_position_read(struct conn *c, const char *job, struct job_position *out, bool *found)
{
    struct result *r = NULL;
    char *table = position_table_quoted(JOB_DATABASE, job);
    struct err *e = conn_query_if_there(
        c, &r,
        "SELECT epoch, number, pos, source_time, nonce, previous_nonce, pending, intent, held "
        "FROM %s WHERE id = 1",
        table);

    *out = (struct job_position){0};
    *found = false;
    free(table);
    if (e || !r)
        return e;
    char **row = result_next(r, NULL);
    if (row) {
        e = position_from_row(row, out);
        *found = e == NULL;
    }
    result_free(r);
    if (e) {
        job_position_free(out);
        e = err_context(e, "position of job %s", job);
    }
    return e;
}

void job_position_free(struct job_position *p)
{
    gtid_pos_free(&p->pos);
    free(p->pending);
    free(p->intent);
    free(p->held);
    *p = (struct job_position){0};
}

void job_position_copy(struct job_position *to, const struct job_position *from)
{
    struct job_position copy = *from;

    copy.pos = (struct gtid_pos)GTID_POS_INIT;
    gtid_pos_copy(&copy.pos, &from->pos);
    copy.pending = from->pending ? mem_strdup(from->pending) : NULL;
    copy.intent = from->intent ? mem_strdup(from->intent) : NULL;
    copy.held = from->held ? mem_strdup(from->held) : NULL;
    job_position_free(to);
    *to = copy;
}

/* `updates` counts up so that a row counts as changed even where every value stays. */
static struct err *compare_and_set(struct conn *c, const char *job, const struct job_position *from,
                                   const struct job_position *to)
{
    struct buf sql = BUF_INIT;
    char *table = position_table_quoted(JOB_DATABASE, job);
    char *pos = gtid_pos_text(&from->pos);

    buf_printf(&sql, "UPDATE %s SET updates = updates + 1, ", table);
    append_assignments(&sql, to);
    buf_printf(&sql,
               " WHERE id = 1 AND nonce = '%s' AND epoch = %llu AND number = %llu AND pos = ", from->nonce,
               (unsigned long long)from->epoch, (unsigned long long)from->number);
    sql_string(&sql, pos);
    struct err *e = conn_exec_bytes(c, sql.data, sql.len);
    if (!e && conn_affected(c) != 1)
        e = err_hint(err_new(ERR_LOCKED, "another run has taken over job %s", job),
                     "nothing of this batch was written; the other run goes on");
    buf_free(&sql);
    free(table);
    free(pos);
    return e;
}

struct err *job_position_claim(struct conn *c, const char *job, struct job_position *p)
{
    struct job_position next = *p;

    memcpy(next.previous_nonce, p->nonce, sizeof(next.previous_nonce));
    job_new_nonce(next.nonce);
    TRY(compare_and_set(c, job, p, &next));
    *p = next;
    return NULL;
}

struct err *job_position_update(struct conn *c, const char *job, const struct job_position *from,
                                const struct job_position *to)
{
    struct job_position next = *to;

    memcpy(next.nonce, from->nonce, sizeof(next.nonce));
    memcpy(next.previous_nonce, from->previous_nonce, sizeof(next.previous_nonce));
    return compare_and_set(c, job, from, &next);
}
