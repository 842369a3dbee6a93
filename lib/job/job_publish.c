#include "job/job_publish.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/layout.h"
#include "format/object.h"
#include "format/reported.h"

struct err *job_check_store(const struct job *job, struct store *s)
{
    char *store_id = NULL;
    char *stream_id = NULL;
    struct err *e = layout_open_store(s, false, &store_id);

    if (!e)
        e = layout_open_stream(s, job->stream, false, &stream_id);
    if (!e && (strcmp(store_id, job->store_id) != 0 || strcmp(stream_id, job->stream_id) != 0))
        e = err_hint(err_new(ERR_UNSAFE,
                             "%s is not the store, or its stream '%s' not the stream, that job %s was "
                             "restored from",
                             store_url(s), job->stream, job->name),
                     "use that store, or restore from this one");
    free(store_id);
    free(stream_id);
    return e;
}

static struct err *document_of(struct conn *c, const char *name, char **out)
{
    struct job *job = NULL;
    uint64_t generation = 0;

    *out = NULL;
    TRY(job_load(c, name, &job));
    if (!job)
        return NULL;
    struct err *e = job_generation_read(c, name, &generation);
    json_t *scope = scope_to_json(&job->scope);
    json_t *renames = scope_renames_to_json(&job->scope);
    const struct job_document document = {
        .job = job->name,
        .stream = job->stream,
        .store_id = job->store_id,
        .stream_id = job->stream_id,
        .generation = generation,
        .scope = scope,
        .renames = renames,
    };
    if (!e)
        *out = job_document_encode(&document);
    json_decref(scope);
    json_decref(renames);
    job_free(job);
    return e;
}

static struct err *put_if_other(struct store *s, const char *key, const char *text, bool *changed)
{
    struct buf there = BUF_INIT;
    bool found = false;
    struct err *e = object_get(s, key, &there, &found);

    *changed = !e && (!found || there.len != strlen(text) || memcmp(there.data, text, there.len) != 0);
    buf_free(&there);
    return e || !*changed ? e : object_put(s, key, text, strlen(text));
}

struct err *job_publish(struct conn *c, struct store *s, const char *job, bool *changed)
{
    char *text;

    *changed = false;
    TRY(document_of(c, job, &text));
    if (!text)
        return NULL;
    char *key = layout_job_key(job);
    struct err *e = put_if_other(s, key, text, changed);
    free(key);
    free(text);
    return e;
}

void job_publish_after(struct conn *c, struct store *s, const char *job, struct log *log)
{
    bool changed;
    struct err *e = job_publish(c, s, job, &changed);

    if (e)
        log_warn(log, "the store's copy of job %s could not be written, ccr-job publish does it: %s", job,
                 err_message(e));
    err_free(e);
}

struct err *job_publish_try(struct conn *c, struct store *s, const char *job, bool is_first)
{
    char *text;

    TRY(document_of(c, job, &text));
    if (!text)
        return NULL;
    char *key = layout_job_key(job);
    struct err *e = object_put(s, key, text, strlen(text));
    if (!e && is_first)
        e = store_delete(s, key);
    free(key);
    free(text);
    return e;
}

void job_publish_before(struct conn *c, struct store *s, const char *job, bool is_first, struct log *log)
{
    struct err *e = job_publish_try(c, s, job, is_first);

    if (e)
        log_warn(log,
                 "the store cannot be written: the copy is made all the same, but the store will not know of "
                 "it, nor what job %s needs, and ccr-apply does not go on until it can be written: %s",
                 job, err_message(e));
    err_free(e);
}

static struct err *note_key(const struct store_entry *entry, void *arg)
{
    char **found = arg;

    if (!*found)
        *found = mem_strdup(entry->key);
    return NULL;
}

struct err *job_refuse_known(struct store *s, const char *job)
{
    char *found = NULL;
    char *prefix = mem_printf("jobs/%s/", job);
    const struct store_list list = {.prefix = prefix};
    struct err *e = store_list(s, &list, note_key, &found);

    if (!e && found)
        e = err_hint(err_new(ERR_UNSAFE, "store: another target has a job %s: %s", job, found),
                     "take another name; or, where that target is gone for good: ccr-job delete --job %s "
                     "--without-target",
                     job);
    free(found);
    free(prefix);
    return e;
}

struct keys {
    char **items;
    size_t count;
    size_t cap;
};

static struct err *add_key(const struct store_entry *entry, void *arg)
{
    struct keys *keys = arg;

    keys->items = mem_grow(keys->items, keys->count, &keys->cap, sizeof(*keys->items));
    keys->items[keys->count++] = mem_strdup(entry->key);
    return NULL;
}

struct err *job_unpublish(struct store *s, const char *job)
{
    char *prefix = mem_printf("jobs/%s/", job);
    const struct store_list list = {.prefix = prefix};
    struct keys keys = {0};
    struct err *e = store_list(s, &list, add_key, &keys);

    for (size_t i = 0; i < keys.count; i++) {
        if (!e)
            e = store_delete(s, keys.items[i]);
        free(keys.items[i]);
    }
    free(keys.items);
    free(prefix);
    return e;
}
