#include "keep/rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

#define DAY_US (86400 * CLOCK_US_PER_S)
enum { MONDAY = 4 }; /* 1970-01-05; 1970-01-01 was a Thursday */

typedef int64_t period_fn(const struct rules_input *in, size_t i);

static int64_t period_each(const struct rules_input *in, size_t i)
{
    (void)in;
    return (int64_t)i;
}

static int64_t period_day(const struct rules_input *in, size_t i)
{
    return in->all[i].started_us / DAY_US;
}

static int64_t period_week(const struct rules_input *in, size_t i)
{
    return (in->all[i].started_us / DAY_US + 7 - MONDAY) / 7;
}

static int64_t period_month(const struct rules_input *in, size_t i)
{
    time_t seconds = in->all[i].started_us / CLOCK_US_PER_S;
    struct tm tm = {0};

    gmtime_r(&seconds, &tm);
    return (int64_t)tm.tm_year * 12 + tm.tm_mon;
}

static void because(struct verdict *v, const char *why)
{
    if (v->keep && v->why.len > 0)
        buf_append_str(&v->why, ", ");
    buf_append_str(&v->why, why);
    v->keep = true;
}

/* The place of snapshot i among the periods, from the newest on, 1, 2, ...; 0: it is not the newest of its
 * own.
 */
static uint64_t place_of(const struct rules_input *in, size_t i, period_fn *period)
{
    int64_t last = INT64_MAX;
    uint64_t place = 1;

    for (size_t k = in->count; k-- > i + 1;) {
        if (!snapshot_brief_covers(&in->all[k], &in->all[i]))
            continue;
        int64_t p = period(in, k);
        if (p == period(in, i))
            return 0;
        place += p != last;
        last = p;
    }
    return place;
}

static void apply_rule(const struct rules_input *in, uint64_t n, period_fn *period, const char *name,
                       struct verdict *verdicts)
{
    char why[64];

    for (size_t i = 0; n > 0 && i < in->count; i++) {
        uint64_t place = place_of(in, i, period);
        if (place == 0 || place > n)
            continue;
        snprintf(why, sizeof(why), "%s %" PRIu64 " of %" PRIu64, name, place, n);
        because(&verdicts[i], why);
    }
}

static bool is_superseded(const struct rules_input *in, size_t i)
{
    for (size_t k = i + 1; k < in->count; k++)
        if (snapshot_brief_covers(&in->all[k], &in->all[i]))
            return true;
    return false;
}

/*
 * Every moment since `from_us` can be restored from the snapshots that are needed for the window: of each
 * epoch that was still written to then, the newest that was finished before, or, where there is none, the
 * oldest.
 */
static bool is_base(const struct rules_input *in, size_t i, int64_t from_us)
{
    const struct snapshot_brief *s = &in->all[i];

    if (!in->has_log[i] || in->epoch_end_us(in->arg, s->epoch) < from_us)
        return false;
    for (size_t k = 0; k < in->count; k++) {
        const struct snapshot_brief *other = &in->all[k];
        if (k == i || other->epoch != s->epoch || !in->has_log[k] || !snapshot_brief_covers(other, s))
            continue;
        bool newer_base = k > i && other->finished_us <= from_us;
        bool older_start = k < i && s->finished_us > from_us;
        if (newer_base || older_start)
            return false;
    }
    return true;
}

static void apply_window(const struct keep_rules *rules, const struct rules_input *in,
                         struct verdict *verdicts)
{
    int64_t from_us = in->now_us - (int64_t)rules->pitr_days * DAY_US;

    for (size_t i = 0; rules->pitr_days > 0 && i < in->count; i++) {
        verdicts[i].pitr = is_base(in, i, from_us);
        if (verdicts[i].pitr)
            because(&verdicts[i], "point-in-time window");
    }
}

static void apply_age(const struct keep_rules *rules, const struct rules_input *in, struct verdict *verdicts)
{
    int64_t from_us = in->now_us - (int64_t)rules->days * DAY_US;
    char why[64];

    snprintf(why, sizeof(why), "of the last %" PRIu64 " days", rules->days);
    for (size_t i = 0; rules->days > 0 && i < in->count; i++)
        if (in->all[i].started_us >= from_us)
            because(&verdicts[i], why);
}

static void apply_pins(const struct rules_input *in, struct verdict *verdicts)
{
    for (size_t i = 0; i < in->count; i++) {
        if (!in->pin_reasons[i])
            continue;
        char *why = mem_printf(*in->pin_reasons[i] ? "pinned: %s" : "pinned%s", in->pin_reasons[i]);
        because(&verdicts[i], why);
        free(why);
    }
}

static void apply_requests(const struct rules_input *in, struct verdict *verdicts)
{
    for (size_t i = 0; i < in->count; i++) {
        verdicts[i].asked_for = in->asked[i] != NULL;
        if (in->asked[i])
            because(&verdicts[i], in->asked[i]);
    }
}

void rules_judge(const struct keep_rules *rules, const struct rules_input *in, struct verdict *verdicts)
{
    bool any = rules->last || rules->days || rules->daily || rules->weekly || rules->monthly;

    apply_rule(in, rules->last, period_each, "last", verdicts);
    apply_rule(in, rules->daily, period_day, "daily", verdicts);
    apply_rule(in, rules->weekly, period_week, "weekly", verdicts);
    apply_rule(in, rules->monthly, period_month, "monthly", verdicts);
    apply_age(rules, in, verdicts);
    apply_window(rules, in, verdicts);
    apply_pins(in, verdicts);
    apply_requests(in, verdicts);
    for (size_t i = 0; i < in->count; i++) {
        if (verdicts[i].keep)
            continue;
        if (!any && !rules->pitr_days)
            because(&verdicts[i], "no rule is given");
        else if (!is_superseded(in, i))
            because(&verdicts[i], "no newer one holds all of it");
        else
            buf_append_str(&verdicts[i].why, "newer ones hold all of it, and no rule keeps it");
    }
}
