#include "replay/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "format/layout.h"
#include "format/object.h"

/* XA branches that are prepared are read again from the object in which they begin (formats/target.md, held).
 */
static uint64_t first_needed(const struct job_position *p)
{
    static const struct json_doc doc = {.name = "`held` in the position row", .code = ERR_TARGET};
    uint64_t needed = p->number + 1;
    json_t *held = NULL;
    json_t *branch;
    const char *xid;
    struct err *e = p->held ? json_parse(&doc, p->held, strlen(p->held), &held) : NULL;

    err_free(e); /* whoever needs a branch says so */
    json_object_foreach(held, xid, branch)
    {
        json_int_t number = json_integer_value(json_object_get(branch, "number"));
        if (number > 0 && (uint64_t)number < needed)
            needed = (uint64_t)number;
    }
    json_decref(held);
    return needed;
}

struct err *status_publish(struct store *s, const struct job *job, const struct job_position *p)
{
    char nonce[JOB_NONCE_SIZE];
    const struct job_status status = {
        .job = job->name,
        .stream = job->stream,
        .origin = {job->store_id, job->stream_id},
        .epoch = p->epoch,
        .number = p->number,
        .needed = first_needed(p),
        .position = p->pos,
        .source_time = p->source_time,
        .nonce = strcpy(nonce, p->nonce),
    };
    char *text = job_status_encode(&status, clock_now_us());
    char *key = layout_job_status_key(job->name);

    failpoint("status-before");
    struct err *e = object_put(s, key, text, strlen(text));
    failpoint("status-after");
    free(key);
    free(text);
    return e;
}

struct err *status_check(struct store *s, const struct job *job, const struct job_position *p)
{
    /* a target that follows another stream under this name is told by the nonce */
    const struct origin expected = {.store_id = job->store_id};
    struct job_status status;
    bool found = false;
    struct err *e = job_status_load(s, job->name, &expected, &status, &found);

    if (!e && found && strcmp(status.nonce, p->nonce) != 0 && strcmp(status.nonce, p->previous_nonce) != 0)
        e = err_hint(
            err_new(ERR_UNSAFE,
                    "the last run of job %s was on another target than this one, or on a later state of "
                    "it: this one was cloned, or restored from a backup",
                    job->name),
            "if this target is the right one, and the other is gone: ccr-job adopt --job %s --reason TEXT; "
            "if both are to follow, one of them needs a job of another name (ccr-restore --job NAME)",
            job->name);
    job_status_free(&status);
    return e;
}

int64_t status_source_seen(const struct alive *alive, const struct job_position *p)
{
    bool reached = alive->epoch == p->epoch && gtid_pos_reaches(&p->pos, &alive->position);

    return reached ? alive->time_us / CLOCK_US_PER_S : 0;
}
