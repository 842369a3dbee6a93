/*
 * sender - bundles on their way into the target, as BINLOG statements.
 *
 * A bundle is sent without waiting for the server, which applies it while the next one is built; its answer
 * is read before the next one is sent. After an error nothing more is sent, and the bundle that failed stays
 * readable until sender_reset().
 */
#ifndef CCR_REPLAY_SENDER_H
#define CCR_REPLAY_SENDER_H

#include "mysql/conn.h"
#include "replay/bundle.h"

struct sender;

/* `max_packet`: the server's max_allowed_packet. */
struct sender *sender_new(struct conn *c, uint64_t max_packet);
void sender_free(struct sender *s); /* NULL is allowed */

/* The format description event of the events to come, as the source wrote it. */
void sender_set_format(struct sender *s, const struct buf *event);
/* It says the same as the one set last. */
bool sender_has_format(const struct sender *s, const struct buf *event);
/*
 * Waits for the bundle before, then sends this one; it must stay as it is until sender_wait or the next
 * sender_send succeeded. ERR_UNSUPPORTED, naming the variable to raise, for a bundle too large for a packet.
 */
struct err *sender_send(struct sender *s, struct bundle *b) CHECKED;
struct err *sender_wait(struct sender *s) CHECKED;
/*
 * Applies one change, in a bundle of its own: beside the road's bundles, none of which may be under way.
 * *counts (may be NULL) are its rows. A refusal leaves no sender_failed.
 */
struct err *sender_apply(struct sender *s, const struct change *change, struct row_counts *counts) CHECKED;
/* The bundle that the server refused, or NULL. */
struct bundle *sender_failed(const struct sender *s);
/* Behind a ROLLBACK or an error: forgets what was under way (reading its answer first). */
void sender_reset(struct sender *s);
/* Bytes of bundles sent so far. */
uint64_t sender_bytes(const struct sender *s);

#endif
