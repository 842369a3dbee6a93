#include "replay/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "replay/status.h"

enum { MEMORY_LEAST = 64 * 1024 * 1024, MIB = 1024 * 1024 };

/* 0: the system does not say. */
static uint64_t memory_of_machine(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long size = sysconf(_SC_PAGESIZE);

    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

/* The default is right on any machine: what it takes is what is needed. */
static struct err *memory_from_opts(const struct opts *opts, uint64_t *memory)
{
    uint64_t has = memory_of_machine();
    struct err *e = NULL;

    *memory = opts_number(opts, OPT_MEMORY);
    if (*memory < MEMORY_LEAST)
        e = err_new(ERR_USAGE, "it must be at least 64M");
    else if (has && *memory > has && opts_given(opts, OPT_MEMORY))
        e = err_hint(err_new(ERR_USAGE, "%s is more than this machine has, which is %" PRIu64 "M",
                             opts_string(opts, OPT_MEMORY), has / MIB),
                     "it takes 64M and more, as far as the server and all else can spare it (default: 256M)");
    return opts_refuse(opts, OPT_MEMORY, e);
}

static struct err *drift_from_opts(const struct opts *opts, struct apply_limits *out)
{
    const char *policy = opts_string(opts, OPT_ON_DRIFT);
    bool repair = strcmp(policy, "repair") == 0;

    out->copy_drifted = strcmp(policy, "copy") == 0;
    if (!repair && !out->copy_drifted && strcmp(policy, "stop") != 0)
        return err_new(ERR_USAGE, "--on-drift is 'stop', 'repair' or 'copy', not '%s'", policy);
    out->drift = repair                                     ? DRIFT_REPAIR
                 : opts_flag(opts, OPT_CHECK_BEFORE_IMAGES) ? DRIFT_STOP
                                                            : DRIFT_UNCHECKED;
    return NULL;
}

struct err *apply_limits_read(const struct opts *opts, struct apply_limits *out)
{
    const char *gtid = opts_string(opts, OPT_UNTIL_GTID);
    const char *time = opts_string(opts, OPT_UNTIL_TIME);
    int64_t time_us = 0;

    out->batch_transactions = opts_number(opts, OPT_BATCH_TRANSACTIONS);
    out->batch_bytes = opts_number(opts, OPT_BATCH_SIZE);
    out->batch_us = (int64_t)opts_number(opts, OPT_BATCH_SECONDS) * CLOCK_US_PER_S;
    out->follow = opts_flag(opts, OPT_FOLLOW);
    out->poll_us = (int64_t)opts_number(opts, OPT_POLL) * CLOCK_US_PER_S;
    TRY(memory_from_opts(opts, &out->memory));
    if (out->batch_transactions == 0 || out->batch_bytes == 0)
        return err_new(ERR_USAGE, "--batch-transactions and --batch-size must not be 0");
    const char *road = opts_string(opts, OPT_ROAD);
    out->in_order = strcmp(road, "ordered") == 0;
    if (!out->in_order && strcmp(road, "merged") != 0)
        return err_new(ERR_USAGE, "--road is 'ordered' or 'merged', not '%s'", road);
    TRY(drift_from_opts(opts, out));
    const char *need = opts_string(opts, OPT_ON_NEED);
    out->pass_needs = strcmp(need, "pass") == 0;
    if (!out->pass_needs && strcmp(need, "wait") != 0)
        return err_new(ERR_USAGE, "--on-need is 'wait' or 'pass', not '%s'", need);
    out->copies_a_day = opts_number(opts, OPT_COPIES_A_DAY);
    if (gtid) {
        TRY(gtid_pos_parse(gtid, ERR_USAGE, &out->until_gtid));
        out->has_until_gtid = true;
    }
    if (time)
        TRY(clock_parse(time, &time_us));
    out->until_time = time_us / CLOCK_US_PER_S;
    return NULL;
}

struct err *lanes_from_opts(const struct opts *opts, unsigned *lanes)
{
    uint64_t count = opts_number(opts, OPT_LANES);

    if (count == 0 || count > LANES_MOST)
        return err_new(ERR_USAGE, "--lanes must be 1 to %d", LANES_MOST);
    *lanes = (unsigned)count;
    return NULL;
}

/* A run that found nothing new knows enough from its beginning. What cannot be read tells nothing: it only
 * makes the lag larger. */
static int64_t report_source_seen(const struct apply *a, const struct job_position *p)
{
    const struct origin expected = {a->job->store_id, a->job->stream_id};
    struct alive alive;
    bool found = false;

    if (a->batch.commits == 0 && !a->limits.follow)
        return status_source_seen(&a->alive, p);
    err_free(alive_load(a->store, a->job->stream, &expected, &alive, &found));
    int64_t seen = status_source_seen(&alive, p);
    alive_free(&alive);
    return seen;
}

/* How far the target is behind: false where nothing is known. */
static bool report_lag(struct apply *a, int64_t *lag)
{
    const struct job_position *p = &a->batch.next;
    int64_t seen = report_source_seen(a, p);
    int64_t at = seen > p->source_time ? seen : p->source_time;
    *lag = at ? clock_now_us() / CLOCK_US_PER_S - at : 0;
    if (*lag < 0)
        *lag = 0;
    return at != 0;
}

static void set_number(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

void report_result(struct apply *a, struct run *run, double seconds)
{
    const struct batch_counts *n = &a->batch.counts;
    const struct job_position *p = a->dry_run ? &a->batch.next : &a->batch.committed;
    char *position = gtid_pos_text(&p->pos);
    json_t *r = run->result;
    int64_t lag = 0;

    run->changed = a->batch.commits > 0;
    set_number(r, "transactions", n->transactions);
    set_number(r, "events", n->events);
    set_number(r, "rows", a->batch.rows);
    set_number(r, "ddl", n->ddl);
    set_number(r, "batches", a->batch.commits);
    set_number(r, "bytes", batch_bytes_sent(&a->batch));
    set_number(r, "objects", a->objects);
    json_object_set_new(r, "position", json_string(position));
    set_number(r, "epoch", p->epoch);
    set_number(r, "number", p->number);
    json_object_set_new(r, "lag_seconds", report_lag(a, &lag) ? json_integer(lag) : json_null());
    json_object_set_new(r, "seconds", json_real(seconds));
    json_object_set_new(r, "skipped",
                        json_pack("{s:I, s:I, s:I}", "transactions", (json_int_t)n->skipped_transactions,
                                  "events", (json_int_t)n->skipped_events, "statements",
                                  (json_int_t)n->skipped_statements));
    set_number(r, "redone", a->redone);
    set_number(r, "unmerged", a->unmerged);
    set_number(r, "passed_over", a->passed_over);
    set_number(r, "repaired", batch_repaired(&a->batch));
    json_object_set_new(r, "dry_run", json_boolean(a->dry_run));
    if (a->limits.has_until_gtid || a->limits.until_time)
        json_object_set_new(r, "until_reached", json_boolean(a->until_reached));
    run_say(run, "%s%llu transactions, %llu rows, %llu statements in %.1f s; position %s, %lld s behind",
            a->dry_run ? "dry run: " : "", (unsigned long long)n->transactions,
            (unsigned long long)(a->dry_run ? n->events : a->batch.rows), (unsigned long long)n->ddl, seconds,
            position, (long long)lag);
    free(position);
}
