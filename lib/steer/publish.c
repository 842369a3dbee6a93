/* The store's copy of a job, made anew from the target's. */
#include "format/document.h"
#include "job/job_publish.h"
#include "replay/status.h"
#include "steer/steer.h"

/* A report that is damaged is replaced as one that is missing. */
static struct err *publish_position(const struct steer *s, const struct job *job)
{
    struct job_position p;
    bool found = false;
    struct err *e = job_position_read(s->conn, s->job, &p, &found);

    if (!e && found) {
        e = status_check(s->store, job, &p);
        if (err_code(e) == ERR_INTEGRITY) {
            err_free(e);
            e = NULL;
        }
        if (!e)
            e = status_publish(s->store, job, &p);
    }
    job_position_free(&p);
    return e;
}

static struct err *publish_locked(const struct steer *s, const struct job *job)
{
    bool changed = false;

    TRY(job_check_store(job, s->store));
    TRY(publish_position(s, job));
    TRY(job_publish(s->conn, s->store, s->job, &changed));
    return steer_ask(s);
}

struct err *steer_publish(const struct steer *s)
{
    struct job *job = NULL;

    TRY(steer_load(s, s->job, &job));
    struct err *e = job_lock(s->conn, s->job);
    if (!e)
        e = publish_locked(s, job);
    job_free(job);
    TRY(e);
    s->run->changed = true;
    document_set_bytes(s->run->result, "job", s->job);
    run_say(s->run, "the store has job %s as the target has it", s->job);
    return NULL;
}
