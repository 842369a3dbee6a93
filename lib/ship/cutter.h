/*
 * cutter - cuts the source's log into objects and adds them to the chain.
 *
 * Takes items of a log_reader in order. Complete transactions are gathered until they fill a segment; one
 * that is larger than a segment goes out as parts while it arrives, so that memory is bounded by two segments
 * (and the largest event, which the connection holds). What belongs to an open transaction stays back
 * otherwise: cutter_flush writes complete transactions only. A segment begins with the format description
 * event of the file that its first transaction was in; a file with another one begins another segment.
 *
 * While one object is written the next is gathered (writer.h): an error may be that of the object before, and
 * the place moves behind an object when that is in the log. After an error nothing more can be written. It is
 * ERR_LOCKED when another run has written the object of that number.
 */
#ifndef CCR_SHIP_CUTTER_H
#define CCR_SHIP_CUTTER_H

#include "base/log.h"
#include "mysql/log_reader.h"
#include "ship/place.h"

struct cutter_params {
    struct store *store;
    const char *stream; /* kept, not copied, like the rest */
    struct log *log;
    size_t limit;        /* bytes of content in one object */
    struct place *place; /* moves along: position with transactions, number and hash with objects */
};

/* What was written so far. */
struct cutter_totals {
    uint64_t objects;
    uint64_t transactions;
    uint64_t events;
    uint64_t bytes;        /* of binlog */
    uint64_t stored_bytes; /* of objects */
    int64_t last_time;     /* highest commit time, seconds since 1970; 0 without transactions */
};

struct cutter;

struct cutter *cutter_new(const struct cutter_params *params);
void cutter_free(struct cutter *c); /* NULL is allowed; what was not flushed is read again by the next run */

/* Another one has moved the place, before anything was taken. */
void cutter_place_moved(struct cutter *c);

/* An item that is LOG_FORMAT or LOG_EVENT; `group` is the reader's. ERR_SOURCE where sequence numbers go
 * backwards. */
struct err *cutter_take(struct cutter *c, const struct log_item *item, const struct group *group) CHECKED;
/* A table map callback for group_on_table; `arg` is the cutter. */
void cutter_on_table(const char *db, const char *table, void *arg);

/* Writes the complete transactions that are gathered, if any; all is in the log when this returns. */
struct err *cutter_flush(struct cutter *c) CHECKED;
/* Forgets the open transaction: the log will be read again from the place's position. */
void cutter_drop_open(struct cutter *c);

/* Since when complete transactions wait to be written (monotonic); 0: none do. */
int64_t cutter_waiting_since_us(const struct cutter *c);
const struct cutter_totals *cutter_totals(const struct cutter *c);
/* The position up to which all is written; valid until the next call. */
const struct gtid_pos *cutter_position(const struct cutter *c);

/* Ends the epoch with the place's next number: nothing may be gathered. */
struct err *cutter_terminate(struct cutter *c, const char *reason) CHECKED;

#endif
