/*
 * target_galera - what is otherwise where the target is a Galera node.
 *
 * A transaction must fit into a write set; rows of engines other than InnoDB do not get to the other nodes;
 * their readers are theirs to know of; and a statement that alters a table stops the writers of the whole
 * cluster, so that keys had better be there before the rows.
 */
#ifndef CCR_RESTORE_TARGET_GALERA_H
#define CCR_RESTORE_TARGET_GALERA_H

#include "base/log.h"
#include "restore/load_part.h"
#include "restore/restore_plan.h"

/* What a transaction may hold, on any target. */
struct err *target_load_bounds(struct conn *c, struct load_bounds *out) CHECKED;

/* Warns of what does not get to the other nodes. `readers_named`: their readers are waited for. */
struct err *target_galera_warn(struct conn *c, const struct restore_plan *p, bool readers_named,
                               struct log *log) CHECKED;

#endif
