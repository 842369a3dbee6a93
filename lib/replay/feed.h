/*
 * feed - the events of a stream's log behind a position, one after the other, whatever objects they lie in.
 *
 * Joins the parts of a split transaction, and hands out its first event only once its last part exists; parts
 * that a killed shipper abandoned are left out. Holds one object (and what ahead.h has) in memory, so a
 * transaction of any size passes through.
 */
#ifndef CCR_REPLAY_FEED_H
#define CCR_REPLAY_FEED_H

#include "binlog/event.h"
#include "format/chain.h"

struct feed;

/* What feed_next found. */
enum feed_item {
    FEED_EVENT,
    FEED_END,        /* of the log so far; asking again looks again */
    FEED_TERMINATOR, /* of the epoch: feed_terminator() */
};

/* Begins with object (epoch, number), which may not exist yet. `s` and `stream` are borrowed. */
struct err *feed_new(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                     struct feed **out) CHECKED;
/* The event is valid until the next call. Its checksum has been verified. */
struct err *feed_next(struct feed *f, enum feed_item *item, struct binlog_event *event) CHECKED;
void feed_free(struct feed *f); /* NULL is allowed */
/* For an error that the last event causes: puts its object and its offset before the message. */
struct err *feed_context(const struct feed *f, struct err *e) MAKES_ERR;

/* The format description event that governs the last event: its bytes, and what it says. */
const struct buf *feed_format_event(const struct feed *f);
const struct binlog_format *feed_format(const struct feed *f);
/* The object that the last event came from, and the last one that has been handed out completely. */
uint64_t feed_number(const struct feed *f);
uint64_t feed_complete(const struct feed *f);
const struct segment_footer *feed_terminator(const struct feed *f);
/* Of the object that the last event came from: the position before its first transaction. */
const struct gtid_pos *feed_start(const struct feed *f);
uint64_t feed_objects(const struct feed *f); /* read so far */
uint64_t feed_memory(const struct feed *f);  /* what it takes, at the most, as far as it has seen */

#endif
