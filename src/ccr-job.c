/* ccr-job: jobs made, shown, paused, resumed, and led past what they cannot pass. */
#include <string.h>

#include "base/run.h"
#include "job/job.h"
#include "steer/steer.h"

static struct err *skip(const struct steer *s)
{
    return steer_skip(s, opts_string(s->run->opts, OPT_GTID));
}

/* The keys of the config file are those of the first restore. */
static struct err *resync(const struct steer *s)
{
    static const char *const no_list[] = {NULL};
    const struct opts *o = s->run->opts;
    const struct steer_resync what = {
        .tables = opts_flagged(o, OPT_TABLES) ? opts_list(o, OPT_TABLES, NULL) : no_list,
        .partitions = opts_flagged(o, OPT_PARTITIONS) ? opts_list(o, OPT_PARTITIONS, NULL) : no_list,
    };

    return steer_resync(s, &what);
}

/* Options that only some verbs take. Each list ends with OPT_COUNT_. */
static const enum opt_id none[] = {OPT_COUNT_};
static const enum opt_id reason[] = {OPT_REASON, OPT_COUNT_};
static const enum opt_id reason_gtid[] = {OPT_REASON, OPT_GTID, OPT_COUNT_};
static const enum opt_id yes[] = {OPT_YES, OPT_COUNT_};
static const enum opt_id of_delete[] = {OPT_YES, OPT_WITH_DATA, OPT_WITHOUT_TARGET, OPT_COUNT_};
static const enum opt_id of_create[] = {
    OPT_CHECK,     OPT_REASON,         OPT_SOURCE,       OPT_STREAM,
    OPT_REPLACE,   OPT_DATABASES,      OPT_TABLES,       OPT_EXCLUDE_DATABASES,
    OPT_RENAME_DB, OPT_EXCLUDE_TABLES, OPT_RENAME_TABLE, OPT_COUNT_};
static const enum opt_id of_resync[] = {OPT_TABLES, OPT_PARTITIONS, OPT_COUNT_};
static const enum opt_id *const of_verbs[] = {reason_gtid, of_delete, of_create, of_resync};

static const struct verb {
    const char *name;
    struct err *(*fn)(const struct steer *s);
    bool job;
    bool store;
    const enum opt_id *needs;
    const enum opt_id *takes;
} verbs[] = {
    {"list", steer_list, false, false, none, none},
    {"create", steer_create, true, true, none, of_create},
    {"show", steer_list, true, false, none, none},
    {"pause", steer_pause, true, false, reason, none},
    {"resume", steer_resume, true, false, reason, none},
    {"resync", resync, true, true, reason, of_resync},
    {"skip", skip, true, false, reason_gtid, none},
    {"adopt", steer_adopt, true, true, reason, none},
    {"desync", steer_desync, true, true, none, yes},
    {"delete", steer_delete, true, true, none, of_delete},
    {"publish", steer_publish, true, true, none, none},
};

static bool has(const enum opt_id *list, enum opt_id id)
{
    while (*list != OPT_COUNT_ && *list != id)
        list++;
    return *list == id;
}

static struct err *check(const struct opts *o, const struct verb *v)
{
    if (v->job) {
        TRY(opts_require(o, OPT_JOB));
        TRY(job_check_name(opts_string(o, OPT_JOB)));
    }
    if (!v->job && opts_flagged(o, OPT_JOB))
        return err_hint(err_new(ERR_USAGE, "ccr-job %s takes no --job", v->name), "ccr-job show takes one");
    for (const enum opt_id *id = v->needs; *id != OPT_COUNT_; id++)
        TRY(opts_require(o, *id));
    if (opts_flag(o, OPT_WITHOUT_TARGET) && opts_flag(o, OPT_WITH_DATA))
        return err_new(ERR_USAGE, "--with-data needs the target: it does not go with --without-target");
    for (size_t i = 0; i < sizeof(of_verbs) / sizeof(of_verbs[0]); i++)
        for (const enum opt_id *id = of_verbs[i]; *id != OPT_COUNT_; id++)
            if (opts_flagged(o, *id) && !has(v->needs, *id) && !has(v->takes, *id))
                return err_new(ERR_USAGE, "ccr-job %s takes no --%s", v->name, opts_name(*id));
    return NULL;
}

/* A target that does not answer may be gone, and its job is to be ended all the same. */
static struct err *hint_at_store(struct err *e, const char *job)
{
    const char *hint = err_hint_text(e);
    struct err *better = err_hint(err_new(err_code(e), "%s", err_message(e)),
                                  "%s%swhere the target is gone for good, ccr-job delete --job %s "
                                  "--without-target removes the job from the store",
                                  hint ? hint : "", hint ? " " : "", job);

    err_free(e);
    return better;
}

static struct err *steer_with(struct run *run, const struct verb *v, struct store *store)
{
    struct conn_params target;
    struct steer s = {
        .run = run,
        .conn_params = &target,
        .store = store,
        .job = v->job ? opts_string(run->opts, OPT_JOB) : NULL,
        .reason = opts_string(run->opts, OPT_REASON),
    };

    if (opts_flag(run->opts, OPT_WITHOUT_TARGET))
        return steer_forget(&s);
    conn_params_from_opts(run->opts, CONN_TARGET, &target);
    struct err *e = conn_open(&target, &s.conn);
    if (e)
        return v->fn == steer_delete ? hint_at_store(e, s.job) : e;
    e = v->fn(&s);
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
