/*
 * segment - one numbered, immutable piece of the log: zstd frames of binlog bytes, and a footer
 * (formats/segment.md).
 *
 * Pure: bytes in, bytes out. Four kinds share one numbering:
 *   segment     whole transactions; its content is a valid binlog file (magic, format description, events)
 *   part        a slice of one transaction that is larger than a segment; slices may cut inside an event;
 *               only the first (part == 1) starts with magic and format description. The contents of all
 *               parts of a transaction, joined, are a valid binlog file
 *   last_part   the slice that completes it; a part == 1 that follows an incomplete transaction starts it
 *               anew (a killed run's slices are abandoned, not continued)
 *   terminator  no content; ends the epoch with a reason and names the next
 *
 * Epochs and numbers count from 1. A decoded footer is owned by the caller (segment_footer_free). Decoding
 * checks every length before use, refuses a newer version or an unknown required feature with
 * ERR_UNSUPPORTED, and anything inconsistent with ERR_INTEGRITY.
 */
#ifndef CCR_FORMAT_SEGMENT_H
#define CCR_FORMAT_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "format/position.h"

enum { SEGMENT_TAIL = 64 * 1024, SEGMENT_MAX_TABLES = 200 };

/* Largest content that segment_decode accepts. */
#define SEGMENT_MAX_CONTENT ((size_t)64 << 20)

enum segment_kind { SEGMENT_WHOLE, SEGMENT_PART, SEGMENT_LAST_PART, SEGMENT_TERMINATOR };

/* Recognises a transaction again on any node of the source cluster (formats/segment.md, fingerprints). */
struct fingerprint {
    struct gtid gtid;
    int64_t time; /* of its first event, seconds since 1970 */
    char digest[HASH_HEX_SIZE];
    struct gtid_pos before; /* the position just before it */
};

struct source_range {
    char *start_file;
    uint64_t start_offset;
    char *end_file;
    uint64_t end_offset;
};

struct segment_footer {
    char *store_id;
    char *stream_id;
    char *name; /* layout_segment_name() */
    enum segment_kind kind;
    uint64_t epoch;
    uint64_t number;
    uint64_t part; /* 1, 2, ... for parts; 0 otherwise */
    struct gtid_pos start;
    struct gtid_pos end; /* equal to start for every part but the last */
    struct source_range source;
    int64_t first_time;    /* lowest and highest commit time (event header), seconds since 1970; */
    int64_t last_time;     /* both 0 without events */
    uint64_t transactions; /* completed in this object */
    uint64_t events;       /* 0 for parts, which may cut inside an event */
    uint64_t content_bytes;
    char content_sha256[HASH_HEX_SIZE];
    /* of the previous footer's JSON; empty for the first object of a stream */
    char previous_sha256[HASH_HEX_SIZE];
    char **tables; /* layout_escape(db)/layout_escape(table), sorted */
    size_t table_count;
    bool tables_many; /* too many (SEGMENT_MAX_TABLES) or too long: the list is not complete */
    bool opaque;      /* holds a statement: nothing may be skipped on account of `tables` */
    struct fingerprint *fingerprints; /* the last transaction of every GTID domain of the stream so far */
    size_t fingerprint_count;
    char *reason;        /* terminator only */
    uint64_t next_epoch; /* terminator only */
    char
        *writer; /* the run that wrote it, at random: tells it from another shipper's with the same content */
    char sha256[HASH_HEX_SIZE]; /* of this footer's own JSON; set by encode and decode, not stored */
    uint64_t object_bytes;      /* of the whole object; set by decode, not stored */
};

void fingerprint_free(struct fingerprint *f); /* its members */
void fingerprint_copy(struct fingerprint *to, const struct fingerprint *from);
void segment_footer_free(struct segment_footer *f); /* with f itself; NULL is allowed */

const char *segment_kind_name(enum segment_kind kind); /* as in the footer: "segment", "part", ... */

/*
 * Builds the object; sets footer's content_bytes, content_sha256 and sha256, and shortens the list of tables
 * where it is too long for a footer. Appends to `object`.
 */
struct err *segment_encode(struct segment_footer *footer, const void *content, size_t len,
                           struct buf *object) CHECKED;

/* From the last bytes of an object (SEGMENT_TAIL, or all of it). `name` is the expected name: a footer of
 * another name is ERR_INTEGRITY (an object swapped with another). */
struct err *segment_decode_footer(const char *name, const void *tail, size_t len,
                                  struct segment_footer **out) CHECKED;

/* From the whole object: footer and content (appended), with all checksums compared. */
struct err *segment_decode(const char *name, const void *object, size_t len, struct segment_footer **footer,
                           struct buf *content) CHECKED;

#endif
