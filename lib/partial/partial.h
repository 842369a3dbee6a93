/*
 * partial - some tables of a job that is there, from a snapshot: staged, brought to the job's position by
 * replaying their part of the log in staging, then swapped in.
 *
 * Loading changes nothing of the job, which may go on meanwhile; then its lock is taken. Where the job is
 * behind the snapshot, it is brought there first, without these tables: they are recorded as behind
 * (ccr.needs), so that a run of ccr-apply passes over their changes too, should this one be killed. The swap
 * is one statement, together with the position row, which stays what it is (restore/swap.h). Everything is
 * kept and gone on with by the next run with the same words: chunks that are loaded, and the position of what
 * is staged.
 */
#ifndef CCR_PARTIAL_PARTIAL_H
#define CCR_PARTIAL_PARTIAL_H

#include "replay/walk.h"
#include "restore/restore.h"

struct partial_params {
    const struct restore_params *restore;
    const struct apply_limits *limits; /* of the replay; without an end */
};

/*
 * *taken is false, and nothing was done, where what is asked for is no part of an existing job: where it does
 * not exist, or follows just these tables. ERR_USAGE for tables that it does not follow.
 */
struct err *partial_restore(const struct partial_params *params, struct restore_result *result,
                            bool *taken) CHECKED;

#endif
