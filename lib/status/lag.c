#include "status/lag.h"

#include "base/clock.h"
#include "format/chain.h"
#include "format/document.h"

struct behind {
    bool counted;
    bool more; /* there is more of the log than was looked at */
    uint64_t transactions;
    int64_t first_time; /* of the first object with transactions that are not applied; 0: not known */
};

/* Of the transactions of an object, those that are behind the position. */
static uint64_t not_applied(const struct segment_footer *f, const struct gtid_pos *pos)
{
    uint64_t applied = 0;

    for (size_t i = 0; i < f->end.count; i++) {
        const struct gtid *end = &f->end.items[i];
        const struct gtid *start = gtid_pos_find(&f->start, end->domain);
        const struct gtid *here = gtid_pos_find(pos, end->domain);
        uint64_t from = start ? start->seq : 0;
        uint64_t to = here ? here->seq : 0;
        if (to > end->seq)
            to = end->seq;
        if (to > from)
            applied += to - from;
    }
    if (gtid_pos_reaches(pos, &f->end))
        return 0;
    return applied < f->transactions ? f->transactions - applied : 1;
}

static struct err *count_behind(const struct streams *s, const struct stream_seen *stream,
                                const struct lag_from *from, struct behind *out)
{
    *out = (struct behind){0};
    if (!stream->has_log) /* nothing was committed since the first snapshot */
        out->counted = stream->has_alive && gtid_pos_reaches(from->pos, &stream->alive.position);
    if (!stream->has_log || stream->epoch != from->epoch)
        return NULL;
    for (uint64_t n = from->number + 1; n <= stream->number; n++) {
        struct segment_footer *f = NULL;
        if (n - from->number > LAG_MOST_FOOTERS) {
            out->more = true;
            break;
        }
        TRY(chain_read_footer(s->store, stream->name, from->epoch, n, &f));
        if (!f) /* pruned, or gone since it was listed */
            return NULL;
        uint64_t here = not_applied(f, from->pos);
        if (here && !out->first_time)
            out->first_time = f->first_time;
        out->transactions += here;
        segment_footer_free(f);
    }
    out->counted = true;
    return NULL;
}

static void set_unknown(json_t *lag, const char *why, int64_t since_us)
{
    char time[CLOCK_TEXT_SIZE];

    json_object_set_new(lag, "known", json_false());
    document_set_bytes(lag, "unknown_because", why);
    if (since_us)
        document_set_bytes(lag, "unknown_since", clock_format(since_us, time));
}

void lag_add_unknown(const char *why, int64_t since_us, json_t *job)
{
    json_t *lag = json_object();

    set_unknown(lag, why, since_us);
    json_object_set_new(job, "lag", lag);
}

static void set_seconds(json_t *lag, int64_t now_us, int64_t at)
{
    int64_t seconds = now_us / CLOCK_US_PER_S - at;

    json_object_set_new(lag, "known", json_true());
    json_object_set_new(lag, "seconds", json_integer(seconds > 0 ? seconds : 0));
}

static void add_seconds(const struct streams *s, const struct stream_seen *stream,
                        const struct lag_from *from, const struct behind *behind, json_t *lag)
{
    const struct alive *alive = &stream->alive;
    int64_t seen = alive->time_us / CLOCK_US_PER_S;
    bool reached = alive->epoch == from->epoch && gtid_pos_reaches(from->pos, &alive->position);

    if (!stream->has_alive)
        set_unknown(lag, stream->error ? stream->error : "ccr-ship has not run yet", 0);
    else if (stream->ahead)
        set_unknown(lag, "the source's clock is ahead of this machine's", 0);
    else if (stream->silent)
        set_unknown(lag, "the source is silent: ccr-ship does not run, or the source's clock is behind",
                    alive->time_us);
    else if (reached)
        set_seconds(lag, s->now_us, seen > from->source_time ? seen : from->source_time);
    else if (from->source_time)
        set_seconds(lag, s->now_us, from->source_time);
    else if (behind->first_time)
        set_seconds(lag, s->now_us, behind->first_time);
    else
        set_unknown(lag, "nothing was applied yet", 0);
}

struct err *lag_add(const struct streams *s, const struct stream_seen *stream, const struct lag_from *from,
                    json_t *job)
{
    json_t *lag = json_object();
    struct behind behind = {0};

    json_object_set_new(job, "lag", lag);
    json_object_set_new(job, "needs_copy", json_boolean(stream->has_log && stream->epoch > from->epoch));
    struct err *e = count_behind(s, stream, from, &behind);
    if (e && err_code(e) == ERR_INTERRUPTED)
        return e;
    err_free(e); /* then they are not counted; ccr-verify says what is wrong */
    add_seconds(s, stream, from, &behind, lag);
    json_object_set(lag, "source_lag", stream->source_lag);
    if (behind.counted && !e) {
        document_set_u64(lag, "transactions", behind.transactions);
        json_object_set_new(lag, "more", json_boolean(behind.more));
    }
    return NULL;
}
