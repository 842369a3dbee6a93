/*
 * drive - the log behind a position, walked to its end or to what was asked for, with all that follows a walk
 * that fails: batches done again after a deadlock, in smaller pieces, or in the log's order, and the search
 * for the change that the target refused.
 *
 * The caller fills in of struct apply what it wants: log, store, conn (which holds the job's lock),
 * conn_params, job, lanes, limits, dry_run, unpublished; all of that stays its own. Behind drive_all the
 * batch tells how far the target is.
 */
#ifndef CCR_REPLAY_DRIVE_H
#define CCR_REPLAY_DRIVE_H

#include "replay/walk.h"

/* `position` is the job's row, with nothing pending. drive_close also after an error. */
struct err *drive_open(struct apply *a, const struct job_position *position) CHECKED;
/* a->until_reached tells whether what was asked for was met. After an error everything before it may be
 * committed; a->need is what only a snapshot can bring in. */
struct err *drive_all(struct apply *a) CHECKED;
/* Behind an error of drive_all: whether it may be called once more, and what to do first, with another scope
 * of the job. */
bool drive_can_go_on(struct apply *a);
struct err *drive_again(struct apply *a) CHECKED;
void drive_close(struct apply *a);

/*
 * Publishes the position, also where there was nothing to do: a job that is not seen for long no longer holds
 * the log (ccr-prune). Before this run has taken the position over, another one may have: then that one
 * reports.
 */
struct err *drive_report(struct apply *a) CHECKED;

#endif
