/* plan - what a run of ccr-prune would do to one stream, and why; private to prune. Nothing is changed here.
 */
#ifndef CCR_KEEP_PLAN_H
#define CCR_KEEP_PLAN_H

#include "backup/queue.h"
#include "format/pruned.h"
#include "format/reported.h"
#include "keep/inventory.h"
#include "keep/prune.h"

/* A job that follows the stream. */
struct plan_job {
    struct job_status status;
    int64_t seen_us;
    bool released; /* not seen for too long: holds nothing */
};

struct plan {
    const struct listed_stream *listed;
    struct origin origin; /* the stream's */
    struct queue queue;   /* what targets ask of the stream */
    int64_t now_us;       /* by the store's clock */
    struct pruned before;
    struct snapshot_brief *all; /* complete snapshots, oldest first */
    const struct listed_snapshot **all_listed;
    struct verdict *verdicts;
    size_t count;
    const struct listed_snapshot **dead; /* volumes without a manifest, to be removed */
    size_t dead_count;
    struct plan_job *jobs;
    size_t job_count;
    uint64_t epoch; /* the log is kept from this object on */
    uint64_t number;
    char *held_by;     /* for what; "" where nothing but its end is needed */
    size_t log_remove; /* so many objects of listed->log go, from the first */
    uint64_t objects;  /* to be removed in all */
    uint64_t bytes;
};

struct plan_input {
    const struct prune_params *params;
    const struct inventory *inv;
    const struct requests *requests; /* of all jobs; must outlive the plan */
    int64_t now_us;
    const char *store_id;
};

/* Reads manifests, pins and statuses. The caller ends *out with plan_free, also after an error. */
struct err *plan_make(const struct plan_input *in, const struct listed_stream *listed,
                      struct plan *out) CHECKED;
void plan_free(struct plan *plan);
json_t *plan_to_json(const struct plan *plan);

#endif
