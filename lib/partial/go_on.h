/*
 * go_on - the log replayed up to a position: for the job itself, or for what is staged.
 */
#ifndef CCR_PARTIAL_GO_ON_H
#define CCR_PARTIAL_GO_ON_H

#include "replay/walk.h"

struct go_on {
    struct log *log;
    struct store *store;
    const struct conn_params *target;
    const struct apply_limits *limits;
    const char *of;  /* the job whose locks the caller holds */
    struct job *job; /* its position row is moved; its scope is what is replayed: that job, or its staging */
    const struct gtid_pos *until;
    bool staging; /* not published; tables only */
    bool fill;    /* staging: the tables hold some of their rows only (DRIFT_FILL) */
    bool whole;   /* staging: a view or trigger that changes stops it */
    /* out, of this run */
    uint64_t transactions;
    uint64_t rows;
    uint64_t statements;
};

/*
 * On a connection of its own; the caller's holds the lock. *position is the job's row, and is brought up to
 * date, also after an error of the log. ERR_STORE where the log in the store ends before `until`.
 */
struct err *go_on(struct go_on *g, struct job_position *position) CHECKED;

#endif
