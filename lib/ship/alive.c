#include "ship/alive.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "format/document.h"
#include "format/layout.h"
#include "format/object.h"
#include "format/origin.h"
#include "mysql/replication.h"

enum { ALIVE_VERSION = 1 };
/* A replica whose disk is full may keep waiting who asks for its state. A later answer is none. */
enum { ANSWER_WITHIN_S = 10 };

struct err *source_clock_read(struct conn *c, struct source_clock *out)
{
    uint64_t us = 0;

    TRY(conn_number(c, &us, "SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED)"));
    *out = (struct source_clock){(int64_t)us, clock_monotonic_us()};
    return NULL;
}

int64_t source_clock_now_us(const struct source_clock *clock)
{
    return clock->source_us + (clock_monotonic_us() - clock->monotonic_us);
}

/* A text that is not UTF-8 is left out. */
static json_t *connection_to_json(const struct replication *of)
{
    json_t *object = json_object();

    json_object_set_new(object, "connection", json_string(of->connection));
    json_object_set_new(object, "state", json_string(of->state));
    if (of->known)
        document_set_u64(object, "seconds", of->seconds);
    if (*of->error)
        json_object_set_new(object, "error", json_string(of->error));
    return object;
}

json_t *alive_replication(const struct conn_params *source)
{
    struct conn_params params = *source;
    struct conn *c = NULL;
    struct result *r = NULL;
    struct replication of;

    params.read_timeout_s = ANSWER_WITHIN_S;
    struct err *e = conn_open(&params, &c);
    if (!e)
        e = replication_query(c, &r);
    json_t *list = e ? NULL : json_array();
    while (list && replication_next(r, &of))
        json_array_append_new(list, connection_to_json(&of));
    result_free(r);
    conn_close(c);
    err_free(e);
    return list;
}

struct err *alive_put(struct store *s, const char *stream, const struct place *place, int64_t source_us,
                      const struct incoming *incoming)
{
    const struct origin origin = {place->store_id, place->stream_id};
    json_t *root = document_new("ccr alive", ALIVE_VERSION);
    char time[CLOCK_TEXT_SIZE];

    origin_set(root, &origin);
    document_set_bytes(root, "time", clock_format(source_us, time));
    json_object_set_new(root, "time_us", json_integer(source_us));
    document_set_pos(root, "position", &place->position);
    document_set_u64(root, "epoch", place->epoch);
    document_set_u64(root, "number", place->number - 1);
    json_object_set(root, "jobs", incoming->jobs);
    json_object_set(root, "replication", incoming->replication);
    char *text = json_text(root);
    char *key = layout_alive_key(stream);
    struct err *e = object_put(s, key, text, strlen(text));
    free(key);
    free(text);
    json_decref(root);
    return e;
}
