/*
 * bounds - how much of the servers a backup or a restore may take.
 *
 * A copy passes its pace: rows and bytes as they are moved (bounds_pass). Where bounds ask for it, a guard
 * holds the pace.
 */
#ifndef CCR_SNAPSHOT_BOUNDS_H
#define CCR_SNAPSHOT_BOUNDS_H

#include "mysql/guard.h"

struct bounds {
    uint64_t rows_per_s; /* 0: no bound */
    uint64_t bytes_per_s;
    struct guard_params guard; /* without what depends on the run */
    unsigned progress_every_s;
};

void bounds_from_opts(const struct opts *opts, struct bounds *out);

/* The bounds of one copy. */
struct brake {
    struct pace *pace;
    struct guard *guard;
};

/* The brake exists also after a failure. */
struct err *brake_start(const struct bounds *bounds, const struct conn_params *server, unsigned threads,
                        struct log *log, struct brake *out) CHECKED;
void brake_stop(struct brake *b);

#endif
