#include "format/reported.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "format/layout.h"
#include "format/object.h"

enum { JOB_VERSION = 1, STATUS_VERSION = 1, ALIVE_VERSION = 1, PIN_VERSION = 1, PRUNE_VERSION = 1 };

static const char job_format[] = "ccr job";
static const char status_format[] = "ccr status";
static const char alive_format[] = "ccr alive";
static const char pin_format[] = "ccr pin";
static const char prune_format[] = "ccr prune";

static char *text_of(json_t *root)
{
    char *text = json_text(root);

    json_decref(root);
    return text;
}

static void set_time(json_t *root, const char *name, int64_t time_us)
{
    char time[CLOCK_TEXT_SIZE];

    document_set_bytes(root, name, clock_format(time_us, time));
}

/* *root is the caller's, also after an error. */
static struct err *open_document(const struct json_doc *doc, const void *bytes, size_t len,
                                 const char *format, uint64_t version, json_t **root)
{
    *root = NULL;
    TRY(json_parse(doc, bytes, len, root));
    return document_check(doc, *root, format, version, NULL);
}

static struct err *text_member(const struct json_doc *doc, const json_t *root, const char *name, char **out)
{
    const char *text;

    TRY(json_string_of(doc, root, name, &text));
    *out = mem_strdup(text);
    return NULL;
}

char *job_document_encode(const struct job_document *d)
{
    json_t *root = document_new(job_format, JOB_VERSION);

    document_set_bytes(root, "job", d->job);
    document_set_bytes(root, "stream", d->stream);
    document_set_bytes(root, "store_id", d->store_id);
    document_set_bytes(root, "stream_id", d->stream_id);
    document_set_u64(root, "generation", d->generation);
    json_object_set(root, "scope", d->scope);
    json_object_set(root, "renames", d->renames);
    return text_of(root);
}

static struct err *check_job(const struct json_doc *doc, const json_t *root, const char *job,
                             struct belonging *out)
{
    const char *text;
    uint64_t number;
    json_t *object;

    TRY(text_member(doc, root, "stream", &out->stream));
    TRY(json_string_of(doc, root, "store_id", &text));
    TRY(json_string_of(doc, root, "stream_id", &text));
    TRY(origin_get(doc, root, &out->origin));
    TRY(json_u64_of(doc, root, "generation", &number));
    TRY(json_object_of(doc, root, "scope", &object));
    TRY(json_object_of(doc, root, "renames", &object));
    TRY(json_string_of(doc, root, "job", &text));
    return strcmp(text, job) == 0 ? NULL
                                  : err_new(ERR_INTEGRITY, "%s is of another job, %s", doc->name, text);
}

struct err *job_document_check(const char *key, const char *job, const void *bytes, size_t len,
                               struct belonging *out)
{
    const struct json_doc doc = {key, ERR_INTEGRITY};
    json_t *root;

    *out = (struct belonging){0};
    struct err *e = open_document(&doc, bytes, len, job_format, JOB_VERSION, &root);
    if (!e)
        e = check_job(&doc, root, job, out);
    json_decref(root);
    if (e)
        belonging_free(out);
    return e;
}

void belonging_free(struct belonging *b)
{
    free(b->stream);
    origin_free(&b->origin);
    *b = (struct belonging){0};
}

char *job_status_encode(const struct job_status *status, int64_t now_us)
{
    json_t *root = document_new(status_format, STATUS_VERSION);

    document_set_bytes(root, "job", status->job);
    document_set_bytes(root, "stream", status->stream);
    origin_set(root, &status->origin);
    set_time(root, "written", now_us);
    document_set_u64(root, "epoch", status->epoch);
    document_set_u64(root, "number", status->number);
    document_set_u64(root, "needed", status->needed);
    document_set_pos(root, "position", &status->position);
    json_object_set_new(root, "source_time", json_integer(status->source_time));
    document_set_bytes(root, "nonce", status->nonce);
    return text_of(root);
}

static struct err *status_from_json(const struct json_doc *doc, const json_t *root, struct job_status *out)
{
    TRY(text_member(doc, root, "job", &out->job));
    TRY(text_member(doc, root, "stream", &out->stream));
    TRY(origin_get(doc, root, &out->origin));
    TRY(text_member(doc, root, "nonce", &out->nonce));
    TRY(json_u64_of(doc, root, "epoch", &out->epoch));
    TRY(json_u64_of(doc, root, "number", &out->number));
    TRY(json_i64_of(doc, root, "source_time", &out->source_time));
    TRY(document_pos(doc, root, "position", &out->position));
    out->needed = out->number + 1;
    if (json_object_get(root, "needed")) /* an earlier ccr-apply did not say */
        TRY(json_u64_of(doc, root, "needed", &out->needed));
    if (out->epoch < 1 || out->needed < 1 || out->needed > out->number + 1)
        return err_new(doc->code, "%s: its numbers contradict each other", doc->name);
    return NULL;
}

struct err *job_status_decode(const char *key, const void *bytes, size_t len, struct job_status *out)
{
    const struct json_doc doc = {key, ERR_INTEGRITY};
    json_t *root;

    *out = (struct job_status){0};
    struct err *e = open_document(&doc, bytes, len, status_format, STATUS_VERSION, &root);
    if (!e)
        e = status_from_json(&doc, root, out);
    json_decref(root);
    if (e)
        job_status_free(out);
    return e;
}

struct err *job_status_load(struct store *s, const char *job, const struct origin *expected,
                            struct job_status *out, bool *found)
{
    char *key = layout_job_status_key(job);
    struct buf bytes = BUF_INIT;
    struct err *e = object_get(s, key, &bytes, found);

    *out = (struct job_status){0};
    if (!e && *found)
        e = job_status_decode(key, bytes.data, bytes.len, out);
    if (!e && *found && strcmp(out->job, job) != 0)
        e = err_new(ERR_INTEGRITY, "%s is of another job, %s", key, out->job);
    if (!e && *found && expected)
        e = origin_check(key, &out->origin, expected);
    if (e)
        job_status_free(out);
    if (err_code(e) == ERR_INTEGRITY)
        e = err_hint(e, "ccr-job publish --job %s, with its target, writes it anew", job);
    buf_free(&bytes);
    free(key);
    return document_hint(e);
}

void job_status_free(struct job_status *status)
{
    origin_free(&status->origin);
    free(status->job);
    free(status->stream);
    free(status->nonce);
    gtid_pos_free(&status->position);
    *status = (struct job_status){0};
}

static struct err *replication_from_json(const struct json_doc *doc, const json_t *root, json_t **out)
{
    json_t *list = NULL;

    if (!json_object_get(root, "replication")) /* an earlier ccr-ship did not say, or it may not be asked */
        return NULL;
    TRY(json_array_of(doc, root, "replication", &list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *text;
        uint64_t seconds;
        TRY(json_string_of(doc, item, "state", &text));
        TRY(json_opt_string_of(doc, item, "connection", &text));
        TRY(json_opt_string_of(doc, item, "error", &text));
        if (json_object_get(item, "seconds"))
            TRY(json_u64_of(doc, item, "seconds", &seconds));
    }
    *out = json_incref(list);
    return NULL;
}

static struct err *alive_from_json(const struct json_doc *doc, const json_t *root, struct alive *out)
{
    TRY(origin_get(doc, root, &out->origin));
    TRY(json_i64_of(doc, root, "time_us", &out->time_us));
    TRY(json_u64_of(doc, root, "epoch", &out->epoch));
    TRY(json_u64_of(doc, root, "number", &out->number));
    TRY(document_pos(doc, root, "position", &out->position));
    out->jobs = json_incref(json_object_get(root, "jobs")); /* an earlier ccr-ship did not say */
    return replication_from_json(doc, root, &out->replication);
}

struct err *alive_decode(const char *key, const void *bytes, size_t len, struct alive *out)
{
    const struct json_doc doc = {key, ERR_INTEGRITY};
    json_t *root;

    *out = (struct alive){0};
    struct err *e = open_document(&doc, bytes, len, alive_format, ALIVE_VERSION, &root);
    if (!e)
        e = alive_from_json(&doc, root, out);
    json_decref(root);
    if (e)
        alive_free(out);
    return e;
}

struct err *alive_load(struct store *s, const char *stream, const struct origin *expected, struct alive *out,
                       bool *found)
{
    char *key = layout_alive_key(stream);
    struct buf bytes = BUF_INIT;
    struct err *e = object_get(s, key, &bytes, found);

    *out = (struct alive){0};
    if (!e && *found)
        e = alive_decode(key, bytes.data, bytes.len, out);
    if (!e && *found && expected)
        e = origin_check(key, &out->origin, expected);
    if (e)
        alive_free(out);
    if (err_code(e) == ERR_INTEGRITY)
        e = err_hint(e, "the next run of ccr-ship writes it anew");
    buf_free(&bytes);
    free(key);
    return document_hint(e);
}

bool alive_is_older(const struct alive *alive, uint64_t epoch, uint64_t number)
{
    return alive->epoch < epoch || (alive->epoch == epoch && alive->number < number);
}

void alive_free(struct alive *alive)
{
    origin_free(&alive->origin);
    gtid_pos_free(&alive->position);
    json_decref(alive->jobs);
    json_decref(alive->replication);
    *alive = (struct alive){0};
}

char *pin_encode(const struct pin *pin)
{
    json_t *root = document_new(pin_format, PIN_VERSION);

    origin_set(root, &pin->origin);
    document_set_bytes(root, "snapshot", pin->snapshot);
    document_set_bytes(root, "reason", pin->reason);
    set_time(root, "time", pin->time_us);
    json_object_set_new(root, "time_us", json_integer(pin->time_us));
    return text_of(root);
}

struct err *pin_decode(const char *key, const void *bytes, size_t len, struct pin *out)
{
    const struct json_doc doc = {key, ERR_INTEGRITY};
    json_t *root;

    *out = (struct pin){0};
    struct err *e = open_document(&doc, bytes, len, pin_format, PIN_VERSION, &root);
    if (!e)
        e = origin_get(&doc, root, &out->origin);
    if (!e)
        e = text_member(&doc, root, "snapshot", &out->snapshot);
    if (!e)
        e = document_opt_bytes(&doc, root, "reason", &out->reason);
    if (!e)
        e = json_i64_of(&doc, root, "time_us", &out->time_us);
    json_decref(root);
    if (e)
        pin_free(out);
    return e;
}

void pin_free(struct pin *pin)
{
    origin_free(&pin->origin);
    free(pin->snapshot);
    free(pin->reason);
    *pin = (struct pin){0};
}

char *prune_encode(const struct origin *origin, int64_t now_us, size_t reserve)
{
    json_t *root = document_new(prune_format, PRUNE_VERSION);

    origin_set(root, origin);
    set_time(root, "time", now_us);
    json_object_set_new(root, "time_us", json_integer(now_us));
    char *text = text_of(root);
    char *padded = mem_printf("%s%*s", text, (int)reserve, "");
    free(text);
    return padded;
}

struct err *prune_check(const char *key, const void *bytes, size_t len, struct origin *origin)
{
    const struct json_doc doc = {key, ERR_INTEGRITY};
    json_t *root;
    int64_t time_us;
    struct err *e = open_document(&doc, bytes, len, prune_format, PRUNE_VERSION, &root);

    *origin = (struct origin){0};
    if (!e)
        e = origin_get(&doc, root, origin);
    if (!e)
        e = json_i64_of(&doc, root, "time_us", &time_us);
    json_decref(root);
    return e;
}
