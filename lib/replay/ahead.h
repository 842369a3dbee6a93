/*
 * ahead - the objects of a log in order, the next one read and decompressed in a thread while this one is
 * worked on.
 *
 * Wraps a chain_reader; at most one object waits, and the bytes of a few small ones (fetch.h). Used by one
 * thread besides its own.
 */
#ifndef CCR_REPLAY_AHEAD_H
#define CCR_REPLAY_AHEAD_H

#include "format/chain.h"

struct ahead;

/* Starts at object (epoch, number), which may not exist yet. `stream` is borrowed. */
struct err *ahead_new(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                      struct ahead **out) CHECKED;
/*
 * The next object; *footer (the caller's) is NULL at the end of the log so far: calling again later looks
 * again. `content` is exchanged for the object's.
 */
struct err *ahead_next(struct ahead *a, struct segment_footer **footer, struct buf *content) CHECKED;
void ahead_free(struct ahead *a); /* waits for a read under way; NULL is allowed */

#endif
