/*
 * job_publish - jobs/J/job.json: the published copy of what ccr.jobs on the target has (formats/store.md);
 * and whether a store is the job's.
 *
 * For whoever looks at the store alone; nothing is decided by it.
 */
#ifndef CCR_JOB_JOB_PUBLISH_H
#define CCR_JOB_JOB_PUBLISH_H

#include "base/log.h"
#include "job/job.h"
#include "store/store.h"

/* It is the job's store, with the job's stream in it: ERR_STORE where there is none, ERR_UNSAFE where it is
 * another. */
struct err *job_check_store(const struct job *job, struct store *s) CHECKED;

/* Writes it where it is missing or says something else (*changed). Nothing where the job does not exist. */
struct err *job_publish(struct conn *c, struct store *s, const char *job, bool *changed) CHECKED;
/* The same for runs that have done their work by now: what fails is a warning. */
void job_publish_after(struct conn *c, struct store *s, const char *job, struct log *log);

/*
 * Before work that takes long: job.json is written as it is, so that a store that can only be read shows at
 * once. Where the job's first copy is still to come it is taken away again: if that never comes, the name is
 * free. Nothing where the job does not exist.
 */
struct err *job_publish_try(struct conn *c, struct store *s, const char *job, bool is_first) CHECKED;
/* The same for work that goes on without: that nothing will be recorded is a warning. */
void job_publish_before(struct conn *c, struct store *s, const char *job, bool is_first, struct log *log);

/* ERR_UNSAFE where the store has anything of a job of this name. For who is about to make one: it would be
 * another target's, which could not go on then. */
struct err *job_refuse_known(struct store *s, const char *job) CHECKED;

/* Everything that the store has of a job: it is ended. */
struct err *job_unpublish(struct store *s, const char *job) CHECKED;

#endif
