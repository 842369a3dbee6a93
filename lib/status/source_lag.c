#include "status/source_lag.h"

#include <inttypes.h>

#include "base/json.h"
#include "format/document.h"

static void append_name(struct buf *out, const char *connection)
{
    if (*connection)
        buf_printf(out, " (connection '%s')", connection);
}

/* One that does not run. */
static void append_why(struct buf *out, const json_t *connection)
{
    buf_printf(out, "%s %s", out->len ? "; its replication is" : "the source's own replication is",
               json_text_at(connection, "state"));
    append_name(out, json_text_at(connection, "connection"));
    if (*json_text_at(connection, "error"))
        buf_printf(out, ": %s", json_text_at(connection, "error"));
}

static int64_t seconds_of(const json_t *object)
{
    return json_integer_value(json_object_get(object, "seconds"));
}

json_t *source_lag_of(const struct alive *alive)
{
    const json_t *worst = NULL;
    struct buf why = BUF_INIT;

    if (json_array_size(alive->replication) == 0)
        return NULL;
    json_t *lag = json_object();
    for (size_t i = 0; i < json_array_size(alive->replication); i++) {
        const json_t *connection = json_array_get(alive->replication, i);
        if (!json_object_get(connection, "seconds"))
            append_why(&why, connection);
        else if (!worst || seconds_of(connection) > seconds_of(worst))
            worst = connection;
    }
    json_object_set_new(lag, "known", json_boolean(!why.len));
    if (why.len) {
        document_set_bytes(lag, "unknown_because", buf_str(&why));
    } else {
        json_object_set_new(lag, "seconds", json_integer(seconds_of(worst)));
        document_set_bytes(lag, "connection", json_text_at(worst, "connection"));
    }
    buf_free(&why);
    return lag;
}

void source_lag_text(const json_t *lag, const char *is, struct buf *out)
{
    if (*json_text_at(lag, "unknown_because"))
        buf_printf(out, "; %s", json_text_at(lag, "unknown_because"));
    if (seconds_of(lag) == 0)
        return;
    buf_printf(out, "; the source %s itself %" PRId64 " s behind its primary", is, seconds_of(lag));
    append_name(out, json_text_at(lag, "connection"));
}
