/* ccr-job: jobs shown, paused, resumed, and led past what they cannot pass. */
#include <string.h>

#include "base/run.h"
#include "snapshot/job.h"
#include "steer/steer.h"

static struct err *skip(const struct steer *s)
{
    return steer_skip(s, opts_string(s->run->opts, OPT_GTID));
}

/* What each verb needs. */
static const struct verb {
    const char *name;
    struct err *(*fn)(const struct steer *s);
    bool job;
    bool reason; /* it changes something */
    bool gtid;
    bool store;
} verbs[] = {
    {"list", steer_list, false, false, false, false},
    {"show", steer_list, true, false, false, false},
    {"pause", steer_pause, true, true, false, false},
    {"resume", steer_resume, true, true, false, false},
    {"skip", skip, true, true, true, false},
    {"adopt", steer_adopt, true, true, false, true},
    {"desync", steer_desync, true, false, false, true},
};

static struct err *check(const struct opts *o, const struct verb *v)
{
    const struct {
        enum opt_id id;
        bool needed;
    } words[] = {{OPT_REASON, v->reason}, {OPT_GTID, v->gtid}};

    if (v->job)
        TRY(opts_require(o, OPT_JOB));
    if (v->job)
        TRY(job_check_name(opts_string(o, OPT_JOB)));
    if (opts_flag(o, OPT_YES) && v->fn != steer_desync)
        return err_new(ERR_USAGE, "ccr-job %s takes no --yes", v->name);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (words[i].needed)
            TRY(opts_require(o, words[i].id));
        else if (opts_given(o, words[i].id))
            return err_new(ERR_USAGE, "ccr-job %s takes no --%s", v->name,
                           words[i].id == OPT_GTID ? "gtid" : "reason");
    }
    return NULL;
}

static struct err *steer_with(struct run *run, const struct verb *v, struct store *store)
{
    struct conn_params target;
    struct steer s = {
        .run = run,
        .store = store,
        .job = v->job ? opts_string(run->opts, OPT_JOB) : NULL,
        .reason = opts_string(run->opts, OPT_REASON),
    };

    conn_params_from_opts(run->opts, CONN_TARGET, &target);
    TRY(conn_open(&target, &s.conn));
    struct err *e = v->fn(&s);
    conn_close(s.conn);
    return e;
}

static struct err *job_run(struct run *run)
{
    const struct verb *v = NULL;
    struct store *store = NULL;

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].name, opts_verb(run->opts)) == 0)
            v = &verbs[i];
    if (!v)
        return err_new(ERR_INTERNAL, "the verb '%s' has no function", opts_verb(run->opts));
    TRY(check(run->opts, v));
    if (v->store)
        TRY(store_open_opts(run->opts, run->log, &store));
    struct err *e = steer_with(run, v, store);
    store_close(store);
    return e;
}

int main(int argc, char **argv)
{
    struct run *run;
    int status;

    if (!run_start(PROGRAM_JOB, argc, argv, &run, &status))
        return status;
    return run_finish(run, job_run(run));
}
