/*
 * check - would a job of this target run? What ccr-job create looks at, before there is anything.
 *
 * What the runs themselves check before they begin is asked of the same functions; besides, there is what
 * would stop a job only later. Source and target may be on different machines: where the source is not given,
 * the newest snapshot in the store tells of it (settings, and the definitions of all that is in scope), and
 * one note says what was not looked at.
 */
#ifndef CCR_CHECK_CHECK_H
#define CCR_CHECK_CHECK_H

#include "base/opt.h"
#include "check/check_list.h"
#include "job/job.h"
#include "store/store.h"

/* Everything is borrowed. */
struct check_params {
    struct conn *target;
    const struct conn_params *target_params;
    struct conn *source; /* NULL: it cannot be asked */
    const struct conn_params *source_params;
    struct store *store;
    const struct opts *opts; /* the scope as asked for */
    bool replace;            /* tables that ccr did not make may be replaced */
};

/*
 * `job` has name, stream and scope. What is found out about it is filled in: whether its source folds case,
 * and the ids of store and stream ("" where there is none yet). Fails only where the checking cannot go on:
 * the target is lost, the store cannot be read.
 */
struct err *check_job(const struct check_params *p, struct job *job, struct check_list *out) CHECKED;

#endif
