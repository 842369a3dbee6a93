/*
 * place - where the log of a stream stands: what the next object continues.
 *
 * There is no local state: the place comes from the newest object of the log, or, where the stream or its new
 * epoch has none yet, from a snapshot (beginning.h says which). Whoever writes objects moves it along. One
 * thread.
 */
#ifndef CCR_SHIP_PLACE_H
#define CCR_SHIP_PLACE_H

#include "format/manifest.h"
#include "format/segment.h"
#include "store/store.h"

struct place {
    char *store_id;
    char *stream_id;
    uint64_t epoch;
    uint64_t number;              /* of the next object */
    char previous[HASH_HEX_SIZE]; /* hash of the footer before it; empty for a stream's first object */
    struct gtid_pos position;     /* end of the log so far */
    char *source_file; /* where the position lies on the server that it was read from; NULL if unknown */
    uint64_t source_offset;
    struct fingerprint *fingerprints; /* the last transaction of each domain, sorted as they came up */
    size_t fingerprint_count;
    size_t fingerprint_cap;
    char *superseded_by; /* nothing was shipped in this epoch, and this snapshot has opened a later one; or
                            NULL */
};

/*
 * ERR_STORE where there is no store, ERR_RESYNC where a snapshot is missing that the log could begin at,
 * ERR_INTEGRITY where the newest object belongs to another store or stream.
 */
struct err *place_find(struct store *s, const char *stream, struct place *out) CHECKED;
void place_free(struct place *p); /* its members */

/* The log of this epoch begins at this snapshot. */
void place_at_snapshot(struct place *p, const struct manifest *m);

/* A transaction is complete that ends there: the position moves behind it, its fingerprint replaces that of
 * its domain. */
void place_pass(struct place *p, struct gtid gtid, int64_t time, const char digest[HASH_HEX_SIZE]);
void place_set_source(struct place *p, const char *file, uint64_t offset);

/* An empty footer for the next object: ids, name, epoch, number, previous, start and end at the position, a
 * copy of the fingerprints. */
struct segment_footer *place_footer(const struct place *p, const char *stream);
/* The object of that footer is in the log now. */
void place_written(struct place *p, const struct segment_footer *footer);

#endif
