#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "job/job.h"

struct err *job_needs_setup(struct conn *c)
{
    TRY(conn_exec(
        c, "CREATE TABLE IF NOT EXISTS ccr.needs (job VARCHAR(64) NOT NULL, kind VARCHAR(16) NOT NULL, "
           "db VARCHAR(130) NOT NULL, name VARCHAR(130) NOT NULL, gtid VARCHAR(64) NOT NULL, reason TEXT NOT "
           "NULL, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, epoch BIGINT UNSIGNED NOT NULL DEFAULT 0, "
           "pos LONGTEXT NULL, PRIMARY KEY (job, kind, db, name)) ENGINE=InnoDB "
           "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"));
    TRY(job_add_column(c, "needs", "epoch", "BIGINT UNSIGNED NOT NULL DEFAULT 0"));
    return job_add_column(c, "needs", "pos", "LONGTEXT NULL");
}

/* An earlier version's table has fewer columns. */
static struct err *select_needs(struct conn *c, const char *job, struct result **out)
{
    static const char select[] = "SELECT kind, db, name, gtid, reason, UNIX_TIMESTAMP(at), %s FROM ccr.needs "
                                 "WHERE job = %s ORDER BY db, name, kind";
    char *quoted = sql_string_dup(job);
    struct err *e = conn_query_if_there(c, out, select, "epoch, COALESCE(pos, '')", quoted);

    if (e && conn_errno(c) == ER_BAD_FIELD_ERROR) {
        err_free(e);
        e = conn_query_if_there(c, out, select, "0, ''", quoted);
    }
    free(quoted);
    return e;
}

struct err *job_needs_read(struct conn *c, const char *job, struct job_needs *out)
{
    char **row;

    *out = (struct job_needs){0};
    struct err *e = select_needs(c, job, &out->result);
    if (e || !out->result)
        return e;
    out->items = mem_zalloc(result_count(out->result) + 1, sizeof(*out->items));
    while ((row = result_next(out->result, NULL)) != NULL)
        out->items[out->count++] = (struct job_need){
            row[0], row[1], row[2], row[3], row[4], strtoll(row[5], NULL, 10), strtoull(row[6], NULL, 10),
            row[7]};
    return NULL;
}

void job_needs_free(struct job_needs *needs)
{
    free(needs->items);
    result_free(needs->result);
    *needs = (struct job_needs){0};
}

const struct job_need *job_needs_full(const struct job_needs *needs)
{
    for (size_t i = 0; i < needs->count; i++)
        if (strcmp(needs->items[i].kind, JOB_FULL) == 0)
            return &needs->items[i];
    return NULL;
}

/* Of a pattern that is a plain name, or of a name. */
static void append_name(struct buf *out, const char *text, bool pattern)
{
    char *name = pattern ? NULL : mem_strdup(text);

    if (pattern && scope_pattern_is_exact(text))
        name = scope_pattern_name(text);
    if (name)
        sql_ident(out, name);
    else
        buf_append_str(out, text);
    free(name);
}

char *job_need_text(const struct job_need *need)
{
    bool pattern = strcmp(need->kind, JOB_BEHIND) == 0;
    struct buf out = BUF_INIT;

    append_name(&out, need->db, pattern);
    buf_append_byte(&out, '.');
    if (strcmp(need->kind, JOB_PARTITION) == 0)
        buf_append_str(&out, need->name);
    else if (need->name[0])
        append_name(&out, need->name, pattern);
    else
        buf_append_byte(&out, '*');
    return buf_steal(&out);
}

struct err *job_need_partitions(const struct job_need *need, struct partitions *out)
{
    char *text = job_need_text(need);
    const char *const texts[] = {text, NULL};
    struct err *e = partitions_parse(texts, out);

    if (e)
        e = err_context(err_recode(e, ERR_TARGET), "ccr.needs on the target");
    free(text);
    return e;
}

/* "'partial', 'job', 'shop', 'a'" and, of a whole one, the rest. */
static void append_values(struct buf *sql, const char *job, const struct job_need *need, bool whole)
{
    const char *const values[] = {
        need->kind, job, need->db, need->name, need->gtid, need->reason, need->pos ? need->pos : ""};

    for (size_t i = 0; i < (whole ? 7 : 4); i++) {
        buf_append_str(sql, i ? ", " : "");
        sql_string(sql, values[i]);
    }
    if (whole)
        buf_printf(sql, ", %" PRIu64, need->epoch);
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

    buf_append_str(&sql, "INSERT INTO ccr.needs (kind, job, db, name, gtid, reason, pos, epoch) VALUES (");
    append_values(&sql, job, need, true);
    buf_append_str(&sql, ") ON DUPLICATE KEY UPDATE gtid = VALUES(gtid), reason = VALUES(reason), "
                         "pos = VALUES(pos), epoch = VALUES(epoch)");
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

struct err *job_need_latest(const struct job_need *need, uint64_t *epoch, struct gtid_pos *pos)
{
    struct gtid_pos one = GTID_POS_INIT;

    if (need->epoch < *epoch)
        return NULL;
    if (need->epoch > *epoch)
        gtid_pos_free(pos);
    *epoch = need->epoch;
    struct err *e = gtid_pos_parse(need->pos, ERR_TARGET, &one);
    for (size_t i = 0; i < one.count && !e; i++)
        if (!gtid_pos_has(pos, one.items[i]))
            gtid_pos_set(pos, one.items[i]);
    gtid_pos_free(&one);
    return e;
}

struct err *job_need_widen(struct conn *c, const char *job, const struct job_need *need, const char *db,
                           const char *name)
{
    struct job_need whole = *need;

    whole.kind = JOB_NEED;
    whole.db = db;
    whole.name = name;
    TRY(job_need_settle(c, job, need));
    return job_need_put(c, job, &whole);
}

/* Is it of this very table, and does the job go on without it? */
static struct err *is_wish_for(const struct job_need *need, const struct scope_name *table, bool *yes)
{
    struct partitions p = {0};
    struct err *e = NULL;

    *yes = strcmp(need->kind, JOB_NEED) == 0 && !need->gtid[0] && strcmp(need->db, table->db) == 0 &&
           strcmp(need->name, table->name) == 0;
    if (strcmp(need->kind, JOB_PARTITION) == 0) {
        e = job_need_partitions(need, &p);
        *yes = !e && partitions_find(&p, table->db, table->name);
        partitions_free(&p);
    }
    return e;
}

struct err *job_needs_rename(struct conn *c, const char *job, const struct scope_name *from,
                             const struct scope_name *to)
{
    struct job_needs needs;
    bool yes = false;

    TRY(job_needs_read(c, job, &needs));
    struct err *e = NULL;
    for (size_t i = 0; i < needs.count && !e; i++) {
        e = is_wish_for(&needs.items[i], from, &yes);
        if (!e && yes)
            e = job_need_widen(c, job, &needs.items[i], to->db, to->name);
    }
    job_needs_free(&needs);
    return e;
}

void job_needs_exclude(const struct job_needs *needs, struct scope *scope, struct buf *names)
{
    for (size_t i = 0; i < needs->count; i++) {
        const struct job_need *n = &needs->items[i];
        if (strcmp(n->kind, JOB_BEHIND) != 0)
            continue;
        scope_list_add(&scope->exclude_tables, n->db, n->name);
        scope_list_add(&scope->behind, n->db, n->name);
        buf_printf(names, "%s%s.%s", names->len ? ", " : "", n->db, n->name);
    }
}
