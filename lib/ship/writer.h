/*
 * writer - adds objects to the log while the next one is gathered.
 *
 * Encoding (compression, hashes) and storing take a segment's worth of time each; a thread does both, for one
 * object at a time. An object names the one before it, so the next footer can be made only when writer_wait
 * has said what became of the last: two buffers exist, which bounds memory.
 *
 * Threads. One caller. Between writer_start and writer_wait footer and content belong to the writer.
 */
#ifndef CCR_SHIP_WRITER_H
#define CCR_SHIP_WRITER_H

#include "base/buf.h"
#include "format/segment.h"
#include "store/store.h"

struct writer;

struct writer *writer_new(struct store *store, const char *stream); /* both are borrowed */
void writer_free(struct writer *w);                                 /* waits; NULL is allowed */

/*
 * Nothing may be under way. Takes the footer. The first `len` bytes of `content` are the object's; `content`
 * gets the (empty) memory of the object before in exchange, and writer_content shows the bytes until the next
 * writer_start.
 */
struct err *writer_start(struct writer *w, struct segment_footer *footer, struct buf *content,
                         size_t len) CHECKED;
const struct buf *writer_content(const struct writer *w);

/*
 * Waits for the object under way. *footer is its footer once it is in the log (the caller's to free), with
 * *stored its size; NULL where nothing was under way, or it failed. ERR_LOCKED: another run has written the
 * object of that number.
 */
struct err *writer_wait(struct writer *w, struct segment_footer **footer, uint64_t *stored) CHECKED;

#endif
