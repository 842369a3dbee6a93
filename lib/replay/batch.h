/*
 * batch - one transaction of the target: changes of many source transactions, and the position behind them.
 *
 * A batch opens by itself with the first change, and commits with the position row by compare-and-set, after
 * the rows sent have been compared with the rows that the server says it changed. `next` is the position as
 * it will be: the caller moves it at the end of every source transaction.
 *
 * Changes are gathered in a parcel, and applied by a lane (lane.h) while the caller goes on: an error of the
 * target comes back with a later call, any of those below that return one. batch_end leaves the commit itself
 * to the lane too, so that the next batch is read meanwhile; behind batch_flush and batch_commit nothing is
 * under way, and the connection is free.
 *
 * Tables on the merged road (roads.h) are gathered as net changes, which go to the lane when the batch ends
 * or is flushed, or when they become too many: what is left of a transaction that large keeps its order.
 *
 * The first write of a run takes the job over: a new nonce in the position row, published in the store's
 * status document, so that a target that was cloned is noticed.
 */
#ifndef CCR_REPLAY_BATCH_H
#define CCR_REPLAY_BATCH_H

#include "replay/lanes.h"
#include "store/store.h"

/* What was done with source transactions. */
struct batch_counts {
    uint64_t transactions;
    uint64_t events; /* row events */
    uint64_t ddl;
    uint64_t statements;           /* data changes that were logged as such */
    uint64_t skipped_transactions; /* nothing of them is in scope */
    uint64_t skipped_events;
    uint64_t skipped_statements;
};

struct batch {
    struct conn *conn;             /* borrowed: the first lane's */
    struct store *store;           /* borrowed; NULL: nothing is published */
    const struct job *job;         /* borrowed */
    struct lanes *lanes;           /* owned */
    struct job_position committed; /* as the target's row has it, as far as is known */
    struct job_position handed;    /* as it will be when the lane is done */
    struct job_position next;
    bool dry_run; /* nothing is written */
    bool claimed;
    bool single;                /* the first lane takes all changes to come */
    bool uneven;                /* the lanes' rows differ until the next commit (evening.h) */
    json_t **done;              /* by lane: the tables that the open batch changes */
    uint64_t serial;            /* of the open batch */
    struct bag **bags;          /* the same of tables without a key */
    struct net **nets;          /* by lane: net changes of the open batch, of tables that are merged */
    size_t parcel_bytes;        /* of one parcel, at the most, */
    size_t net_bytes;           /* and of one net */
    bool in_order;              /* nothing is merged (batch_set_in_order) */
    bool long_transaction;      /* the one at hand is too large to be merged: its rest keeps its order */
    bool merged;                /* something was, since the last rollback */
    bool open;                  /* something besides the position is to be committed */
    uint64_t transactions;      /* source transactions since the last batch_end */
    uint64_t bytes;             /* of their row events */
    struct batch_counts counts; /* those of the open batch included */
    struct batch_counts handed_counts;
    struct batch_counts committed_counts;
    uint64_t commits;
    uint64_t rows;        /* committed, over all batches */
    int64_t started_us;   /* when the open batch took its first change */
    int64_t committed_us; /* when the last commit was seen (clock_monotonic_us) */
};

struct batch_params {
    struct conn *const *conns; /* borrowed, one for each lane */
    unsigned lanes;
    struct store *store;
    const struct job *job;
    uint64_t max_packet;
    enum drift_mode drift;
    const struct conn_params *conn_params; /* borrowed */
    const struct job_position *position;   /* copied */
};

/* batch_free also after an error. */
struct err *batch_init(struct batch *b, const struct batch_params *params) CHECKED;
void batch_free(struct batch *b);

/*
 * What the changes that are gathered and under way may take, in bytes. A batch of more goes to the target in
 * pieces, inside its one transaction.
 */
void batch_set_room(struct batch *b, uint64_t bytes);
unsigned batch_lanes(const struct batch *b);
/* Instead of where the row stands: the lanes' rows differ (evening.h), and the next commit makes them equal.
 */
void batch_begin_uneven(struct batch *b, const struct job_position *from);
/* Commits, and makes them equal: one row for each lane of this run. */
struct err *batch_make_even(struct batch *b) CHECKED;
/* The format description event of the changes to come. */
struct err *batch_set_format(struct batch *b, const struct buf *event) CHECKED;
/* Begins the target's transaction, where that has not been done. For writes beside the row events. */
struct err *batch_open(struct batch *b) CHECKED;
struct err *batch_add(struct batch *b, const struct change *change) CHECKED;
/* Every table's changes keep their order from here on, or no longer. */
void batch_set_in_order(struct batch *b, bool in_order);
/* The source transaction at hand has ended, and `next` stands behind it. */
struct err *batch_transaction_end(struct batch *b) CHECKED;
/* By which a table's changes go; and a note that the open batch changes it otherwise than by batch_add. */
struct lane *batch_lane(struct batch *b, const struct table *table);
void batch_touch(struct batch *b, struct table *table);
/* What has gathered is applied when this returns; the transaction stays open. */
struct err *batch_flush(struct batch *b) CHECKED;
/*
 * Ends the batch: it is applied and committed while the next one is gathered. Nothing happens where there is
 * nothing to commit and `next` is where the row stands.
 */
struct err *batch_end(struct batch *b) CHECKED;
/* Waits for what was handed over so far. */
struct err *batch_wait(struct batch *b) CHECKED;
/* Ends the batch, and waits for its commit. */
struct err *batch_commit(struct batch *b) CHECKED;
/* The target is as after the last commit; `next` too. Waits for a commit under way. */
void batch_rollback(struct batch *b);
/* The row's intent is cleared, but not by a commit of this batch, of which nothing may be under way. */
void batch_forget_intent(struct batch *b);
/* Reads the position row again, which must be this run's: for the way back after an error. */
struct err *batch_reread(struct batch *b) CHECKED;

/* The target has refused something since the last rollback: the last error was not the caller's. */
bool batch_has_failed(struct batch *b);
/* Which lane reported that error, and whether its road holds the bundle that the target refused. */
struct lane *batch_failed_lane(struct batch *b, bool *bundle);
uint64_t batch_repaired(const struct batch *b); /* rows of the target */
bool batch_is_lost(
    struct batch *b); /* nothing of it can be done again in this run. Nothing may be under way */
uint64_t batch_bytes_sent(const struct batch *b); /* of events, over all batches */

#endif
