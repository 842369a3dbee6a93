/* What the runs of a job make of its state. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "job/job.h"
#include "job/job_state.h"

static void say_left_alone(struct run *run, const char *job, const struct job_state *s)
{
    char since[CLOCK_TEXT_SIZE];

    document_set_bytes(run->result, "state_since", clock_format(s->since * CLOCK_US_PER_S, since));
    document_set_bytes(run->result, "state_who", s->who);
    document_set_bytes(run->result, "state_reason", s->reason);
    log_info(run->log, "job %s is %s since %s by %s, nothing is done: %s", job, s->state, since, s->who,
             s->reason);
}

static struct err *stopped_error(const char *job, const struct job_state *s)
{
    static const struct json_doc doc = {"`error` of the job in ccr.states", ERR_TARGET};
    char since[CLOCK_TEXT_SIZE];
    const char *program;
    uint64_t code = 0;
    char *message = NULL;
    char *hint = NULL;

    if (!s->error)
        return NULL;
    TRY(json_string_of(&doc, s->error, "program", &program));
    TRY(json_u64_of(&doc, s->error, "code", &code));
    TRY(json_bytes_of(&doc, s->error, "message", &message, NULL));
    struct err *e = document_opt_bytes(&doc, s->error, "hint", &hint);
    if (!e) {
        e = err_new(code < ERR_LOCKED ? (enum err_code)code : ERR_INTERNAL,
                    "job %s needs a person since %s, and is left alone until then: %s: %s", job,
                    clock_format(s->since * CLOCK_US_PER_S, since), program, message);
        e = err_hint(e,
                     "%s%sthe job goes on after ccr-job resume --job %s, or when a run by hand (%s, without "
                     "--cron and --follow) has succeeded",
                     hint ? hint : "", hint ? "; " : "", job, program);
    }
    free(message);
    free(hint);
    return e;
}

/* NULL where it is not. */
static struct err *promoted_error(const char *job, const struct job_state *s)
{
    char since[CLOCK_TEXT_SIZE];

    clock_format(s->since * CLOCK_US_PER_S, since);
    if (strcmp(s->state, JOB_PROMOTING) == 0)
        return err_hint(err_new(ERR_UNSAFE, "the promotion of job %s was begun at %s by %s, and not finished",
                                job, since, s->who),
                        "ccr-promote --job %s --yes goes on with it", job);
    if (strcmp(s->state, JOB_PROMOTED) != 0)
        return NULL;
    return err_hint(
        err_new(ERR_UNSAFE, "job %s was promoted at %s by %s: this target follows nothing any more", job,
                since, s->who),
        "ccr-job desync --job %s removes what ccr knows of the job; then it can be made anew", job);
}

struct err *job_state_admit(struct conn *c, struct run *run, const char *job, bool *paused)
{
    const bool unattended = opts_unattended(run->opts);
    struct job_state s;

    TRY(job_state_read(c, job, &s));
    document_set_bytes(run->result, "state", s.state);
    /* who runs something by hand wants it done; cron's lines may stay for a while */
    *paused = strcmp(s.state, JOB_PAUSED) == 0 || (unattended && strcmp(s.state, JOB_PROMOTED) == 0);
    struct err *e = NULL;
    if (*paused)
        say_left_alone(run, job, &s);
    else if (unattended && strcmp(s.state, JOB_STOPPED) == 0)
        e = stopped_error(job, &s);
    else
        e = promoted_error(job, &s);
    job_state_free(&s);
    return e;
}

struct err *job_state_lock(struct conn *c, const char *job)
{
    struct job_state s;

    TRY(job_lock(c, job));
    TRY(job_state_read(c, job, &s));
    struct err *e = promoted_error(job, &s);
    job_state_free(&s);
    return e;
}

struct err *job_state_lock_for_copy(struct conn *c, const char *job)
{
    enum { TRIES = 3 }; /* of some seconds each */

    TRY(job_lock_want(c, job, true));
    struct err *e = job_state_lock(c, job);
    for (int i = 1; i < TRIES && err_code(e) == ERR_LOCKED; i++) {
        err_free(e);
        e = job_state_lock(c, job);
    }
    return err_first(e, job_lock_want(c, job, false));
}

struct err *job_state_ended(struct conn *c, struct run *run, const struct job_outcome *how, struct err *e)
{
    struct job_outcome outcome = *how;
    const char *job = how->job;
    const json_t *was = json_object_get(run->result, "state");
    bool was_stopped = was && strcmp(json_string_value(was), JOB_STOPPED) == 0;
    const char *state = JOB_FOLLOWING;

    outcome.program = opts_program_name(run->program);
    outcome.error = e;
    struct err *failed = job_state_record(c, &outcome, &state);
    if (failed)
        return err_first(e, err_context(failed, "noting how the run of job %s ended", job));
    if (e && strcmp(state, JOB_STOPPED) == 0 && !was_stopped)
        log_warn(run->log,
                 "job %s needs a person: %s; runs with --cron and --follow leave it alone from now on", job,
                 how->too_often ? "the same is copied too often"
                                : "the third failure in a row of the same cause");
    /* of a failure that is none of the job's, it is what it was */
    if (!e || strcmp(state, JOB_FOLLOWING) != 0 || !was)
        document_set_bytes(run->result, "state", state);
    return e;
}
