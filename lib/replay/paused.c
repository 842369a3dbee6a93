#include "replay/paused.h"

#include <string.h>

#include "base/clock.h"
#include "job/job_state.h"

bool paused_is_due(struct apply *a)
{
    int64_t now_us = clock_monotonic_us();

    if (!a->heeds_pause || a->dry_run)
        return false;
    if (!a->asked_us) /* the run has just begun, and has asked before that */
        a->asked_us = now_us;
    if (now_us - a->asked_us < (int64_t)PAUSED_EVERY_S * CLOCK_US_PER_S)
        return false;
    a->asked_us = now_us;
    return true;
}

/* A copy needs the job to itself, for a while or for its last steps. */
static struct err *make_way(struct apply *a, struct conn *c)
{
    TRY(job_lock_is_wanted(c, a->job->name, &a->paused));
    if (a->paused)
        log_info(a->log, "a copy of job %s waits for this run, which makes way for it", a->job->name);
    return NULL;
}

struct err *paused_ask(struct apply *a, struct conn *c)
{
    struct job_state now;

    TRY(job_state_read(c, a->job->name, &now));
    a->paused = strcmp(now.state, JOB_PAUSED) == 0;
    if (a->paused)
        log_info(a->log, "job %s was paused by %s, the run ends here: %s", a->job->name, now.who, now.reason);
    job_state_free(&now);
    return a->paused || !a->limits.follow ? NULL : make_way(a, c);
}

void paused_look(struct apply *a)
{
    struct err *e = NULL;

    if (!paused_is_due(a))
        return;
    if (!a->beside)
        e = conn_open(&a->conn_params, &a->beside);
    if (!e)
        e = paused_ask(a, a->beside);
    if (!e)
        return;
    log_info(a->log, "whether the job was paused could not be asked just now: %s", err_message(e));
    err_free(e);
    conn_close(a->beside);
    a->beside = NULL;
}
