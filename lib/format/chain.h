/*
 * chain - the log of a stream as a sequence of objects: finding its end, walking along it, extending it.
 *
 * Objects of an epoch are dense from 1; every footer holds the hash of the one before it, across epochs too.
 * Walking checks that: a hole or a wrong hash is ERR_INTEGRITY. The beginning of the log may have been pruned
 * (format/pruned.h): a reader that needs it gets ERR_RESYNC, with the reason.
 */
#ifndef CCR_FORMAT_CHAIN_H
#define CCR_FORMAT_CHAIN_H

#include "format/segment.h"
#include "store/store.h"

/* The footer of one object; *footer is NULL where it does not exist. */
struct err *chain_read_footer(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                              struct segment_footer **footer) CHECKED;

/* Footer and content of one object; *footer is NULL where it does not exist. Content is appended. */
struct err *chain_read(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                       struct segment_footer **footer, struct buf *content) CHECKED;

/*
 * The newest object of the stream: highest epoch, highest folder, highest number (a handful of listings).
 * *footer is NULL where the stream has no log.
 */
struct err *chain_newest(struct store *s, const char *stream, struct segment_footer **footer) CHECKED;

/* The first object of an epoch that is still there: 1, unless the log was pruned. 0 where there is none. */
struct err *chain_first(struct store *s, const char *stream, uint64_t epoch, uint64_t *number) CHECKED;

/*
 * An object is not there: is it the end of the log (NULL), or a hole in it (ERR_INTEGRITY, or why it was
 * pruned)? *came: neither, it is there now.
 */
struct err *chain_check_absent(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                               bool *came) CHECKED;

enum chain_created { CHAIN_CREATED, CHAIN_ALREADY_MINE, CHAIN_TAKEN };

/*
 * Adds an encoded object under its footer's name by create-if-absent. ALREADY_MINE: the same footer lies
 * there (a repeated write). TAKEN: a valid continuation of the same predecessor by another shipper.
 * ERR_INTEGRITY where something else lies there.
 */
struct err *chain_create(struct store *s, const char *stream, const struct segment_footer *footer,
                         const struct buf *object, enum chain_created *outcome) CHECKED;

/*
 * Walks forward from an object (epoch, number) that may or may not exist yet. `previous_sha256` is that of
 * the object before it; NULL: what the object before it says, or on trust where that one is gone. Objects of
 * another store or stream are ERR_INTEGRITY.
 */
struct chain_reader;

struct chain_reader *chain_reader_new(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                                      const char *previous_sha256);
/*
 * Where a reader gets the bytes of objects from, if not from the store at once: `object` is empty, *found
 * false where there is none.
 */
typedef struct err *chain_get_fn(void *arg, uint64_t epoch, uint64_t number, struct buf *object, bool *found);
void chain_reader_read_by(struct chain_reader *r, chain_get_fn *get, void *arg);
/*
 * The next object, with content; *footer is NULL at the end of the log so far (calling again later is
 * allowed). Crosses a terminator only after the caller has seen it: the next call continues with object 1 of
 * the next epoch. A missing object with a later one behind it is ERR_INTEGRITY.
 */
struct err *chain_reader_next(struct chain_reader *r, struct segment_footer **footer,
                              struct buf *content) CHECKED;
void chain_reader_free(struct chain_reader *r);

#endif
