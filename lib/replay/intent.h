/*
 * intent - what is about to be done that cannot share a transaction with the position.
 *
 * Written into the position row, and committed, before a statement (DDL) or the changes of a table without
 * transactions; cleared with the position behind them. A run that finds one open knows that its predecessor
 * was killed in between. A statement's outcome is then decided from the catalog (schema_state.h); rows in a
 * table without transactions may be there or not (half_done.h). Where it cannot be told what became of
 * tables, these are noted in the intent (`needs`): a copy of them settles it.
 *
 *     {"kind": "statement", "gtid": "0-1-77", "objects": [...]}    formats/target.md
 *     {"kind": "rows", "gtid": "0-1-78", "table": "shop.log", "needs": [{"db": "shop", "name": "log"}]}
 */
#ifndef CCR_REPLAY_INTENT_H
#define CCR_REPLAY_INTENT_H

#include <jansson.h>

#include "replay/walk.h"

/* Commits what is gathered, with the intent to change a table without transactions behind it. */
struct err *intent_open_rows(struct apply *a, const struct gtid *gtid, const char *table) CHECKED;
/* The same for a statement; takes the reference to `objects` (as schema_state.h reads them). */
struct err *intent_open_statement(struct apply *a, const struct gtid *gtid, json_t *objects) CHECKED;
/* The next commit clears it. */
void intent_clear(struct apply *a);

/* ERR_UNSAFE that says what was under way by an intent as it lies in a position row; it is not NULL. */
struct err *intent_error(const char *intent) MAKES_ERR;
/* ERR_RESYNC where rows of a table without transactions were under way. */
struct err *intent_check(const struct apply *a) CHECKED;
/* *found: those of this transaction were. ERR_RESYNC where it was another one's. */
struct err *intent_rows_find(const struct apply *a, const struct gtid *gtid, bool *found) CHECKED;
/* a->need is what the open intent leaves unknown: noted in it, in a commit of its own. */
struct err *intent_note_needs(struct apply *a) CHECKED;
/* What is noted in an intent as it lies in a position row; nothing where it is not known. need_free, also
 * after an error. */
struct err *intent_needs(const char *intent, struct need *out) CHECKED;
/* The table of an intent of rows, as it lies in a position row ("db.name" on the target); *table is
 * malloc'ed, NULL for an intent of another kind. */
struct err *intent_rows_table(const char *intent, char **table) CHECKED;
/*
 * The state of objects before the statement `gtid`, where its intent is open: *objects is the caller's, or
 * NULL where no intent is open. An intent of another transaction is ERR_INTEGRITY.
 */
struct err *intent_find(const struct apply *a, const struct gtid *gtid, json_t **objects) CHECKED;

#endif
