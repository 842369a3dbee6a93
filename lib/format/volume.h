/*
 * volume - one archive object of a snapshot: a tar of members, compressed by zstd (formats/snapshot.md).
 *
 * Written and read with libarchive, in memory: a volume is at most one stored object. `tar --zstd -xf` opens
 * it. Not thread-safe per writer or reader.
 */
#ifndef CCR_FORMAT_VOLUME_H
#define CCR_FORMAT_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct volume_writer;

/* `mtime` (seconds) is given to every member. */
struct err *volume_writer_new(int64_t mtime, struct volume_writer **out) CHECKED;
struct err *volume_writer_add(struct volume_writer *w, const char *member, const void *bytes,
                              size_t len) CHECKED;
/* An upper bound of the object's size if one more member of `next` bytes were added and the volume finished.
 */
size_t volume_writer_bound(const struct volume_writer *w, size_t next);
bool volume_writer_is_empty(const struct volume_writer *w);
/* Finishes the archive and appends the object to out; only volume_writer_free may follow. */
struct err *volume_writer_finish(struct volume_writer *w, struct buf *out) CHECKED;
void volume_writer_free(struct volume_writer *w); /* NULL is allowed */

struct volume_reader;

/* Reads from bytes that stay the caller's and must outlive the reader; `name` (copied) is for messages. */
struct err *volume_reader_new(const char *name, const void *object, size_t len,
                              struct volume_reader **out) CHECKED;
/* The next member: *member is NULL at the end. The name is valid until the next call. */
struct err *volume_reader_next(struct volume_reader *r, const char **member, uint64_t *size) CHECKED;
/* Up to `cap` bytes of the current member; *len is 0 at its end. */
struct err *volume_reader_read(struct volume_reader *r, void *out, size_t cap, size_t *len) CHECKED;
void volume_reader_free(struct volume_reader *r); /* NULL is allowed */

#endif
