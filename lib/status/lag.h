/*
 * lag - how far a target is behind, where that can be known.
 *
 * In seconds: now minus the commit time of the last applied transaction, or, where the target has reached
 * what alive.json reports, minus the moment at which the source was seen there (formats/store.md): as
 * ccr-apply's lag_seconds. A source that was not seen lately may have committed anything since: then the lag
 * is unknown, since that time, and never 0. In transactions: what the footers of the log behind the position
 * count, from at most LAG_MOST_FOOTERS of them; the first one counts in part, by the sequence numbers of its
 * GTIDs.
 */
#ifndef CCR_STATUS_LAG_H
#define CCR_STATUS_LAG_H

#include <jansson.h>

#include "status/streams.h"

enum { LAG_MOST_FOOTERS = 50 };

/* Where a target stands. */
struct lag_from {
    uint64_t epoch;
    uint64_t number;
    const struct gtid_pos *pos;
    int64_t source_time;
};

/*
 * Adds "lag" to a job's object, and "needs_copy" where the log goes on in a later epoch. That is behind the
 * source; where the source is a replica, its own lag stands beside it ("source_lag", status/source_lag.h).
 */
struct err *lag_add(const struct streams *s, const struct stream_seen *stream, const struct lag_from *from,
                    json_t *job) CHECKED;
/* The lag of a job of which it cannot be told, since then (0: that is not known either). */
void lag_add_unknown(const char *why, int64_t since_us, json_t *job);

#endif
