/*
 * column_text - how each column leaves the source and enters a target, so that the stored bytes are equal.
 *
 * Rows travel as text of CHARACTER SET binary: what a column stores is what the text holds. Where a type's
 * own text would lose something, the select list and the LOAD DATA clause say what to do instead:
 *
 *   FLOAT            as a DOUBLE: its own text has six digits
 *   ENUM, SET        as numbers: an empty text may be a member or the error value, members may look alike
 *   UUID, INET4/6    as their binary bytes, which is what a binary text is taken for
 *   generated        left out; the target computes them
 *   row start, end   of tables versioned by time, hidden or not: as timestamps. By transaction id: left out
 *
 * The loading session needs sql_mode 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone '+00:00' and
 * check_constraint_checks off: what the source holds is loaded, whatever it would think of it today. For a
 * table with history it needs system_versioning_insert_history as well.
 */
#ifndef CCR_BACKUP_COLUMN_TEXT_H
#define CCR_BACKUP_COLUMN_TEXT_H

#include <stdbool.h>

#include "backup/text_check.h"
#include "mysql/catalog.h"

/* The expressions of a SELECT, divided by commas; malloc'ed. Never empty. */
char *column_text_select(const struct catalog_table *t);
/* One of them. */
void column_text_expression(const struct catalog_column *column, struct buf *out);
/* Where among them a column stands that travels. */
size_t column_text_place(const struct catalog_table *t, const struct catalog_column *column);

/* The LOAD DATA clause for what that SELECT gives, from CHARACTER SET on; malloc'ed. */
char *column_text_load(const struct catalog_table *t);

size_t column_text_count(const struct catalog_table *t); /* of expressions */

/* Where the row start and the row end stand, in this order or the other; false where they do not travel. */
bool column_text_period(const struct catalog_table *t, size_t places[2]);

/* For each expression: its text never needs escaping. malloc'ed. */
bool *column_text_plain(const struct catalog_table *t);

/* For each expression: what its text must be like. malloc'ed; columns are borrowed from t. */
struct text_rule *column_text_rules(const struct catalog_table *t);

#endif
