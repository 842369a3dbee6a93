/*
 * log_reader - a server's log as checked events, each with its place in the file and in its transaction.
 *
 * Lays binlog_event_parse (CRC32 of every event) and group_feed over binlog_dump. Artificial events, and
 * those that describe a file instead of a change (rotate, GTID list, checkpoint, stop), end here. One thread.
 */
#ifndef CCR_MYSQL_LOG_READER_H
#define CCR_MYSQL_LOG_READER_H

#include "binlog/event.h"
#include "binlog/group.h"
#include "mysql/binlog_dump.h"

enum log_what {
    LOG_END,      /* the end of a one-shot dump */
    LOG_IDLE,     /* following, and nothing happened for one heartbeat */
    LOG_FORMAT,   /* a file begins: its format description event */
    LOG_EVENT,    /* an event of a transaction; `place` is GROUP_BEGIN, _INSIDE or _END */
    LOG_INCIDENT, /* the server notes here that it has lost events */
};

/* Valid until the next call. */
struct log_item {
    enum log_what what;
    struct binlog_event event; /* FORMAT, EVENT, INCIDENT */
    enum group_place place;
    /* INCIDENT: it lies before the position that was asked for. Servers filter transactions, nothing else. */
    bool passed;
    /* FORMAT: the server crashed while it wrote the transaction before, which never was committed. Its events
     * are void. */
    bool abandoned;
    const char *file;
    uint64_t start; /* offsets of the event in the file */
    uint64_t end;
};

struct log_reader;

struct err *log_reader_open(const struct binlog_dump_params *params, struct log_reader **out) CHECKED;
/* ERR_INTEGRITY and ERR_UNSUPPORTED name file and offset; for failures of the server see binlog_dump_next. */
struct err *log_reader_next(struct log_reader *r, struct log_item *item) CHECKED;
/* The transaction of the last event, and its table callback. */
struct group *log_reader_group(struct log_reader *r);
/* Of the last format description event. */
const struct binlog_format *log_reader_format(const struct log_reader *r);
enum dump_refusal log_reader_refusal(const struct log_reader *r);
bool log_reader_is_lost(const struct log_reader *r);
void log_reader_close(struct log_reader *r); /* NULL is allowed */

#endif
