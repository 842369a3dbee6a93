/*
 * load_part - the rows of a chunk in transactions of bounded size.
 *
 * A part ends behind a row: as soon as it has enough of them, or of bytes, and a chunk is loaded in as many
 * as it needs. Most are one. A chunk whose first rows are there already goes on behind them. Reading waits as
 * long as the pace asks. Not thread-safe.
 */
#ifndef CCR_RESTORE_LOAD_PART_H
#define CCR_RESTORE_LOAD_PART_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/pace.h"
#include "restore/load_stream.h"

/* What one transaction may hold. */
struct load_bounds {
    uint64_t rows;  /* at least 1 */
    uint64_t bytes; /* a part is larger by the rest of a row */
};

struct load_part {
    struct load_stream *stream; /* borrowed */
    struct load_bounds bounds;
    struct pace *pace;       /* borrowed; passed by every row */
    const atomic_bool *stop; /* borrowed; once it is set, or the run is interrupted: ERR_INTERRUPTED */
    struct buf next;         /* read, but of the next part */
    bool stream_ended;       /* the chunk has been read to its end */
    bool ended;              /* the part has all it may have */
    uint64_t before;         /* rows of the chunk in parts before */
    uint64_t rows;           /* of the part so far */
    uint64_t bytes;
};

/* Begins the chunk that the stream stands at, behind its first `skip` rows. */
struct err *load_part_chunk(struct load_part *p, uint64_t skip) CHECKED;
/* Begins the next part. */
void load_part_next(struct load_part *p);
/* Up to cap bytes of the part; *len is 0 at its end. */
struct err *load_part_read(struct load_part *p, void *out, size_t cap, size_t *len) CHECKED;
void load_part_free(struct load_part *p); /* its members */

#endif
