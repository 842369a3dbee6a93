/*
 * finish_objects - routines, views, triggers and events of a snapshot, made in place after a swap.
 */
#ifndef CCR_SNAPSHOT_FINISH_OBJECTS_H
#define CCR_SNAPSHOT_FINISH_OBJECTS_H

#include "base/log.h"
#include "snapshot/restore_plan.h"

/*
 * Standalone: everything, active. Followed: no triggers, events as DISABLE ON SLAVE, and any event that is
 * enabled in a followed database is disabled. A view that cannot be made because something that it uses is
 * missing (as on the source, or out of scope) is warned of and left out.
 */
struct err *finish_objects(struct conn *c, const struct restore_plan *p, char *const *definitions,
                           struct log *log) CHECKED;

/* Drops those events of the job that the snapshot no longer has; before finish_keep forgets them. */
struct err *finish_drop_events(struct conn *c, const struct restore_plan *p) CHECKED;

/* Records triggers and events in ccr.kept. Part of the caller's transaction. */
struct err *finish_keep(struct conn *c, const struct restore_plan *p, char *const *definitions) CHECKED;

#endif
