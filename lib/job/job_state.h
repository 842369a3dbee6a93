/*
 * job_state - whether a job follows, is paused, or needs a person: ccr.states (formats/target.md).
 *
 * Every run of a job ends with one small statement there: it succeeded, or it failed, and why. The third
 * failure in a row of the same cause stops the job: runs that nobody watches (--cron, --follow) leave it
 * alone from then on, one by hand tries again, and its success makes the job follow again. Each change of the
 * state is a line of the history, with its reason and who made it. Waiting for a copy that was asked for is
 * one failure, however often it is found; but where the copy does not help, and the same failure comes again
 * before anything was applied, it counts. A full disk of the target is waited for in the same way, however
 * often. A table that needs a copy too often (job_needed.h) stops the job as well.
 *
 * ERR_LOCKED, ERR_INTERRUPTED and ERR_STORE are no failures of the job, nor are ERR_USAGE and ERR_CONFIG.
 * Nothing is recorded of a job that is not in ccr.jobs. A target of an earlier version has no such table: it
 * is made when there is something to record.
 */
#ifndef CCR_JOB_JOB_STATE_H
#define CCR_JOB_JOB_STATE_H

#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/run.h"
#include "mysql/conn.h"

#define JOB_FOLLOWING "following"
#define JOB_PAUSED    "paused"
#define JOB_STOPPED   "stopped" /* needs a person */
/* The job is over, or nearly so: nothing is applied or restored any more (ccr-promote). */
#define JOB_PROMOTING "promoting"
#define JOB_PROMOTED  "promoted"

enum { JOB_FAILURES_TO_STOP = 3 };

/* A job of which nothing is recorded is following, since 0. */
struct job_state {
    char *state;
    int64_t since; /* seconds since 1970 */
    char *reason;
    char *who;
    uint64_t failures; /* in a row, of one cause */
    char cause[HASH_HEX_SIZE];
    json_t *error; /* the last failure; NULL: there was none. It stays when a run succeeds */
    int64_t ok_at; /* the last success, seconds since 1970; 0: none yet */
};

struct err *job_state_setup(struct conn *c) CHECKED;
struct err *job_state_read(struct conn *c, const char *job, struct job_state *out) CHECKED;
void job_state_free(struct job_state *s); /* its members */

/* How a run ended. */
struct job_outcome {
    const char *job;
    const char *program;     /* "ccr-apply" */
    const struct err *error; /* NULL: it succeeded */
    bool progress;           /* what it did before it failed is done: this failure is the first in a row */
    bool waits;              /* for a copy that was asked for before: a failure that is no further one */
    /* a copy that was asked for: whether it has helped shows when the job goes on, so failures stay counted
     */
    bool asked_for;
    const char *too_often; /* why a person is to look at it at once; NULL */
};
/* Outside of any transaction. *state is what the job is now: a string that stays. */
struct err *job_state_record(struct conn *c, const struct job_outcome *outcome, const char **state) CHECKED;

/* Who does it: "ccr-job (root as ccr@localhost)", the binary, the user of its machine, that of the server.
 * malloc'ed. */
struct err *job_who(struct conn *c, const char *program, char **out) CHECKED;

/* A change of the state by a person, or by ccr for a reason. */
struct job_change {
    const char *job;
    const char *program;
    const char *state;
    const char *reason;
};
/* With a line in the history; where the job follows then, all counts begin anew, else the failures in a row.
 * Opens its own transaction. */
struct err *job_state_change(struct conn *c, const struct job_change *change) CHECKED;

/*
 * What a run makes of it. Of a paused job it says since when, by whom and why, and *paused is true: the run
 * is over, and has succeeded. ERR of the last failure where the job is stopped and the run is unattended. A
 * promoted job is over: ERR_UNSAFE, and as with a paused one where the run is unattended. `state` goes into
 * the result.
 */
struct err *job_state_admit(struct conn *c, struct run *run, const char *job, bool *paused) CHECKED;
/* job_lock() for what applies or restores. ERR_UNSAFE where the job was promoted while the lock was waited
 * for.
 */
struct err *job_state_lock(struct conn *c, const char *job) CHECKED;
/* The same for a copy, which a run that follows the log makes way for within seconds. */
struct err *job_state_lock_for_copy(struct conn *c, const char *job) CHECKED;
/* Records how a run ends, for all codes, with `e`, its program and whatever else `how` has; says so where
 * that stops the job. Returns `e`, or what recording a success failed with. */
struct err *job_state_ended(struct conn *c, struct run *run, const struct job_outcome *how,
                            struct err *e) CHECKED;

#endif
