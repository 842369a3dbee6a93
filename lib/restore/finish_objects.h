/*
 * finish_objects - routines, views, triggers and events of a snapshot, made in place after a swap.
 */
#ifndef CCR_RESTORE_FINISH_OBJECTS_H
#define CCR_RESTORE_FINISH_OBJECTS_H

#include "restore/place_object.h"

/* Routines, packages and views; standalone, triggers too. */
struct err *finish_objects(const struct placing *p) CHECKED;

/*
 * Standalone: as on the source. Followed: as DISABLE ON SLAVE, and any event that is enabled in a followed
 * database is disabled.
 */
struct err *finish_events(const struct placing *p) CHECKED;

/* Drops those events of the job that the snapshot no longer has; before finish_keep forgets them. */
struct err *finish_drop_events(struct conn *c, const struct restore_plan *p) CHECKED;

/* Records triggers and events in ccr.kept. Part of the caller's transaction. */
struct err *finish_keep(const struct placing *p) CHECKED;

#endif
