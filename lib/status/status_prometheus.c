#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "status/status_text.h"

/* Where the value of a metric stands in an object. */
enum value_kind {
    VALUE_NUMBER,
    VALUE_TRUTH, /* 1 for true, 0 for false */
    VALUE_TIME,  /* text: seconds since 1970 */
    VALUE_COUNT  /* elements of an array */
};

struct metric {
    const char *name;
    const char *help;
    const char *inside; /* the member of the job that holds it; NULL: the job itself */
    const char *member;
    enum value_kind kind;
};

static const struct metric of_jobs[] = {
    {"ccr_job_lag_known", "Whether it is known how far the target is behind its source.", "lag", "known",
     VALUE_TRUTH},
    {"ccr_job_lag_seconds", "How far the target is behind its source; absent where that is not known.", "lag",
     "seconds", VALUE_NUMBER},
    {"ccr_job_lag_transactions",
     "Transactions of the stored log that are not applied, as far as they were counted.", "lag",
     "transactions", VALUE_NUMBER},
    {"ccr_job_failures", "Runs that failed in a row, of one cause.", NULL, "failures", VALUE_NUMBER},
    {"ccr_job_last_success_timestamp_seconds", "When a run of the job last succeeded.", NULL, "ok_at",
     VALUE_TIME},
    {"ccr_job_reported_timestamp_seconds", "When the target last reported to the store.", NULL, "reported",
     VALUE_TIME},
    {"ccr_job_running", "Whether a run of the job is at work.", NULL, "running", VALUE_TRUTH},
    {"ccr_job_needs_copy", "Whether the log goes on in an epoch that needs a new snapshot.", NULL,
     "needs_copy", VALUE_TRUTH},
    {"ccr_job_tables_behind", "Tables that only another copy can bring in.", NULL, "tables_behind",
     VALUE_COUNT},
    {"ccr_job_target_read_only", "Whether the target is read_only.", "protection", "read_only", VALUE_TRUTH},
    {"ccr_job_protection_known", "Whether it is known if others write to the target's tables.", "protection",
     "known", VALUE_TRUTH},
    {"ccr_job_tables_written_by_others",
     "Tables that others than ccr have written to since they were copied.", "protection", "written",
     VALUE_COUNT},
    {"ccr_job_copy_rows", "Rows of the copy that is under way.", "copy", "rows", VALUE_NUMBER},
    {"ccr_job_copy_loaded_rows", "Rows of it that are loaded.", "copy", "loaded", VALUE_NUMBER},
    {"ccr_job_copy_left_transactions",
     "Transactions of the log that are left to be replayed on top of it before the swap.", "copy",
     "transactions_left", VALUE_NUMBER},
    {"ccr_job_copy_left_seconds", "How long it takes at its rate so far until the next step.", "copy",
     "seconds_left", VALUE_NUMBER},
};

static const struct metric of_streams[] = {
    {"ccr_stream_silent", "Whether the source was not seen lately.", NULL, "silent", VALUE_TRUTH},
    {"ccr_stream_seen_timestamp_seconds", "When the source was last seen.", NULL, "seen", VALUE_TIME},
    {"ccr_stream_source_lag_known",
     "Whether it is known how far the source, a replica, is behind its own primary.", "source_lag", "known",
     VALUE_TRUTH},
    {"ccr_stream_source_lag_seconds",
     "How far the source, a replica, is behind its own primary; absent where that is not known.",
     "source_lag", "seconds", VALUE_NUMBER},
    {"ccr_stream_needs_person", "Whether failures have stopped the snapshots that are due or asked for.",
     NULL, "needs_person", VALUE_TRUTH},
    {"ccr_stream_open_requests", "Copies that targets ask for and no snapshot answers yet.", NULL,
     "open_requests", VALUE_NUMBER},
};

static bool value_of(const struct metric *m, const json_t *object, int64_t *out)
{
    const json_t *holder = m->inside ? json_object_get(object, m->inside) : object;
    const json_t *value = json_object_get(holder, m->member);
    int64_t us = 0;

    switch (m->kind) {
    case VALUE_NUMBER:
        *out = json_integer_value(value);
        return json_is_integer(value);
    case VALUE_TRUTH:
        *out = json_is_true(value);
        return json_is_boolean(value);
    case VALUE_COUNT:
        *out = (int64_t)json_array_size(value);
        return json_is_array(value);
    case VALUE_TIME:
        break;
    }
    struct err *e = json_is_string(value) ? clock_parse(json_string_value(value), &us) : NULL;
    bool known = !e && us != 0;
    err_free(e);
    *out = us / CLOCK_US_PER_S;
    return known;
}

/* Names of jobs and streams hold nothing that a label would have to escape. */
static void add_labels(struct buf *out, const json_t *object, const char *state)
{
    buf_append_byte(out, '{');
    if (json_object_get(object, "job"))
        buf_printf(out, "job=\"%s\",", json_text_at(object, "job"));
    buf_printf(out, "stream=\"%s\"", json_text_at(object, "stream"));
    if (state)
        buf_printf(out, ",state=\"%s\"", state);
    buf_append_byte(out, '}');
}

static void add_metric(struct buf *out, const struct metric *m, const json_t *list)
{
    bool headed = false;

    for (size_t i = 0; i < json_array_size(list); i++) {
        int64_t value;
        if (!value_of(m, json_array_get(list, i), &value))
            continue;
        if (!headed)
            buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", m->name, m->help, m->name);
        headed = true;
        buf_append_str(out, m->name);
        add_labels(out, json_array_get(list, i), NULL);
        buf_printf(out, " %" PRId64 "\n", value);
    }
}

/* One sample for each state: 1 for the one that it is in. */
static void add_states(struct buf *out, const json_t *jobs)
{
    static const char *const states[] = {"following", "paused", "stopped", "promoting", "promoted"};
    bool headed = false;

    for (size_t i = 0; i < json_array_size(jobs); i++) {
        const json_t *job = json_array_get(jobs, i);
        if (!json_object_get(job, "state"))
            continue;
        if (!headed)
            buf_append_str(out, "# HELP ccr_job_state Whether the job is in this state.\n"
                                "# TYPE ccr_job_state gauge\n");
        headed = true;
        for (size_t j = 0; j < sizeof(states) / sizeof(states[0]); j++) {
            buf_append_str(out, "ccr_job_state");
            add_labels(out, job, states[j]);
            buf_printf(out, " %d\n", strcmp(states[j], json_text_at(job, "state")) == 0);
        }
    }
}

void status_prometheus(const json_t *status, struct buf *out)
{
    const json_t *jobs = json_object_get(status, "jobs");

    add_states(out, jobs);
    for (size_t i = 0; i < sizeof(of_jobs) / sizeof(of_jobs[0]); i++)
        add_metric(out, &of_jobs[i], jobs);
    for (size_t i = 0; i < sizeof(of_streams) / sizeof(of_streams[0]); i++)
        add_metric(out, &of_streams[i], json_object_get(status, "streams"));
}
