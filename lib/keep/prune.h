/*
 * prune - removes from a store what nothing needs any more, and never what something does.
 *
 * Snapshots go by rules (struct keep_rules) that look at what each holds: one is superseded only by newer
 * ones that hold all of it, so the last copy of anything stays whatever the rules say. The log is kept as one
 * piece from the first object that a kept snapshot, a followed job or the window of point-in-time recovery
 * needs; its newest object always stays, since ccr-ship goes on from there. Volumes without a manifest go
 * when nothing was written to them for the grace time. A snapshot that answers a request is kept, with the
 * log behind it, until the request is gone (keep/asked.h).
 *
 * Times are the store's: those that it gives to objects, compared with that of an object written by this run.
 *
 * Order of a run that removes: the record (format/pruned.h), so that a reader that comes too late learns why;
 * then each snapshot, manifest first; then the log, the oldest object first. Killed anywhere, the store is
 * whole, and the next run goes on. Of two runs at once one ends as ERR_LOCKED, or both remove what is not
 * needed.
 *
 * What cannot be read and judged (a damaged manifest, status or pin) stops the run before anything is
 * removed.
 */
#ifndef CCR_KEEP_PRUNE_H
#define CCR_KEEP_PRUNE_H

#include <jansson.h>

#include "base/log.h"
#include "keep/rules.h"
#include "store/store.h"

struct prune_params {
    struct store *store;
    const char *const *streams; /* only these; empty: all. Ends with NULL */
    struct keep_rules rules;
    int64_t max_hold_us;
    int64_t grace_us;
    bool yes; /* false: nothing is written */
    struct log *log;
};

struct prune_result {
    uint64_t objects; /* removed, or to be removed */
    uint64_t bytes;
    uint64_t removed; /* objects that are gone */
};

/* `report` gets the members streams, requests and warnings (man ccr-prune), also where the run fails later.
 */
struct err *prune_run(const struct prune_params *params, json_t *report, struct prune_result *out) CHECKED;

/*
 * Pins a snapshot: from now on it is kept. ERR_STORE where there is none of this id, or where a run of
 * ccr-prune is removing it. *changed is false where it is pinned already.
 */
struct err *prune_pin(struct store *s, const char *const *streams, const char *snapshot, const char *reason,
                      bool *changed) CHECKED;
struct err *prune_unpin(struct store *s, const char *const *streams, const char *snapshot,
                        bool *changed) CHECKED;

#endif
