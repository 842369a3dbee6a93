/*
 * intent - what is about to be done that cannot share a transaction with the position.
 *
 * Written into the position row, and committed, before a statement (DDL) or the changes of a table without
 * transactions; cleared with the position behind them. A run that finds one open knows that its predecessor
 * was killed in between. A statement's outcome is then decided from the catalog (schema_state.h); rows in a
 * table without transactions may be there or not, which only a new snapshot settles.
 *
 *     {"kind": "statement", "gtid": "0-1-77", "objects": [...]}    formats/target.md
 *     {"kind": "rows", "gtid": "0-1-78", "table": "shop.log"}
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

/* ERR_RESYNC where rows of a table without transactions were under way. */
struct err *intent_check(const struct apply *a) CHECKED;
/* The table of an intent of rows, as it lies in a position row ("db.name" on the target); *table is
 * malloc'ed, NULL for an intent of another kind. */
struct err *intent_rows_table(const char *intent, char **table) CHECKED;
/*
 * The state of objects before the statement `gtid`, where its intent is open: *objects is the caller's, or
 * NULL where no intent is open. An intent of another transaction is ERR_INTEGRITY.
 */
struct err *intent_find(const struct apply *a, const struct gtid *gtid, json_t **objects) CHECKED;

#endif
