/*
 * swap_finish - what follows a swap: views, routines, triggers and events, clean-up; listed in the position
 * row.
 *
 * The list is written into the staging position row, so it becomes visible in the very statement that swaps
 * the tables in. Each step can be repeated; a finished run clears the list by compare-and-set. A killed run
 * leaves it, and the next ccr-restore or ccr-apply calls this before anything else: before job_load() too,
 * since the job's new scope and renames come into force here.
 */
#ifndef CCR_RESTORE_SWAP_FINISH_H
#define CCR_RESTORE_SWAP_FINISH_H

#include "base/log.h"
#include "job/job.h"
#include "store/store.h"

/*
 * Does what *position lists as pending, and clears it (*position is brought up to date). Success at once
 * where nothing is pending. The store is needed for the definitions, which lie in the snapshot's volumes.
 * It opens a connection of its own, whose changes are in the target's binlog or not as those of the swap
 * were. The caller holds the job's lock.
 */
struct err *swap_finish(const struct conn_params *target, struct store *store, const char *job,
                        struct job_position *position, struct log *log) CHECKED;

#endif
