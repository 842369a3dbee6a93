/* ccr-status: how jobs and streams are doing. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/run.h"
#include "format/document.h"
#include "format/layout.h"
#include "job/job.h"
#include "status/jobs.h"
#include "status/status_text.h"

/* Without a word about a server there is only the store to look at. */
static bool has_target(const struct opts *o)
{
    static const enum opt_id ids[] = {OPT_TARGET, OPT_HOST, OPT_PORT,
                                      OPT_SOCKET, OPT_USER, OPT_DEFAULTS_FILE};

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        if (opts_given(o, ids[i]))
            return true;
    return false;
}

static struct err *look_at_target(struct run *run, struct streams *streams, json_t *jobs)
{
    struct conn_params target;
    struct conn *c = NULL;

    if (!has_target(run->opts))
        return NULL;
    conn_params_from_opts(run->opts, CONN_TARGET, &target);
    TRY(conn_open(&target, &c));
    struct err *e = jobs_on_target(c, opts_string(run->opts, OPT_JOB), streams,
                                   opts_number(run->opts, OPT_HISTORY), jobs);
    conn_close(c);
    return e;
}

/* A folder that is not mounted is not a store without jobs. */
static struct err *check_is_store(struct store *store)
{
    char *id = NULL;
    struct err *e = layout_open_store(store, false, &id);

    free(id);
    return e;
}

/* Where no target is named, or it has no such job, the store tells what it knows. */
static struct err *look_around(struct run *run, struct streams *streams, json_t *jobs)
{
    const char *job = opts_string(run->opts, OPT_JOB);

    TRY(look_at_target(run, streams, jobs));
    if (json_array_size(jobs))
        return NULL;
    TRY(jobs_in_store(job, streams, jobs));
    if (job && json_array_size(jobs) == 0)
        return err_hint(err_new(ERR_TARGET, "neither a target nor the store knows a job '%s'", job),
                        "ccr-restore --job %s makes it, from a snapshot", job);
    TRY(streams_look_at_all(streams));
    return json_array_size(jobs) || streams->count ? NULL : check_is_store(streams->store);
}

/* Fills in *status: "time", "jobs" and "streams". */
static struct err *look(struct run *run, struct store *store, json_t *status)
{
    char time[CLOCK_TEXT_SIZE];
    struct streams streams = {
        .store = store,
        .now_us = clock_now_us(),
        .silent_after_us = (int64_t)opts_number(run->opts, OPT_SILENT_AFTER) * CLOCK_US_PER_S,
    };
    json_t *jobs = json_array();

    document_set_bytes(status, "time", clock_format(streams.now_us, time));
    json_object_set_new(status, "jobs", jobs);
    struct err *e = look_around(run, &streams, jobs);
    json_object_set_new(status, "streams", streams_to_json(&streams));
    streams_free(&streams);
    return e;
}

static void show(struct run *run, const json_t *status)
{
    struct buf text = BUF_INIT;

    if (opts_flag(run->opts, OPT_PROMETHEUS))
        status_prometheus(status, &text);
    else if (!opts_flag(run->opts, OPT_JSON))
        status_text(status, clock_now_us(), &text);
    fwrite(text.data ? (const char *)text.data : "", 1, text.len, stdout);
    buf_free(&text);
}

/* Once more every few seconds, whatever happens, until a signal. */
static struct err *watch(struct run *run, struct store *store)
{
    const bool terminal = isatty(STDOUT_FILENO);

    while (!interrupt_requested()) {
        json_t *status = json_object();
        struct err *e = look(run, store, status);
        if (terminal)
            fputs("\033[H\033[J", stdout);
        if (e)
            printf("%s\n", err_message(e));
        else
            show(run, status);
        err_free(e);
        json_decref(status);
        if (fflush(stdout) != 0)
            return err_new(ERR_INTERNAL, "the status could not be written to standard output");
        int64_t until = clock_monotonic_us() + (int64_t)opts_number(run->opts, OPT_POLL) * CLOCK_US_PER_S;
        while (!interrupt_requested() && clock_monotonic_us() < until)
            clock_sleep_us(until - clock_monotonic_us());
    }
    return NULL;
}

static struct err *status_run(struct run *run)
{
    const bool watching = opts_flag(run->opts, OPT_WATCH);
    struct store *store = NULL;

    if (opts_flag(run->opts, OPT_JSON) + opts_flag(run->opts, OPT_PROMETHEUS) + watching > 1)
        return err_new(ERR_USAGE, "--json, --prometheus and --watch exclude each other");
    if (opts_string(run->opts, OPT_JOB))
        TRY(job_check_name(opts_string(run->opts, OPT_JOB)));
    TRY(store_open_opts(run->opts, run->log, &store));
    struct err *e = watching ? watch(run, store) : look(run, store, run->result);
    if (!e && !watching)
        show(run, run->result);
    store_close(store);
    return e;
}

int main(int argc, char **argv)
{
    struct run *run;
    int status;

    if (!run_start(PROGRAM_STATUS, argc, argv, &run, &status))
        return status;
    return run_finish(run, status_run(run));
}
