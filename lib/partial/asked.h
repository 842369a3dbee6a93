/*
 * asked - which of a job's tables a partial restore is about.
 */
#ifndef CCR_PARTIAL_ASKED_H
#define CCR_PARTIAL_ASKED_H

#include "job/job.h"
#include "restore/restore.h"
#include "snapshot/partitions.h"

/*
 * The job as the restore sees it: its scope is what is asked for of `saved`, or the tables of the
 * `partitions` asked for; its renames are those of `saved`. *out is NULL where that is all that the job
 * follows, as whole tables. ERR_USAGE for what it does not follow.
 */
struct err *asked_job(const struct restore_params *params, const struct partitions *partitions,
                      const struct job *saved, struct job **out) CHECKED;
/* ERR_USAGE where --partitions stands beside what it cannot go with. */
struct err *asked_partitions(const struct restore_params *params, struct partitions *out) CHECKED;

/* Could it be a partial restore at all? */
bool asked_for_tables(const struct restore_params *params);

#endif
