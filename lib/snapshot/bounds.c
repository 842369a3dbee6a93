#include "snapshot/bounds.h"

void bounds_from_opts(const struct opts *opts, struct bounds *out)
{
    *out = (struct bounds){.progress_every_s = (unsigned)opts_number(opts, OPT_PROGRESS_EVERY)};
    opts_rate(opts, OPT_MAX_RATE, &out->rows_per_s, &out->bytes_per_s);
    guard_params_from_opts(opts, &out->guard);
}

struct err *brake_start(const struct bounds *bounds, const struct conn_params *server, unsigned threads,
                        struct log *log, struct brake *out)
{
    struct guard_params guard = bounds->guard;

    guard.server = server;
    guard.own_threads = threads;
    guard.log = log;
    *out = (struct brake){.pace = pace_new(bounds->rows_per_s, bounds->bytes_per_s)};
    return guard_start(&guard, out->pace, &out->guard);
}

void brake_stop(struct brake *b)
{
    guard_stop(b->guard);
    pace_free(b->pace);
    *b = (struct brake){0};
}
