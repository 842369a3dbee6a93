/* ccr-restore: a snapshot into the target, swapped in atomically. */
#include <inttypes.h>
#include <string.h>

#include "base/run.h"
#include "format/document.h"
#include "job/job.h"
#include "job/job_requests.h"
#include "job/job_state.h"
#include "partial/partial.h"
#include "partial/requested.h"
#include "replay/report.h"
#include "restore/target_session.h"

/* The server's own bound. */
enum { LOCK_WAIT_MOST_S = 86400 };

static void restore_report(struct run *run, const struct restore_params *params,
                           const struct restore_result *r)
{
    json_t *to = run->result;
    bool standalone = opts_flag(run->opts, OPT_STANDALONE);

    run->changed = r->changed;
    json_object_set_new(to, "standalone", json_boolean(standalone));
    if (!standalone)
        document_set_bytes(to, "job", params->job);
    json_object_set_new(to, "seconds", json_real(r->seconds));
    if (!r->snapshot)
        return;
    document_set_bytes(to, "snapshot", r->snapshot);
    document_set_bytes(to, "position", r->position);
    document_set_u64(to, "epoch", r->epoch);
    document_set_u64(to, "number", r->number);
    document_set_bytes(to, "reason", r->reason);
    json_object_set_new(to, "finished_earlier", json_boolean(r->finished_earlier));
    document_set_u64(to, "tables", r->tables);
    if (r->partitions)
        document_set_u64(to, "partitions", r->partitions);
    document_set_u64(to, "rows", r->rows);
    document_set_u64(to, "bytes", r->bytes);
    document_set_u64(to, "stored_bytes", r->stored_bytes);
    document_set_u64(to, "resumed_chunks", r->resumed_chunks);
    if (r->with_users) {
        document_set_u64(to, "users_made", r->users_made);
        document_set_u64(to, "users_replaced", r->users_replaced);
        document_set_u64(to, "users_kept", r->users_kept);
    }
    json_object_set_new(to, "load_seconds", json_real(r->load_seconds));
    json_object_set_new(to, "swap_seconds", json_real(r->swap_seconds));
    json_object_set_new(to, "partial", json_boolean(r->partial));
    if (!r->partial)
        return;
    json_object_set_new(to, "replayed",
                        json_pack("{s:I, s:I, s:I, s:f}", "transactions",
                                  (json_int_t)r->replayed_transactions, "rows", (json_int_t)r->replayed_rows,
                                  "statements", (json_int_t)r->replayed_statements, "seconds",
                                  r->replay_seconds));
}

static void restore_say(struct run *run, const struct restore_result *r)
{
    if (r->finished_earlier)
        run_say(run,
                "finished: snapshot %s had been swapped in by an earlier run (%" PRIu64
                " tables); position %s",
                r->snapshot, r->tables, r->position);
    else if (r->partitions)
        run_say(run,
                "restored %" PRIu64 " partitions of %" PRIu64 " tables of snapshot %s (%s): %" PRIu64
                " rows loaded, %" PRIu64 " replayed on top, in %.1f s; position %s",
                r->partitions, r->tables, r->snapshot, r->reason, r->rows, r->replayed_rows, r->seconds,
                r->position);
    else if (r->partial)
        run_say(run,
                "restored %" PRIu64 " tables of snapshot %s (%s): %" PRIu64 " rows, %" PRIu64
                " rows and %" PRIu64
                " statements replayed on top, in %.1f s, swapped in %.0f ms; position %s",
                r->tables, r->snapshot, r->reason, r->rows, r->replayed_rows, r->replayed_statements,
                r->seconds, r->swap_seconds * 1000, r->position);
    else
        run_say(run,
                "restored snapshot %s (%s): %" PRIu64 " tables, %" PRIu64
                " rows, %.1f MB in %.1f s (%.0f rows/s), "
                "swapped in %.0f ms; position %s",
                r->snapshot, r->reason, r->tables, r->rows, (double)r->bytes / 1e6, r->seconds,
                r->seconds > 0 ? (double)r->rows / r->seconds : 0, r->swap_seconds * 1000, r->position);
}

/* --job or --standalone, exactly one of them. */
static struct err *restore_name(const struct opts *opts, const char **name)
{
    *name = opts_string(opts, OPT_JOB);
    if (opts_flag(opts, OPT_STANDALONE)) {
        if (*name)
            return err_hint(err_new(ERR_USAGE, "both --standalone and a job (%s) are given", *name),
                            "a plain restore needs a target section without the key `job`");
        *name = JOB_STANDALONE;
        return NULL;
    }
    if (!*name)
        return err_hint(err_new(ERR_USAGE, "neither --job NAME nor --standalone is given"),
                        "--job makes a target that ccr-apply keeps in step, --standalone a plain copy");
    return job_check_name(*name);
}

/* What is needed stands on the target. Keys of the config file are those of the first restore. */
static struct err *restore_check_requested(const struct opts *opts)
{
    static const enum opt_id others[] = {
        OPT_DATABASES,      OPT_TABLES,    OPT_PARTITIONS,   OPT_EXCLUDE_DATABASES,
        OPT_EXCLUDE_TABLES, OPT_RENAME_DB, OPT_RENAME_TABLE, OPT_SNAPSHOT,
        OPT_STANDALONE,     OPT_FULL,      OPT_IN_PLACE,
    };

    if (!opts_flag(opts, OPT_REQUESTED))
        return NULL;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (opts_flagged(opts, others[i]))
            return err_new(ERR_USAGE, "--requested goes without what says which tables, renames or snapshot: "
                                      "the job knows");
    return NULL;
}

static struct err *restore_load(const struct opts *opts, enum load_way *way)
{
    const char *load = opts_string(opts, OPT_LOAD);

    *way = !load ? LOAD_OFFERED : strcmp(load, "text") == 0 ? LOAD_TEXT : LOAD_BULK;
    if (*way == LOAD_BULK && strcmp(load, "bulk") != 0)
        return err_new(ERR_USAGE, "--load is 'bulk' or 'text', not '%s'", load);
    return NULL;
}

/* Some tables of a job that is there, or the whole. */
static struct err *restore_either(const struct partial_params *partial, struct restore_result *result)
{
    bool taken = false;

    TRY(partial_restore(partial, result, &taken));
    return taken ? NULL : restore(partial->restore, result);
}

/* The job's state is looked at, and how the run ended is noted, on connections of their own: the run's may be
 * lost. A plain restore is no job. */
static struct err *restore_admit(struct run *run, const struct conn_params *target, const char *job,
                                 bool *paused)
{
    struct conn *c = NULL;

    if (opts_flag(run->opts, OPT_STANDALONE))
        return NULL;
    TRY(conn_open(target, &c));
    struct err *e = job_state_admit(c, run, job, paused);
    conn_close(c);
    return e;
}

static struct err *restore_note_end(struct run *run, const struct restore_params *params, struct err *e)
{
    const struct job_outcome outcome = {.job = params->job, .asked_for = opts_flag(run->opts, OPT_REQUESTED)};
    struct conn *c = NULL;

    if (opts_flag(run->opts, OPT_STANDALONE))
        return e;
    struct err *failed = conn_open(params->target, &c);
    if (!failed)
        failed = target_session_set(c);
    if (failed)
        e = err_first(e, failed);
    else
        e = job_state_ended(c, run, &outcome, e);
    conn_close(c);
    return e;
}

/* A copy by hand may have been what was asked for. */
static void restore_publish_needs(struct run *run, const struct restore_params *params)
{
    struct job_requests p = {NULL, params->store, params->job, opts_program_name(run->program), run->log};
    struct err *e = conn_open(params->target, &p.conn);

    if (!e)
        job_requests_publish(&p);
    err_free(e);
    conn_close(p.conn);
}

static struct err *restore_by_hand(struct run *run, const struct partial_params *partial)
{
    const struct restore_params *params = partial->restore;
    struct restore_result result = {0};
    struct err *e = restore_note_end(run, params, restore_either(partial, &result));

    restore_report(run, params, &result);
    if (!e && !opts_flag(run->opts, OPT_STANDALONE))
        restore_publish_needs(run, params);
    if (!e)
        restore_say(run, &result);
    restore_result_free(&result);
    return e;
}

/* One after the other what is needed; the result is that of the last copy. */
static struct err *restore_requested(struct run *run, const struct partial_params *partial)
{
    const char *program = opts_program_name(run->program);
    enum requested outcome = REQUESTED_COPIED;
    struct buf waits_for = BUF_INIT;
    uint64_t copies = 0;
    bool changed = false;
    struct err *e = NULL;

    while (!e && outcome == REQUESTED_COPIED) {
        struct restore_result result = {0};
        e = requested_next(partial, program, &result, &outcome, &waits_for);
        if (e || outcome == REQUESTED_COPIED) {
            e = restore_note_end(run, partial->restore, e);
            restore_report(run, partial->restore, &result);
        }
        if (!e && outcome == REQUESTED_COPIED) {
            copies++;
            restore_say(run, &result);
        }
        changed |= result.changed;
        restore_result_free(&result);
    }
    run->changed = changed;
    document_set_bytes(run->result, "job", partial->restore->job);
    document_set_u64(run->result, "copies", copies);
    json_object_set_new(run->result, "waiting", json_boolean(!e && outcome == REQUESTED_WAITS));
    if (!e && outcome == REQUESTED_WAITS)
        log_info(run->log, "job %s waits for a snapshot of %s", partial->restore->job, buf_str(&waits_for));
    buf_free(&waits_for);
    return e;
}

static struct err *restore_start(struct run *run, const struct partial_params *partial)
{
    return opts_flag(run->opts, OPT_REQUESTED) ? restore_requested(run, partial)
                                               : restore_by_hand(run, partial);
}

/* Of what is not done for readers of live tables, by the swap and behind it, which have their own. */
static unsigned lock_wait(const struct opts *opts)
{
    uint64_t seconds = opts_number(opts, OPT_SWAP_WAIT);

    return seconds == 0 ? 1 : seconds < LOCK_WAIT_MOST_S ? (unsigned)seconds : LOCK_WAIT_MOST_S;
}

/* What is asked for, as far as it is understood before anything is connected to. */
struct restore_asked {
    const char *name;
    enum load_way load;
    struct apply_limits limits;
};

/* With the store open. */
static struct err *restore_from(struct run *run, struct store *store, const struct restore_asked *asked)
{
    const struct opts *opts = run->opts;
    struct conn_params target;
    bool paused = false;

    conn_params_from_opts(opts, CONN_TARGET, &target);
    target.skip_binlog = opts_flag(opts, OPT_SKIP_TARGET_BINLOG);
    target.lock_wait_s = lock_wait(opts);
    TRY(restore_admit(run, &target, asked->name, &paused));
    if (paused)
        return NULL;
    struct restore_params params = {
        .store = store,
        .stream = opts_given(opts, OPT_STREAM) ? opts_string(opts, OPT_STREAM) : NULL,
        .snapshot = opts_string(opts, OPT_SNAPSHOT),
        .job = asked->name,
        .target = &target,
        .log = run->log,
        .scope = scope_texts_of(opts),
        .partitions = opts_list(opts, OPT_PARTITIONS, NULL),
        .database_renames = opts_list(opts, OPT_RENAME_DB, NULL),
        .table_renames = opts_list(opts, OPT_RENAME_TABLE, NULL),
        .full = opts_flag(opts, OPT_FULL),
        .replace = opts_flag(opts, OPT_REPLACE),
        .in_place = opts_flag(opts, OPT_IN_PLACE),
        .with_users = opts_flag(opts, OPT_WITH_USERS),
        .missing_definer = opts_string(opts, OPT_MISSING_DEFINER),
        .existing_users = opts_string(opts, OPT_EXISTING_USERS),
        .threads = (unsigned)opts_number(opts, OPT_THREADS),
        .load = asked->load,
        .swap_wait_s = opts_number(opts, OPT_SWAP_WAIT),
        .lock_wait_s = opts_number(opts, OPT_LOCK_WAIT),
        .readers_on = opts_list(opts, OPT_READERS_ON, NULL),
    };
    bounds_from_opts(opts, &params.bounds);
    TRY(protect_choice_from_opts(opts, &params.protect));
    const struct partial_params partial = {.restore = &params, .limits = &asked->limits};
    return restore_start(run, &partial);
}

static struct err *restore_run(struct run *run)
{
    struct restore_asked asked = {0};
    struct store *store = NULL;

    TRY(restore_load(run->opts, &asked.load));
    TRY(restore_name(run->opts, &asked.name));
    TRY(apply_limits_read(run->opts, &asked.limits));
    TRY(restore_check_requested(run->opts));
    TRY(store_open_opts(run->opts, run->log, &store));
    struct err *e = restore_from(run, store, &asked);
    store_close(store);
    return e;
}

int main(int argc, char **argv)
{
    struct run *run;
    int status;

    if (!run_start(PROGRAM_RESTORE, argc, argv, &run, &status))
        return status;
    return run_finish(run, restore_run(run));
}
