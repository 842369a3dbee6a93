/*
 * load_stream - the rows of one unit of work, chunk by chunk, straight from its volumes.
 *
 * Holds one volume at a time, as it is stored. Not thread-safe: each worker has its own.
 */
#ifndef CCR_RESTORE_LOAD_STREAM_H
#define CCR_RESTORE_LOAD_STREAM_H

#include "restore/load_units.h"
#include "store/store.h"

struct load_stream;

struct load_stream *load_stream_new(struct store *s, const struct restore_plan *p, const struct load_work *w);
void load_stream_free(struct load_stream *l); /* NULL is allowed */

/* Begins (again) at the unit's first volume. */
void load_stream_open(struct load_stream *l, const struct load_unit *unit);
/* The next chunk that is not done: its first piece; *piece is NULL at the end of the unit. */
struct err *load_stream_next(struct load_stream *l, const struct load_piece **piece) CHECKED;
/* Up to cap bytes of that chunk's rows; *len is 0 at its end, which is checked against the manifest. */
struct err *load_stream_read(struct load_stream *l, void *out, size_t cap, size_t *len) CHECKED;

#endif
