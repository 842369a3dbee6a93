/*
 * scope_keys - what the config file says that a job follows, beside what it does follow.
 *
 * The keys of its section are those of the first restore: from then on the job's scope is its own, on the
 * target (ccr.jobs), so that all runs agree. Who edits them, and expects the next run to follow, is to know.
 */
#ifndef CCR_JOB_SCOPE_KEYS_H
#define CCR_JOB_SCOPE_KEYS_H

#include "base/opt.h"
#include "job/job.h"

/*
 * What is to be said of it, naming both (ERR_CONFIG); NULL where they agree, or where the section has no key
 * `job` that names this job. What the job excludes besides is no difference: its snapshot may have left that
 * out.
 */
struct err *scope_keys_differ(const struct opts *opts, const struct job *job) CHECKED;

#endif
