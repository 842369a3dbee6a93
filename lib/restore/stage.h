/*
 * stage - the staging databases of a restore: made, found again after a killed run, or dropped.
 *
 * ccr_stage_JOB_N holds the tables of the Nth database. ccr_stage_JOB_0 holds the plan: one row with the
 * snapshot and a hash of all that decides what is loaded where. It is made last and dropped first, so where
 * it is, the rest of it can be trusted; where it is not, staging is made anew. Where databases of that name
 * cannot be dropped (a killed server left files in them), all numbers are those behind theirs: the lowest one
 * with a table is the plan's.
 */
#ifndef CCR_RESTORE_STAGE_H
#define CCR_RESTORE_STAGE_H

#include "base/log.h"
#include "restore/restore_plan.h"

/* Everything is borrowed. */
struct stage_params {
    struct conn *conn;
    const struct conn_params *target; /* for further connections, at most `threads` */
    unsigned threads;
    struct restore_plan *plan;
    char *const *definitions;
    struct log *log;
};

struct stage_result {
    bool resumed;            /* staging of a killed run with the same plan was taken over */
    uint64_t resumed_chunks; /* that need not be loaded again; marked in the plan */
    uint64_t resumed_rows;
    uint64_t resumed_bytes;
};

/* Is the plan that lies in staging this one? */
struct err *stage_find(struct conn *c, struct restore_plan *p, bool *same) CHECKED;

/* Afterwards every table and sequence of the plan exists in staging. */
struct err *stage_prepare(const struct stage_params *params, struct stage_result *out) CHECKED;

/*
 * Partial: the plan's tables become those that are in staging now, where the log may have made some and
 * dropped others.
 */
struct err *stage_take(struct conn *c, struct restore_plan *p) CHECKED;
/* Partial: what is staged is about to be taken apart; no other run goes on with it. */
struct err *stage_spend(struct conn *c, const struct restore_plan *p) CHECKED;
/* What ccr's own database knows of staging, its position first. */
struct err *stage_forget(struct conn *c, const char *job) CHECKED;

#endif
