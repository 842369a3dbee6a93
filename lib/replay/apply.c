#include "replay/apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/layout.h"
#include "job/job_publish.h"
#include "job/job_requests.h"
#include "job/job_state.h"
#include "job/loops.h"
#include "job/scope_keys.h"
#include "replay/drive.h"
#include "replay/explain.h"
#include "replay/report.h"
#include "replay/session.h"
#include "replay/status.h"
#include "restore/swap.h"
#include "restore/swap_finish.h"

/* The job knows its stream; another one on the command line is a mistake. */
static struct err *apply_check_stream(const struct apply *a, const struct opts *opts)
{
    const char *stream = opts_string(opts, OPT_STREAM);

    if (!opts_given(opts, OPT_STREAM) || strcmp(stream, a->job->stream) == 0)
        return NULL;
    return err_hint(
        err_new(ERR_UNSAFE, "job %s follows stream %s, not %s", a->job->name, a->job->stream, stream),
        "leave --stream out; another stream needs a job of its own");
}

static struct err *apply_open_job(struct apply *a, const struct opts *opts)
{
    const char *name = opts_string(opts, OPT_JOB);

    TRY(job_load(a->conn, name, &a->job));
    if (!a->job)
        return err_hint(
            err_new(ERR_TARGET, "the target has no job '%s'", name),
            "ccr-job list shows those that it has; ccr-restore --job %s makes one, from a snapshot", name);
    TRY(apply_check_stream(a, opts));
    TRY(job_check_store(a->job, a->store));
    /* that changes nothing, and may be asked for beside a run */
    return opts_flag(opts, OPT_EXPLAIN) ? NULL : job_state_lock(a->conn, name);
}

/* With what follows a swap, the job's scope and renames of the new snapshot come into force. */
static struct err *apply_finish_swap(struct apply *a, struct job_position *position)
{
    if (!position->pending)
        return NULL;
    TRY(swap_finish(&a->conn_params, a->store, a->job->name, position, a->log));
    struct job *fresh = NULL;
    TRY(job_load(a->conn, a->job->name, &fresh));
    if (!fresh)
        return err_new(ERR_TARGET, "the job '%s' is gone from ccr.jobs", a->job->name);
    job_free(a->job);
    a->job = fresh;
    return NULL;
}

/* What a partial restore has left behind is passed over until it is brought in. */
static struct err *apply_leave_behind(struct apply *a)
{
    struct job_needs needs;

    TRY(job_needs_read(a->conn, a->job->name, &needs));
    job_needs_exclude(&needs, &a->job->scope, &a->behind);
    job_needs_free(&needs);
    if (a->behind.len)
        log_warn(a->log, "passing over changes of %s: tables that a partial restore has left behind",
                 buf_str(&a->behind));
    return NULL;
}

static struct err *apply_still_behind(struct apply *a)
{
    return err_hint(err_new(ERR_RESYNC,
                            "tables of job %s are behind, and their changes are passed over until a copy is "
                            "there: %s",
                            a->job->name, buf_str(&a->behind)),
                    "run ccr-restore --job %s --tables %s", a->job->name, buf_str(&a->behind));
}

/* A job that was just made has nothing to be applied to. */
static struct err *apply_wait_for_copy(struct apply *a)
{
    struct job_needs needs;

    TRY(job_needs_read(a->conn, a->job->name, &needs));
    const struct job_need *full = job_needs_full(&needs);
    a->waiting = full != NULL;
    if (full)
        log_info(a->log, "job %s waits for its first snapshot: %s", a->job->name, full->reason);
    job_needs_free(&needs);
    return a->waiting ? NULL
                      : err_hint(err_new(ERR_TARGET, "the target has no position of job '%s'", a->job->name),
                                 "its restore was not finished: run ccr-restore again");
}

/* Nothing depends on what the source tells of itself: where that is damaged or another's, it is not known. */
static struct err *apply_look_at_source(struct apply *a)
{
    const struct origin expected = {a->job->store_id, a->job->stream_id};
    bool found = false;
    struct err *e = alive_load(a->store, a->job->stream, &expected, &a->alive, &found);

    if (err_code(e) != ERR_INTEGRITY && err_code(e) != ERR_UNSUPPORTED)
        return e;
    log_warn(a->log, "what the source tells of itself is not used: %s", err_message(e));
    err_free(e);
    return NULL;
}

/* Before the first change goes round. */
static struct err *apply_refuse_loops(struct apply *a)
{
    const struct loops_params params = {.store = a->store,
                                        .conn = a->conn,
                                        .conn_params = &a->conn_params,
                                        .job = a->job,
                                        .alive = &a->alive};

    return loops_refuse(&params);
}

static struct err *apply_open_position(struct apply *a)
{
    struct job_position position = {0};
    bool found = false;

    TRY(job_position_read(a->conn, a->job->name, &position, &found));
    if (!found)
        return apply_wait_for_copy(a);
    struct err *e = NULL;
    /* a position that a restore has just put there has nothing to do with what was reported before */
    if (!position.pending)
        e = status_check(a->store, a->job, &position);
    a->refused = e != NULL;
    if (!e)
        e = apply_look_at_source(a);
    if (!e)
        e = apply_refuse_loops(a);
    if (!e && !a->dry_run)
        e = apply_finish_swap(a, &position);
    if (!e && !a->dry_run) /* by a run that was killed, or is somewhere else */
        e = swap_abandon(a->conn, a->job->name, &position);
    if (!e && a->dry_run && position.pending)
        e = err_hint(err_new(ERR_UNSAFE, "the last restore has work left to do"),
                     "run ccr-apply without --dry-run, or ccr-restore again");
    if (!e)
        e = apply_leave_behind(a);
    if (!e)
        e = drive_open(a, &position);
    a->has_position = !e;
    job_position_free(&position);
    return e;
}

/* Where the job needs copies, the store is to say so. */
static void apply_publish_needs(struct apply *a, struct run *run, const struct err *e)
{
    const struct job_requests p = {a->conn, a->store, a->job ? a->job->name : "",
                                   opts_program_name(run->program), a->log};

    if (a->job && (a->waiting || err_code(e) == ERR_RESYNC) && !a->dry_run && !conn_is_lost(a->conn))
        job_requests_publish(&p);
}

static struct err *apply_connect(struct apply *a, struct run *run)
{
    a->log = run->log;
    a->dry_run = opts_flag(run->opts, OPT_DRY_RUN) || opts_flag(run->opts, OPT_EXPLAIN);
    a->heeds_pause = true;
    TRY(opts_require(run->opts, OPT_JOB));
    TRY(layout_check_name("job", opts_string(run->opts, OPT_JOB)));
    TRY(apply_limits_read(run->opts, &a->limits));
    TRY(lanes_from_opts(run->opts, &a->lanes));
    TRY(store_open_opts(run->opts, run->log, &a->store));
    conn_params_from_opts(run->opts, CONN_TARGET, &a->conn_params);
    a->conn_params.local_infile = true; /* for LOAD DATA in the log */
    return conn_open(&a->conn_params, &a->conn);
}

static void apply_close(struct apply *a)
{
    drive_close(a);
    protect_free(&a->protect);
    buf_free(&a->behind);
    alive_free(&a->alive);
    job_free(a->job);
    conn_close(a->conn);
    store_close(a->store);
}

/* A table that is not what ccr left there is copied anew, where that is wanted. */
static struct err *apply_need_drifted(struct apply *a, struct err *e)
{
    const char *db, *table;

    if (!a->limits.copy_drifted || err_code(e) != ERR_UNSAFE || !err_table(e, &db, &table))
        return e;
    need_add(&a->need, db, table);
    a->need.reason = mem_printf("drift: %s", err_message(e));
    a->need.gtid = a->stopped_at;
    struct err *need =
        err_hint(err_new(ERR_RESYNC, "%s", err_message(e)),
                 "%s.%s is to be copied anew (--on-drift copy): ccr-restore --requested brings it "
                 "in as soon as there is a snapshot",
                 db, table);
    err_free(e);
    return need;
}

/* The copies come, and lead nowhere. */
static struct err *apply_too_often(const struct apply *a, struct err *e)
{
    const char *hint = err_hint_text(e);
    struct err *own = err_hint(err_new(ERR_RESYNC, "%s; the last one: %s", a->need.too_often, err_message(e)),
                               "find out what on the source does this; ccr-job resume --job %s lets the job "
                               "go on, counted anew, and "
                               "--copies-a-day allows more%s%s",
                               a->job->name, hint ? "; then " : "", hint ? hint : "");

    err_free(e);
    return own;
}

/* What only a snapshot can bring in is asked for: a table, or where it cannot be narrowed down to that, the
 * whole job. */
static struct err *apply_record_need(struct apply *a, struct err *e)
{
    if (err_code(e) != ERR_RESYNC || a->dry_run || conn_is_lost(a->conn))
        return e;
    if (!a->need.count) {
        need_add(&a->need, "", "");
        a->need.reason = mem_strdup(err_message(e));
        a->need.gtid = a->stopped_at;
        a->need.epoch = a->next_epoch;
    }
    e = err_first(e, need_record(a->conn, a->job, &a->need, &a->batch.committed, a->limits.copies_a_day));
    return a->need.too_often ? apply_too_often(a, e) : e;
}

/* *passed: the tables are behind from here on, and the job goes on without them. */
static struct err *apply_pass_needs(struct apply *a, struct err *e, bool *passed)
{
    char *why = NULL;

    *passed = false;
    if (err_code(e) != ERR_RESYNC || !a->limits.pass_needs || a->dry_run || conn_is_lost(a->conn) ||
        a->need.too_often)
        return e;
    struct err *own = need_pass(a->conn, a->job, &a->need, &a->batch.committed, &why);
    if (own) {
        err_free(own); /* the next run does it */
        return e;
    }
    *passed = !why;
    if (*passed)
        batch_forget_intent(&a->batch);
    if (why)
        log_info(a->log, "the job waits for the copy, rather than going on without the table: %s", why);
    else
        log_warn(a->log,
                 "%s: the job goes on without what it needs: its changes are passed over until a copy "
                 "is there",
                 err_message(e));
    free(why);
    return e;
}

/* On from the last commit, without the tables that are behind by now. */
static struct err *apply_go_on(struct apply *a)
{
    need_free(&a->need);
    a->stopped_at = (struct gtid){0};
    buf_clear(&a->behind);
    TRY(apply_leave_behind(a));
    return drive_again(a);
}

static struct err *apply_drive(struct apply *a, struct run *run)
{
    bool passed;

    for (;;) {
        struct err *e = apply_record_need(a, apply_need_drifted(a, drive_all(a)));
        e = apply_pass_needs(a, e, &passed);
        if (!passed)
            return e;
        apply_publish_needs(a, run, e); /* with --follow the run's end may be far */
        if (!drive_can_go_on(a))
            return e;
        err_free(e);
        TRY(apply_go_on(a));
    }
}

/* What the job has passed after all is needed no more: a partial restore of other tables had been in its way.
 */
static struct err *apply_settle_needs(struct apply *a)
{
    struct job_needs needs;
    struct gtid_pos at = GTID_POS_INIT;

    TRY(job_needs_read(a->conn, a->job->name, &needs));
    struct err *e = NULL;
    for (size_t i = 0; i < needs.count && !e; i++) {
        if (strcmp(needs.items[i].kind, JOB_NEED) != 0 || !needs.items[i].gtid[0])
            continue;
        e = gtid_pos_parse(needs.items[i].gtid, ERR_TARGET, &at);
        if (!e && gtid_pos_reaches(&a->batch.committed.pos, &at))
            e = job_need_settle(a->conn, a->job->name, &needs.items[i]);
    }
    gtid_pos_free(&at);
    job_needs_free(&needs);
    return e;
}

/* A dry run changes nothing, and one that takes another's place has been looked after by that. */
static struct err *apply_protect(struct apply *a, const struct opts *opts)
{
    if (a->dry_run)
        return NULL;
    a->protect =
        (struct protect){.conn = a->conn, .params = &a->conn_params, .job = a->job->name, .log = a->log};
    TRY(protect_choice_from_opts(opts, &a->protect.choice));
    return protect_look(&a->protect);
}

static bool is_beyond(const struct gtid_pos *here, const struct gtid_pos *until)
{
    for (size_t i = 0; i < until->count; i++) {
        const struct gtid *at = gtid_pos_find(here, until->items[i].domain);
        if (at && at->seq > until->items[i].seq)
            return true;
    }
    return false;
}

/* Nothing is undone: who asks for a moment that has passed does not get it. */
static void apply_warn_if_beyond(const struct apply *a)
{
    const struct job_position *here = &a->batch.committed;
    const struct apply_limits *l = &a->limits;
    const bool by_time = l->until_time && here->source_time > l->until_time;

    if (by_time || (l->has_until_gtid && is_beyond(&here->pos, &l->until_gtid)))
        log_warn(
            a->log,
            "the target is beyond --until-%s already, and is left as it is; only an older snapshot leads "
            "there (ccr-restore --snapshot; ccr-verify tells which)",
            by_time ? "time" : "gtid");
}

static struct err *apply_work(struct apply *a, struct run *run)
{
    TRY(apply_open_job(a, run->opts));
    run_warn(run, scope_keys_differ(run->opts, a->job));
    TRY(apply_open_position(a));
    if (a->waiting) {
        json_object_set_new(run->result, "waiting", json_true());
        return NULL;
    }
    if (opts_flag(run->opts, OPT_EXPLAIN))
        return explain_roads(run, a->conn, a->job->name, a->limits.in_order);
    int64_t start = clock_monotonic_us();
    apply_warn_if_beyond(a);
    TRY(apply_protect(a, run->opts));
    struct err *e = apply_drive(a, run);
    if (!e && !a->dry_run)
        e = apply_settle_needs(a);
    if (!e)
        e = protect_leave(&a->protect);
    if (!e && !a->dry_run)
        e = protect_describe(a->conn, a->job->name, run->result);
    report_result(a, run, (double)(clock_monotonic_us() - start) / CLOCK_US_PER_S);
    return e;
}

/*
 * Wherever the run ended: in a batch, in the source's session. A target that may not be the job's any more is
 * not written to: what was the primary, and is to be a replica of the new one, must have no transaction of
 * its own.
 */
static struct err *apply_note_end(struct apply *a, struct run *run, struct err *e)
{
    if (conn_is_lost(a->conn) || a->refused)
        return e;
    if (e) {
        err_free(conn_exec(a->conn, "ROLLBACK"));
        err_free(session_prepare(a->conn));
    }
    const struct job_outcome outcome = {.job = opts_string(run->opts, OPT_JOB),
                                        .progress = a->batch.commits > 0,
                                        .waits = a->need.known,
                                        .too_often = a->need.too_often};
    return job_state_ended(a->conn, run, &outcome, e);
}

struct err *apply_run(struct run *run)
{
    struct apply a = {0};
    struct err *e = apply_connect(&a, run);

    if (!e && !a.dry_run)
        e = job_state_admit(a.conn, run, opts_string(run->opts, OPT_JOB), &a.paused);
    if (!e && !a.paused) {
        e = apply_work(&a, run);
        /* the job itself goes on without tables that are behind */
        if (!a.dry_run)
            e = apply_note_end(&a, run, e);
        if (!e && a.behind.len && !opts_flag(run->opts, OPT_EXPLAIN))
            e = apply_still_behind(&a);
    }
    apply_publish_needs(&a, run, e);
    /* a failure may have left lanes behind the position row: what they need is what was reported last */
    if (a.has_position && !a.dry_run && !conn_is_lost(a.conn) && !(e && a.lanes > 1))
        e = err_first(e, drive_report(&a));
    apply_close(&a);
    return e;
}

struct err *apply_drain(struct run *run, struct conn *conn, struct store *store)
{
    struct apply a = {.log = run->log, .store = store, .conn = conn};
    struct err *e = apply_limits_read(run->opts, &a.limits);

    if (!e)
        e = lanes_from_opts(run->opts, &a.lanes);
    conn_params_from_opts(run->opts, CONN_TARGET, &a.conn_params);
    a.conn_params.local_infile = true;
    if (!e)
        e = apply_work(&a, run);
    if (!e)
        e = drive_report(&a);
    a.conn = NULL; /* the caller's */
    a.store = NULL;
    apply_close(&a);
    return e;
}
