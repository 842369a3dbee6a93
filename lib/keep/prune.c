#include "keep/prune.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/progress.h"
#include "format/object.h"
#include "keep/asked.h"
#include "keep/plan.h"

struct pruning {
    const struct prune_params *p;
    struct prune_result *out;
    struct progress *progress;
    struct inventory inv;
    struct requests requests;
    char *store_id;
    struct plan *plans;
    size_t plan_count;
    char **asked_goes; /* of inv.requests: why; NULL: it stays */
    int64_t now_us;
    bool gave_up_reserve;
};

/* White space in prune.json: room in a store that is full for what a run writes before anything goes. */
enum { RESERVE = 64 * 1024 };

static struct err *put_clock(const struct pruning *r, size_t reserve)
{
    const struct origin origin = {.store_id = r->store_id};
    char *text = prune_encode(&origin, clock_now_us(), reserve);
    struct err *e = object_put(r->p->store, LAYOUT_PRUNE_KEY, text, strlen(text));

    free(text);
    return e;
}

/* Where there is no room, that of the run before is given up; who makes room takes it again. */
static struct err *write_clock(struct pruning *r)
{
    struct err *e = put_clock(r, RESERVE);

    if (err_code(e) != ERR_STORE)
        return e;
    struct err *second = store_delete(r->p->store, LAYOUT_PRUNE_KEY);
    if (!second)
        second = put_clock(r, 0);
    if (second) {
        err_free(second);
        return e;
    }
    err_free(e);
    r->gave_up_reserve = true;
    return NULL;
}

static void take_reserve(struct pruning *r)
{
    if (r->gave_up_reserve)
        err_free(put_clock(r, RESERVE)); /* still no room: the next run tries again */
}

/* The time by the clock that gave the objects their times. */
static struct err *read_clock(struct pruning *r)
{
    struct store_stat stat = {0};

    r->now_us = clock_now_us();
    if (!r->p->yes) /* nothing is to be written */
        return NULL;
    TRY(write_clock(r));
    TRY(store_head(r->p->store, LAYOUT_PRUNE_KEY, &stat, NULL));
    r->now_us = stat.modified_us + clock_shift_us();
    return NULL;
}

static bool is_wanted(const char *const *streams, const char *name)
{
    const char *const *s = streams;

    while (*s && strcmp(*s, name) != 0)
        s++;
    return *s || !streams[0];
}

static struct err *check_streams(const char *const *streams, const struct inventory *inv)
{
    for (; *streams; streams++) {
        size_t i = 0;
        while (i < inv->stream_count && strcmp(inv->streams[i].name, *streams) != 0)
            i++;
        if (i == inv->stream_count)
            return err_new(ERR_STORE, "the store has no stream %s", *streams);
    }
    return NULL;
}

/* --- removing --- */

static struct err *remove_object(struct pruning *r, char *key, uint64_t size)
{
    struct err *e = interrupt_check();

    if (!e)
        e = store_delete(r->p->store, key);
    if (!e) {
        r->out->removed++;
        progress_add(r->progress, 0, size);
    }
    free(key);
    return e;
}

static struct err *remove_volumes(struct pruning *r, const struct plan *plan, const struct listed_snapshot *s)
{
    for (size_t i = 0; i < s->volume_count; i++)
        TRY(remove_object(r, layout_volume_key(plan->listed->name, s->id, s->volumes[i].number),
                          s->volumes[i].at.size));
    return NULL;
}

/* Who pins a snapshot writes the pin, then looks at the record; here it is the other way round, so one of
 * both sees the other. */
static struct err *check_pin(struct pruning *r, const struct plan *plan, const char *id)
{
    char *key = layout_pin_key(plan->listed->name, id);
    struct store_stat stat;
    bool found = false;
    struct err *e = store_head(r->p->store, key, &stat, &found);

    free(key);
    if (!e && found)
        e = err_hint(err_new(ERR_LOCKED, "snapshot %s was pinned while it was about to be removed", id),
                     "run ccr-prune again");
    return e;
}

static struct err *remove_snapshot(struct pruning *r, const struct plan *plan,
                                   const struct listed_snapshot *s)
{
    TRY(check_pin(r, plan, s->id));
    TRY(remove_object(r, layout_manifest_key(plan->listed->name, s->id), s->manifest.size));
    return remove_volumes(r, plan, s);
}

/* Its backup may have come to its end after all. */
static struct err *remove_dead(struct pruning *r, const struct plan *plan, const struct listed_snapshot *s)
{
    char *key = layout_manifest_key(plan->listed->name, s->id);
    struct store_stat stat;
    bool found = false;
    struct err *e = store_head(r->p->store, key, &stat, &found);

    free(key);
    if (!e && !found)
        e = remove_volumes(r, plan, s);
    return e;
}

static struct err *remove_log(struct pruning *r, const struct plan *plan)
{
    for (size_t i = 0; i < plan->log_remove; i++) {
        const struct listed_log *l = &plan->listed->log[i];
        TRY(remove_object(r, layout_segment_key(plan->listed->name, l->epoch, l->number), l->at.size));
    }
    return NULL;
}

/* The record before this one stays, for who has just listed it. */
static struct err *remove_records(struct pruning *r, const struct plan *plan)
{
    for (size_t i = 0; i < plan->listed->record_count; i++) {
        char *key = layout_pruned_key(plan->listed->name, plan->listed->records[i]);
        struct err *e =
            plan->listed->records[i] < plan->before.record ? store_delete(r->p->store, key) : NULL;
        free(key);
        TRY(e);
    }
    return NULL;
}

/* --- the record --- */

static bool is_before(const struct plan *plan, uint64_t epoch, uint64_t number)
{
    return epoch < plan->epoch || (epoch == plan->epoch && number < plan->number);
}

static void add_job(struct pruned *to, const char *name, uint64_t epoch, uint64_t number, int64_t seen_us)
{
    to->jobs[to->job_count++] = (struct pruned_job){mem_strdup(name), epoch, number, seen_us};
}

/* Jobs that the log no longer waits for: released now, or by an earlier run and not restored since. */
static void list_jobs(const struct plan *plan, struct pruned *to)
{
    to->jobs = mem_zalloc(plan->job_count + 1, sizeof(*to->jobs));
    for (size_t i = 0; i < plan->job_count; i++) {
        const struct plan_job *j = &plan->jobs[i];
        const struct pruned_job *earlier = NULL;
        for (size_t k = 0; k < plan->before.job_count; k++)
            if (strcmp(plan->before.jobs[k].name, j->status.job) == 0)
                earlier = &plan->before.jobs[k];
        if (is_before(plan, j->status.epoch, j->status.needed) && (earlier || j->released))
            add_job(to, j->status.job, j->status.epoch, j->status.needed,
                    earlier ? earlier->seen_us : j->seen_us);
    }
}

static void list_snapshots(const struct plan *plan, struct pruned *to)
{
    to->snapshots = mem_zalloc(plan->count + plan->dead_count + 1, sizeof(*to->snapshots));
    for (size_t i = 0; i < plan->dead_count; i++)
        if (pruned_has_snapshot(&plan->before, plan->dead[i]->id))
            to->snapshots[to->snapshot_count++] = mem_strdup(plan->dead[i]->id);
    for (size_t i = 0; i < plan->count; i++)
        if (!plan->verdicts[i].keep)
            to->snapshots[to->snapshot_count++] = mem_strdup(plan->all[i].id);
}

static struct err *write_record(struct pruning *r, const struct plan *plan)
{
    struct pruned record = {
        .origin = {mem_strdup(plan->origin.store_id), mem_strdup(plan->origin.stream_id)},
        .record = plan->before.record + 1,
        .epoch = plan->epoch,
        .number = plan->number,
        .time_us = r->now_us,
        .reason = mem_printf("kept for %s", plan->held_by),
    };
    bool created = false;

    list_jobs(plan, &record);
    list_snapshots(plan, &record);
    struct err *e = pruned_create(r->p->store, plan->listed->name, &record, &created);
    if (!e && !created)
        e = err_new(ERR_LOCKED, "another run of ccr-prune is at work on stream %s", plan->listed->name);
    pruned_free(&record);
    return e;
}

static struct err *execute(struct pruning *r, const struct plan *plan)
{
    if (plan->objects == 0)
        return NULL;
    TRY(write_record(r, plan));
    for (size_t i = 0; i < plan->count; i++)
        if (!plan->verdicts[i].keep)
            TRY(remove_snapshot(r, plan, plan->all_listed[i]));
    for (size_t i = 0; i < plan->dead_count; i++)
        TRY(remove_dead(r, plan, plan->dead[i]));
    TRY(remove_log(r, plan));
    return remove_records(r, plan);
}

/* --- requests --- */

static bool is_damaged(const struct requests *requests, const struct listed_request *l)
{
    char *key = layout_request_key(l->job, l->id);
    bool damaged = false;

    for (size_t i = 0; i < requests->damaged_count && !damaged; i++)
        damaged = strcmp(requests->damaged[i].key, key) == 0;
    free(key);
    return damaged;
}

static const struct queue_item *find_item(const struct pruning *r, const struct listed_request *l)
{
    for (size_t i = 0; i < r->plan_count; i++)
        for (size_t k = 0; k < r->plans[i].queue.count; k++)
            if (asked_listed(&r->inv, &r->plans[i].queue.items[k]) == l)
                return &r->plans[i].queue.items[k];
    return NULL;
}

/* Those of the streams that are looked at, and those that cannot be read. */
static void judge_requests(struct pruning *r, json_t *report)
{
    const struct asked_params ask = {&r->inv, r->p->max_hold_us, r->now_us};
    json_t *list = json_array();

    r->asked_goes = mem_zalloc(r->inv.request_count + 1, sizeof(*r->asked_goes));
    for (size_t i = 0; i < r->inv.request_count; i++) {
        const struct listed_request *l = &r->inv.requests[i];
        const struct queue_item *item = find_item(r, l);
        if (!item && !is_damaged(&r->requests, l))
            continue;
        r->asked_goes[i] = asked_goes(&ask, l, item);
        json_array_append_new(list, asked_to_json(l, item, r->asked_goes[i]));
        r->out->objects += r->asked_goes[i] != NULL;
        r->out->bytes += r->asked_goes[i] ? l->at.size : 0;
    }
    json_object_set_new(report, "requests", list);
}

static struct err *remove_requests(struct pruning *r)
{
    for (size_t i = 0; i < r->inv.request_count; i++)
        if (r->asked_goes[i])
            TRY(remove_object(r, layout_request_key(r->inv.requests[i].job, r->inv.requests[i].id),
                              r->inv.requests[i].at.size));
    return NULL;
}

/* What killed writers left behind. */
static struct err *clean_up(struct pruning *r)
{
    uint64_t claims = 0;
    struct err *e = store_clean(r->p->store, r->now_us, r->p->grace_us, &claims);

    if (claims > 0)
        log_info(r->p->log, "removed %" PRIu64 " old claims to write objects", claims);
    return e;
}

/* --- the whole --- */

static void warn_of_jobs(struct pruning *r, const struct plan *plan, json_t *warnings)
{
    char time[CLOCK_TEXT_SIZE];

    for (size_t i = 0; i < plan->job_count; i++) {
        const struct plan_job *j = &plan->jobs[i];
        if (!j->released)
            continue;
        char *text =
            mem_printf("job %s was not seen since %s and no longer holds the log of stream %s; it needs "
                       "object %" PRIu64 " of epoch %" PRIu64 ", the log is kept from object %" PRIu64
                       " of epoch %" PRIu64
                       " on (where its target is gone for good: ccr-job delete --job %s --without-target)",
                       j->status.job, clock_format(j->seen_us, time), plan->listed->name, j->status.needed,
                       j->status.epoch, plan->number, plan->epoch, j->status.job);
        log_warn(r->p->log, "%s", text);
        json_array_append_new(warnings, json_string(text));
        free(text);
    }
}

static struct err *make_plans(struct pruning *r, json_t *report)
{
    const struct plan_input in = {r->p, &r->inv, &r->requests, r->now_us, r->store_id};
    json_t *streams = json_array(), *warnings = json_array();
    struct err *e = NULL;

    json_object_set_new(report, "streams", streams);
    json_object_set_new(report, "warnings", warnings);
    r->plans = mem_zalloc(r->inv.stream_count + 1, sizeof(*r->plans));
    for (size_t i = 0; !e && i < r->inv.stream_count; i++) {
        if (!is_wanted(r->p->streams, r->inv.streams[i].name))
            continue;
        struct plan *plan = &r->plans[r->plan_count++];
        e = plan_make(&in, &r->inv.streams[i], plan);
        if (e)
            break;
        json_array_append_new(streams, plan_to_json(plan));
        warn_of_jobs(r, plan, warnings);
        r->out->objects += plan->objects;
        r->out->bytes += plan->bytes;
    }
    return e;
}

static struct err *prune_all(struct pruning *r, json_t *report)
{
    struct err *e = layout_open_store(r->p->store, false, &r->store_id);

    if (!e)
        e = read_clock(r);
    if (!e)
        e = inventory_take(r->p->store, &r->inv);
    if (!e)
        e = check_streams(r->p->streams, &r->inv);
    if (!e)
        e = request_list(r->p->store, NULL, &r->requests);
    if (!e)
        e = make_plans(r, report);
    if (!e)
        judge_requests(r, report);
    r->progress = progress_start(r->p->log, "prune", 0, r->out->bytes);
    for (size_t i = 0; !e && r->p->yes && i < r->plan_count; i++)
        e = execute(r, &r->plans[i]);
    if (!e && r->p->yes)
        e = remove_requests(r);
    if (!e && r->p->yes)
        e = clean_up(r);
    take_reserve(r);
    progress_end(r->progress);
    return e;
}

struct err *prune_run(const struct prune_params *params, json_t *report, struct prune_result *out)
{
    struct pruning r = {.p = params, .out = out};

    *out = (struct prune_result){0};
    struct err *e = prune_all(&r, report);
    for (size_t i = 0; i < r.plan_count; i++)
        plan_free(&r.plans[i]);
    free(r.plans);
    free(r.store_id);
    for (size_t i = 0; r.asked_goes && i < r.inv.request_count; i++)
        free(r.asked_goes[i]);
    free(r.asked_goes);
    requests_free(&r.requests);
    inventory_free(&r.inv);
    return e;
}
