/*
 * key_text - a row, named for people: "id=5, name='x'".
 */
#ifndef CCR_REPLAY_KEY_TEXT_H
#define CCR_REPLAY_KEY_TEXT_H

#include "replay/tables.h"

/*
 * Appends the columns that identify a row of an event: of the primary key, else of a unique key without
 * NULLs, else the first few.
 */
void key_text(struct buf *out, const struct table *t, const struct rows_event *r, const struct rows_row *row);

#endif
