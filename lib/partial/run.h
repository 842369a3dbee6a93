/*
 * run - one run of a partial restore, as its files share it: partial.c leads, staged.c loads and replays,
 * advance.c deals with the job's own position, exchange.c brings partitions in.
 */
#ifndef CCR_PARTIAL_RUN_H
#define CCR_PARTIAL_RUN_H

#include "partial/go_on.h"
#include "partial/partial.h"
#include "restore/restore_plan.h"
#include "snapshot/partitions.h"

struct partial {
    const struct partial_params *params;
    const struct restore_params *restore;
    struct restore_result *result;
    struct conn *conn; /* holds the locks */
    bool bulk;         /* how rows are loaded */
    struct job *saved; /* as it is in ccr.jobs */
    struct job_position position;
    bool has_position;
    struct partitions partitions; /* asked for; none: whole tables */
    struct restore_plan *plan;
    char **definitions;
    bool resumed; /* staging is a killed run's, and had its position */
    bool behind;  /* some of these tables have not been followed up to the position */
    struct job_position staged;
    bool has_staged;
};

const struct scope *partial_scope(const struct partial *p); /* what is asked for */
struct go_on partial_go_on(const struct partial *p, struct job *job, const struct gtid_pos *until);
struct err *partial_read_position(struct partial *p) CHECKED;

/* Staging (staged.c). */
struct err *staged_find(struct partial *p) CHECKED; /* that of a killed run, if it is this one's */
struct err *staged_load(struct partial *p) CHECKED;
struct err *staged_catch_up(struct partial *p) CHECKED; /* with the job's position */

/* Single partitions (exchange.c). */
struct err *exchange_check(struct partial *p) CHECKED; /* before anything is loaded */
struct err *exchange_in(struct partial *p) CHECKED;    /* what is staged, at the job's position */

/* The job (advance.c), with its lock. */
struct err *partial_settle_earlier(struct partial *p) CHECKED; /* what a killed run has left */
struct err *partial_claim(struct partial *p) CHECKED;          /* the row, under this run's nonce */
/* Takes the lock. Afterwards the job is at the snapshot's position or behind it, with even lanes. */
struct err *advance_to_snapshot(struct partial *p) CHECKED;

#endif
