#include "replay/apply.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "format/layout.h"
#include "mysql/server.h"
#include "replay/culprit.h"
#include "replay/explain.h"
#include "replay/intent.h"
#include "replay/repair.h"
#include "replay/report.h"
#include "replay/session.h"
#include "replay/status.h"
#include "replay/walk.h"
#include "snapshot/swap_finish.h"

enum {
    REDO_ATTEMPTS = 10,    /* of one batch, after deadlocks and lock waits */
    REDO_NOTES = 20,       /* of one batch, without any progress: a bug */
    REDO_PAUSE_US = 50000, /* times the attempt */
    STATUS_EVERY_S = 10,   /* with --follow */
    IDLE_EVERY_S = 600,    /* as long as there is nothing to apply */
};

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

static struct err *apply_check_ids(const struct apply *a)
{
    char *store_id = NULL;
    char *stream_id = NULL;
    struct err *e = layout_open_store(a->store, false, &store_id);

    if (!e)
        e = layout_open_stream(a->store, a->job->stream, false, &stream_id);
    if (!e && (strcmp(store_id, a->job->store_id) != 0 || strcmp(stream_id, a->job->stream_id) != 0))
        e = err_hint(err_new(ERR_UNSAFE,
                             "%s is not the store, or its stream '%s' not the stream, that job %s was "
                             "restored from",
                             store_url(a->store), a->job->stream, a->job->name),
                     "use that store, or restore from this one");
    free(store_id);
    free(stream_id);
    return e;
}

static struct err *apply_open_job(struct apply *a, const struct opts *opts)
{
    const char *name = opts_string(opts, OPT_JOB);

    TRY(layout_check_name("job", name));
    TRY(job_load(a->conn, name, &a->job));
    if (!a->job)
        return err_hint(err_new(ERR_TARGET, "the target has no job '%s'", name),
                        "ccr-restore --job %s makes it, from a snapshot", name);
    TRY(apply_check_stream(a, opts));
    TRY(apply_check_ids(a));
    /* that changes nothing, and may be asked for beside a run */
    return opts_flag(opts, OPT_EXPLAIN) ? NULL : job_lock(a->conn, name);
}

/* With what follows a swap, the job's scope and renames of the new snapshot come into force. */
static struct err *apply_finish_swap(struct apply *a, struct job_position *position)
{
    if (!position->pending)
        return NULL;
    TRY(swap_finish(a->conn, a->store, a->job->name, position, a->log));
    struct job *fresh = NULL;
    TRY(job_load(a->conn, a->job->name, &fresh));
    if (!fresh)
        return err_new(ERR_TARGET, "the job '%s' is gone from ccr.jobs", a->job->name);
    job_free(a->job);
    a->job = fresh;
    return NULL;
}

/* The lanes behind the first; their sessions are as the first one's. */
static struct err *apply_open_lanes(struct apply *a, const struct conn_params *params)
{
    a->more_conns = mem_zalloc(a->lanes, sizeof(*a->more_conns));
    for (unsigned i = 1; i < a->lanes; i++) {
        TRY(conn_open(params, &a->more_conns[i - 1]));
        TRY(session_prepare(a->more_conns[i - 1]));
    }
    if (a->lanes > 1 && !a->dry_run)
        TRY(job_setup(a->conn)); /* a target of an earlier version lacks the table of lanes */
    return NULL;
}

static struct err *apply_open_batch(struct apply *a, const struct job_position *position, uint64_t max_packet)
{
    struct conn **conns = mem_zalloc(a->lanes, sizeof(*conns));
    const struct batch_params params = {
        .conns = conns,
        .lanes = a->lanes,
        .store = a->store,
        .job = a->job,
        .max_packet = max_packet,
        .conn_params = &a->conn_params,
        .drift = a->limits.drift,
        .position = position,
    };

    conns[0] = a->conn;
    for (unsigned i = 1; i < a->lanes; i++)
        conns[i] = a->more_conns[i - 1];
    struct err *e = batch_init(&a->batch, &params);
    a->batch.dry_run = a->dry_run;
    batch_set_in_order(&a->batch, a->limits.in_order);
    free(conns);
    return e;
}

static struct err *apply_open_position(struct apply *a, uint64_t max_packet)
{
    struct job_position position = {0};
    bool found = false;

    TRY(job_position_read(a->conn, a->job->name, &position, &found));
    if (!found)
        return err_hint(err_new(ERR_TARGET, "the target has no position of job '%s'", a->job->name),
                        "its restore was not finished: run ccr-restore again");
    struct err *e = NULL;
    /* a position that a restore has just put there has nothing to do with what was reported before */
    if (!position.pending)
        e = status_check(a->store, a->job, &position);
    if (!e && !a->dry_run)
        e = apply_finish_swap(a, &position);
    if (!e && a->dry_run && position.pending)
        e = err_hint(err_new(ERR_UNSAFE, "the last restore has work left to do"),
                     "run ccr-apply without --dry-run, or ccr-restore again");
    if (!e && !a->dry_run)
        e = evening_read(a->conn, a->job, &position, &a->evening);
    if (!e)
        e = apply_open_batch(a, &position, max_packet);
    a->has_position = !e;
    job_position_free(&position);
    return e;
}

static struct err *apply_idle(void *batch)
{
    return batch_flush(batch);
}

static struct err *apply_open(struct apply *a, struct run *run)
{
    struct server_info info;

    a->log = run->log;
    a->prelude = prelude_new();
    a->dry_run = opts_flag(run->opts, OPT_DRY_RUN) || opts_flag(run->opts, OPT_EXPLAIN);
    a->lanes = 1;
    TRY(opts_require(run->opts, OPT_JOB));
    TRY(apply_limits_read(run->opts, &a->limits));
    TRY(store_open_opts(run->opts, run->log, &a->store));
    conn_params_from_opts(run->opts, CONN_TARGET, &a->conn_params);
    a->conn_params.local_infile = true; /* for LOAD DATA in the log */
    TRY(conn_open(&a->conn_params, &a->conn));
    TRY(server_info_read(a->conn, &info));
    uint64_t max_packet = info.max_allowed_packet;
    bool is_mariadb = info.is_mariadb;
    server_info_free(&info);
    if (!is_mariadb)
        return err_new(ERR_UNSUPPORTED, "the target is not a MariaDB server");
    TRY(apply_open_job(a, run->opts));
    TRY(session_check_server(a->conn));
    TRY(session_prepare(a->conn));
    TRY(lanes_from_opts(run->opts, &a->lanes));
    TRY(apply_open_lanes(a, &a->conn_params));
    TRY(apply_open_position(a, max_packet));
    if (!a->dry_run)
        TRY(side_tables_clean(a->conn, a->job->name));
    if (!a->dry_run && a->limits.drift == DRIFT_REPAIR)
        TRY(drift_setup(a->conn));
    a->tables = tables_new(a->job, a->conn, apply_idle, &a->batch);
    tables_set_lanes(a->tables, a->lanes);
    return session_prepare(a->conn);
}

static void apply_close(struct apply *a)
{
    progress_end(a->progress);
    err_free(a->redo.error);
    free(a->redo.what);
    repair_free(a);
    need_free(&a->need);
    gtid_pos_free(&a->limits.until_gtid);
    gtid_pos_free(&a->in_order_until);
    batch_free(&a->batch);
    evening_free(a->evening);
    for (unsigned i = 0; a->more_conns && i + 1 < a->lanes; i++)
        conn_close(a->more_conns[i]);
    free(a->more_conns);
    prelude_free(a->prelude);
    tables_free(a->tables);
    job_free(a->job);
    conn_close(a->conn);
    store_close(a->store);
}

/* The server's number of the failure: of the lane where one has failed, else of the run's own connection. */
static unsigned failed_number(struct apply *a)
{
    bool bundle;
    bool of_lane = batch_has_failed(&a->batch);

    return conn_errno(of_lane ? lane_conn(batch_failed_lane(&a->batch, &bundle)) : a->conn);
}

/* Another session's locks were in the way: the same batch may well succeed the next time. */
static bool is_passing(struct apply *a, const struct err *e)
{
    unsigned number = failed_number(a);

    return err_code(e) == ERR_TARGET && (number == ER_LOCK_DEADLOCK || number == ER_LOCK_WAIT_TIMEOUT);
}

/* A Galera node's limits: of rows, told at the row, and of bytes, told at COMMIT by an error without a number
 * of its own. */
static bool is_too_large(struct apply *a, const struct err *e)
{
    unsigned number = failed_number(a);

    return err_code(e) == ERR_TARGET &&
           (number == ER_ERROR_DURING_COMMIT ||
            (number == ER_UNKNOWN_ERROR && strstr(err_message(e), "writeset size")));
}

/* Goes on with smaller batches, down to single transactions: *e becomes NULL. */
static void apply_shrink(struct apply *a, struct err **e)
{
    uint64_t *most = &a->limits.batch_transactions;

    if (*most <= 1) {
        *e = err_hint(*e, "raise wsrep_max_ws_rows or wsrep_max_ws_size on the target: a transaction of the "
                          "source is larger than it takes");
        return;
    }
    if (a->batch.transactions < *most)
        *most = a->batch.transactions;
    *most = *most > 1 ? *most / 2 : 1;
    log_info(a->log, "the batch is too large for the target; from here on %llu transactions a commit: %s",
             (unsigned long long)*most, err_message(*e));
    a->redone++;
    err_free(*e);
    *e = NULL;
}

static struct err *apply_epoch_ended(const struct segment_footer *terminator)
{
    return err_hint(err_new(ERR_RESYNC, "epoch %llu of the log has ended: %s",
                            (unsigned long long)terminator->epoch, terminator->reason),
                    "take a new snapshot (ccr-backup) and restore it (ccr-restore)");
}

/* Puts the target back to the last commit, and what is known of it with it. */
static struct err *apply_back(struct apply *a)
{
    batch_rollback(&a->batch);
    repair_again(a);
    TRY(batch_reread(&a->batch));
    tables_forget(a->tables);
    return NULL;
}

/*
 * Only changes in the order of the log tell which row of which transaction the target refused: the batch is
 * to be done again that way.
 */
static bool apply_unmerge(struct apply *a, const struct err *e)
{
    struct batch *b = &a->batch;

    if (!b->merged || b->in_order)
        return false;
    log_info(a->log, "merged batch refused, doing it again in order: %s", err_message(e));
    gtid_pos_copy(&a->in_order_until, &b->next.pos);
    batch_set_in_order(b, true);
    a->unmerged++;
    return true;
}

/* A row that is not what the log takes it for: the run ends before the transaction that changes it. */
static bool apply_stop_at_drift(struct apply *a, struct err **e)
{
    struct gtid gtid;
    bool bundle;

    if (!lane_drifted(batch_failed_lane(&a->batch, &bundle), &gtid))
        return false;
    if (a->evening) /* nothing before it can be committed */
        return true;
    err_free(a->redo.error); /* of a later transaction */
    free(a->redo.what);
    a->redo = (struct redo){.kind = REDO_STOP, .gtid = gtid, .error = *e};
    *e = NULL;
    return true;
}

/* *e is the target's refusal of a change: which one is it? Applies what lies before it, then ends with that.
 */
static void apply_find_culprit(struct apply *a, struct err **e)
{
    struct culprit culprit;
    bool bundle = false;
    struct lane *l = batch_failed_lane(&a->batch, &bundle);

    if (!bundle)
        return;
    culprit_find(lane_conn(l), lane_road(l), e, &culprit);
    struct gtid gtid = culprit.gtid;
    bool found = culprit.found;
    if (found && repair_note(a, &culprit)) {
        log_warn(a->log, "to be put right: %s", err_message(*e));
        err_free(*e);
        *e = NULL;
    } else if (found && !a->evening) { /* otherwise nothing before it can be committed */
        err_free(a->redo.error);       /* of a later transaction */
        free(a->redo.what);
        a->redo = (struct redo){.kind = REDO_STOP, .gtid = gtid, .error = *e};
        *e = NULL;
    }
    culprit_free(&culprit);
}

/* *e is an error of a walk: is there something to be gained by another one? If so *e becomes NULL. */
static void apply_consider(struct apply *a, struct err **e, unsigned *attempts)
{
    struct err *half_done = intent_check(a);

    err_free(half_done);
    if (batch_is_lost(&a->batch) || half_done)
        return;
    if (is_too_large(a, *e)) {
        apply_shrink(a, e);
        return;
    }
    if (!is_passing(a, *e)) {
        if (!batch_has_failed(&a->batch))
            return;
        if (apply_stop_at_drift(a, e))
            return;
        if (!apply_unmerge(a, *e)) {
            apply_find_culprit(a, e);
            return;
        }
        err_free(*e);
        *e = NULL;
        return;
    }
    if (++*attempts > REDO_ATTEMPTS)
        return;
    log_info(a->log, "batch rolled back, doing it again: %s", err_message(*e));
    a->redone++;
    clock_sleep_us((int64_t)REDO_PAUSE_US * *attempts);
    err_free(*e);
    *e = NULL;
}

/*
 * Also where there was nothing to do: a job that is not seen for long no longer holds the log (ccr-prune).
 * Before this run has taken the position over, another one may have: then that one reports.
 */
static struct err *apply_report(struct apply *a)
{
    struct job_position row = {0};
    bool found = false;

    a->status_us = clock_monotonic_us();
    if (a->batch.claimed)
        return status_publish(a->store, a->job, &a->batch.committed);
    struct err *e = job_position_read(a->conn, a->job->name, &row, &found);
    if (!e && found && strcmp(row.nonce, a->batch.committed.nonce) == 0)
        e = status_publish(a->store, a->job, &a->batch.committed);
    job_position_free(&row);
    return e;
}

/* Waits for the log to grow. */
static struct err *apply_wait(struct apply *a, int64_t poll_us)
{
    int64_t until = clock_monotonic_us() + poll_us;

    while (!interrupt_requested() && clock_monotonic_us() < until)
        clock_sleep_us(until - clock_monotonic_us());
    TRY(interrupt_check());
    int64_t every_us = (a->batch.claimed ? STATUS_EVERY_S : IDLE_EVERY_S) * CLOCK_US_PER_S;
    if (!a->dry_run && clock_monotonic_us() - a->status_us > every_us)
        return apply_report(a);
    return NULL;
}

static struct err *apply_walk(struct apply *a, const struct run *run, enum walk_outcome *outcome)
{
    bool follow = opts_flag(run->opts, OPT_FOLLOW);
    int64_t poll_us = (int64_t)opts_number(run->opts, OPT_POLL) * CLOCK_US_PER_S;
    struct walk *w = NULL;

    TRY(walk_new(a, &w));
    struct err *e = walk_run(w, outcome);
    while (!e && *outcome == WALK_END && follow) {
        e = apply_wait(a, poll_us);
        if (!e)
            e = walk_run(w, outcome);
    }
    if (!e && *outcome == WALK_TERMINATOR)
        e = apply_epoch_ended(walk_terminator(w));
    walk_free(w);
    return e;
}

/* A table that only a snapshot can bring in is asked for. */
static struct err *apply_record_need(struct apply *a, struct err *e)
{
    if (!a->need.db || err_code(e) != ERR_RESYNC || a->dry_run || conn_is_lost(a->conn))
        return e;
    return err_first(e, need_record(a->conn, a->job->name, &a->need));
}

static struct err *apply_all(struct apply *a, const struct run *run)
{
    uint64_t commits = 0;
    unsigned attempts = 0;
    unsigned notes = 0;
    enum walk_outcome outcome;

    for (;;) {
        struct err *e = apply_walk(a, run, &outcome);
        struct err *earlier = batch_wait(&a->batch);
        if (earlier) { /* what was under way lies before what the walk had come to */
            err_free(e);
            e = earlier;
        }
        if (a->batch.commits != commits)
            attempts = notes = 0;
        commits = a->batch.commits;
        if (!e && outcome != WALK_REDO) {
            a->until_reached = outcome == WALK_UNTIL;
            return NULL;
        }
        if (!e && ++notes > REDO_NOTES)
            e = err_new(ERR_INTERNAL, "a batch is read again and again without getting anywhere");
        if (e)
            apply_consider(a, &e, &attempts);
        if (e) {
            batch_rollback(&a->batch);
            return apply_record_need(a, e);
        }
        TRY(apply_back(a));
    }
}

struct err *apply_run(struct run *run)
{
    struct apply a = {0};
    int64_t start = clock_monotonic_us();

    struct err *e = apply_open(&a, run);
    if (!e && opts_flag(run->opts, OPT_EXPLAIN)) {
        e = explain_roads(run, a.conn, a.job->name, a.limits.in_order);
    } else if (!e) {
        e = apply_all(&a, run);
        report_result(&a, run, (double)(clock_monotonic_us() - start) / CLOCK_US_PER_S);
    }
    /* a failure may have left lanes behind the position row: what they need is what was reported last */
    if (a.has_position && !a.dry_run && !conn_is_lost(a.conn) && !(e && a.lanes > 1))
        e = err_first(e, apply_report(&a));
    apply_close(&a);
    return e;
}
