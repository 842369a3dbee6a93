#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "format/layout.h"
#include "format/object.h"
#include "status/jobs.h"
#include "status/lag.h"

/* A run with --follow that has nothing to do reports every ten minutes. */
#define REPORTS_EVERY_US (600 * CLOCK_US_PER_S)

struct looking {
    const char *wanted; /* NULL: all */
    struct streams *streams;
    json_t *list;
};

static struct err *add_lag(const struct looking *l, const struct job_status *s, int64_t reported_us,
                           json_t *to)
{
    const struct stream_seen *seen = NULL;
    const struct lag_from from = {s->epoch, s->number, &s->position, s->source_time};

    TRY(streams_look(l->streams, s->stream, &seen));
    TRY(lag_add(l->streams, seen, &from, to));
    if (l->streams->now_us - reported_us > l->streams->silent_after_us + REPORTS_EVERY_US)
        lag_add_unknown("the target is silent: ccr-apply does not run", reported_us, to);
    return NULL;
}

static struct err *add_report(const struct looking *l, const struct job_status *s, int64_t reported_us,
                              json_t *to)
{
    char time[CLOCK_TEXT_SIZE];

    document_set_bytes(to, "stream", s->stream);
    document_set_bytes(to, "reported", clock_format(reported_us, time));
    document_set_pos(to, "position", &s->position);
    document_set_u64(to, "epoch", s->epoch);
    document_set_u64(to, "number", s->number);
    if (s->source_time)
        document_set_bytes(to, "source_time", clock_format(s->source_time * CLOCK_US_PER_S, time));
    return add_lag(l, s, reported_us, to);
}

/* A report that cannot be used is one job's trouble, and no reason to be silent about the others. */
static struct err *add_unusable(struct err *e, json_t *to)
{
    if (err_code(e) == ERR_INTERRUPTED)
        return e;
    char *why = mem_printf("what its target last reported cannot be used: %s", err_message(e));
    lag_add_unknown(why, 0, to);
    free(why);
    err_free(e);
    return NULL;
}

static struct err *look_at_job(const char *name, void *arg)
{
    const struct looking *l = arg;
    struct store *store = l->streams->store;
    struct job_status status;
    struct store_stat stat;
    bool found = false;

    if (l->wanted && strcmp(l->wanted, name) != 0)
        return NULL;
    TRY(layout_check_name("job", name));
    char *key = layout_job_status_key(name);
    struct err *e = job_status_load(store, name, NULL, &status, &found);
    if (!e && found)
        e = origin_check_in(store, status.stream, key, &status.origin);
    if (!e && found)
        e = store_head(store, key, &stat, &found);
    if (e || found) {
        json_t *to = json_object();
        json_array_append_new(l->list, to);
        document_set_bytes(to, "job", name);
        e = e ? add_unusable(e, to) : add_report(l, &status, stat.modified_us, to);
    }
    job_status_free(&status);
    free(key);
    return e;
}

struct err *jobs_in_store(const char *name, struct streams *streams, json_t *list)
{
    struct looking l = {name, streams, list};

    return store_each_folder(streams->store, "jobs/", look_at_job, &l);
}
