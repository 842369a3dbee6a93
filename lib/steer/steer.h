/*
 * steer - what a person does with a job (ccr-job), on its target.
 *
 * Every change has a reason, and is recorded with it and with who made it: in ccr.history, and where the
 * state changes in ccr.states. A job that is not there is ERR_TARGET. Each adds its members to the result and
 * says what it did.
 */
#ifndef CCR_STEER_STEER_H
#define CCR_STEER_STEER_H

#include "base/run.h"
#include "job/job.h"
#include "mysql/conn.h"
#include "store/store.h"

/* Everything is borrowed. */
struct steer {
    struct run *run;
    struct conn *conn;
    const struct conn_params *conn_params; /* of it */
    struct store *store;                   /* NULL where the verb needs none */
    const char *job;                       /* NULL: list */
    const char *reason;
};

/* All jobs, or the one; with scope, renames, state, and what is to be passed over. */
struct err *steer_list(const struct steer *s) CHECKED;
/* A run that is at work goes on to its end; one with --follow ends when it has come to the log's. */
struct err *steer_pause(const struct steer *s) CHECKED;
/* Of a paused job and of a stopped one. */
struct err *steer_resume(const struct steer *s) CHECKED;
/* `gtid` is not applied. ERR_USAGE for no GTID, and for one that the job has behind it. */
struct err *steer_skip(const struct steer *s, const char *gtid) CHECKED;
/*
 * This target is the job's, whatever jobs/J/status.json says of another one (replay/status.h). ERR_LOCKED
 * while a run is at work.
 */
struct err *steer_adopt(const struct steer *s) CHECKED;

/*
 * A new job, with the scope, the renames and the stream of the options: checked first (check/check.h), and
 * refused (ERR_UNSAFE) where there are errors. With --check that is all.
 */
struct err *steer_create(const struct steer *s) CHECKED;

/*
 * Ends the job, with --yes; without, only says what would be lost. The data stays, as ordinary tables; what
 * ccr knows of the job goes, its history too, and what it reported to the store. ERR_UNSAFE while a restore
 * has work left to do.
 */
struct err *steer_desync(const struct steer *s) CHECKED;
/*
 * The same; with --with-data the job's tables, views, sequences and events are dropped, too, but for those
 * that are not as ccr has made them. ERR_UNSAFE of a promoted job with its data.
 */
struct err *steer_delete(const struct steer *s) CHECKED;
/*
 * What the store has of a job is removed, with --yes; without, only says what is known of its target. For a
 * target that is gone, and is not asked (s->conn is NULL). ERR_STORE where the store has nothing of the job.
 */
struct err *steer_forget(const struct steer *s) CHECKED;
/*
 * What the store has of the job becomes what the target has: the job, its position (where it has one), what
 * it needs. ERR_UNSAFE where another target has reported (steer_adopt), ERR_LOCKED while a run is at work.
 */
struct err *steer_publish(const struct steer *s) CHECKED;
/*
 * The whole job, or these of its tables (as --tables, --partitions; each ends with NULL) are to be copied
 * again: recorded as needs, and asked for in the store. A stopped job follows again. ERR_USAGE for what it
 * does not follow.
 */
struct steer_resync {
    const char *const *tables;
    const char *const *partitions;
};
struct err *steer_resync(const struct steer *s, const struct steer_resync *what) CHECKED;

/* For the verbs. ERR_TARGET where the job does not exist. */
struct err *steer_load(const struct steer *s, const char *name, struct job **out) CHECKED;
/* What the job needs is asked for in the store. */
struct err *steer_ask(const struct steer *s) CHECKED;
struct err *steer_no_job(const char *name) MAKES_ERR;

#endif
