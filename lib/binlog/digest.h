/*
 * digest - SHA-256 over a sequence of records, as group.h specifies it.
 *
 * A record is its payload, then the payload's length (8 bytes), then a tag (1 byte): the lengths stand
 * behind, so that a record can grow while it is fed (a run), and no two sequences give the same bytes. For
 * the files of lib/binlog only. Start it as DIGEST_INIT.
 */
#ifndef CCR_BINLOG_DIGEST_H
#define CCR_BINLOG_DIGEST_H

#include "base/buf.h"
#include "base/hash.h"

struct digest {
    struct hash *hash;
    uint8_t run_tag; /* 0: no run is open */
    struct buf run;  /* its header */
    uint64_t run_len;
};

#define DIGEST_INIT                                                                                          \
    {                                                                                                        \
        NULL, 0, BUF_INIT, 0                                                                                 \
    }

void digest_begin(struct digest *d);
void digest_record(struct digest *d, uint8_t tag, const struct buf *payload);
/* Adds bytes to the run of this tag and header, opening it where the last record is another. */
void digest_run(struct digest *d, uint8_t tag, const struct buf *header, const void *bytes, size_t len);
void digest_copy(struct digest *to, const struct digest *from); /* replaces *to */
/* The last call on this content: ends an open run. */
void digest_end(struct digest *d);
void digest_hex(const struct digest *d, char out[HASH_HEX_SIZE]);
void digest_free(struct digest *d); /* back to DIGEST_INIT */

#endif
