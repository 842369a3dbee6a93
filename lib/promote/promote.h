/*
 * promote - one run of ccr-promote: a followed target becomes a server of its own.
 *
 * The log is applied to its end, what waited for this moment is made (triggers, events, counters), and the
 * job is over: ccr.states says `promoted`, and nothing is applied or restored any more. The data is not
 * touched. Without --yes only what would be done is said, and what may be lost.
 *
 * A run that is killed leaves the state `promoting` from the first step on that a following target must not
 * see; every step can be repeated, and the next run does them all again, without the log.
 */
#ifndef CCR_PROMOTE_PROMOTE_H
#define CCR_PROMOTE_PROMOTE_H

#include "base/run.h"

/* Adds its members to run->result, and says its result to people. */
struct err *promote_run(struct run *run) CHECKED;

#endif
