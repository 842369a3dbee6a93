/*
 * fetch - the bytes of a log's objects, several small ones on their way at once.
 *
 * For chain_reader_read_by(). Where objects are asked for one after the other, a listing tells how large the
 * next ones are, and threads of its own get them ahead of time, as long as they fit into FETCH_BYTES
 * together: the time that a store takes to answer is then waited for once for several objects. Larger ones,
 * the first of a run, and whatever does not come in order are read when they are asked for.
 *
 * Used by one thread besides its own.
 */
#ifndef CCR_REPLAY_FETCH_H
#define CCR_REPLAY_FETCH_H

#include "base/buf.h"
#include "store/store.h"

enum { FETCH_BYTES = 4 << 20 };

struct fetch;

/* `s` and `stream` are borrowed. */
struct fetch *fetch_new(struct store *s, const char *stream);
/* The bytes of an object are put into `object`. chain_get_fn; `arg` is the struct fetch. */
struct err *fetch_get(void *arg, uint64_t epoch, uint64_t number, struct buf *object, bool *found) CHECKED;
void fetch_free(struct fetch *f); /* waits for what is under way; NULL is allowed */

#endif
