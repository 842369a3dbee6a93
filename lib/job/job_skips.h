/*
 * job_skips - ccr.skips: transactions that a job passes over, because a person said so (formats/target.md).
 *
 * Each is one GTID. ccr-apply leaves out all that it does when it comes to it, notes that in the commit that
 * moves the position behind it, and adds a line to the history.
 */
#ifndef CCR_JOB_JOB_SKIPS_H
#define CCR_JOB_JOB_SKIPS_H

#include "format/position.h"
#include "mysql/conn.h"

struct job_skip {
    struct gtid gtid;
    char *who;
    char *reason;
};

/* Those that are still to come. */
struct job_skips {
    struct job_skip *items;
    size_t count;
    size_t cap;
};

/* None where there is no such table. */
struct err *job_skips_read(struct conn *c, const char *job, struct job_skips *out) CHECKED;
void job_skips_free(struct job_skips *s); /* its items */
/* NULL where it is not among them. */
const struct job_skip *job_skips_find(const struct job_skips *s, struct gtid gtid);

/* Adds one, with a line in the history; *added is false where it is there already. Makes the table. */
struct err *job_skip_add(struct conn *c, const char *job, const char *program, struct gtid gtid,
                         const char *reason, bool *added) CHECKED;
/* It was passed over. Part of the caller's transaction. */
struct err *job_skip_done(struct conn *c, const char *job, const struct job_skip *skip) CHECKED;

#endif
