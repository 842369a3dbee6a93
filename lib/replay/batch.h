/*
 * batch - one transaction of the target: changes of many source transactions, and the position behind them.
 *
 * A batch opens by itself with the first change, and commits with the position row by compare-and-set, after
 * the rows sent have been compared with the rows that the server says it changed. `next` is the position as
 * it will be: the caller moves it at the end of every source transaction.
 *
 * The first write of a run takes the job over: a new nonce in the position row, published in the store's
 * status document, so that a target that was cloned is noticed.
 */
#ifndef CCR_REPLAY_BATCH_H
#define CCR_REPLAY_BATCH_H

#include "replay/ordered.h"
#include "snapshot/job.h"
#include "store/store.h"

/* What was done with source transactions. */
struct batch_counts {
    uint64_t transactions;
    uint64_t events; /* row events */
    uint64_t ddl;
    uint64_t skipped_transactions; /* nothing of them is in scope */
    uint64_t skipped_events;
    uint64_t skipped_statements;
};

struct batch {
    struct conn *conn;             /* borrowed */
    struct store *store;           /* borrowed */
    const struct job *job;         /* borrowed */
    struct ordered *road;          /* owned */
    struct job_position committed; /* as the target's row has it */
    struct job_position next;
    bool dry_run; /* nothing is written */
    bool claimed;
    bool open;
    bool counting;              /* `before` has been read */
    struct row_counts before;   /* the server's counters when the first change was taken */
    uint64_t transactions;      /* source transactions since the last commit */
    uint64_t bytes;             /* of their row events */
    struct batch_counts counts; /* those of the open batch included */
    struct batch_counts committed_counts;
    uint64_t commits;
    uint64_t rows;        /* committed, over all batches */
    int64_t committed_us; /* when the last commit was (clock_monotonic_us) */
};

/* Takes over `position` (its members move). */
void batch_init(struct batch *b, struct conn *c, struct store *s, const struct job *job,
                struct job_position *position, uint64_t max_packet);
void batch_free(struct batch *b);

/* Begins the target's transaction, where that has not been done. For writes beside the row events. */
struct err *batch_open(struct batch *b) CHECKED;
struct err *batch_add(struct batch *b, const struct change *change) CHECKED;
/* Sends what has gathered; the transaction stays open. Also: nothing is under way on the connection any more.
 */
struct err *batch_flush(struct batch *b) CHECKED;
/* Nothing happens where there is nothing to commit and `next` is where the row stands. */
struct err *batch_commit(struct batch *b) CHECKED;
/* The target is as after the last commit; `next` too. */
void batch_rollback(struct batch *b);
/* Reads the position row again, which must be this run's: for the way back after an error. */
struct err *batch_reread(struct batch *b) CHECKED;

#endif
