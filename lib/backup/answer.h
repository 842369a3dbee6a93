/*
 * answer - which of the open requests the next snapshot answers, and what it has to hold for that.
 *
 * The first one in the queue that can be answered decides the kind. Whole jobs: all of them, in one snapshot
 * of the union of their scopes. Tables: all requests for tables of the same databases. Partitions: all. And
 * whatever else is open and lies within the result. The others wait for the next run.
 *
 * A request that this source cannot or may not answer holds up nobody: it stays, with the reason. But what a
 * job has had, and the source has dropped or renamed since, is answered: the snapshot covers it and lacks it.
 */
#ifndef CCR_BACKUP_ANSWER_H
#define CCR_BACKUP_ANSWER_H

#include "backup/backup.h"
#include "backup/queue.h"

struct answer_params {
    const struct backup_params *backup; /* store, stream, conn, log */
    const struct source_scope *limit;   /* only what lies within it */
    const char *const *kinds;           /* only of these, ending with NULL; none: of all */
};

struct answer {
    struct requests requests; /* of all jobs */
    struct queue queue;       /* those of the stream. `because` of an open one: why it waits */
    bool *chosen;             /* of the queue's items */
    size_t chosen_count;
    struct source_scope scope; /* what the snapshot is to hold */
    char **ids;                /* of those chosen */
    char *reason;              /* of the snapshot */
};

/*
 * Reads the requests, and, if some are open, asks the source. ERR_USAGE for a kind that does not exist, and
 * the errors of a backup that could not begin: the source is behind the store, or is another one.
 * chosen_count is 0 where there is nothing to do. The caller ends *out, also after an error.
 */
struct err *answer_choose(const struct answer_params *p, struct answer *out) CHECKED;
void answer_free(struct answer *a);

#endif
