/* What can be restored of a stream: from each sound snapshot on, as far as the log behind it is unbroken. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "keep/audit_parts.h"

static bool begins_behind(const struct log_run *run, uint64_t number, const struct gtid_pos *position)
{
    return run->first == number && !gtid_pos_reaches(position, &run->start);
}

const struct log_run *audit_run_of(const struct audited_stream *s, uint64_t epoch, uint64_t number,
                                   const struct gtid_pos *position)
{
    for (size_t i = 0; i < s->run_count; i++) {
        const struct log_run *run = &s->runs[i];
        bool goes_on = !run->broken && !run->terminated && number == run->last + 1;
        if (run->epoch == epoch && number >= run->first && (number <= run->last || goes_on))
            return begins_behind(run, number, position) ? NULL : run;
    }
    return NULL;
}

static const struct log_run *run_behind(const struct audited_stream *s, const struct snapshot_brief *b)
{
    return audit_run_of(s, b->epoch, b->last_object + 1, &b->position);
}

static void set_time(json_t *object, const char *name, int64_t time_us)
{
    char text[CLOCK_TEXT_SIZE];

    json_object_set_new(object, name, json_string(clock_format(time_us, text)));
}

static void set_scope(json_t *object, const struct snapshot_brief *b)
{
    struct buf text = BUF_INIT;

    if (b->partitions.count)
        partitions_describe(&b->partitions, &text);
    else
        scope_describe(&b->scope, &text);
    document_set_bytes(object, "scope", buf_str(&text));
    buf_free(&text);
}

/* Why there is no log behind a snapshot, or NULL where it has just not been written yet. */
static const char *why_no_log(const struct audited_stream *s, const struct snapshot_brief *b)
{
    uint64_t next = b->last_object + 1;
    const struct log_run *before = NULL;

    if (pruned_has(&s->pruned, b->epoch, next))
        return "the log behind it was pruned";
    for (size_t i = 0; i < s->run_count; i++) {
        if (s->runs[i].epoch == b->epoch && begins_behind(&s->runs[i], next, &b->position))
            return "the log begins at a newer snapshot";
        if (s->runs[i].epoch == b->epoch && s->runs[i].last < next)
            before = &s->runs[i];
        else if (s->runs[i].epoch > b->epoch || s->runs[i].first >= next)
            return before && before->broken ? before->broken : "the log behind it is missing";
    }
    return before ? before->broken : NULL;
}

static json_t *range_of(const struct audited_stream *s, const struct snapshot_brief *b,
                        const struct log_run *run)
{
    bool moves = run && run->last > b->last_object && gtid_pos_reaches(&run->end, &b->position);
    int64_t end_us = moves ? run->last_time * CLOCK_US_PER_S : b->finished_us;
    const char *ends = run ? run->broken : why_no_log(s, b);
    json_t *o = json_object();

    json_object_set_new(o, "snapshot", json_string(b->id));
    set_scope(o, b);
    document_set_u64(o, "epoch", b->epoch);
    document_set_pos(o, "from_position", &b->position);
    set_time(o, "from_time", b->finished_us);
    document_set_pos(o, "to_position", moves ? &run->end : &b->position);
    set_time(o, "to_time", end_us > b->finished_us ? end_us : b->finished_us);
    document_set_u64(o, "first_object", b->last_object + 1);
    document_set_u64(o, "last_object", moves ? run->last : b->last_object);
    document_set_bytes(o, "ends_because",
                       ends                     ? ends
                       : run && run->terminated ? "the epoch has ended"
                                                : NULL);
    return o;
}

/* An older snapshot from which the same log can be replayed holds all that this one holds. */
static bool is_within(const struct audited_stream *s, size_t i, const struct log_run *run)
{
    for (size_t k = 0; run && k < i; k++)
        if (run_behind(s, &s->snapshots[k]) == run &&
            snapshot_brief_covers(&s->snapshots[k], &s->snapshots[i]))
            return true;
    return false;
}

json_t *audit_ranges(const struct audited_stream *s)
{
    json_t *ranges = json_array();

    for (size_t i = 0; i < s->snapshot_count; i++) {
        const struct snapshot_brief *b = &s->snapshots[i];
        const struct log_run *run = run_behind(s, b);
        if (!is_within(s, i, run))
            json_array_append_new(ranges, range_of(s, b, run));
    }
    return ranges;
}
