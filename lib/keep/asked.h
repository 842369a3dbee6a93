/*
 * asked - what becomes of requests (format/request.h) in a run of ccr-prune; private to prune.
 *
 * The target removes a request that is met. What is left when it does not come back goes here: a request that
 * has expired, or that a later full copy of the job has made pointless; one that was answered longer ago than
 * --max-hold; one of a job of which nothing was written for so long; and one that cannot be read and has
 * been there for so long. A request that is lost is no loss: a target that is still there writes it again.
 */
#ifndef CCR_KEEP_ASKED_H
#define CCR_KEEP_ASKED_H

#include <jansson.h>

#include "backup/queue.h"
#include "keep/inventory.h"
#include "keep/prune.h"

struct asked_params {
    const struct inventory *inv;
    int64_t max_hold_us;
    int64_t now_us; /* by the store's clock */
};

/* Why a request goes, malloc'ed; NULL: it stays. `item` is NULL where it cannot be read. */
char *asked_goes(const struct asked_params *p, const struct listed_request *l, const struct queue_item *item);
/* The request of a queue, as it was listed; NULL where it was not. */
const struct listed_request *asked_listed(const struct inventory *inv, const struct queue_item *item);

/* For which request, which it answers and which stays, a snapshot is kept: text for people, malloc'ed; NULL.
 */
char *asked_holds(const struct asked_params *p, const struct queue *queue, const char *snapshot);

/* For a report: job, id, stream, state, keep, why, bytes. */
json_t *asked_to_json(const struct listed_request *l, const struct queue_item *item, const char *goes);

#endif
