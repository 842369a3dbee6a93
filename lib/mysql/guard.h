/*
 * guard - holds a copy while the server, or a replica of it, has more to do than it should.
 *
 * A thread with connections of its own looks once a second at the server's running threads and at the
 * replicas' lag, and holds the pace (base/pace.h) as long as a bound is exceeded; both ends of a pause are
 * told in the log. A replica that is not replicating, or cannot be asked, counts as lagging. A pause that
 * lasts too long ends the copy.
 */
#ifndef CCR_MYSQL_GUARD_H
#define CCR_MYSQL_GUARD_H

#include "base/log.h"
#include "base/pace.h"
#include "mysql/conn.h"

struct guard_params {
    const struct conn_params *server; /* that is copied from, or to */
    const char *const *replicas;      /* "FILE" or "FILE:GROUP", option files; ends with NULL */
    uint64_t max_lag_s;
    uint64_t max_threads_running; /* beside the copy's own; 0: not looked at */
    uint64_t max_pause_s;         /* of one pause */
    unsigned own_threads;
    struct log *log;
};

struct guard;

/* Fills bounds and replicas from the options. */
void guard_params_from_opts(const struct opts *opts, struct guard_params *params);

/*
 * Takes a first look, which must succeed, and starts the thread. *out is NULL where there is nothing to look
 * at. `pace` must outlive the guard.
 */
struct err *guard_start(const struct guard_params *params, struct pace *pace, struct guard **out) CHECKED;
void guard_stop(struct guard *g); /* NULL is allowed; releases the pace */

#endif
