#include "status/status_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "status/source_lag.h"

/* Text that need not be UTF-8 is an object then (base/json.h): it is for programs. */
static const char *message_of(const json_t *object, const char *name)
{
    return json_is_object(json_object_get(object, name)) ? "(not UTF-8: see --json)"
                                                         : json_text_at(object, name);
}

static int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* "40 s", "12 min", "5 h", "3 d" */
static void append_age(struct buf *out, int64_t seconds)
{
    if (seconds < 0)
        seconds = 0;
    if (seconds < 120)
        buf_printf(out, "%" PRId64 " s", seconds);
    else if (seconds < 120 * 60)
        buf_printf(out, "%" PRId64 " min", seconds / 60);
    else if (seconds < 48 * 3600)
        buf_printf(out, "%" PRId64 " h", seconds / 3600);
    else
        buf_printf(out, "%" PRId64 " d", seconds / 86400);
}

/* "TIME (40 s ago)" */
static void append_time(struct buf *out, const char *time, int64_t now_us)
{
    int64_t us = 0;
    struct err *e = clock_parse(time, &us);

    buf_append_str(out, time);
    if (!e) {
        buf_append_str(out, " (");
        append_age(out, (now_us - us) / CLOCK_US_PER_S);
        buf_append_str(out, " ago)");
    }
    err_free(e);
}

/* What stands before a part of a line that began as "job j:". */
static void append_separator(struct buf *out)
{
    buf_append_str(out, out->data[out->len - 1] == ':' ? " " : "; ");
}

static void append_part(struct buf *out, const char *part)
{
    if (!*part)
        return;
    append_separator(out);
    buf_append_str(out, part);
}

static void append_lag(struct buf *out, const json_t *job)
{
    const json_t *lag = json_object_get(job, "lag");

    if (!lag)
        return;
    append_separator(out);
    if (json_is_true(json_object_get(lag, "known"))) {
        append_age(out, number_of(lag, "seconds"));
        buf_append_str(out, " behind");
    } else {
        buf_append_str(out, "lag unknown");
        if (*json_text_at(lag, "unknown_since"))
            buf_printf(out, " since %s", json_text_at(lag, "unknown_since"));
        buf_printf(out, ": %s", json_text_at(lag, "unknown_because"));
    }
    if (json_object_get(lag, "transactions"))
        buf_printf(out, "; %s%" PRId64 " transactions of the log are not applied",
                   json_is_true(json_object_get(lag, "more")) ? "more than " : "",
                   number_of(lag, "transactions"));
    source_lag_text(json_object_get(lag, "source_lag"), "is", out);
}

static const char *state_words(const char *state)
{
    if (strcmp(state, "stopped") == 0)
        return "STOPPED, needs a person";
    if (strcmp(state, "promoting") == 0)
        return "PROMOTION NOT FINISHED: run ccr-promote again";
    return state;
}

static void add_head(struct buf *out, const json_t *job)
{
    buf_printf(out, "job %s, stream %s:", json_text_at(job, "job"),
               *json_text_at(job, "stream") ? json_text_at(job, "stream") : "not known");
    append_part(out, state_words(json_text_at(job, "state")));
    append_part(out, json_text_at(job, "doing"));
    append_lag(out, job);
    buf_append_byte(out, '\n');
}

static void add_position(struct buf *out, const json_t *job, int64_t now_us)
{
    if (json_object_get(job, "position"))
        buf_printf(out, "  target   %s, object %" PRId64 " of epoch %" PRId64, json_text_at(job, "position"),
                   number_of(job, "number"), number_of(job, "epoch"));
    if (*json_text_at(job, "source_time")) {
        buf_append_str(out, ", committed ");
        append_time(out, json_text_at(job, "source_time"), now_us);
    }
    if (json_object_get(job, "position"))
        buf_append_byte(out, '\n');
    if (json_is_true(json_object_get(job, "needs_copy")) && !json_object_get(job, "full_copy"))
        buf_append_str(
            out, "  needs    a new snapshot (ccr-backup, ccr-restore): the log goes on in another epoch\n");
    if (*json_text_at(job, "reported")) {
        buf_append_str(out, "  reported ");
        append_time(out, json_text_at(job, "reported"), now_us);
        buf_append_byte(out, '\n');
    }
    if (*json_text_at(job, "ok_at")) {
        buf_append_str(out, "  last ok  ");
        append_time(out, json_text_at(job, "ok_at"), now_us);
        buf_append_byte(out, '\n');
    }
}

static void add_state(struct buf *out, const json_t *job, int64_t now_us)
{
    if (!*json_text_at(job, "state_reason"))
        return;
    buf_printf(out, "  %-8s ", json_text_at(job, "state"));
    append_time(out, json_text_at(job, "state_since"), now_us);
    buf_printf(out, " by %s: %s\n", message_of(job, "state_who"), message_of(job, "state_reason"));
}

static void append_rate(struct buf *out, const json_t *copy, const char *name, const char *unit)
{
    const json_t *rate = json_object_get(copy, name);

    if (rate)
        buf_printf(out, ", %.*f %s", json_real_value(rate) < 10, json_real_value(rate), unit);
}

static void add_copy(struct buf *out, const json_t *job)
{
    const json_t *copy = json_object_get(job, "copy");
    int64_t rows = number_of(copy, "rows");
    int64_t loaded = number_of(copy, "loaded");

    if (!copy)
        return;
    buf_printf(out, "  copy     %s, of snapshot %s (%s): %" PRId64 " of %" PRId64 " rows",
               json_text_at(copy, "kind"), json_text_at(copy, "snapshot"), message_of(copy, "reason"), loaded,
               rows);
    if (rows > 0)
        buf_printf(out, " (%" PRId64 "%%)", loaded * 100 / rows);
    if (json_object_get(copy, "transactions_left"))
        buf_printf(out, "; %" PRId64 " transactions of the log behind them are left",
                   number_of(copy, "transactions_left"));
    append_rate(out, copy, "rows_per_second", "rows/s");
    append_rate(out, copy, "transactions_per_second", "transactions/s");
    if (json_object_get(copy, "seconds_left")) {
        buf_append_str(out, ", ");
        append_age(out, number_of(copy, "seconds_left"));
        buf_append_str(out, " left");
    }
    buf_append_byte(out, '\n');
}

/* "TIME (3 times within a day)" */
static void append_since(struct buf *out, const json_t *need)
{
    buf_printf(out, " since %s", json_text_at(need, "since"));
    if (number_of(need, "times") > 1)
        buf_printf(out, " (%" PRId64 " times within a day)", number_of(need, "times"));
    buf_printf(out, ": %s\n", message_of(need, "reason"));
}

static void add_tables(struct buf *out, const json_t *job)
{
    const json_t *tables = json_object_get(job, "tables_behind");
    const json_t *full = json_object_get(job, "full_copy");

    if (full) {
        buf_append_str(out, "  needs    a full copy");
        append_since(out, full);
    }
    for (size_t i = 0; i < json_array_size(tables); i++) {
        const json_t *t = json_array_get(tables, i);
        const char *name = message_of(t, "name");
        buf_printf(out, "  table    %s%s%s %s", message_of(t, "db"), *name ? "." : "", name,
                   strcmp(json_text_at(t, "kind"), "behind") == 0 ? "is left behind" : "needs a copy");
        append_since(out, t);
    }
}

static void add_error(struct buf *out, const json_t *job, int64_t now_us)
{
    const json_t *error = json_object_get(job, "error");
    int64_t failures = number_of(job, "failures");

    if (!error)
        return;
    if (failures)
        buf_printf(out, "  failed   %" PRId64 " times in a row, ", failures);
    else
        buf_append_str(out, "  failed   last ");
    append_time(out, json_text_at(error, "at"), now_us);
    buf_printf(out, "%s: %s: %s (%s)\n", failures ? "" : ", not since then", json_text_at(error, "program"),
               message_of(error, "message"), json_text_at(error, "code_name"));
    if (failures && json_object_get(error, "hint"))
        buf_printf(out, "  hint     %s\n", message_of(error, "hint"));
}

static void add_protection(struct buf *out, const json_t *job, int64_t now_us)
{
    const json_t *protection = json_object_get(job, "protection");
    const json_t *written = json_object_get(protection, "written");

    if (!protection)
        return;
    buf_printf(out, "  protect  %s: read_only is %s; ", json_text_at(protection, "mode"),
               json_is_true(json_object_get(protection, "read_only")) ? "on" : "off");
    if (*json_text_at(protection, "unknown"))
        buf_printf(out, "what others write is not known: %s", message_of(protection, "unknown"));
    else
        buf_printf(out, "others' writes: %s, looked for ", json_array_size(written) ? "FOUND" : "none");
    if (!*json_text_at(protection, "unknown"))
        append_time(out, json_text_at(protection, "checked"), now_us);
    buf_append_byte(out, '\n');
    for (size_t i = 0; i < json_array_size(written); i++) {
        const json_t *t = json_array_get(written, i);
        buf_printf(out,
                   "  written  %s.%s by others: %" PRId64 " transactions from %s to %s, the last one %s\n",
                   message_of(t, "db"), message_of(t, "name"), number_of(t, "transactions"),
                   json_text_at(t, "first"), json_text_at(t, "last"), json_text_at(t, "gtid"));
    }
}

static void add_history(struct buf *out, const json_t *job)
{
    const json_t *history = json_object_get(job, "history");

    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *line = json_array_get(history, i);
        buf_printf(out, "  history  %s %s: %s\n", json_text_at(line, "at"), message_of(line, "what"),
                   message_of(line, "reason"));
    }
}

static void add_request(struct buf *out, const json_t *r, int64_t now_us)
{
    if (json_object_get(r, "place"))
        buf_printf(out, "  request  place %" PRId64 ", job %s, ", number_of(r, "place"),
                   json_text_at(r, "job"));
    else
        buf_printf(out, "  request  %s, job %s, ", json_text_at(r, "state"), json_text_at(r, "job"));
    append_time(out, json_text_at(r, "requested"), now_us);
    buf_printf(out, ": %s (%s)", message_of(r, "wanted"), message_of(r, "reason"));
    if (*json_text_at(r, "because"))
        buf_printf(out, "; %s", message_of(r, "because"));
    buf_append_byte(out, '\n');
}

/* The failures that are behind a stop are shown one by one. */
static void add_failures(struct buf *out, const json_t *history)
{
    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *line = json_array_get(history, i);
        buf_printf(out, "  failure  %s %s: %s (%s)\n", json_text_at(line, "at"),
                   json_text_at(line, "program"), message_of(line, "message"),
                   json_text_at(line, "code_name"));
    }
}

static void add_copies(struct buf *out, const json_t *copies, int64_t now_us)
{
    const bool stopped = strcmp(json_text_at(copies, "state"), "stopped") == 0;
    const char *what = strcmp(json_text_at(copies, "kind"), "requested") == 0 ? "what targets ask for"
                                                                              : "snapshots that are due";

    if (stopped) {
        buf_printf(out, "  STOPPED  %s: needs a person since ", what);
        append_time(out, json_text_at(copies, "since"), now_us);
        buf_printf(out, " (%s): %s\n", message_of(copies, "who"), message_of(copies, "reason"));
        add_failures(out, json_object_get(copies, "history"));
    }
    add_error(out, copies, now_us);
}

static void add_stream(struct buf *out, const json_t *stream, int64_t now_us)
{
    buf_printf(out, "stream %s: ", json_text_at(stream, "stream"));
    if (*json_text_at(stream, "seen")) {
        buf_append_str(out, json_object_get(stream, "clock_ahead")            ? "CLOCK AHEAD, last seen "
                            : json_is_true(json_object_get(stream, "silent")) ? "SILENT, last seen "
                                                                              : "seen ");
        append_time(out, json_text_at(stream, "seen"), now_us);
        buf_printf(out, " at %s", json_text_at(stream, "position"));
    } else {
        buf_append_str(out, "not seen");
    }
    if (json_object_get(stream, "number"))
        buf_printf(out, "; log up to object %" PRId64 " of epoch %" PRId64, number_of(stream, "number"),
                   number_of(stream, "epoch"));
    if (json_is_true(json_object_get(stream, "alive_older")))
        buf_append_str(out,
                       "; the log is newer than alive.json: ccr-ship is at work or was killed, or an older "
                       "alive.json was put back");
    source_lag_text(json_object_get(stream, "source_lag"), "is", out);
    if (*message_of(stream, "error"))
        buf_printf(out, "; %s", message_of(stream, "error"));
    buf_append_byte(out, '\n');
    const json_t *copies = json_object_get(stream, "copies");
    for (size_t i = 0; i < json_array_size(copies); i++)
        add_copies(out, json_array_get(copies, i), now_us);
    const json_t *requests = json_object_get(stream, "requests");
    for (size_t i = 0; i < json_array_size(requests); i++)
        add_request(out, json_array_get(requests, i), now_us);
}

void status_text(const json_t *status, int64_t now_us, struct buf *out)
{
    const json_t *jobs = json_object_get(status, "jobs");
    const json_t *streams = json_object_get(status, "streams");

    for (size_t i = 0; i < json_array_size(jobs); i++) {
        const json_t *job = json_array_get(jobs, i);
        add_head(out, job);
        add_state(out, job, now_us);
        add_copy(out, job);
        add_tables(out, job);
        add_protection(out, job, now_us);
        add_error(out, job, now_us);
        add_position(out, job, now_us);
        add_history(out, job);
    }
    for (size_t i = 0; i < json_array_size(streams); i++)
        add_stream(out, json_array_get(streams, i), now_us);
    if (json_array_size(jobs) == 0 && json_array_size(streams) == 0)
        buf_append_str(out, "no jobs, no streams\n");
}
