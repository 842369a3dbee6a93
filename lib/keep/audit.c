#include "keep/audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backup/queue.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "format/copies.h"
#include "format/document.h"
#include "format/object.h"
#include "format/reported.h"
#include "keep/audit_parts.h"

bool audit_reads(const struct audit *a, const char *key)
{
    return !a->p->quick && (!a->p->after || strcmp(key, a->p->after) > 0);
}

void audit_passed(struct audit *a, const char *key)
{
    free(a->resume);
    a->resume = mem_strdup(key);
}

static bool is_wanted(const struct audit *a, const char *stream)
{
    const char *const *s = a->p->streams;

    while (*s && strcmp(*s, stream) != 0)
        s++;
    return *s || !a->p->streams[0];
}

/* NULL: it is not there, or nobody looks at it. */
static const struct audited_stream *stream_of(const struct audit *a, const char *name)
{
    for (size_t i = 0; i < a->stream_count; i++)
        if (strcmp(a->streams[i].listed->name, name) == 0)
            return &a->streams[i];
    return NULL;
}

/* --- small documents --- */

/* Ids that either side does not know are not compared: a job may be made before its stream is. */
static struct err *check_origin(const struct audit *a, const char *key, const char *stream,
                                const struct origin *found)
{
    const struct audited_stream *s = stream ? stream_of(a, stream) : NULL;
    const struct origin expected = {a->store_id, s ? s->stream_id : NULL};

    return origin_check(key, found, &expected);
}

static struct err *check_request(const struct audit *a, const char *key, const struct buf *bytes)
{
    struct request r;

    TRY(request_decode(key, bytes->data, bytes->len, &r));
    struct err *e = queue_check(&r);
    const struct origin found = {.stream_id = r.stream_id};
    e = e ? err_context(e, "%s", key) : check_origin(a, key, r.stream, &found);
    request_free(&r);
    return e;
}

static struct err *check_job(const struct audit *a, const char *key, const char *job, const struct buf *bytes)
{
    struct belonging to;

    TRY(job_document_check(key, job, bytes->data, bytes->len, &to));
    struct err *e = check_origin(a, key, to.stream, &to.origin);
    belonging_free(&to);
    return e;
}

static struct err *check_pin(const struct audit *a, const char *key, const struct layout_place *place,
                             const struct buf *bytes)
{
    struct pin pin;

    TRY(pin_decode(key, bytes->data, bytes->len, &pin));
    struct err *e = strcmp(pin.snapshot, place->snapshot) != 0
                        ? err_new(ERR_INTEGRITY, "%s pins another snapshot, %s", key, pin.snapshot)
                        : check_origin(a, key, place->name, &pin.origin);
    pin_free(&pin);
    return e;
}

static struct err *check_copies(const struct audit *a, const char *key, const char *stream,
                                const struct buf *bytes)
{
    struct copies copies;
    struct err *e = copies_decode(key, bytes->data, bytes->len, &copies);

    if (!e)
        e = check_origin(a, key, stream, &copies.origin);
    copies_free(&copies);
    return e;
}

static struct err *check_prune(const struct audit *a, const char *key, const struct buf *bytes)
{
    struct origin found;
    struct err *e = prune_check(key, bytes->data, bytes->len, &found);

    if (!e)
        e = check_origin(a, key, NULL, &found);
    origin_free(&found);
    return e;
}

static struct err *check_document(const struct audit *a, const char *key, const struct layout_place *place,
                                  const struct buf *bytes)
{
    switch ((int)place->kind) {
    case LAYOUT_COPIES:
        return check_copies(a, key, place->name, bytes);
    case LAYOUT_PRUNE:
        return check_prune(a, key, bytes);
    case LAYOUT_PIN:
        return check_pin(a, key, place, bytes);
    case LAYOUT_JOB:
        return check_job(a, key, place->name, bytes);
    default:
        return check_request(a, key, bytes);
    }
}

/* Most small documents are written again by who wrote them: that is what helps. */
static struct err *hint(const struct layout_place *place, struct err *e)
{
    if (err_code(e) != ERR_INTEGRITY)
        return document_hint(e);
    switch ((int)place->kind) {
    case LAYOUT_COPIES:
        return err_hint(e, "delete it: it only tells how snapshots went that nobody watches");
    case LAYOUT_PRUNE:
        return err_hint(e, "the next run of ccr-prune --yes writes it anew");
    case LAYOUT_PIN:
        return err_hint(e, "pin the snapshot again: ccr-prune --unpin %s, then --pin", place->snapshot);
    case LAYOUT_JOB:
        return err_hint(e, "ccr-job publish --job %s, with its target, writes it anew", place->name);
    case LAYOUT_REQUEST:
        return err_hint(e, "delete it: its target asks again");
    default:
        return document_hint(e);
    }
}

static void look_at_document(struct audit *a, const char *key, const char *breaks)
{
    struct buf bytes = BUF_INIT;
    struct layout_place place;
    bool found = false;
    struct err *e = object_get(a->p->store, key, &bytes, &found);

    layout_parse(key, &place);
    if (!e && found) /* a restore, or ccr-prune, may have removed it meanwhile */
        e = check_document(a, key, &place, &bytes);
    if (e)
        findings_add(a->findings, key, hint(&place, e), breaks);
    buf_free(&bytes);
}

static void look_at_pins(struct audit *a, const struct listed_stream *l)
{
    for (size_t i = 0; i < l->pin_count; i++) {
        char *key = layout_pin_key(l->name, l->pins[i]);
        bool exists = false;
        look_at_document(a, key, NULL);
        for (size_t k = 0; k < l->snapshot_count; k++)
            exists |= l->snapshots[k].has_manifest && strcmp(l->snapshots[k].id, l->pins[i]) == 0;
        if (!exists)
            findings_warn(a->findings, key, "%s pins a snapshot that is not there", key);
        free(key);
    }
}

/* --- streams --- */

static void open_stream(struct audit *a, struct audited_stream *s)
{
    const struct listed_stream *l = s->listed;
    char *key = layout_stream_key(l->name), *prefix = layout_pruned_prefix(l->name);
    char *breaks = mem_printf("stream %s cannot be used", l->name);
    struct err *e = layout_open_stream(a->p->store, l->name, false, &s->stream_id);

    if (e)
        findings_add(a->findings, key, err_code(e) == ERR_STORE ? err_recode(e, ERR_INTEGRITY) : e, breaks);
    const struct origin expected = {a->store_id, s->stream_id};
    e = pruned_load(a->p->store, l->name, &expected, &s->pruned);
    s->pruned_unknown = err_code(e) == ERR_STORE;
    if (e)
        findings_add(a->findings, prefix, e, NULL);
    free(breaks);
    free(prefix);
    free(key);
    if (l->has_copies) {
        key = layout_copies_key(l->name);
        look_at_document(a, key, NULL);
        free(key);
    }
}

static bool lies_behind(uint64_t epoch, uint64_t number, const struct listed_stream *l)
{
    const struct listed_log *last = l->log_count ? &l->log[l->log_count - 1] : NULL;

    return number > 0 && (!last || epoch > last->epoch || (epoch == last->epoch && number > last->number));
}

/* What the listing does not show may have come since, or ccr-ship wrote it, and it is lost: nothing else in
 * the log tells of its newest objects. */
static struct err *check_end(struct audit *a, const struct listed_stream *l, const struct alive *alive)
{
    char *key = layout_segment_key(l->name, alive->epoch, alive->number);
    struct store_stat stat;
    bool found = false;
    struct err *e = store_head(a->p->store, key, &stat, &found);

    free(key);
    if (e || found)
        return e;
    return err_new(ERR_INTEGRITY,
                   "the end of the log of stream %s is missing: ccr-ship wrote it up to object %" PRIu64
                   " of epoch %" PRIu64,
                   l->name, alive->number, alive->epoch);
}

static void look_at_alive(struct audit *a, const struct audited_stream *s)
{
    const struct origin expected = {a->store_id, s->stream_id};
    const struct listed_stream *l = s->listed;
    const struct listed_log *last = l->log_count ? &l->log[l->log_count - 1] : NULL;
    char *key = layout_alive_key(l->name);
    struct alive alive;
    bool found = false;
    struct err *e = alive_load(a->p->store, l->name, &expected, &alive, &found);

    if (!e && found && lies_behind(alive.epoch, alive.number, l))
        e = document_hint(check_end(a, l, &alive));
    else if (!e && found && last && alive_is_older(&alive, last->epoch, last->number))
        findings_warn(a->findings, key,
                      "%s is older than the log, which goes on to object %" PRIu64 " of epoch %" PRIu64
                      ": ccr-ship is at work or was killed, or an older one was put back; its next run "
                      "writes it anew",
                      key, last->number, last->epoch);
    if (e)
        findings_add(a->findings, key, e, NULL);
    alive_free(&alive);
    free(key);
}

static json_t *stream_report(const struct audited_stream *s)
{
    const struct listed_stream *l = s->listed;
    json_t *o = json_object(), *sound = json_array();

    json_object_set_new(o, "stream", json_string(l->name));
    document_set_u64(o, "log_objects", l->log_count);
    document_set_u64(o, "pruned_before_epoch", s->pruned.record ? s->pruned.epoch : 0);
    document_set_u64(o, "pruned_before_number", s->pruned.record ? s->pruned.number : 0);
    for (size_t i = 0; i < s->snapshot_count; i++)
        json_array_append_new(sound, json_string(s->snapshots[i].id));
    json_object_set_new(o, "sound_snapshots", sound);
    json_object_set(o, "without_manifest", s->dead);
    json_object_set_new(o, "ranges", audit_ranges(s));
    return o;
}

void audited_runs_free(struct audited_stream *s)
{
    for (size_t i = 0; i < s->run_count; i++) {
        gtid_pos_free(&s->runs[i].start);
        gtid_pos_free(&s->runs[i].end);
        free(s->runs[i].broken);
    }
    free(s->runs);
    s->runs = NULL;
    s->run_count = s->run_cap = 0;
}

static void stream_free(struct audited_stream *s)
{
    audited_runs_free(s);
    for (size_t i = 0; i < s->snapshot_count; i++)
        snapshot_brief_free(&s->snapshots[i]);
    free(s->snapshots);
    json_decref(s->dead);
    pruned_free(&s->pruned);
    free(s->stream_id);
}

/* --- jobs --- */

/* Whether the log that a job needs next is there. */
static json_t *job_report(const struct audit *a, const struct job_status *status)
{
    const struct audited_stream *s = stream_of(a, status->stream);
    const struct log_run *run = s ? audit_run_of(s, status->epoch, status->needed, &status->position) : NULL;
    json_t *o = json_object();

    json_object_set_new(o, "job", json_string(status->job));
    json_object_set_new(o, "stream", json_string(status->stream));
    document_set_u64(o, "epoch", status->epoch);
    document_set_u64(o, "number", status->number);
    document_set_pos(o, "position", &status->position);
    /* a log that has no object yet has none that could be missing */
    bool goes_on = run || (s && s->run_count == 0 && s->listed->log_count == 0);
    if (s)
        json_object_set_new(o, "can_go_on", json_boolean(goes_on));
    document_set_bytes(o, "until", run ? run->broken : NULL);
    if (s && !goes_on)
        findings_warn(a->findings, NULL,
                      "job %s needs another snapshot: the log from object %" PRIu64 " of epoch %" PRIu64
                      " of stream %s on is not there, or not whole",
                      status->job, status->needed, status->epoch, status->stream);
    return o;
}

static void look_at_requests(struct audit *a)
{
    for (size_t i = 0; i < a->inv.request_count; i++) {
        const struct listed_request *l = &a->inv.requests[i];
        char *key = layout_request_key(l->job, l->id);
        char *breaks = mem_printf("a copy that job %s asks for is not made", l->job);
        look_at_document(a, key, breaks);
        free(breaks);
        free(key);
    }
}

static struct err *check_status(const struct audit *a, const char *key, const struct job_status *status)
{
    struct err *e = check_origin(a, key, status->stream, &status->origin);

    return e ? err_hint(e, "ccr-job publish --job %s, with its target, writes it anew", status->job) : NULL;
}

static void look_at_status(struct audit *a, const char *job, json_t *jobs)
{
    char *key = layout_job_status_key(job);
    char *breaks = mem_printf("job %s cannot go on", job);
    struct job_status status;
    bool found = false;
    struct err *e = job_status_load(a->p->store, job, NULL, &status, &found);

    if (!e && found) /* a restore may have removed it meanwhile */
        e = check_status(a, key, &status);
    if (!e && found && is_wanted(a, status.stream))
        json_array_append_new(jobs, job_report(a, &status));
    if (e)
        findings_add(a->findings, key, e, breaks);
    job_status_free(&status);
    free(breaks);
    free(key);
}

static void look_at_jobs(struct audit *a, json_t *jobs)
{
    for (size_t i = 0; i < a->inv.job_document_count; i++)
        look_at_document(a, a->inv.job_documents[i], NULL);
    for (size_t i = 0; i < a->inv.job_count; i++)
        look_at_status(a, a->inv.jobs[i].name, jobs);
}

/* --- the whole --- */

static void look_at_foreign(struct audit *a)
{
    for (size_t i = 0; i < a->inv.foreign_count; i++) {
        const char *key = a->inv.foreign[i];
        const char *log = strncmp(key, "streams/", 8) == 0 ? strstr(key, "/log/") : NULL;
        if (log)
            findings_add(a->findings, key,
                         err_hint(err_new(ERR_INTEGRITY, "%s does not belong into the log of a stream", key),
                                  "nothing but ccr writes below this prefix; move it away"),
                         NULL);
        else
            findings_warn(a->findings, key, "%s is nothing that ccr writes", key);
    }
}

/* Another folder, or bucket, than was meant: of what is there one name will do. */
static void say_no_store(struct audit *a)
{
    if (a->inv.foreign_count)
        findings_warn(a->findings, a->inv.foreign[0], "%zu objects here are nothing that ccr writes: %s%s",
                      a->inv.foreign_count, a->inv.foreign[0], a->inv.foreign_count > 1 ? ", ..." : "");
}

static void check_streams_exist(struct audit *a)
{
    for (const char *const *name = a->p->streams; *name; name++) {
        bool exists = false;
        for (size_t i = 0; i < a->inv.stream_count; i++)
            exists |= strcmp(a->inv.streams[i].name, *name) == 0;
        if (!exists)
            findings_add(a->findings, NULL, err_new(ERR_STORE, "the store has no stream %s", *name), NULL);
    }
}

static struct err *look_at_stream(struct audit *a, struct audited_stream *s)
{
    s->dead = json_array();
    open_stream(a, s);
    TRY(audit_log(a, s));
    if (s->listed->has_alive)
        look_at_alive(a, s);
    look_at_pins(a, s->listed);
    return audit_snapshots(a, s);
}

static struct err *look_at_all(struct audit *a, json_t *report)
{
    json_t *stream_list = json_array(), *jobs = json_array();
    struct err *e = layout_open_store(a->p->store, false, &a->store_id);

    if (e)
        findings_add(a->findings, "ccr.json",
                     err_code(e) == ERR_STORE && a->inv.objects > 0 ? err_recode(e, ERR_INTEGRITY) : e,
                     "nothing can be restored");
    const bool is_none = e && a->inv.stream_count == 0 && a->inv.job_count == 0;
    e = NULL;
    if (a->inv.has_prune)
        look_at_document(a, LAYOUT_PRUNE_KEY, NULL);
    if (is_none)
        say_no_store(a);
    else
        look_at_foreign(a);
    check_streams_exist(a);
    a->streams = mem_zalloc(a->inv.stream_count + 1, sizeof(*a->streams));
    for (size_t i = 0; !e && i < a->inv.stream_count; i++) {
        if (!is_wanted(a, a->inv.streams[i].name))
            continue;
        a->streams[a->stream_count].listed = &a->inv.streams[i];
        e = look_at_stream(a, &a->streams[a->stream_count++]);
    }
    if (!e)
        look_at_jobs(a, jobs);
    if (!e)
        look_at_requests(a);
    for (size_t i = 0; !e && i < a->stream_count; i++)
        json_array_append_new(stream_list, stream_report(&a->streams[i]));
    json_object_set_new(report, "streams", stream_list);
    json_object_set_new(report, "jobs", jobs);
    return e;
}

static struct err *interrupted(struct audit *a, struct err *e, struct audit_result *out)
{
    if (err_code(e) != ERR_INTERRUPTED || !a->resume || a->p->quick)
        return e;
    out->resume = a->resume;
    a->resume = NULL;
    return err_context(e, "all contents up to %s have been read (go on with --after %s)", out->resume,
                       out->resume);
}

struct err *audit_run(const struct audit_params *params, json_t *report, struct audit_result *out)
{
    struct audit a = {.p = params, .now_us = clock_now_us()};
    int64_t started_us = clock_monotonic_us();

    *out = (struct audit_result){0};
    TRY(inventory_take(params->store, &a.inv));
    a.findings = findings_new(params->log);
    a.progress = progress_start(params->log, "verify", 0, a.inv.bytes);
    progress_set_every(a.progress, params->progress_every_s);
    struct err *e = look_at_all(&a, report);
    progress_end(a.progress);
    out->whole = !e;
    if (e)
        e = interrupted(&a, e, out);
    else
        e = findings_worst(a.findings);
    findings_to_json(a.findings, report);
    out->objects = a.inv.objects;
    out->bytes = a.inv.bytes;
    out->errors = findings_errors(a.findings);
    out->seconds = (double)(clock_monotonic_us() - started_us) / CLOCK_US_PER_S;
    for (size_t i = 0; i < a.stream_count; i++)
        stream_free(&a.streams[i]);
    free(a.streams);
    findings_free(a.findings);
    inventory_free(&a.inv);
    free(a.store_id);
    free(a.resume);
    return e;
}

void audit_result_free(struct audit_result *r)
{
    free(r->resume);
    *r = (struct audit_result){0};
}
