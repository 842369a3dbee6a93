#include "status/streams.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/chain.h"
#include "format/copies.h"
#include "format/document.h"
#include "format/layout.h"
#include "status/source_lag.h"

/* Takes e: what could not be read is noted. */
static struct err *note_error(struct stream_seen *s, struct err *e)
{
    if (!e || err_code(e) == ERR_INTERRUPTED)
        return e;
    if (!s->error)
        s->error = mem_strdup(err_message(e));
    err_free(e);
    return NULL;
}

static struct err *look_at_log(struct store *store, struct stream_seen *s)
{
    struct segment_footer *newest = NULL;

    TRY(chain_newest(store, s->name, &newest));
    if (newest) {
        s->has_log = true;
        s->epoch = newest->epoch;
        s->number = newest->number;
        gtid_pos_copy(&s->end, &newest->end);
    }
    segment_footer_free(newest);
    return NULL;
}

static struct err *look_at_requests(struct streams *s, struct stream_seen *seen)
{
    if (!s->has_requests) {
        requests_free(&s->requests);
        TRY(request_list(s->store, NULL, &s->requests));
        s->has_requests = true;
    }
    queue_make(&s->requests, seen->name, NULL, s->now_us, &seen->queue);
    TRY(queue_see_all(&seen->queue, s->store, seen->name));
    seen->has_queue = true;
    return NULL;
}

static struct err *look_at_copies(struct store *store, struct stream_seen *s)
{
    struct copies c;
    struct err *e = copies_load(store, s->name, &c);

    if (!e)
        s->copies = copies_to_json(&c);
    for (int i = 0; i < COPIES_KINDS_; i++)
        s->needs_person |= c.kinds[i].stopped;
    copies_free(&c);
    return e;
}

static struct err *load_alive(struct store *store, struct stream_seen *s)
{
    char *key = layout_alive_key(s->name);

    alive_free(&s->alive);
    struct err *e = alive_load(store, s->name, NULL, &s->alive, &s->has_alive);
    if (!e && s->has_alive)
        e = origin_check_in(store, s->name, key, &s->alive.origin);
    s->has_alive = s->has_alive && !e;
    free(key);
    return e;
}

/* ccr-ship writes the log first, so what is behind it now may not be at a second look. */
static struct err *look_whether_older(struct store *store, struct stream_seen *s)
{
    if (!s->has_alive || !s->has_log || !alive_is_older(&s->alive, s->epoch, s->number))
        return NULL;
    TRY(load_alive(store, s));
    s->alive_older = s->has_alive && alive_is_older(&s->alive, s->epoch, s->number);
    return NULL;
}

struct err *streams_look(struct streams *s, const char *name, const struct stream_seen **out)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->items[i].name, name) == 0) {
            *out = &s->items[i];
            return NULL;
        }
    s->items = mem_grow(s->items, s->count, &s->cap, sizeof(*s->items));
    struct stream_seen *seen = &s->items[s->count++];
    *seen = (struct stream_seen){.name = mem_strdup(name)};
    *out = seen;
    struct err *e = load_alive(s->store, seen);
    bool store_fails = err_code(e) == ERR_STORE;
    TRY(note_error(seen, e));
    if (!store_fails)
        TRY(note_error(seen, look_at_log(s->store, seen)));
    if (!store_fails)
        TRY(note_error(seen, look_whether_older(s->store, seen)));
    /* by a clock that is ahead a source that has gone would seem to be there until then */
    seen->ahead = seen->has_alive && seen->alive.time_us - s->now_us > s->silent_after_us;
    seen->silent = !seen->has_alive || seen->ahead || s->now_us - seen->alive.time_us > s->silent_after_us;
    if (!seen->silent) /* what was so then need not be any more */
        seen->source_lag = source_lag_of(&seen->alive);
    if (store_fails)
        return NULL;
    TRY(note_error(seen, look_at_copies(s->store, seen)));
    return note_error(seen, look_at_requests(s, seen));
}

static struct err *look_at_one(const char *name, void *arg)
{
    const struct stream_seen *seen;

    return streams_look(arg, name, &seen);
}

struct err *streams_look_at_all(struct streams *s)
{
    return store_each_folder(s->store, "streams/", look_at_one, s);
}

json_t *streams_to_json(const struct streams *s)
{
    json_t *list = json_array();
    char time[CLOCK_TEXT_SIZE];

    for (size_t i = 0; i < s->count; i++) {
        const struct stream_seen *seen = &s->items[i];
        json_t *object = json_object();
        document_set_bytes(object, "stream", seen->name);
        json_object_set_new(object, "silent", json_boolean(seen->silent));
        if (seen->ahead)
            json_object_set_new(object, "clock_ahead", json_true());
        if (seen->has_alive) {
            document_set_bytes(object, "seen", clock_format(seen->alive.time_us, time));
            document_set_pos(object, "position", &seen->alive.position);
            json_object_set_new(object, "alive_older", json_boolean(seen->alive_older));
            json_object_set(object, "source_lag", seen->source_lag);
        }
        if (seen->has_log) {
            document_set_u64(object, "epoch", seen->epoch);
            document_set_u64(object, "number", seen->number);
            document_set_pos(object, "log_position", &seen->end);
        }
        if (seen->has_queue) {
            document_set_u64(object, "open_requests", queue_open(&seen->queue));
            json_object_set_new(object, "requests", queue_to_json(&seen->queue));
        }
        if (seen->copies) {
            json_object_set_new(object, "needs_person", json_boolean(seen->needs_person));
            json_object_set(object, "copies", seen->copies);
        }
        document_set_bytes(object, "error", seen->error);
        json_array_append_new(list, object);
    }
    return list;
}

void streams_free(struct streams *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->items[i].name);
        free(s->items[i].error);
        alive_free(&s->items[i].alive);
        gtid_pos_free(&s->items[i].end);
        queue_free(&s->items[i].queue);
        json_decref(s->items[i].copies);
        json_decref(s->items[i].source_lag);
    }
    requests_free(&s->requests);
    s->has_requests = false;
    free(s->items);
    s->items = NULL;
    s->count = s->cap = 0;
}
