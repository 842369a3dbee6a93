/* The end of a job whose target is gone: what the store has of it is all that is left. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "format/layout.h"
#include "format/object.h"
#include "format/reported.h"
#include "job/job_publish.h"
#include "steer/steer.h"

static struct err *count_object(const struct store_entry *entry, void *arg)
{
    uint64_t *count = arg;

    (void)entry;
    (*count)++;
    return NULL;
}

/* A report that cannot be read is no reason to keep it. */
static void say_report(const struct steer *s, const char *key, const struct buf *bytes, int64_t seen_us)
{
    struct job_status status;
    char time[CLOCK_TEXT_SIZE];
    struct err *e = job_status_decode(key, bytes->data, bytes->len, &status);

    clock_format(seen_us, time);
    document_set_bytes(s->run->result, "seen", time);
    if (e) {
        run_say(s->run, "its target last reported at %s; the report cannot be read: %s", time,
                err_message(e));
        err_free(e);
        return;
    }
    document_set_pos(s->run->result, "position", &status.position);
    run_say(s->run,
            "its target last reported at %s, and holds the log of stream %s from object %" PRIu64
            " of epoch %" PRIu64 " on",
            time, status.stream, status.needed, status.epoch);
    job_status_free(&status);
}

static struct err *say_seen(const struct steer *s)
{
    char *key = layout_job_status_key(s->job);
    struct buf bytes = BUF_INIT;
    struct store_stat stat = {0};
    bool found = false;
    struct err *e = object_get(s->store, key, &bytes, &found);

    if (!e && found)
        e = store_head(s->store, key, &stat, &found);
    if (!e && found)
        say_report(s, key, &bytes, stat.modified_us);
    else if (!e)
        run_say(s->run, "its target has never reported to the store, or what it reported is gone");
    buf_free(&bytes);
    free(key);
    return e;
}

static struct err *count_objects(const struct steer *s, uint64_t *count)
{
    char *prefix = mem_printf("jobs/%s/", s->job);
    const struct store_list list = {.prefix = prefix};
    struct err *e = store_list(s->store, &list, count_object, count);

    free(prefix);
    return e;
}

struct err *steer_forget(const struct steer *s)
{
    const bool yes = opts_flag(s->run->opts, OPT_YES);
    uint64_t count = 0;

    document_set_bytes(s->run->result, "job", s->job);
    TRY(count_objects(s, &count));
    if (count == 0)
        return err_hint(err_new(ERR_STORE, "the store has nothing of a job '%s'", s->job),
                        "ccr-status --store URL shows the jobs that have reported to it");
    document_set_u64(s->run->result, "objects", count);
    TRY(say_seen(s));
    if (!yes) {
        run_say(
            s->run,
            "job %s would be removed from the store, and its target left alone: --yes does it. Only for a "
            "target that is gone for good: the log that one that comes back needs may be pruned by then",
            s->job);
        return NULL;
    }
    TRY(job_unpublish(s->store, s->job));
    s->run->changed = true;
    run_say(
        s->run,
        "the store has nothing of job %s any more, and ccr-prune keeps no log for it. If its target does "
        "come back: its next ccr-apply makes the job known again, and needs a full copy where the log was "
        "pruned",
        s->job);
    return NULL;
}
