/*
 * lock_wait - one statement that needs the locks of tables which others use.
 *
 * While it waits for them, new readers queue behind it. So each attempt is short, those who queued get their
 * turn between two, and after a while it is given up, with those named who may hold the locks.
 */
#ifndef CCR_RESTORE_LOCK_WAIT_H
#define CCR_RESTORE_LOCK_WAIT_H

#include "base/log.h"
#include "restore/restore_plan.h"

struct lock_wait {
    struct conn *conn;
    struct log *log;
    const struct restore_plan *plan; /* whose target databases the locks are looked for in */
    const char *what; /* "swap": in messages, and in the failpoints swap-before and swap-after */
    const char *hint; /* where it is given up */
    uint64_t attempt_s;
    uint64_t all_s;      /* how long it has taken at deadline_us, for the message */
    int64_t deadline_us; /* by clock_monotonic_us() */
};

/* *seconds: of the attempt that succeeded; NULL where nobody asks. */
struct err *lock_wait_exec(const struct lock_wait *w, const struct buf *sql, double *seconds) CHECKED;

/*
 * What other statements say that met a lock for as long as their session waits (conn_params.lock_wait_s): a
 * session of a killed run may still be at work in staging. Where e is that error of c, the same with those
 * named who may hold locks in the database, and a hint; any other as it is. db NULL: any. c and e may be
 * NULL.
 */
struct err *lock_wait_explain(struct conn *c, const char *db, struct err *e) CHECKED;

#endif
