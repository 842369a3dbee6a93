#include "format/pruned.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "format/layout.h"
#include "format/object.h"

#define PRUNED_FORMAT "ccr pruned"
enum { PRUNED_VERSION = 1 };

void pruned_free(struct pruned *p)
{
    origin_free(&p->origin);
    free(p->reason);
    for (size_t i = 0; i < p->job_count; i++)
        free(p->jobs[i].name);
    free(p->jobs);
    for (size_t i = 0; i < p->snapshot_count; i++)
        free(p->snapshots[i]);
    free(p->snapshots);
    *p = (struct pruned){0};
}

bool pruned_has(const struct pruned *p, uint64_t epoch, uint64_t number)
{
    return p->record > 0 && (epoch < p->epoch || (epoch == p->epoch && number < p->number));
}

bool pruned_has_snapshot(const struct pruned *p, const char *id)
{
    for (size_t i = 0; i < p->snapshot_count; i++)
        if (strcmp(p->snapshots[i], id) == 0)
            return true;
    return false;
}

static json_t *to_json(const struct pruned *p)
{
    json_t *root = document_new(PRUNED_FORMAT, PRUNED_VERSION);
    json_t *jobs = json_array(), *snapshots = json_array();
    char time[CLOCK_TEXT_SIZE];

    origin_set(root, &p->origin);
    document_set_u64(root, "record", p->record);
    document_set_bytes(root, "time", clock_format(p->time_us, time));
    json_object_set_new(root, "time_us", json_integer(p->time_us));
    document_set_u64(root, "epoch", p->epoch);
    document_set_u64(root, "number", p->number);
    document_set_bytes(root, "reason", p->reason);
    for (size_t i = 0; i < p->job_count; i++) {
        const struct pruned_job *j = &p->jobs[i];
        json_array_append_new(jobs,
                              json_pack("{s:s, s:I, s:I, s:s, s:I}", "job", j->name, "epoch",
                                        (json_int_t)j->epoch, "number", (json_int_t)j->number, "seen",
                                        clock_format(j->seen_us, time), "seen_us", (json_int_t)j->seen_us));
    }
    json_object_set_new(root, "released", jobs);
    for (size_t i = 0; i < p->snapshot_count; i++)
        json_array_append_new(snapshots, json_string(p->snapshots[i]));
    json_object_set_new(root, "snapshots", snapshots);
    return root;
}

static struct err *jobs_from_json(const struct json_doc *doc, const json_t *array, struct pruned *p)
{
    size_t i;
    const json_t *item;

    p->jobs = mem_zalloc(json_array_size(array) + 1, sizeof(*p->jobs));
    json_array_foreach(array, i, item)
    {
        struct pruned_job *j = &p->jobs[i];
        const char *name;
        TRY(json_string_of(doc, item, "job", &name));
        j->name = mem_strdup(name);
        p->job_count++;
        TRY(json_u64_of(doc, item, "epoch", &j->epoch));
        TRY(json_u64_of(doc, item, "number", &j->number));
        TRY(json_i64_of(doc, item, "seen_us", &j->seen_us));
    }
    return NULL;
}

static struct err *from_json(const struct json_doc *doc, const json_t *root, struct pruned *p)
{
    const char *reason;
    json_t *jobs, *snapshots;
    size_t i;
    const json_t *item;

    TRY(document_check(doc, root, PRUNED_FORMAT, PRUNED_VERSION, NULL));
    TRY(origin_get(doc, root, &p->origin));
    if (json_object_get(root, "record")) /* an earlier ccr-prune did not say */
        TRY(json_u64_of(doc, root, "record", &p->record));
    TRY(json_u64_of(doc, root, "epoch", &p->epoch));
    TRY(json_u64_of(doc, root, "number", &p->number));
    TRY(json_i64_of(doc, root, "time_us", &p->time_us));
    TRY(json_string_of(doc, root, "reason", &reason));
    p->reason = mem_strdup(reason);
    TRY(json_array_of(doc, root, "released", &jobs));
    TRY(jobs_from_json(doc, jobs, p));
    TRY(json_array_of(doc, root, "snapshots", &snapshots));
    p->snapshots = mem_zalloc(json_array_size(snapshots) + 1, sizeof(*p->snapshots));
    json_array_foreach(snapshots, i, item)
    {
        if (!json_is_string(item))
            return err_new(doc->code, "%s: 'snapshots' holds something that is no string", doc->name);
        p->snapshots[p->snapshot_count++] = mem_strdup(json_string_value(item));
    }
    if (p->epoch < 1 || p->number < 1)
        return err_new(doc->code, "%s: epochs and objects count from 1", doc->name);
    return NULL;
}

static struct err *keep_last(const struct store_entry *entry, void *arg)
{
    struct layout_place place;
    uint64_t *last = arg;

    layout_parse(entry->key, &place);
    if (place.kind == LAYOUT_PRUNED && place.number > *last)
        *last = place.number;
    return NULL;
}

/* *found is false where another run has removed it meanwhile. *out is the caller's, also after an error. */
static struct err *read_record(struct store *s, const char *stream, uint64_t record, struct pruned *out,
                               bool *found)
{
    char *key = layout_pruned_key(stream, record);
    struct json_doc doc = {key, ERR_INTEGRITY};
    struct buf bytes = BUF_INIT;
    json_t *root = NULL;
    struct err *e = object_get(s, key, &bytes, found);

    *out = (struct pruned){.epoch = 1, .number = 1, .record = record};
    if (!e && *found)
        e = json_parse(&doc, bytes.data, bytes.len, &root);
    if (!e && *found)
        e = from_json(&doc, root, out);
    if (!e && out->record != record)
        e = err_new(ERR_INTEGRITY, "%s is record %" PRIu64 " of its stream, under another's key", key,
                    out->record);
    json_decref(root);
    buf_free(&bytes);
    free(key);
    return document_hint(e);
}

static struct err *find_newest(struct store *s, const char *stream, uint64_t *record)
{
    char *prefix = layout_pruned_prefix(stream);
    struct store_list what = {.prefix = prefix};

    *record = 0;
    struct err *e = store_list(s, &what, keep_last, record);
    free(prefix);
    return e;
}

static struct err *check_origin(const char *stream, const struct origin *expected, const struct pruned *p)
{
    char *key = layout_pruned_key(stream, p->record);
    struct err *e = origin_check(key, &p->origin, expected);

    free(key);
    return document_hint(e);
}

static struct err *check_origin_in(struct store *s, const char *stream, const struct pruned *p)
{
    char *key = layout_pruned_key(stream, p->record);
    struct err *e = origin_check_in(s, stream, key, &p->origin);

    free(key);
    return document_hint(e);
}

struct err *pruned_load(struct store *s, const char *stream, const struct origin *expected,
                        struct pruned *out)
{
    uint64_t record, last = 0;
    bool found = false;

    *out = (struct pruned){.epoch = 1, .number = 1};
    for (;;) {
        TRY(find_newest(s, stream, &record));
        if (record == last) /* there is none, or what is listed is not there */
            break;
        struct err *e = read_record(s, stream, record, out, &found);
        if (!e && found && expected)
            e = check_origin(stream, expected, out);
        if (e)
            pruned_free(out);
        if (e || found)
            return e;
        last = record; /* two more runs have come to their end since it was listed */
    }
    *out = (struct pruned){.epoch = 1, .number = 1};
    return record == 0 ? NULL
                       : err_new(ERR_STORE, "record %" PRIu64 " of stream %s is listed, and is not there",
                                 record, stream);
}

static struct err *note_any(const struct store_entry *entry, void *arg)
{
    (void)entry;
    *(bool *)arg = true;
    return NULL;
}

static struct err *is_anything_left(struct store *s, const char *stream, const char *id, bool *any)
{
    char *snapshots = layout_snapshots_prefix(stream);
    char *prefix = mem_printf("%s%s/", snapshots, id);
    struct store_list what = {.prefix = prefix};

    *any = false;
    struct err *e = store_list(s, &what, note_any, any);
    free(prefix);
    free(snapshots);
    return e;
}

static struct err *is_in_record(struct store *s, const char *stream, uint64_t record, const char *id,
                                bool *is_in)
{
    struct pruned p;
    bool found = false;
    struct err *e = read_record(s, stream, record, &p, &found);

    *is_in = !e && found && pruned_has_snapshot(&p, id);
    pruned_free(&p);
    return e;
}

struct err *pruned_took_snapshot(struct store *s, const char *stream, const char *id, bool *took)
{
    char *key = layout_manifest_key(stream, id);
    struct store_stat stat;
    bool there = false, left = false;
    uint64_t newest = 0;
    struct err *e = store_head(s, key, &stat, &there);

    *took = false;
    free(key);
    if (!e && !there)
        e = find_newest(s, stream, &newest);
    for (uint64_t record = newest; !e && !*took && record > 0 && record + 2 > newest; record--)
        e = is_in_record(s, stream, record, id, took);
    if (e || newest == 0 || *took)
        return e;
    e = is_anything_left(s, stream, id, &left);
    *took = !e && !left;
    return e;
}

struct err *pruned_create(struct store *s, const char *stream, const struct pruned *p, bool *created)
{
    json_t *root = to_json(p);
    char *text = json_text(root), *key = layout_pruned_key(stream, p->record);
    struct err *e = object_create(s, key, text, strlen(text), created);

    free(key);
    free(text);
    json_decref(root);
    return e;
}

struct err *pruned_check(struct store *s, const char *stream, uint64_t epoch, uint64_t number)
{
    char then[CLOCK_TEXT_SIZE], seen[CLOCK_TEXT_SIZE];
    struct buf text = BUF_INIT;
    struct err *e = NULL;
    struct pruned p;

    TRY(pruned_load(s, stream, NULL, &p));
    if (pruned_has(&p, epoch, number))
        e = check_origin_in(s, stream, &p);
    if (!e && pruned_has(&p, epoch, number)) {
        buf_printf(&text,
                   "object %" PRIu64 " of epoch %" PRIu64 " of stream %s was pruned: since %s the log begins "
                   "with object %" PRIu64 " of epoch %" PRIu64 " (%s)",
                   number, epoch, stream, clock_format(p.time_us, then), p.number, p.epoch, p.reason);
        for (size_t i = 0; i < p.job_count; i++)
            buf_printf(&text, "; job %s had not been seen since %s and no longer held it", p.jobs[i].name,
                       clock_format(p.jobs[i].seen_us, seen));
        e = err_hint(err_new(ERR_RESYNC, "%s", buf_str(&text)),
                     "restore the newest snapshot with ccr-restore; a job holds the log as long as "
                     "ccr-apply runs at least once within ccr-prune's --max-hold");
    }
    buf_free(&text);
    pruned_free(&p);
    return e;
}
