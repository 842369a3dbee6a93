/*
 * restore_scope - the job that a restore is about: as it was asked for, or as it was saved.
 */
#ifndef CCR_RESTORE_RESTORE_SCOPE_H
#define CCR_RESTORE_RESTORE_SCOPE_H

#include "format/manifest.h"
#include "job/job.h"
#include "restore/restore.h"

/*
 * `saved` (may be NULL) is the job as it stands in ccr.jobs; what was asked for wins over it. Without either,
 * the scope is the snapshot's own. ERR_UNSAFE where the saved job follows another stream or store. *out is
 * the caller's.
 */
struct err *restore_scope_job(const struct restore_params *params, const struct job *saved,
                              const struct manifest *m, struct job **out) CHECKED;

#endif
