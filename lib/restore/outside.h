/*
 * outside - foreign keys between the tables that a restore replaces and those that stay.
 *
 * A foreign key follows the table that it refers to, so one of a table that stays would lead to the old table
 * from the swap on. A full restore refuses that. A partial one drops such a key behind the swap and adds it
 * again, leading to the new table, before anything else is applied; and it adds those of the new tables that
 * lead to tables that stay, which staging does without, because the rows there are those of another moment.
 * Neither looks at rows: both sides are at the job's position, and the source has checked.
 *
 * Keys with CASCADE, SET NULL or SET DEFAULT change rows that the log does not tell of: both their tables are
 * to be restored, or none.
 */
#ifndef CCR_RESTORE_OUTSIDE_H
#define CCR_RESTORE_OUTSIDE_H

#include "job/pending.h"
#include "restore/live.h"

/* ERR_UNSAFE, with names, for what stands against it. */
struct err *outside_check(struct conn *c, const struct restore_plan *p, char *const *definitions,
                          const struct live *l) CHECKED;

/* Lists what is to be added behind the swap (partial). Of tables that the job has followed up to its position
 * the target's own definitions count, of others (`behind`) the snapshot's. */
struct err *outside_collect(struct conn *c, const struct restore_plan *p, char *const *definitions,
                            const struct live *l, bool behind, struct pending *to) CHECKED;

#endif
