/*
 * bundle - row events gathered into one group: what one BINLOG statement carries.
 *
 * The rules that the server does not enforce (breaking one drops rows without an error): all table maps come
 * before the first row event, within the same statement; only the last event has STMT_END; and a group has
 * one set of foreign-key and check flags, the first event's. Row images are kept as the source wrote
 * them; neighbouring events of the same table and kind become one. No I/O.
 */
#ifndef CCR_REPLAY_BUNDLE_H
#define CCR_REPLAY_BUNDLE_H

#include "format/position.h"
#include "replay/tables.h"

/* One row event of the source, to be applied to a table in scope. */
struct change {
    struct table *table;
    const struct rows_event *rows;
    uint32_t time;
    uint32_t server_id;
    struct gtid gtid;
};

/* Which rows of the group came from where. */
struct bundle_run {
    struct table *table;
    struct gtid gtid;
    size_t event; /* where the event begins in `rows` */
    size_t start; /* the run's images in `rows` */
    size_t end;
    uint32_t time;
    uint32_t server_id;
};

struct row_counts {
    uint64_t writes;
    uint64_t updates;
    uint64_t deletes;
};

struct bundle {
    uint64_t serial; /* differs for every group ever begun by one road */
    struct buf maps;
    struct buf rows;
    uint16_t flags; /* of the group, without STMT_END */
    struct bundle_run *runs;
    size_t run_count;
    size_t run_cap;
    struct row_counts counts;   /* rows sent */
    struct row_counts expected; /* what the server's Handler counters must grow by, at the least */
    bool inexact; /* they may grow by more: cascades, history rows, rows that move between partitions */
};

/* Empties it, keeping memory. */
void bundle_begin(struct bundle *b, uint64_t serial);
void bundle_free(struct bundle *b); /* its members */
bool bundle_is_empty(const struct bundle *b);
size_t bundle_size(const struct bundle *b);
/* Other flags than the group's: it must be sent first. */
bool bundle_fits(const struct bundle *b, const struct rows_event *rows);
struct err *bundle_add(struct bundle *b, const struct change *change) CHECKED;
/* Appends the group's events, the last one with STMT_END. */
void bundle_events(struct bundle *b, struct buf *out);
/* The event that a run lies in, as it was built. */
struct err *bundle_run_event(const struct bundle *b, const struct bundle_run *run,
                             struct rows_event *out) CHECKED;

void row_counts_add(struct row_counts *to, const struct row_counts *more);

#endif
