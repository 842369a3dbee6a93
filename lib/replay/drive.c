#include "replay/drive.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "job/job_state.h"
#include "replay/culprit.h"
#include "replay/intent.h"
#include "replay/paused.h"
#include "replay/repair.h"
#include "replay/session.h"
#include "replay/status.h"

enum {
    REDO_ATTEMPTS = 10,    /* of one batch, after deadlocks and lock waits */
    REDO_NOTES = 20,       /* of one batch, without any progress: a bug */
    REDO_PAUSE_US = 50000, /* times the attempt */
    STATUS_EVERY_S = 10,   /* with --follow */
    IDLE_EVERY_S = 600,    /* as long as there is nothing to apply */
    POLL_PARTS = 8,        /* with --follow: the first look comes after this part of --poll */
    LONGEST_SLEEP_US = 1000000,
};

/* The lanes behind the first; their sessions are as the first one's. */
static struct err *drive_open_lanes(struct apply *a)
{
    a->more_conns = mem_zalloc(a->lanes, sizeof(*a->more_conns));
    for (unsigned i = 1; i < a->lanes; i++) {
        TRY(conn_open(&a->conn_params, &a->more_conns[i - 1]));
        TRY(session_prepare(a->more_conns[i - 1]));
        TRY(job_lock_join(a->more_conns[i - 1], a->job->name));
    }
    if (a->lanes > 1 && !a->dry_run)
        TRY(job_setup(a->conn)); /* a target of an earlier version lacks the table of lanes */
    return NULL;
}

static struct err *drive_open_batch(struct apply *a, const struct job_position *position)
{
    uint64_t max_packet = 0;

    TRY(conn_number(a->conn, &max_packet, "SELECT @@max_allowed_packet"));
    struct conn **conns = mem_zalloc(a->lanes, sizeof(*conns));
    const struct batch_params params = {
        .conns = conns,
        .lanes = a->lanes,
        .store = a->unpublished ? NULL : a->store,
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

static struct err *drive_idle(void *batch)
{
    return batch_flush(batch);
}

struct err *drive_open(struct apply *a, const struct job_position *position)
{
    a->prelude = prelude_new();
    TRY(job_skips_read(a->conn, a->job->name, &a->skips));
    TRY(session_check_server(a->conn));
    TRY(session_prepare(a->conn));
    TRY(drive_open_lanes(a));
    if (!a->dry_run)
        TRY(evening_read(a->conn, a->job, position, &a->evening));
    TRY(drive_open_batch(a, position));
    if (!a->dry_run)
        TRY(side_tables_clean(a->conn, a->job->name));
    if (!a->dry_run && a->limits.drift == DRIFT_REPAIR)
        TRY(drift_setup(a->conn));
    a->tables = tables_new(a->job, a->conn, drive_idle, &a->batch);
    tables_set_lanes(a->tables, a->lanes);
    return session_prepare(a->conn);
}

void drive_close(struct apply *a)
{
    err_free(a->redo.error);
    free(a->redo.what);
    repair_free(a);
    need_free(&a->need);
    job_skips_free(&a->skips);
    gtid_pos_free(&a->limits.until_gtid);
    gtid_pos_free(&a->in_order_until);
    batch_free(&a->batch);
    evening_free(a->evening);
    for (unsigned i = 0; a->more_conns && i + 1 < a->lanes; i++)
        conn_close(a->more_conns[i]);
    free(a->more_conns);
    conn_close(a->beside);
    loops_seen_free(&a->loops);
    prelude_free(a->prelude);
    tables_free(a->tables);
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
static void drive_shrink(struct apply *a, struct err **e)
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

static struct err *drive_epoch_ended(struct apply *a, const struct segment_footer *terminator)
{
    a->next_epoch = terminator->next_epoch;
    return err_hint(
        err_new(ERR_RESYNC, "epoch %llu of the log has ended: %s", (unsigned long long)terminator->epoch,
                terminator->reason),
        "the job asks for a new snapshot: ccr-backup --requested takes it, and ccr-restore --requested "
        "brings it in");
}

/* Puts the target back to the last commit, and what is known of it with it. */
static struct err *drive_back(struct apply *a)
{
    batch_rollback(&a->batch);
    repair_again(a);
    TRY(batch_reread(&a->batch));
    tables_forget(a->tables);
    return NULL;
}

bool drive_can_go_on(struct apply *a)
{
    return !a->evening && !batch_is_lost(&a->batch) && !conn_is_lost(a->conn);
}

struct err *drive_again(struct apply *a)
{
    err_free(a->redo.error);
    free(a->redo.what);
    a->redo = (struct redo){0};
    return drive_back(a);
}

/*
 * Only changes in the order of the log tell which row of which transaction the target refused: the batch is
 * to be done again that way.
 */
static bool drive_unmerge(struct apply *a, const struct err *e)
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
static bool drive_stop_at_drift(struct apply *a, struct err **e)
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
static void drive_find_culprit(struct apply *a, struct err **e)
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
static void drive_consider(struct apply *a, struct err **e, unsigned *attempts)
{
    struct err *half_done = intent_check(a);

    err_free(half_done);
    if (batch_is_lost(&a->batch) || half_done)
        return;
    if (is_too_large(a, *e)) {
        drive_shrink(a, e);
        return;
    }
    if (!is_passing(a, *e)) {
        if (!batch_has_failed(&a->batch))
            return;
        if (drive_stop_at_drift(a, e))
            return;
        if (!drive_unmerge(a, *e)) {
            drive_find_culprit(a, e);
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

struct err *drive_report(struct apply *a)
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

/* A circle may have been closed since the run began. */
static struct err *drive_refuse_loops(struct apply *a)
{
    const struct loops_params params = {
        .store = a->store, .conn = a->conn, .conn_params = &a->conn_params, .job = a->job};

    return loops_refuse_again(&params, &a->loops);
}

/* A run that follows notes now and then that all is well, and ends where the job was paused meanwhile. */
static struct err *drive_mind_state(struct apply *a)
{
    const struct job_outcome outcome = {.job = a->job->name, .program = opts_program_name(PROGRAM_APPLY)};
    const char *state;
    int64_t us = clock_monotonic_us();

    if (a->dry_run)
        return NULL;
    if (paused_is_due(a))
        TRY(paused_ask(a, a->conn));
    TRY(drive_refuse_loops(a));
    if (a->paused || (a->success_us && us - a->success_us < IDLE_EVERY_S * CLOCK_US_PER_S))
        return NULL;
    a->success_us = us;
    TRY(protect_pass_own(&a->protect));
    TRY(protect_look(&a->protect));
    return job_state_record(a->conn, &outcome, &state);
}

/*
 * Waits for the log to grow: --poll long at most, and only a part of that behind something that came. A
 * source that is at work writes one object after another, so the next one is not far.
 */
static struct err *drive_wait(struct apply *a, bool moved)
{
    const int64_t longest_us = a->limits.poll_us;

    a->wait_us = moved ? longest_us / POLL_PARTS : 2 * a->wait_us;
    if (a->wait_us <= 0 || a->wait_us > longest_us)
        a->wait_us = longest_us;
    int64_t left_us, until = clock_monotonic_us() + a->wait_us;

    TRY(drive_mind_state(a));
    while (!interrupt_requested() && !a->paused && (left_us = until - clock_monotonic_us()) > 0) {
        clock_sleep_us(left_us < LONGEST_SLEEP_US ? left_us : LONGEST_SLEEP_US);
        TRY(drive_mind_state(a));
    }
    TRY(interrupt_check());
    int64_t every_us = (a->batch.claimed ? STATUS_EVERY_S : IDLE_EVERY_S) * CLOCK_US_PER_S;
    if (!a->dry_run && clock_monotonic_us() - a->status_us > every_us)
        return drive_report(a);
    return NULL;
}

static struct err *drive_walk(struct apply *a, enum walk_outcome *outcome)
{
    struct walk *w = NULL;

    TRY(walk_new(a, &w));
    uint64_t before = a->batch.counts.transactions;
    struct err *e = walk_run(w, outcome);
    while (!e && *outcome == WALK_END && a->limits.follow) {
        bool moved = a->batch.counts.transactions > before;
        before = a->batch.counts.transactions;
        e = drive_wait(a, moved);
        if (!e && a->paused)
            break;
        if (!e)
            e = walk_run(w, outcome);
    }
    if (!e && *outcome == WALK_TERMINATOR)
        e = drive_epoch_ended(a, walk_terminator(w));
    walk_free(w);
    return e;
}

struct err *drive_all(struct apply *a)
{
    uint64_t commits = 0;
    unsigned attempts = 0;
    unsigned notes = 0;
    enum walk_outcome outcome;

    for (;;) {
        struct err *e = drive_walk(a, &outcome);
        struct err *earlier = batch_wait(&a->batch);
        if (earlier) { /* what was under way lies before what the walk had come to */
            err_free(e);
            e = earlier;
        }
        if (a->batch.commits != commits)
            attempts = notes = 0;
        commits = a->batch.commits;
        if (!e && outcome != WALK_REDO) {
            a->until_reached = outcome == WALK_UNTIL && !a->paused;
            return NULL;
        }
        if (!e && ++notes > REDO_NOTES)
            e = err_new(ERR_INTERNAL, "a batch is read again and again without getting anywhere");
        if (e)
            drive_consider(a, &e, &attempts);
        if (e) {
            batch_rollback(&a->batch);
            return e;
        }
        TRY(drive_back(a));
    }
}
