/*
 * job_needed - ccr.needed: how often a job itself has found within a day that it needs a copy
 * (formats/target.md).
 *
 * Of causes that take turns none comes three times in a row, and each copy lets the job go on: the count by
 * table, whatever the causes, shows it (job_state.h). What a person asks for is not counted, and when a
 * stopped or paused job follows again, the count begins anew. The target's clock.
 */
#ifndef CCR_JOB_JOB_NEEDED_H
#define CCR_JOB_JOB_NEEDED_H

#include "base/buf.h"
#include "mysql/conn.h"

struct err *job_needed_setup(struct conn *c) CHECKED;
/* One more of a table, with `name` empty of a database, with both of the job (source names). In the
 * transaction in which the need is put. */
struct err *job_needed_add(struct conn *c, const char *job, const char *db, const char *name,
                           const char *reason) CHECKED;
/* *times within the last day. Appends why, the most frequent reason first: "REASON (12 times); REASON (8
 * times)"; `why` may be NULL. */
struct err *job_needed_count(struct conn *c, const char *job, const char *db, const char *name,
                             uint64_t *times, struct buf *why) CHECKED;
struct err *job_needed_forget(struct conn *c, const char *job) CHECKED;

#endif
