/*
 * report - what a run of ccr-apply was asked for, and what it has to say at its end.
 */
#ifndef CCR_REPLAY_REPORT_H
#define CCR_REPLAY_REPORT_H

#include "base/run.h"
#include "replay/walk.h"

/* --until-gtid, --until-time, --batch-transactions, --batch-size, --memory. */
struct err *apply_limits_read(const struct opts *opts, struct apply_limits *out) CHECKED;

struct err *lanes_from_opts(const struct opts *opts, unsigned *lanes) CHECKED;

/* Adds the members of the result, and says it to people. */
void report_result(struct apply *a, struct run *run, double seconds);

#endif
