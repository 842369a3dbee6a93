#include "partial/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "job/job_publish.h"
#include "job/job_state.h"
#include "mysql/catalog.h"
#include "partial/asked.h"
#include "replay/status.h"
#include "restore/ddl.h"
#include "restore/in_place.h"
#include "restore/live.h"
#include "restore/outside.h"
#include "restore/restore_servers.h"
#include "restore/stage.h"
#include "restore/swap.h"
#include "restore/swap_finish.h"
#include "restore/target_check.h"
#include "restore/target_session.h"
#include "snapshot/choice.h"
#include "snapshot/definitions.h"

const struct scope *partial_scope(const struct partial *p)
{
    return &p->plan->job->scope;
}

struct err *partial_read_position(struct partial *p)
{
    job_position_free(&p->position);
    return job_position_read(p->conn, p->restore->job, &p->position, &p->has_position);
}

struct go_on partial_go_on(const struct partial *p, struct job *job, const struct gtid_pos *until)
{
    return (struct go_on){
        .log = p->restore->log,
        .store = p->restore->store,
        .target = p->restore->target,
        .limits = p->params->limits,
        .of = p->restore->job,
        .job = job,
        .until = until,
    };
}

static struct err *open_target(struct partial *p)
{
    TRY(conn_open(p->restore->target, &p->conn));
    TRY(target_check_server(p->conn, p->restore->load, &p->bulk));
    TRY(target_session_set(p->conn));
    TRY(job_load(p->conn, p->restore->job, &p->saved));
    return p->saved ? partial_read_position(p) : NULL;
}

static struct err *finish_earlier(struct partial *p)
{
    if (!p->position.pending && !swap_is_announced(&p->position))
        return status_check(p->restore->store, p->saved, &p->position);
    TRY(job_state_lock_for_copy(p->conn, p->restore->job));
    TRY(partial_read_position(p));
    TRY(partial_settle_earlier(p));
    return job_unlock(p->conn, p->restore->job);
}

static struct err *choose_snapshot(struct partial *p, const struct job *asked, struct manifest **out)
{
    const struct choice_params choice = {
        .store = p->restore->store,
        .stream = asked->stream,
        .snapshot = p->restore->snapshot,
        .wanted = &asked->scope,
        .partitions = &p->partitions,
        .log = p->restore->log,
    };

    TRY(choice_make(&choice, out));
    if ((*out)->epoch == p->position.epoch && strcmp((*out)->store_id, asked->store_id) == 0 &&
        strcmp((*out)->stream_id, asked->stream_id) == 0)
        return NULL;
    struct err *e;
    if ((*out)->epoch != p->position.epoch)
        e = err_hint(err_new(ERR_RESYNC, "snapshot %s is of epoch %llu of the log, job %s is in epoch %llu",
                             (*out)->id, (unsigned long long)(*out)->epoch, asked->name,
                             (unsigned long long)p->position.epoch),
                     "between epochs only a full copy leads on: ccr-restore without --tables");
    else
        e = err_hint(err_new(ERR_UNSAFE, "job %s does not follow the stream that snapshot %s is of",
                             asked->name, (*out)->id),
                     "use the store that the job was restored from");
    manifest_free(*out);
    return e;
}

static struct err *make_plan(struct partial *p, struct job *asked)
{
    struct manifest *m = NULL;
    struct err *e = choose_snapshot(p, asked, &m);

    if (e) {
        job_free(asked);
        return e;
    }
    const struct restore_choices choices = {
        .skip_binlog = p->restore->target->skip_binlog,
        .partial = true,
        .missing_definer = p->restore->missing_definer,
    };
    TRY(restore_plan_new(asked, m, &choices, &p->plan));
    p->result->snapshot = mem_strdup(m->id);
    p->result->epoch = m->epoch;
    return definitions_read(p->restore->store, m, p->plan->in_scope, &p->definitions);
}

/* Views and triggers of tables that the job has followed up to here are not touched. */
static struct err *check_definers(struct partial *p)
{
    const struct account_list coming = {0};

    if (!p->behind && gtid_pos_reaches(&p->position.pos, &p->plan->manifest->position))
        return NULL;
    TRY(missing_definer_check(p->conn, p->plan, p->definitions, &coming, p->restore->log));
    return ddl_check_renames(p->conn, p->plan, p->definitions);
}

static struct err *check_live(struct partial *p)
{
    struct live live;

    TRY(live_read(p->conn, p->plan, &live));
    struct err *e = live_check(p->conn, p->plan, &live, p->restore->replace);
    if (!e)
        e = outside_check(p->conn, p->plan, p->definitions, &live);
    live_free(&live);
    return e;
}

static struct err *check_name(struct partial *p, const char *db, const char *name)
{
    const struct manifest *m = p->plan->manifest;
    struct scope_name target = scope_target_table(partial_scope(p), db, name);
    char hash[HASH_HEX_SIZE];

    for (size_t i = 0; i < m->object_count; i++)
        if (p->plan->in_scope[i] && m->objects[i].name && strcmp(m->objects[i].name, name) == 0 &&
            strcmp(m->objects[i].db, db) == 0)
            return NULL;
    TRY(job_table_hash(p->conn, p->restore->job, target.db, target.name, hash));
    /* what was needed may be gone from both: that it is passed is all that is left to do */
    return hash[0] || p->restore->reason
               ? NULL
               : err_hint(err_new(ERR_USAGE, "neither snapshot %s nor job %s has a table %s.%s", m->id,
                                  p->restore->job, db, name),
                          "name tables as DB.TABLE, with the names that they have on the source");
}

/* What is named without wildcards must be there, on one side at least: the source may have dropped it. */
static struct err *check_names(struct partial *p)
{
    const struct scope_list *asked = &partial_scope(p)->tables;
    struct err *e = NULL;

    for (size_t i = 0; i < asked->count && !e; i++) {
        const struct scope_pattern *t = &asked->items[i];
        if (!scope_pattern_is_exact(t->db) || !scope_pattern_is_exact(t->name))
            continue;
        char *db = scope_pattern_name(t->db);
        char *name = scope_pattern_name(t->name);
        e = check_name(p, db, name);
        free(db);
        free(name);
    }
    return e;
}

/* Why these tables are needed: what the log asks for, or an earlier restore that was not finished. */
static void choose_reason(struct partial *p, const struct job_needs *needs)
{
    if (p->restore->reason)
        p->result->reason = mem_strdup(p->restore->reason);
    for (size_t i = 0; i < needs->count && !p->result->reason; i++) {
        const struct job_need *n = &needs->items[i];
        bool of_these = n->name[0] ? scope_table(partial_scope(p), n->db, n->name)
                                   : scope_database(partial_scope(p), n->db) != SCOPE_OUT;
        if (strcmp(n->kind, JOB_NEED) == 0 && of_these)
            p->result->reason =
                n->gtid[0] ? mem_printf("needed since %s: %s", n->gtid, n->reason) : mem_strdup(n->reason);
    }
    for (size_t i = 0; i < needs->count && !p->result->reason; i++)
        if (strcmp(needs->items[i].kind, JOB_BEHIND) == 0)
            p->result->reason = mem_strdup(needs->items[i].reason);
    if (!p->result->reason)
        p->result->reason = mem_strdup("asked for by hand");
}

/* What is behind may overlap with what is asked for: it comes in first, or together. */
static struct err *read_needs(struct partial *p)
{
    const struct job_needs none = {0};
    struct job_needs needs;
    struct buf behind = BUF_INIT;

    TRY(job_needs_read(p->conn, p->restore->job, &needs));
    for (size_t i = 0; i < needs.count; i++) {
        const struct job_need *n = &needs.items[i];
        if (strcmp(n->kind, JOB_BEHIND) != 0)
            continue;
        p->behind = true;
        if (!scope_covers_tables(partial_scope(p), n->db, n->name))
            buf_printf(&behind, "%s%s.%s", behind.len ? "," : "", n->db, n->name);
    }
    struct err *e = NULL;
    if (behind.len)
        e = err_hint(err_new(ERR_UNSAFE,
                             "tables of job %s are behind: a partial restore of %s was not finished",
                             p->restore->job, buf_str(&behind)),
                     "finish it first, or name these too: --tables %s", buf_str(&behind));
    else if (p->behind && p->partitions.count)
        e = err_hint(
            err_new(ERR_UNSAFE, "a partial restore of these tables was not finished: they are behind"),
            "bring them in as a whole (--tables)");
    else
        choose_reason(p, p->partitions.count ? &none : &needs); /* a need is for all of a table */
    buf_free(&behind);
    job_needs_free(&needs);
    return e;
}

static struct err *swap_in(struct partial *p)
{
    struct swap_params params = {
        .conn = p->conn,
        .plan = p->plan,
        .definitions = p->definitions,
        .log = p->restore->log,
        .swap_wait_s = p->restore->swap_wait_s,
        .lock_wait_s = p->restore->lock_wait_s,
        .replace = p->restore->replace,
        .reason = p->result->reason,
        .position = &p->position,
        .behind = p->behind,
    };

    TRY(stage_take(p->conn, p->plan));
    p->result->tables = p->plan->table_count;
    TRY(restore_wait_for_readers(p->restore, p->conn));
    TRY(partial_claim(p));
    TRY(swap_tables(&params, &p->result->swap_seconds));
    TRY(partial_read_position(p));
    if (!p->has_position)
        return err_new(ERR_INTERNAL, "the position of job %s is gone after the swap", p->restore->job);
    TRY(swap_finish(p->restore->target, p->restore->store, p->restore->job, &p->position, p->restore->log));
    return status_publish(p->restore->store, p->saved, &p->position);
}

/* What is swapped in is announced in the store first (formats/target.md): where that cannot be, nothing is
 * loaded. */
static struct err *check_store(struct partial *p)
{
    struct err *e = job_publish_try(p->conn, p->restore->store, p->restore->job, false);

    return e ? err_hint(
                   err_context(e, "a copy of single tables is announced in the store"),
                   "a store that can only be read is enough for a full copy: ccr-restore without --tables "
                   "and --partitions")
             : NULL;
}

static struct err *restore_tables(struct partial *p)
{
    TRY(check_names(p));
    TRY(target_check_plan(p->conn, p->plan, p->definitions, p->restore->log));
    TRY(read_needs(p));
    TRY(restore_check_servers(p->restore, p->conn, p->plan));
    if (p->partitions.count) {
        TRY(exchange_check(p));
    } else {
        TRY(check_definers(p));
        TRY(check_live(p));
    }
    TRY(job_setup(p->conn));
    TRY(check_store(p));
    log_info(p->restore->log, "restoring tables of job %s from snapshot %s (%s): %zu tables", p->restore->job,
             p->plan->manifest->id, p->result->reason, p->plan->table_count);
    p->result->changed = true;
    TRY(staged_find(p));
    TRY(staged_load(p));
    TRY(advance_to_snapshot(p));
    TRY(staged_catch_up(p));
    return p->partitions.count ? exchange_in(p) : swap_in(p);
}

static struct err *run(struct partial *p, bool *taken)
{
    struct job *asked = NULL;

    TRY(asked_partitions(p->restore, &p->partitions));
    TRY(open_target(p));
    if (!p->has_position && p->partitions.count)
        return err_hint(err_new(ERR_USAGE,
                                "there is no job %s on this target, of which partitions could be restored",
                                p->restore->job),
                        "a job begins with whole tables: ccr-restore without --partitions");
    if (!p->has_position)
        return NULL;
    if (p->restore->in_place)
        return in_place_refuse(p->restore->job);
    TRY(asked_job(p->restore, &p->partitions, p->saved, &asked));
    if (!asked)
        return NULL;
    *taken = p->result->partial = true;
    struct err *e = job_lock_stage(p->conn, p->restore->job);
    if (!e)
        e = partial_read_position(p);
    if (!e)
        e = finish_earlier(p);
    if (e) {
        job_free(asked);
        return e;
    }
    TRY(make_plan(p, asked));
    return restore_tables(p);
}

struct err *partial_restore(const struct partial_params *params, struct restore_result *result, bool *taken)
{
    struct partial p = {.params = params, .restore = params->restore, .result = result};
    int64_t start_us = clock_monotonic_us();

    *taken = false;
    if (!asked_for_tables(params->restore))
        return NULL;
    struct err *e = run(&p, taken);
    if (*taken && p.has_position) {
        result->position = gtid_pos_text(&p.position.pos);
        result->number = p.position.number;
    }
    if (p.plan)
        definitions_free(p.definitions, p.plan->manifest);
    restore_plan_free(p.plan);
    job_free(p.saved);
    job_position_free(&p.position);
    job_position_free(&p.staged);
    partitions_free(&p.partitions);
    conn_close(p.conn);
    result->seconds = (double)(clock_monotonic_us() - start_us) / CLOCK_US_PER_S;
    return e;
}
