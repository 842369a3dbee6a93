/*
 * xa - branches of XA transactions that the source has prepared, and neither committed nor rolled back.
 *
 * Nothing of a branch is applied at its PREPARE: the position row lists it (`held`, formats/target.md) with
 * the log object that it begins in. At XA COMMIT it is read from the store again, however long ago that was,
 * and its changes are applied as those of an ordinary transaction; XA ROLLBACK drops it. Rows that a branch
 * has locked are changed by nobody in between, so the order of the commits is the order of the changes.
 */
#ifndef CCR_REPLAY_XA_H
#define CCR_REPLAY_XA_H

#include "replay/walk.h"

struct xa_branch {
    struct gtid gtid; /* of its PREPARE */
    uint64_t number;  /* of the object that it begins in */
    bool statements;  /* not only rows: maybe changes that no ROLLBACK undoes */
    bool passed;      /* a person said that its PREPARE is not to be applied: nor is its COMMIT */
};

/* A transaction's branch becomes part of, or leaves, the batch's next position. `begin` has its XA id. */
void xa_hold(struct apply *a, const struct binlog_gtid *begin, const struct xa_branch *branch);
void xa_release(struct apply *a, const struct binlog_gtid *begin);
/* *found is false for a branch that is not listed. */
struct err *xa_find(struct apply *a, const struct binlog_gtid *begin, struct xa_branch *out,
                    bool *found) CHECKED;

/* Reads the branch's events from the store again, and hands all to fn, one after another, until *stop. Sets
 * the batch to the format of the branch's events; the caller sets it back. */
struct err *xa_read(struct apply *a, const struct xa_branch *branch,
                    struct err *(*fn)(const struct binlog_event *e, void *arg, bool *stop),
                    void *arg) CHECKED;

#endif
