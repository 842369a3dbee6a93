#include "restore/restore.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/manifest.h"
#include "job/job_publish.h"
#include "job/job_state.h"
#include "job/loops.h"
#include "job/pending.h"
#include "restore/ddl.h"
#include "restore/in_place.h"
#include "restore/live.h"
#include "restore/outside.h"
#include "restore/restore_load.h"
#include "restore/restore_plan.h"
#include "restore/restore_scope.h"
#include "restore/restore_servers.h"
#include "restore/stage.h"
#include "restore/swap.h"
#include "restore/swap_finish.h"
#include "restore/target_check.h"
#include "restore/target_session.h"
#include "restore/users.h"
#include "snapshot/choice.h"
#include "snapshot/definitions.h"

struct restoring {
    const struct restore_params *params;
    struct restore_result *result;
    struct conn *conn; /* holds the job's lock */
    bool bulk;         /* how rows are loaded */
    struct job_position position;
    bool has_position;
    char
        finished[HASH_HEX_SIZE]; /* options of the swap that an earlier run had left to finish; "" for none */
    struct restore_plan *plan;
    char **definitions;
    struct users *users; /* NULL: without */
};

static struct err *open_target(struct restoring *r)
{
    TRY(conn_open(r->params->target, &r->conn));
    TRY(target_check_server(r->conn, r->params->load, &r->bulk));
    TRY(target_session_set(r->conn));
    TRY(job_lock_stage(r->conn, r->params->job));
    return job_state_lock_for_copy(r->conn, r->params->job);
}

static struct err *finish_earlier(struct restoring *r)
{
    struct pending pending;

    TRY(job_position_read(r->conn, r->params->job, &r->position, &r->has_position));
    if (!r->has_position || !r->position.pending)
        return NULL;
    TRY(pending_decode(r->position.pending, &pending));
    snprintf(r->finished, sizeof(r->finished), "%s", pending.options);
    const bool is_over = pending.standalone;
    pending_free(&pending);
    log_info(r->params->log, "finishing the swap of an earlier run");
    TRY(swap_finish(r->params->target, r->params->store, r->params->job, &r->position, r->params->log));
    r->result->changed = true;
    r->has_position = !is_over; /* of a plain restore nothing stays */
    return NULL;
}

/* It must hold what is asked for, or what the job follows. */
static struct err *choose_snapshot(const struct restore_params *params, const struct job *saved,
                                   struct manifest **out)
{
    struct scope asked = {0};
    bool given = scope_texts_given(&params->scope);
    const struct choice_params choice = {
        .store = params->store,
        .stream = params->stream ? params->stream
                  : saved        ? saved->stream
                                 : "main",
        .snapshot = params->snapshot,
        .wanted = given   ? &asked
                  : saved ? &saved->scope
                          : NULL,
        .may_exclude = given,
        .log = params->log,
    };
    struct err *e = scope_parse(&params->scope, &asked);

    if (!e)
        e = choice_make(&choice, out);
    scope_free(&asked);
    return e;
}

static struct err *make_plan(struct restoring *r)
{
    struct manifest *m = NULL;
    struct job *saved = NULL;
    struct job *job = NULL;
    struct err *e = job_load(r->conn, r->params->job, &saved);

    if (!e)
        e = choose_snapshot(r->params, saved, &m);
    if (!e)
        e = restore_scope_job(r->params, saved, m, &job);
    if (e) {
        manifest_free(m);
        job_free(saved);
        return e;
    }
    job_free(saved);
    const struct restore_choices choices = {
        .skip_binlog = r->params->target->skip_binlog,
        .in_place = r->params->in_place,
        .with_users = r->params->with_users,
        .may_lack = r->params->reason != NULL, /* asked for by the job, of a source that was asked */
        .missing_definer = r->params->missing_definer,
        .existing_users = r->params->existing_users,
    };
    TRY(restore_plan_new(job, m, &choices, &r->plan));
    r->result->snapshot = mem_strdup(m->id);
    r->result->position = gtid_pos_text(&m->position);
    r->result->epoch = m->epoch;
    r->result->number = m->last_object;
    r->result->tables = r->plan->table_count;
    return definitions_read(r->params->store, m, r->plan->in_scope, &r->definitions);
}

/* Whom the target lacks: users of the snapshot, definers. And what would fail behind the swap. */
static struct err *check_users(struct restoring *r)
{
    struct account_list coming = {0};

    if (r->plan->with_users) {
        TRY(users_read(r->params->store, r->plan, r->params->log, &r->users));
        TRY(users_check(r->conn, r->plan, r->users, r->params->log));
        r->result->with_users = true;
        r->result->users_made = users_count(r->users, USER_MAKE);
        r->result->users_replaced = users_count(r->users, USER_REPLACE);
        r->result->users_kept = users_count(r->users, USER_KEPT);
        coming = users_coming(r->users);
    }
    struct err *e = missing_definer_check(r->conn, r->plan, r->definitions, &coming, r->params->log);
    free(coming.items);
    return e ? e : ddl_check_renames(r->conn, r->plan, r->definitions);
}

/* The first restore of a job that the store knows from elsewhere would stop the target that has it. */
static struct err *check_name(struct restoring *r)
{
    struct job *saved = NULL;

    if (r->plan->standalone)
        return NULL;
    TRY(job_load(r->conn, r->params->job, &saved));
    const bool is_known = saved != NULL;
    job_free(saved);
    return is_known ? NULL : job_refuse_known(r->params->store, r->params->job);
}

/* A plain copy brings no changes. */
static struct err *check_loops(struct restoring *r)
{
    struct scope_name *tables = mem_zalloc(r->plan->table_count + 1, sizeof(*tables));
    const struct loops_params params = {
        .store = r->params->store,
        .conn = r->conn,
        .conn_params = r->params->target,
        .job = r->plan->job,
        .tables = tables,
        .table_count = r->plan->table_count,
        .of_itself = true,
    };

    for (size_t i = 0; i < r->plan->table_count; i++)
        tables[i] = r->plan->tables[i].target;
    struct err *e = r->plan->standalone ? NULL : loops_refuse(&params);
    free(tables);
    return e;
}

static struct err *check_in_place(struct restoring *r)
{
    if (!r->plan->in_place)
        return NULL;
    return r->has_position ? in_place_refuse(r->params->job) : in_place_check(r->conn, r->plan);
}

static struct err *check_before_loading(struct restoring *r)
{
    struct live live;

    TRY(check_name(r));
    TRY(check_loops(r));
    TRY(target_check_plan(r->conn, r->plan, r->definitions, r->params->log));
    TRY(check_users(r));
    TRY(restore_check_servers(r->params, r->conn, r->plan));
    TRY(check_in_place(r));
    TRY(live_read(r->conn, r->plan, &live));
    struct err *e = live_check(r->conn, r->plan, &live, r->params->replace);
    if (!e)
        e = outside_check(r->conn, r->plan, r->definitions, &live);
    live_free(&live);
    return e;
}

/* What the target has noted as the reason for a full copy. */
static struct err *choose_reason(struct restoring *r)
{
    struct job_needs needs;

    TRY(job_needs_read(r->conn, r->params->job, &needs));
    const struct job_need *full = job_needs_full(&needs);
    if (r->params->reason || full)
        r->result->reason = mem_strdup(r->params->reason ? r->params->reason : full->reason);
    else if (!r->has_position)
        r->result->reason = mem_strdup(r->plan->standalone ? "plain restore" : "first run");
    else if (r->plan->manifest->epoch > r->position.epoch)
        r->result->reason =
            mem_printf("epoch %llu of the log ended, this snapshot opens epoch %llu",
                       (unsigned long long)r->position.epoch, (unsigned long long)r->plan->manifest->epoch);
    else
        r->result->reason = mem_strdup("new snapshot asked for by hand");
    job_needs_free(&needs);
    return NULL;
}

static struct err *swap_in(struct restoring *r)
{
    struct swap_params params = {
        .conn = r->conn,
        .plan = r->plan,
        .definitions = r->definitions,
        .log = r->params->log,
        .swap_wait_s = r->params->swap_wait_s,
        .lock_wait_s = r->params->lock_wait_s,
        .replace = r->params->replace,
        .reason = r->result->reason,
        .users = r->users,
    };

    TRY(restore_wait_for_readers(r->params, r->conn));
    TRY(swap_tables(&params, &r->result->swap_seconds));
    job_position_free(&r->position);
    TRY(job_position_read(r->conn, r->params->job, &r->position, &r->has_position));
    if (!r->has_position)
        return err_new(ERR_INTERNAL, "the position of job %s is gone after the swap", r->params->job);
    return swap_finish(r->params->target, r->params->store, r->params->job, &r->position, r->params->log);
}

static struct err *restore_snapshot(struct restoring *r)
{
    struct stage_result staged;

    TRY(check_before_loading(r));
    TRY(choose_reason(r));
    TRY(job_setup(r->conn));
    /* from the second restore on, a new scope comes into force with the swap */
    if (!r->plan->standalone && !r->has_position)
        TRY(job_save(r->conn, r->plan->job));
    if (!r->plan->standalone) {
        job_publish_before(r->conn, r->params->store, r->params->job, !r->has_position, r->params->log);
        TRY(protect_restore(r->conn, r->params->job, &r->params->protect, r->params->log));
    }
    log_info(r->params->log, "restoring snapshot %s (%s): %zu tables, position %s", r->plan->manifest->id,
             r->result->reason, r->plan->table_count, r->result->position);
    r->result->changed = true;
    const struct stage_params stage = {
        .conn = r->conn,
        .target = r->params->target,
        .threads = restore_threads(r->params),
        .plan = r->plan,
        .definitions = r->definitions,
        .log = r->params->log,
    };
    TRY(stage_prepare(&stage, &staged));
    const struct restore_load_params load = {
        .restore = r->params,
        .conn = r->conn,
        .plan = r->plan,
        .definitions = r->definitions,
        .staged = &staged,
        .bulk = r->bulk,
    };
    TRY(restore_load(&load, r->result));
    return swap_in(r);
}

struct err *restore(const struct restore_params *params, struct restore_result *result)
{
    struct restoring r = {.params = params, .result = result};
    int64_t start_us = clock_monotonic_us();
    struct err *e = open_target(&r);

    if (!e)
        e = finish_earlier(&r);
    if (!e)
        e = make_plan(&r);
    if (!e) {
        result->finished_earlier = strcmp(r.finished, r.plan->options) == 0;
        if (!result->finished_earlier)
            e = restore_snapshot(&r);
    }
    if (r.plan)
        definitions_free(r.definitions, r.plan->manifest);
    users_free(r.users);
    restore_plan_free(r.plan);
    job_position_free(&r.position);
    conn_close(r.conn);
    result->seconds = (double)(clock_monotonic_us() - start_us) / CLOCK_US_PER_S;
    return e;
}

void restore_result_free(struct restore_result *r)
{
    free(r->snapshot);
    free(r->position);
    free(r->reason);
    *r = (struct restore_result){0};
}
