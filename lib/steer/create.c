/* A new job. */
#include <stdlib.h>

#include "base/mem.h"
#include "check/check.h"
#include "format/document.h"
#include "format/layout.h"
#include "job/job.h"
#include "job/job_publish.h"
#include "job/job_state.h"
#include "mysql/server_file.h"
#include "restore/target_session.h"
#include "steer/steer.h"

static struct err *make_job(const struct steer *s, struct job **out)
{
    const struct opts *o = s->run->opts;
    const struct scope_texts texts = scope_texts_of(o);
    struct job *job = mem_zalloc(1, sizeof(*job));

    *out = job;
    job->name = mem_strdup(s->job);
    job->stream = mem_strdup(opts_string(o, OPT_STREAM));
    TRY(layout_check_name("stream", job->stream));
    TRY(scope_parse(&texts, &job->scope));
    return scope_parse_renames(opts_list(o, OPT_RENAME_DB, NULL), opts_list(o, OPT_RENAME_TABLE, NULL),
                               &job->scope);
}

/* Errors refuse the job. */
static struct err *check(const struct steer *s, struct job *job, const struct named_source *source)
{
    struct check_list found = {0};
    const struct check_params params = {
        .target = s->conn,
        .target_params = s->conn_params,
        .source = source->conn,
        .source_params = &source->params,
        .store = s->store,
        .opts = s->run->opts,
        .replace = opts_flag(s->run->opts, OPT_REPLACE),
    };
    struct err *e = check_job(&params, job, &found);
    size_t errors = check_count(&found, CHECK_ERROR);

    check_say(&found, s->run);
    json_object_set_new(s->run->result, "errors", json_integer((json_int_t)errors));
    json_object_set_new(s->run->result, "warnings",
                        json_integer((json_int_t)check_count(&found, CHECK_WARNING)));
    if (!e && errors)
        e = err_hint(err_new(ERR_UNSAFE, "job %s would not run as it is: %zu error%s", job->name, errors,
                             errors == 1 ? "" : "s"),
                     "each is told above, and in `findings` of --json");
    check_list_free(&found);
    return e;
}

struct saving {
    const struct steer *s;
    const struct job *job;
    const char *what; /* the line of the history */
};

static struct err *save(void *arg)
{
    const struct saving *v = arg;

    const struct job_need first = {
        .kind = JOB_FULL, .db = "", .name = "", .gtid = "", .reason = v->s->reason};

    TRY(job_save(v->s->conn, v->job));
    TRY(job_need_put(v->s->conn, v->job->name, &first));
    return job_history_add(v->s->conn, v->job->name, v->what, v->s->reason);
}

static struct err *publish(const struct steer *s)
{
    bool changed;
    struct err *e = job_publish(s->conn, s->store, s->job, &changed);

    if (!e)
        e = steer_ask(s);
    return e ? err_hint(err_context(e, "job %s is made, but not published", s->job),
                        "ccr-job publish --job %s does it again", s->job)
             : NULL;
}

static struct err *make(const struct steer *s, const struct job *job)
{
    char *who = NULL;

    TRY(job_setup(s->conn));
    TRY(job_who(s->conn, opts_program_name(s->run->program), &who));
    char *what = mem_printf("created by %s", who);
    struct saving v = {s, job, what};
    struct err *e = conn_transaction(s->conn, save, &v);
    free(what);
    free(who);
    TRY(e);
    s->run->changed = true;
    TRY(publish(s));
    run_say(s->run, "job %s is made, and waits for its first copy", job->name);
    return NULL;
}

static struct err *create_with(const struct steer *s, struct job *job, const struct named_source *source)
{
    const bool only_check = opts_flag(s->run->opts, OPT_CHECK);

    if (!only_check) {
        TRY(target_session_set(s->conn));
        TRY(job_lock_stage(s->conn, s->job));
        TRY(job_lock(s->conn, s->job));
    }
    TRY(check(s, job, source));
    if (!only_check)
        return make(s, job);
    run_say(s->run, "job %s can be made", job->name);
    return NULL;
}

struct err *steer_create(const struct steer *s)
{
    struct named_source source;
    struct job *job = NULL;
    struct err *e;

    if (!opts_flag(s->run->opts, OPT_CHECK))
        TRY(opts_require(s->run->opts, OPT_REASON));
    document_set_bytes(s->run->result, "job", s->job);
    e = named_source_open(s->run->opts, &source);
    if (!e)
        e = make_job(s, &job);
    if (!e)
        e = create_with(s, job, &source);
    job_free(job);
    named_source_close(&source);
    return e;
}
