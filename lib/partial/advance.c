#include "partial/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "job/job_state.h"
#include "replay/intent.h"
#include "replay/status.h"
#include "restore/swap.h"
#include "restore/swap_finish.h"
#include "snapshot/names.h"

/* What a killed run has left: a swap to finish, or one that it had announced. With the job's lock. */
struct err *partial_settle_earlier(struct partial *p)
{
    const char *job = p->restore->job;

    if (p->position.pending) {
        log_info(p->restore->log, "finishing the swap of an earlier run");
        TRY(swap_finish(p->restore->target, p->restore->store, job, &p->position, p->restore->log));
        p->result->changed = true;
    }
    return swap_abandon(p->conn, job, &p->position);
}

static bool is_replaced(const struct partial *p, const char *db, const char *name)
{
    const struct restore_plan *plan = p->plan;

    for (size_t i = 0; i < plan->table_count; i++)
        if (strcmp(plan->tables[i].target.db, db) == 0 && strcmp(plan->tables[i].target.name, name) == 0)
            return true;
    return false;
}

/* The job's tables without transactions that would stay: source names. */
static struct err *find_others(struct partial *p, struct names *others)
{
    struct result *r = NULL;
    char **row;
    char *job = sql_string_dup(p->restore->job);
    struct err *e =
        conn_query(p->conn, &r,
                   "SELECT t.db, t.name FROM ccr.tables t JOIN information_schema.TABLES i ON "
                   "CAST(i.TABLE_SCHEMA AS BINARY) = CAST(t.db AS BINARY) AND CAST(i.TABLE_NAME AS BINARY) = "
                   "CAST(t.name AS BINARY) "
                   "JOIN information_schema.ENGINES e ON e.ENGINE = i.ENGINE WHERE t.job = %s AND "
                   "i.TABLE_TYPE LIKE '%%BASE TABLE' AND COALESCE(e.TRANSACTIONS, 'NO') <> 'YES'",
                   job);

    free(job);
    while (!e && (row = result_next(r, NULL)) != NULL) {
        struct scope_name source;
        if (!is_replaced(p, row[0], row[1]) && scope_source_table(&p->saved->scope, row[0], row[1], &source))
            names_add(others, source.db, source.name, NULL);
    }
    result_free(r);
    return e;
}

/* Those that the intent needs a copy of, and that were not asked for. *known: it says which. */
static struct err *find_needed(struct partial *p, struct names *others, bool *known)
{
    struct need needs;
    struct err *e = intent_needs(p->position.intent, &needs);

    *known = needs.count > 0;
    for (size_t i = 0; i < needs.count && !e; i++)
        if (!scope_table(partial_scope(p), needs.tables[i].db, needs.tables[i].name))
            names_add(others, needs.tables[i].db, needs.tables[i].name, NULL);
    need_free(&needs);
    return e;
}

static struct err *refuse_intent(const struct partial *p, struct names *others, bool known)
{
    struct err *e = intent_error(p->position.intent);

    if (!others->count)
        return err_hint(e, "run ccr-apply first: it ends that transaction, or says what to do");
    if (known)
        return err_hint(e, "what became of them is not known: name these with --tables too: %s",
                        names_text(others));
    return err_hint(
        e,
        "it may have changed any of the tables that have no transactions: ccr-apply tells which, or "
        "name these with --tables too: %s",
        names_text(others));
}

/*
 * A run of ccr-apply may have been stopped in its tracks. What it did to tables of which that cannot be told
 * does not matter any more once they are all replaced: those that the intent lists, or where no other run has
 * looked yet, of a change of tables without transactions, all such. Whatever else it was is its own to end.
 */
static struct err *check_intent(struct partial *p)
{
    struct names others = {0};
    char *table = NULL;
    bool known = false;

    if (!p->position.intent)
        return NULL;
    if (p->partitions.count)
        return err_hint(intent_error(p->position.intent),
                        "run ccr-apply first: it ends that transaction, or says what to do");
    TRY(intent_rows_table(p->position.intent, &table));
    struct err *e = find_needed(p, &others, &known);
    if (!e && !known && table)
        e = find_others(p, &others);
    if (!e && ((!known && !table) || others.count))
        e = refuse_intent(p, &others, known);
    names_free(&others);
    free(table);
    return e;
}

/* The lanes of a killed run may be a batch apart: their rows go along. */
static struct err *claim_rows(void *arg)
{
    struct partial *p = arg;
    const char *job = p->restore->job;
    char before[JOB_NONCE_SIZE];

    memcpy(before, p->position.nonce, sizeof(before));
    TRY(job_position_claim(p->conn, job, &p->position));
    return job_lanes_claim(p->conn, job, before, p->position.nonce);
}

/* The row under this run's nonce, which is published as ccr-apply does it (replay/batch.h). */
struct err *partial_claim(struct partial *p)
{
    TRY(status_publish(p->restore->store, p->saved, &p->position));
    TRY(conn_transaction(p->conn, claim_rows, p));
    return status_publish(p->restore->store, p->saved, &p->position);
}

/* As they were asked for: the log may make and rename tables that the patterns fit. */
static struct err *mark_behind(void *arg)
{
    struct partial *p = arg;
    const struct scope_list *asked = &partial_scope(p)->tables;
    struct job_position next = p->position;

    next.intent = NULL;
    for (size_t i = 0; i < asked->count; i++) {
        const struct job_need need = {.kind = JOB_BEHIND,
                                      .db = asked->items[i].db,
                                      .name = asked->items[i].name,
                                      .gtid = "",
                                      .reason = p->result->reason};
        TRY(job_need_put(p->conn, p->restore->job, &need));
    }
    TRY(job_position_update(p->conn, p->restore->job, &p->position, &next));
    failpoint("behind-before");
    return NULL;
}

/* From here on nobody applies changes to these tables, until they are swapped in. */
static struct err *leave_behind(struct partial *p)
{
    TRY(partial_claim(p));
    TRY(conn_transaction(p->conn, mark_behind, p));
    failpoint("behind-after");
    free(p->position.intent);
    p->position.intent = NULL;
    p->behind = true;
    return NULL;
}

/* The job itself goes on, without the tables that are behind. */
static struct err *advance_job(struct partial *p, const struct gtid_pos *until)
{
    struct job *job = NULL;
    struct job_needs needs;
    struct buf behind = BUF_INIT;

    TRY(job_load(p->conn, p->restore->job, &job));
    if (!job)
        return err_new(ERR_TARGET, "the job '%s' is gone from ccr.jobs", p->restore->job);
    struct err *e = job_needs_read(p->conn, p->restore->job, &needs);
    if (!e) {
        job_needs_exclude(&needs, &job->scope, &behind);
        struct go_on g = partial_go_on(p, job, until);
        e = go_on(&g, &p->position);
        p->result->changed = true;
    }
    job_needs_free(&needs);
    buf_free(&behind);
    job_free(job);
    return e;
}

static struct err *even_out(struct partial *p)
{
    struct evening *evening = NULL;
    struct gtid_pos until = GTID_POS_INIT;

    TRY(evening_read(p->conn, p->saved, &p->position, &evening));
    if (!evening)
        return NULL;
    evening_free(evening);
    gtid_pos_copy(&until, &p->position.pos);
    struct err *e = advance_job(p, &until);
    gtid_pos_free(&until);
    return e;
}

/* The job may have stopped at just what is to be brought in, and partitions do not lead past that. */
static struct err *suggest_tables(struct err *e)
{
    enum err_code code = err_code(e);

    if (code != ERR_TARGET && code != ERR_UNSAFE && code != ERR_RESYNC && code != ERR_UNSUPPORTED)
        return e;
    struct err *own =
        err_hint(err_new(code, "%s", err_message(e)),
                 "if it is these tables that cannot be followed, bring them in as a whole (--tables)");
    err_free(e);
    return own;
}

static struct err *reach_snapshot(struct partial *p)
{
    const struct gtid_pos *snapshot = &p->plan->manifest->position;
    char *here = gtid_pos_text(&p->position.pos);
    char *there = gtid_pos_text(snapshot);
    struct err *e = NULL;

    if (!gtid_pos_reaches(snapshot, &p->position.pos))
        e = err_new(ERR_UNSAFE, "the job's position %s and the snapshot's %s are not of one history", here,
                    there);
    else
        log_info(p->restore->log, "job %s is at %s, behind the snapshot: going on to %s first%s",
                 p->restore->job, here, there, p->partitions.count ? "" : ", without the tables asked for");
    free(here);
    free(there);
    if (!e && !p->partitions.count)
        e = leave_behind(p);
    if (!e)
        e = advance_job(p, snapshot);
    if (e && p->partitions.count)
        e = suggest_tables(e);
    if (err_code(e) == ERR_TARGET && !err_hint_text(e)) /* the other side's rows are behind */
        e = err_hint(
            e, "where a foreign key joins that table with one that was asked for, name both (--tables)");
    return e ? err_context(e, "bringing job %s to the position of snapshot %s", p->restore->job,
                           p->plan->manifest->id)
             : NULL;
}

/* With the job's lock, at last: the job at the snapshot's position or behind it. */
struct err *advance_to_snapshot(struct partial *p)
{
    struct err *e = job_state_lock_for_copy(p->conn, p->restore->job);

    if (e)
        return err_context(e, "what was loaded is kept for the next run");
    TRY(partial_read_position(p));
    TRY(partial_settle_earlier(p));
    TRY(check_intent(p));
    if (!gtid_pos_reaches(&p->position.pos, &p->plan->manifest->position))
        return reach_snapshot(p);
    if (p->position.intent) /* is settled with the copy, and must not be forgotten without it */
        TRY(leave_behind(p));
    return even_out(p);
}
