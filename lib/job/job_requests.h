/*
 * job_requests - what a job needs (ccr.needs), published in the store as requests (format/request.h).
 *
 * The target decides, and the store holds a copy: a need has exactly one request (those of one statement
 * have it in common, and those that are behind; these are part of every other table's, too), whose id follows
 * from the need and the job's generation. So publishing is comparing: what is missing is written, what is
 * needed no more is removed. Any run may do it, and a killed one has lost nothing.
 */
#ifndef CCR_JOB_JOB_REQUESTS_H
#define CCR_JOB_JOB_REQUESTS_H

#include "base/log.h"
#include "job/job.h"
#include "store/store.h"

struct job_requests {
    struct conn *conn;
    struct store *store;
    const char *job;
    const char *program; /* who asks */
    struct log *log;
};

/* Nothing where the job does not exist. */
struct err *job_requests_sync(const struct job_requests *p) CHECKED;
/* The same, for runs that have done their work by now: what fails is a warning, the next run does it again.
 */
void job_requests_publish(const struct job_requests *p);

#endif
