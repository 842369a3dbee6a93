/*
 * schema_behind - a view over tables that a partial restore has left behind.
 *
 * The job goes on without such tables, as they were. A view knows tables by name only, so it is made over
 * what is there, and reads the new tables once they are swapped in. Not where it would be another view: where
 * it asks for all columns, whichever these are now, or for a table or column that is not there yet.
 */
#ifndef CCR_REPLAY_SCHEMA_BEHIND_H
#define CCR_REPLAY_SCHEMA_BEHIND_H

#include "replay/schema_change.h"

/* Before a statement that s->reads_behind: ERR_RESYNC and a->need where the view must come with a copy. */
struct err *schema_behind_check(struct schema_change *s) CHECKED;

#endif
