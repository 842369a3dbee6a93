/*
 * transaction - the source transaction at hand, as walk.c, rows.c and schema_change.c see it.
 */
#ifndef CCR_REPLAY_TRANSACTION_H
#define CCR_REPLAY_TRANSACTION_H

#include "binlog/event.h"
#include "replay/walk.h"
#include "replay/xa.h"

struct transaction {
    struct binlog_gtid begin;
    uint32_t time;
    bool skip;                   /* the position has it */
    bool drop;                   /* its rows are left out (REDO_DROP, half_done) */
    bool half_done;              /* by a killed run, maybe: read, not applied (half_done.h) */
    const struct job_skip *pass; /* a person said that it is not to be applied */
    bool alone;                  /* committed by itself, with an intent open */
    bool single;                 /* applied by one lane, and committed by itself (any note) */
    bool held;                   /* an XA branch that is prepared: read again at its COMMIT */
    bool savepoints;             /* they are set (REDO_ALONE, REDO_SAVEPOINTS) */
    bool passed_savepoint;       /* one was not */
    struct xa_branch branch;     /* held */
    bool rows_added;             /* some of its rows are in the batch */
    bool replaces;               /* the row events that follow are of a REPLACE */
    bool in_scope;               /* something of it was, or would be, applied */
    bool ddl;                    /* a statement was run, and waits for its commit */
};

/* An error with the transaction's GTID. */
struct err *transaction_context(struct err *e, const struct transaction *t) CHECKED;

/* Asks for another walk, with a note for this transaction. Takes `error`. */
void transaction_redo(struct apply *a, const struct transaction *t, enum redo_kind kind, struct err *error);

/* An annotation: the text of the statement whose row events follow. */
void rows_take_text(struct transaction *t, const struct binlog_event *e);
/* A table map event. *redo: the walk must end, a->redo is set. */
struct err *rows_take_map(struct apply *a, struct transaction *t, const struct binlog_event *e,
                          bool *redo) CHECKED;
/* A row event, not compressed. */
struct err *rows_take(struct apply *a, struct transaction *t, const struct binlog_event *e) CHECKED;

#endif
