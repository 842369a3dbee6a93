/* Pins: a snapshot that is kept whatever the rules say. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/layout.h"
#include "format/object.h"
#include "format/pruned.h"
#include "format/reported.h"
#include "keep/prune.h"

struct search {
    struct store *store;
    const char *const *streams;
    const char *snapshot;
    char *(*key)(const char *stream, const char *snapshot);
    char *found; /* the stream */
};

/* Streams, one after the other: does the key exist there? */
static struct err *look_in_stream(const char *stream, void *arg)
{
    struct search *s = arg;
    struct store_stat stat;
    bool found = false;

    bool wanted = !s->streams[0];

    for (const char *const *w = s->streams; *w; w++)
        wanted |= strcmp(*w, stream) == 0;
    char *key = s->key(stream, s->snapshot);
    struct err *e = wanted ? store_head(s->store, key, &stat, &found) : NULL;
    if (!e && found && s->found)
        e = err_hint(
            err_new(ERR_USAGE, "streams %s and %s both have a snapshot %s", s->found, stream, s->snapshot),
            "say which with --streams");
    else if (!e && found)
        s->found = mem_strdup(stream);
    free(key);
    return e;
}

static struct err *find_stream(struct search *s)
{
    TRY(layout_check_name("snapshot", s->snapshot));
    return store_each_folder(s->store, "streams/", look_in_stream, s);
}

static struct err *create_pin(struct store *s, const char *stream, const char *snapshot, const char *reason,
                              bool *changed)
{
    struct pin pin = {.time_us = clock_now_us()};

    TRY(origin_read(s, stream, &pin.origin));
    pin.snapshot = mem_strdup(snapshot);
    pin.reason = mem_strdup(reason);
    char *text = pin_encode(&pin), *key = layout_pin_key(stream, snapshot);
    struct err *e = object_create(s, key, text, strlen(text), changed);

    pin_free(&pin);
    free(key);
    free(text);
    return e;
}

/* The other half is in prune.c (check_pin). */
static struct err *check_not_going(struct store *s, const char *stream, const char *snapshot)
{
    struct pruned record;

    TRY(pruned_load(s, stream, NULL, &record));
    bool going = pruned_has_snapshot(&record, snapshot);
    pruned_free(&record);
    return going ? err_new(ERR_STORE, "a run of ccr-prune is removing snapshot %s", snapshot) : NULL;
}

struct err *prune_pin(struct store *s, const char *const *streams, const char *snapshot, const char *reason,
                      bool *changed)
{
    struct search search = {s, streams, snapshot, layout_manifest_key, NULL};
    struct err *e = find_stream(&search);

    *changed = false;
    if (!e && !search.found)
        e = err_new(ERR_STORE, "the store %s has no snapshot %s", store_url(s), snapshot);
    if (!e)
        e = create_pin(s, search.found, snapshot, reason, changed);
    if (!e)
        e = check_not_going(s, search.found, snapshot);
    free(search.found);
    return e;
}

struct err *prune_unpin(struct store *s, const char *const *streams, const char *snapshot, bool *changed)
{
    struct search search = {s, streams, snapshot, layout_pin_key, NULL};
    struct err *e = find_stream(&search);

    *changed = false;
    if (!e && search.found) {
        char *key = layout_pin_key(search.found, snapshot);
        e = store_delete(s, key);
        *changed = !e;
        free(key);
    }
    free(search.found);
    return e;
}
