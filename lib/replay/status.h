/*
 * status - jobs/J/status.json: what the target last reported of itself (formats/target.md).
 *
 * Informative but for one thing: the nonce of the run that wrote last. A target whose position row knows
 * neither this nonce nor its successor was cloned, or restored from a backup.
 */
#ifndef CCR_REPLAY_STATUS_H
#define CCR_REPLAY_STATUS_H

#include "format/reported.h"
#include "job/job.h"
#include "store/store.h"

struct err *status_publish(struct store *s, const struct job *job, const struct job_position *p) CHECKED;
/* ERR_UNSAFE where the document names a nonce that is not one of the row's last two, ERR_INTEGRITY where it
 * is another job's or store's. */
struct err *status_check(struct store *s, const struct job *job, const struct job_position *p) CHECKED;

/*
 * When the source was last looked at, seconds since 1970: of an idle source whose end the position has
 * reached, lag counts from there. 0 where unknown (`alive` is empty), or where the position is behind that
 * end.
 */
int64_t status_source_seen(const struct alive *alive, const struct job_position *p);

#endif
