/*
 * half_done - a transaction of which a killed run may have written a part that no rollback has undone.
 *
 * An open intent of rows (intent.h) says that there is one: the first transaction behind the position. It is
 * read from the log once more, and nothing of it is applied, to learn which tables without transactions it
 * changes (a statement among them: whatever that writes). These are what the job needs a copy of; all else is
 * as it was before the transaction. They are noted in the intent, so that a copy of just these settles it
 * (partial/).
 */
#ifndef CCR_REPLAY_HALF_DONE_H
#define CCR_REPLAY_HALF_DONE_H

#include "replay/transaction.h"

/* Sets t->half_done, and t->drop with it, and empties a->need. ERR_RESYNC where the intent is that of another
 * transaction. */
struct err *half_done_find(struct apply *a, struct transaction *t) CHECKED;
/* A table without transactions that the transaction changes. */
void half_done_add(struct apply *a, const char *source_db, const char *source_name);
/* At its end: ERR_RESYNC, with a->need; without, where it changes no such table that the job follows. */
struct err *half_done_end(struct apply *a, const struct transaction *t) CHECKED;

#endif
