/*
 * apply - one run of ccr-apply: the segments behind the target's position, applied.
 */
#ifndef CCR_REPLAY_APPLY_H
#define CCR_REPLAY_APPLY_H

#include "base/run.h"

/* Adds its members to run->result, and says its result to people. */
struct err *apply_run(struct run *run) CHECKED;

#endif
