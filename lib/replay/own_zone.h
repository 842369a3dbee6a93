/*
 * own_zone - statements that depend on the source's own time zone.
 *
 * Where a statement has used its session's time zone, and that is the server's own, the log calls it SYSTEM.
 * On a target in another one the same statement gives other local times. Which zone it was only a snapshot
 * tells: the newest one of the stream is asked, once a run. Where that does not say, the zone is taken for
 * another one.
 */
#ifndef CCR_REPLAY_OWN_ZONE_H
#define CCR_REPLAY_OWN_ZONE_H

#include "replay/schema_change.h"

/* A change of data: ERR_UNSUPPORTED where it would be another one on the target. */
struct err *own_zone_check_data(const struct schema_change *s) CHECKED;
/* A definition: ERR_RESYNC; of a table, a copy of the table leads past it. */
struct err *own_zone_check_definition(struct schema_change *s) CHECKED;

#endif
