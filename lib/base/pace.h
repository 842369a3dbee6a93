/*
 * pace - how fast a copy goes, and whether it goes at all just now.
 *
 * Workers tell what they are about to move, and wait as long as the rate asks, or as long as the copy is
 * held. Who holds it (mysql/guard.h) may also end it with an error. Thread-safe: all workers share one pace.
 */
#ifndef CCR_BASE_PACE_H
#define CCR_BASE_PACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct pace;

/* 0: no bound. */
struct pace *pace_new(uint64_t rows_per_s, uint64_t bytes_per_s);
void pace_free(struct pace *p); /* NULL is allowed */

/*
 * Waits until these rows and bytes may go. Returns early, with success, once *stop is set (may be NULL); with
 * an error after a signal, or with the one of pace_end.
 */
struct err *pace_pass(struct pace *p, uint64_t rows, uint64_t bytes, const atomic_bool *stop) CHECKED;

/* From now on nobody passes, until it is released. Both may be called again. */
void pace_hold(struct pace *p);
void pace_release(struct pace *p);
/* Everyone who passes, or waits, fails with e, which is taken over. */
void pace_end(struct pace *p, struct err *e);

/* How long it was held, all in all. */
double pace_held_seconds(struct pace *p);

#endif
