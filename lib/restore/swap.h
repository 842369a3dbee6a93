/*
 * swap - all loaded tables into place, in one statement.
 *
 * One RENAME TABLE moves every old table away, every new one in, and the position row with them: readers see
 * the old tables or the new. It waits until every transaction that began before the load ended is over, and
 * gives up after a while, with the old tables untouched. What is left to do afterwards stands in the position
 * row (swap_finish.h).
 */
#ifndef CCR_RESTORE_SWAP_H
#define CCR_RESTORE_SWAP_H

#include "base/log.h"
#include "restore/restore_plan.h"
#include "restore/users.h"

struct swap_params {
    struct conn *conn;
    const struct restore_plan *plan;
    char *const *definitions;
    struct log *log;
    uint64_t swap_wait_s; /* all in all */
    uint64_t lock_wait_s; /* of one attempt: new readers queue behind a waiting RENAME */
    bool replace;
    const char *reason;        /* of this copy, for the history */
    const struct users *users; /* to be made after it; NULL: none */
    /* Partial: the job's row as it is, under this run's nonce; it stays what it is but for what is pending.
     */
    struct job_position *position;
    bool behind; /* the job has not followed these tables up to its position */
};

/* *seconds: how long the RENAME itself took. ERR_TARGET where it gave up, with those who were in the way. */
struct err *swap_tables(const struct swap_params *params, double *seconds) CHECKED;

/*
 * A partial swap announces itself in the position row (formats/target.md, intent): RENAME compares nothing,
 * so whoever takes the job over while that stands there takes the row away first that was to be swapped in.
 * Then the RENAME, if it still comes, fails as a whole. Partitions that are to be exchanged with tables in
 * the database `stage` are announced in the same way: that database is taken away.
 */
struct err *swap_announce_exchange(struct conn *c, const char *job, struct job_position *p,
                                   const char *stage) CHECKED;
bool swap_is_announced(const struct job_position *p);
/* Nothing is done where none is. */
struct err *swap_abandon(struct conn *c, const char *job, struct job_position *p) CHECKED;

#endif
