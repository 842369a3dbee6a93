#include "keep/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"

/* Keys come sorted, so what belongs together comes together. */
static struct listed_stream *stream_of(struct inventory *inv, const char *name)
{
    struct listed_stream *last = inv->stream_count ? &inv->streams[inv->stream_count - 1] : NULL;

    if (last && strcmp(last->name, name) == 0)
        return last;
    inv->streams = mem_grow(inv->streams, inv->stream_count, &inv->stream_cap, sizeof(*inv->streams));
    last = &inv->streams[inv->stream_count++];
    *last = (struct listed_stream){.name = mem_strdup(name)};
    return last;
}

static struct listed_snapshot *snapshot_of(struct listed_stream *s, const char *id)
{
    struct listed_snapshot *last = s->snapshot_count ? &s->snapshots[s->snapshot_count - 1] : NULL;

    if (last && strcmp(last->id, id) == 0)
        return last;
    s->snapshots = mem_grow(s->snapshots, s->snapshot_count, &s->snapshot_cap, sizeof(*s->snapshots));
    last = &s->snapshots[s->snapshot_count++];
    *last = (struct listed_snapshot){.id = mem_strdup(id)};
    return last;
}

static void add_to_snapshot(struct listed_snapshot *s, const struct layout_place *place, struct listed at)
{
    s->bytes += at.size;
    if (at.modified_us > s->modified_us)
        s->modified_us = at.modified_us;
    if (place->kind == LAYOUT_MANIFEST) {
        s->has_manifest = true;
        s->manifest = at;
        return;
    }
    s->volumes = mem_grow(s->volumes, s->volume_count, &s->volume_cap, sizeof(*s->volumes));
    s->volumes[s->volume_count++] = (struct listed_volume){place->number, at};
}

static void add_name(char ***names, size_t *count, size_t *cap, const char *name)
{
    *names = mem_grow(*names, *count, cap, sizeof(**names));
    (*names)[(*count)++] = mem_strdup(name);
}

static void add_to_stream(struct listed_stream *s, const struct layout_place *place, struct listed at)
{
    if (place->kind == LAYOUT_STREAM) {
        s->has_identity = true;
    } else if (place->kind == LAYOUT_ALIVE) {
        s->has_alive = true;
    } else if (place->kind == LAYOUT_COPIES) {
        s->has_copies = true;
    } else if (place->kind == LAYOUT_LOG) {
        s->log = mem_grow(s->log, s->log_count, &s->log_cap, sizeof(*s->log));
        s->log[s->log_count++] = (struct listed_log){place->epoch, place->number, at};
    } else if (place->kind == LAYOUT_PIN) {
        add_name(&s->pins, &s->pin_count, &s->pin_cap, place->snapshot);
    } else if (place->kind == LAYOUT_PRUNED) {
        s->records = mem_grow(s->records, s->record_count, &s->record_cap, sizeof(*s->records));
        s->records[s->record_count++] = place->number;
    } else {
        add_to_snapshot(snapshot_of(s, place->snapshot), place, at);
    }
}

static struct err *add_entry(const struct store_entry *entry, void *arg)
{
    struct listed at = {entry->stat.size, entry->stat.modified_us};
    struct inventory *inv = arg;
    struct layout_place place;

    layout_parse(entry->key, &place);
    inv->objects++;
    inv->bytes += at.size;
    if (place.kind == LAYOUT_STORE) {
        inv->has_store = true;
    } else if (place.kind == LAYOUT_PRUNE) {
        inv->has_prune = true;
    } else if (place.kind == LAYOUT_STATUS) {
        inv->jobs = mem_grow(inv->jobs, inv->job_count, &inv->job_cap, sizeof(*inv->jobs));
        inv->jobs[inv->job_count++] = (struct listed_job){mem_strdup(place.name), at};
    } else if (place.kind == LAYOUT_REQUEST) {
        inv->requests =
            mem_grow(inv->requests, inv->request_count, &inv->request_cap, sizeof(*inv->requests));
        inv->requests[inv->request_count++] = (struct listed_request){mem_strdup(place.name), "", at};
        memcpy(inv->requests[inv->request_count - 1].id, place.request, sizeof(place.request));
    } else if (place.kind == LAYOUT_JOB) {
        add_name(&inv->job_documents, &inv->job_document_count, &inv->job_document_cap, entry->key);
    } else if (place.kind == LAYOUT_FOREIGN) {
        add_name(&inv->foreign, &inv->foreign_count, &inv->foreign_cap, entry->key);
    } else {
        add_to_stream(stream_of(inv, place.name), &place, at);
    }
    return interrupt_check();
}

struct err *inventory_take(struct store *s, struct inventory *out)
{
    const struct store_list everything = {.prefix = ""};

    *out = (struct inventory){0};
    struct err *e = store_list(s, &everything, add_entry, out);
    if (e)
        inventory_free(out);
    return e;
}

static void names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static void stream_free(struct listed_stream *s)
{
    for (size_t i = 0; i < s->snapshot_count; i++) {
        free(s->snapshots[i].id);
        free(s->snapshots[i].volumes);
    }
    free(s->snapshots);
    names_free(s->pins, s->pin_count);
    free(s->records);
    free(s->log);
    free(s->name);
}

void inventory_free(struct inventory *inv)
{
    for (size_t i = 0; i < inv->stream_count; i++)
        stream_free(&inv->streams[i]);
    free(inv->streams);
    for (size_t i = 0; i < inv->job_count; i++)
        free(inv->jobs[i].name);
    free(inv->jobs);
    for (size_t i = 0; i < inv->request_count; i++)
        free(inv->requests[i].job);
    free(inv->requests);
    names_free(inv->job_documents, inv->job_document_count);
    names_free(inv->foreign, inv->foreign_count);
    *inv = (struct inventory){0};
}
