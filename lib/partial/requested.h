/*
 * requested - what a job needs (ccr.needs), brought in where a snapshot is there for it
 * (ccr-restore --requested).
 *
 * One call makes one copy at most. A need of the whole job comes before all others. Tables of one database
 * are taken together, or one by one where no snapshot holds them all; tables that are behind go along with
 * them, or by themselves; then partitions. Any snapshot will do that holds what is needed, and is not from
 * before it was: it does not have to answer the request. The copy itself is that of a restore by hand; a copy
 * that was interrupted is gone on with, as long as its snapshot will do.
 *
 * What is needed of an epoch of the log that has ended meanwhile becomes a need of the whole job. The
 * requests in the store are made to match (job/job_requests.h).
 */
#ifndef CCR_PARTIAL_REQUESTED_H
#define CCR_PARTIAL_REQUESTED_H

#include "partial/partial.h"

enum requested {
    REQUESTED_NOTHING, /* is needed */
    REQUESTED_WAITS,   /* for a snapshot */
    REQUESTED_COPIED,  /* call again: more may be needed */
};

/*
 * Of params->restore, what says which tables and which snapshot is not looked at: job, store, target, log and
 * how to copy. `program` asks. `waits_for` gets a line of what is needed, for messages.
 */
struct err *requested_next(const struct partial_params *params, const char *program,
                           struct restore_result *result, enum requested *outcome,
                           struct buf *waits_for) CHECKED;

#endif
