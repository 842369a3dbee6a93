#include "keep/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/chain.h"
#include "format/document.h"
#include "format/object.h"
#include "keep/asked.h"

/* --- what there is --- */

/* It was listed, and cannot be loaded: because another run has removed it meanwhile? */
static struct err *judge_unread(struct store *s, const char *stream, const char *id, struct err *e)
{
    char *key = layout_manifest_key(stream, id);
    struct store_stat stat;
    bool found = true;
    struct err *unknown = err_code(e) == ERR_STORE ? store_head(s, key, &stat, &found) : NULL;

    err_free(unknown);
    free(key);
    if (found)
        return err_context(e, "stream %s: nothing is pruned", stream);
    err_free(e);
    return err_new(ERR_LOCKED, "another run of ccr-prune is removing snapshot %s of stream %s", id, stream);
}

static struct err *read_snapshots(const struct prune_params *p, struct plan *plan)
{
    const struct listed_stream *l = plan->listed;

    plan->all = mem_zalloc(l->snapshot_count + 1, sizeof(*plan->all));
    for (size_t i = 0; i < l->snapshot_count; i++) {
        struct manifest *m = NULL;
        if (!l->snapshots[i].has_manifest)
            continue;
        struct err *e = manifest_load(p->store, l->name, l->snapshots[i].id, &m);
        if (!e)
            e = snapshot_brief_make(m, &plan->all[plan->count]);
        if (!e) {
            plan->count++;
            e = queue_see(&plan->queue, m);
        }
        manifest_free(m);
        if (e)
            return judge_unread(p->store, l->name, l->snapshots[i].id, e);
    }
    return NULL;
}

static int compare_briefs(const void *a, const void *b)
{
    return snapshot_brief_compare(a, b);
}

static const struct listed_snapshot *find_listed(const struct listed_stream *l, const char *id)
{
    for (size_t i = 0; i < l->snapshot_count; i++)
        if (strcmp(l->snapshots[i].id, id) == 0)
            return &l->snapshots[i];
    return NULL;
}

static struct err *read_pin(struct store *s, const struct plan *plan, const char *id, char **reason)
{
    char *key = layout_pin_key(plan->listed->name, id);
    struct buf bytes = BUF_INIT;
    struct pin pin = {0};
    bool found = false;
    struct err *e = object_get(s, key, &bytes, &found);

    if (!e && found)
        e = pin_decode(key, bytes.data, bytes.len, &pin);
    if (!e && found && strcmp(pin.snapshot, id) != 0)
        e = err_new(ERR_INTEGRITY, "%s pins another snapshot, %s", key, pin.snapshot);
    if (!e && found)
        e = origin_check(key, &pin.origin, &plan->origin);
    if (!e && found)
        *reason = mem_strdup(pin.reason ? pin.reason : "");
    pin_free(&pin);
    buf_free(&bytes);
    free(key);
    return err_code(e) == ERR_INTEGRITY
               ? err_hint(e, "pin the snapshot again: ccr-prune --unpin %s, then --pin", id)
               : e;
}

static struct err *read_pins(const struct prune_params *p, const struct plan *plan, char **reasons)
{
    for (size_t i = 0; i < plan->count; i++)
        for (size_t k = 0; k < plan->listed->pin_count; k++)
            if (strcmp(plan->listed->pins[k], plan->all[i].id) == 0)
                TRY(read_pin(p->store, plan, plan->all[i].id, &reasons[i]));
    return NULL;
}

/* The position of a job in another log says nothing of what this one must keep. */
static struct err *check_origin(const struct plan *plan, const char *job, const struct origin *found)
{
    char *key = layout_job_status_key(job);
    struct err *e = origin_check(key, found, &plan->origin);

    free(key);
    return e ? err_hint(e,
                        "ccr-job publish --job %s, with its target, writes it anew; where the target is "
                        "gone for good: ccr-job delete --job %s --without-target",
                        job, job)
             : NULL;
}

static struct err *read_job(const struct prune_params *p, const struct listed_job *l, struct plan *plan)
{
    const struct origin in_store = {.store_id = plan->origin.store_id};
    struct job_status status;
    bool found = false;
    struct err *e = job_status_load(p->store, l->name, &in_store, &status, &found);
    bool follows = !e && found && strcmp(status.stream, plan->listed->name) == 0;

    if (follows)
        e = check_origin(plan, l->name, &status.origin);
    if (follows && !e)
        plan->jobs[plan->job_count++] = (struct plan_job){
            status, l->status.modified_us, plan->now_us - l->status.modified_us > p->max_hold_us};
    else
        job_status_free(&status);
    return e ? err_context(e, "stream %s: nothing is pruned", plan->listed->name) : NULL;
}

static struct err *read_jobs(const struct prune_params *p, const struct inventory *inv, struct plan *plan)
{
    plan->jobs = mem_zalloc(inv->job_count + 1, sizeof(*plan->jobs));
    for (size_t i = 0; i < inv->job_count; i++)
        TRY(read_job(p, &inv->jobs[i], plan));
    return NULL;
}

/* --- snapshots --- */

/* An epoch without any log is the newest one, or was pruned: it ends now, or long ago. */
static int64_t epoch_end_us(void *arg, uint64_t epoch)
{
    const struct plan *plan = arg;
    const struct listed_stream *l = plan->listed;
    uint64_t last = l->log_count ? l->log[l->log_count - 1].epoch : epoch;

    if (epoch >= last)
        return plan->now_us;
    for (size_t i = l->log_count; i-- > 0;)
        if (l->log[i].epoch == epoch)
            return l->log[i].at.modified_us;
    return 0;
}

/* The log of an epoch may begin at a newer snapshot than one that was taken before there was any of it. */
static struct err *begins_behind(struct store *s, const struct plan *plan, const struct snapshot_brief *b,
                                 bool *behind)
{
    struct segment_footer *first = NULL;

    *behind = false;
    if (b->last_object > 0)
        return NULL;
    TRY(chain_read_footer(s, plan->listed->name, b->epoch, 1, &first));
    *behind = first && !gtid_pos_reaches(&b->position, &first->start);
    segment_footer_free(first);
    return NULL;
}

/* Is the log behind this snapshot still there, as far as it was written? */
static struct err *has_log(struct store *s, const struct plan *plan, const struct snapshot_brief *b,
                           bool *has)
{
    const struct listed_stream *l = plan->listed;
    bool behind = false;

    *has = !pruned_has(&plan->before, b->epoch, b->last_object + 1) &&
           (l->log_count == 0 || l->log[0].epoch < b->epoch ||
            (l->log[0].epoch == b->epoch && l->log[0].number <= b->last_object + 1));
    if (*has)
        TRY(begins_behind(s, plan, b, &behind));
    *has = *has && !behind;
    return NULL;
}

static void texts_free(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

static struct err *judge_snapshots(const struct prune_params *p, const struct inventory *inv,
                                   struct plan *plan)
{
    const struct asked_params ask = {inv, p->max_hold_us, plan->now_us};
    char **reasons = mem_zalloc(plan->count + 1, sizeof(*reasons));
    char **asked = mem_zalloc(plan->count + 1, sizeof(*asked));
    bool *logs = mem_zalloc(plan->count + 1, sizeof(*logs));
    struct rules_input in = {
        .all = plan->all,
        .count = plan->count,
        .pin_reasons = (const char *const *)reasons,
        .asked = (const char *const *)asked,
        .has_log = logs,
        .now_us = plan->now_us,
        .epoch_end_us = epoch_end_us,
        .arg = plan,
    };
    struct err *e = read_pins(p, plan, reasons);

    plan->verdicts = mem_zalloc(plan->count + 1, sizeof(*plan->verdicts));
    for (size_t i = 0; !e && i < plan->count; i++) {
        asked[i] = asked_holds(&ask, &plan->queue, plan->all[i].id);
        e = has_log(p->store, plan, &plan->all[i], &logs[i]);
    }
    if (!e)
        rules_judge(&p->rules, &in, plan->verdicts);
    texts_free(reasons, plan->count);
    texts_free(asked, plan->count);
    free(logs);
    return e;
}

static void find_dead(const struct prune_params *p, struct plan *plan)
{
    const struct listed_stream *l = plan->listed;

    plan->dead = mem_zalloc(l->snapshot_count + 1, sizeof(*plan->dead));
    for (size_t i = 0; i < l->snapshot_count; i++) {
        const struct listed_snapshot *s = &l->snapshots[i];
        bool left = pruned_has_snapshot(&plan->before, s->id);
        if (!s->has_manifest && (left || plan->now_us - s->modified_us > p->grace_us))
            plan->dead[plan->dead_count++] = s;
    }
}

/* --- the log --- */

static void hold(struct plan *plan, uint64_t epoch, uint64_t number, const char *what, const char *who)
{
    if (epoch > plan->epoch || (epoch == plan->epoch && number >= plan->number))
        return;
    plan->epoch = epoch;
    plan->number = number;
    free(plan->held_by);
    plan->held_by = mem_printf("%s %s", what, who);
}

static void find_floor(const struct prune_params *p, struct plan *plan)
{
    const struct listed_stream *l = plan->listed;
    const struct listed_log *newest = &l->log[l->log_count - 1];

    plan->epoch = newest->epoch;
    plan->number = newest->number;
    plan->held_by = mem_strdup("its end, from which it goes on");
    for (size_t i = 0; i < plan->count; i++)
        if (plan->verdicts[i].pitr || plan->verdicts[i].asked_for ||
            (plan->verdicts[i].keep && !p->rules.pitr_days))
            hold(plan, plan->all[i].epoch, plan->all[i].last_object + 1, "snapshot", plan->all[i].id);
    for (size_t i = 0; i < plan->job_count; i++)
        if (!plan->jobs[i].released)
            hold(plan, plan->jobs[i].status.epoch, plan->jobs[i].status.needed, "job",
                 plan->jobs[i].status.job);
    /* what was given up once is not taken back: the record says so to its readers */
    if (pruned_has(&plan->before, plan->epoch, plan->number)) {
        plan->epoch = plan->before.epoch;
        plan->number = plan->before.number;
    }
}

static void find_log(const struct prune_params *p, struct plan *plan)
{
    const struct listed_stream *l = plan->listed;

    plan->epoch = plan->before.epoch;
    plan->number = plan->before.number;
    if (plan->count == 0) /* not even the snapshot is there that a log begins with: something is wrong */
        plan->held_by = mem_strdup("a stream without any complete snapshot");
    else if (l->log_count == 0)
        plan->held_by = mem_strdup("a log that has not begun");
    else
        find_floor(p, plan);
    while (plan->count > 0 && plan->log_remove < l->log_count &&
           (l->log[plan->log_remove].epoch < plan->epoch || (l->log[plan->log_remove].epoch == plan->epoch &&
                                                             l->log[plan->log_remove].number < plan->number)))
        plan->log_remove++;
}

static void add_up(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->verdicts[i].keep)
            continue;
        plan->objects += plan->all_listed[i]->volume_count + 1;
        plan->bytes += plan->all_listed[i]->bytes;
    }
    for (size_t i = 0; i < plan->dead_count; i++) {
        plan->objects += plan->dead[i]->volume_count;
        plan->bytes += plan->dead[i]->bytes;
    }
    for (size_t i = 0; i < plan->log_remove; i++)
        plan->bytes += plan->listed->log[i].at.size;
    plan->objects += plan->log_remove;
}

struct err *plan_make(const struct plan_input *in, const struct listed_stream *listed, struct plan *out)
{
    const struct prune_params *p = in->params;

    *out = (struct plan){.listed = listed, .now_us = in->now_us};
    queue_make(in->requests, listed->name, NULL, in->now_us, &out->queue);
    out->origin.store_id = mem_strdup(in->store_id);
    TRY(layout_open_stream(p->store, listed->name, false, &out->origin.stream_id));
    TRY(pruned_load(p->store, listed->name, &out->origin, &out->before));
    TRY(read_snapshots(p, out));
    if (out->count > 0)
        qsort(out->all, out->count, sizeof(*out->all), compare_briefs);
    out->all_listed = mem_zalloc(out->count + 1, sizeof(*out->all_listed));
    for (size_t i = 0; i < out->count; i++)
        out->all_listed[i] = find_listed(listed, out->all[i].id);
    TRY(judge_snapshots(p, in->inv, out));
    TRY(read_jobs(p, in->inv, out));
    find_dead(p, out);
    find_log(p, out);
    add_up(out);
    return NULL;
}

void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        snapshot_brief_free(&plan->all[i]);
    for (size_t i = 0; plan->verdicts && i < plan->count; i++)
        buf_free(&plan->verdicts[i].why);
    for (size_t i = 0; i < plan->job_count; i++)
        job_status_free(&plan->jobs[i].status);
    free(plan->all);
    free(plan->all_listed);
    free(plan->verdicts);
    free(plan->dead);
    free(plan->jobs);
    free(plan->held_by);
    queue_free(&plan->queue);
    pruned_free(&plan->before);
    origin_free(&plan->origin);
}

/* --- for people and scripts --- */

static json_t *snapshots_to_json(const struct plan *plan)
{
    json_t *list = json_array();
    char time[CLOCK_TEXT_SIZE];

    for (size_t i = 0; i < plan->count; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "id", json_string(plan->all[i].id));
        json_object_set_new(o, "started", json_string(clock_format(plan->all[i].started_us, time)));
        json_object_set_new(o, "keep", json_boolean(plan->verdicts[i].keep));
        document_set_bytes(o, "why", buf_str(&plan->verdicts[i].why));
        document_set_u64(o, "objects", plan->all_listed[i]->volume_count + 1);
        document_set_u64(o, "bytes", plan->all_listed[i]->bytes);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *dead_to_json(const struct plan *plan)
{
    json_t *list = json_array();
    char time[CLOCK_TEXT_SIZE];

    for (size_t i = 0; i < plan->dead_count; i++)
        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:I, s:I, s:s}", "id", plan->dead[i]->id, "last_written",
                      clock_format(plan->dead[i]->modified_us, time), "objects",
                      (json_int_t)plan->dead[i]->volume_count, "bytes", (json_int_t)plan->dead[i]->bytes,
                      "why",
                      pruned_has_snapshot(&plan->before, plan->dead[i]->id)
                          ? "an earlier run was removing it"
                          : "it has no manifest, and nothing was written to it for longer than --grace"));
    return list;
}

static json_t *log_to_json(const struct plan *plan)
{
    const struct listed_stream *l = plan->listed;
    json_t *o = json_object();
    uint64_t bytes = 0;

    for (size_t i = 0; i < plan->log_remove; i++)
        bytes += l->log[i].at.size;
    document_set_u64(o, "kept_from_epoch", plan->epoch);
    document_set_u64(o, "kept_from_number", plan->number);
    document_set_bytes(o, "held_by", plan->held_by);
    document_set_u64(o, "objects", l->log_count);
    document_set_u64(o, "remove_objects", plan->log_remove);
    document_set_u64(o, "remove_bytes", bytes);
    return o;
}

static json_t *jobs_to_json(const struct plan *plan)
{
    json_t *list = json_array();
    char time[CLOCK_TEXT_SIZE];

    for (size_t i = 0; i < plan->job_count; i++) {
        const struct plan_job *j = &plan->jobs[i];
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:s, s:b}", "job", j->status.job,
                                              "needs_epoch", (json_int_t)j->status.epoch, "needs_number",
                                              (json_int_t)j->status.needed, "seen",
                                              clock_format(j->seen_us, time), "released", (int)j->released));
    }
    return list;
}

json_t *plan_to_json(const struct plan *plan)
{
    json_t *o = json_object();

    json_object_set_new(o, "stream", json_string(plan->listed->name));
    json_object_set_new(o, "snapshots", snapshots_to_json(plan));
    json_object_set_new(o, "without_manifest", dead_to_json(plan));
    json_object_set_new(o, "log", log_to_json(plan));
    json_object_set_new(o, "jobs", jobs_to_json(plan));
    document_set_u64(o, "objects", plan->objects);
    document_set_u64(o, "bytes", plan->bytes);
    return o;
}
