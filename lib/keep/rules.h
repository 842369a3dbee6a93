/*
 * rules - which snapshots of a stream are kept.
 *
 * Pure. A rule keeps the newest snapshot of each of the newest N periods that have one (for --keep-last each
 * snapshot is a period of its own). Only snapshots that hold all that this one holds count: newer ones of
 * single tables take nobody's place. Periods are those of UTC, weeks begin on Monday.
 */
#ifndef CCR_KEEP_RULES_H
#define CCR_KEEP_RULES_H

#include "keep/snapshots.h"

struct keep_rules {
    uint64_t last; /* 0: no such rule. Without any rule all snapshots are kept */
    uint64_t days;
    uint64_t daily;
    uint64_t weekly;
    uint64_t monthly;
    uint64_t pitr_days;
};

/* What became of one snapshot. */
struct verdict {
    bool keep;
    bool pitr;      /* a base of the point-in-time window */
    bool asked_for; /* a target will fetch it */
    struct buf why; /* "last 1 of 2, monthly", or why it goes */
};

/*
 * `all` is sorted from the oldest to the newest (snapshot_brief_compare); pin_reasons[i] is NULL where it is
 * not pinned. epoch_end_us(arg, epoch): when an epoch was last written to. `verdicts` has room for `count`,
 * each BUF_INIT.
 */
struct rules_input {
    const struct snapshot_brief *all;
    size_t count;
    const char *const *pin_reasons;
    const char *const *asked; /* why a target will fetch it; NULL where none will */
    const bool *has_log;      /* the log behind it is there: not pruned, nor begun at a newer one */
    int64_t now_us;
    int64_t (*epoch_end_us)(void *arg, uint64_t epoch);
    void *arg;
};

void rules_judge(const struct keep_rules *rules, const struct rules_input *in, struct verdict *verdicts);

#endif
