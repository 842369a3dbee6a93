/*
 * paused - has a person paused the job (ccr-job pause) while a run of it is at work?
 *
 * A run with --follow, which would not end by itself, ends for a copy, too.
 *
 * Between two transactions it is asked every PAUSED_EVERY_S seconds, on a connection of its own: the run's is
 * busy. A question that fails is no failure of the run: it is put again.
 */
#ifndef CCR_REPLAY_PAUSED_H
#define CCR_REPLAY_PAUSED_H

#include "replay/walk.h"

enum { PAUSED_EVERY_S = 2 };

/* The time to ask has come. It counts from the first call on. */
bool paused_is_due(struct apply *a);
/* Asks on a connection that is free; sets a->paused, and says so. */
struct err *paused_ask(struct apply *a, struct conn *c) CHECKED;
/* Both, beside the run. */
void paused_look(struct apply *a);

#endif
