/*
 * ordered - the ordered road: changes go to the target in the order of the log, gathered into bundles.
 *
 * A road stands between reading transactions (walk.h) and committing them (batch.h). It takes the changes of
 * a batch one by one, has them all applied by the time ordered_flush returns, and counts what it sent. The
 * road that merges changes to their net effect will offer the same calls, and take the tables that allow it.
 */
#ifndef CCR_REPLAY_ORDERED_H
#define CCR_REPLAY_ORDERED_H

#include "replay/sender.h"

struct ordered;

/* `lane` tells the roads of a run apart: a table may change from one to the other. */
struct ordered *ordered_new(struct conn *c, uint64_t max_packet, unsigned lane);
void ordered_free(struct ordered *o); /* NULL is allowed */

/* The format description event of the changes to come. Nothing may be unsent. */
void ordered_set_format(struct ordered *o, const struct buf *event);
bool ordered_has_format(const struct ordered *o, const struct buf *event); /* one that says the same */
/* Takes one row event; its bytes are copied. May send what has gathered. */
struct err *ordered_add(struct ordered *o, const struct change *change) CHECKED;
/* Everything taken is applied when this returns. */
struct err *ordered_flush(struct ordered *o) CHECKED;
/* The rows sent since the last reset. */
const struct row_counts *ordered_counts(const struct ordered *o);
/* How much the server's Handler counters must have grown by since: at least, or exactly. */
const struct row_counts *ordered_expected(const struct ordered *o, bool *at_least);
/* Behind COMMIT or ROLLBACK: the next batch begins. */
void ordered_reset(struct ordered *o);
/* Behind an error of add or flush: the bundle that the server refused, until ordered_reset; or NULL. */
struct bundle *ordered_failed(const struct ordered *o);
/* For sending single rows, to find which one is refused. */
struct sender *ordered_sender(struct ordered *o);
uint64_t ordered_bytes(const struct ordered *o); /* of events sent, over all batches */

#endif
