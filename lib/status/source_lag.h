/*
 * source_lag - how far a source that is a replica is behind its own primary, when ccr-ship last looked
 * (alive.json, `replication`). What it has not got the target cannot have, however little that is behind it.
 *
 * As JSON: "known" with "seconds" and "connection" (its name, "" unless there are several), of the one that
 * is behind most; or not known, "unknown_because" (each that does not run, with its error).
 */
#ifndef CCR_STATUS_SOURCE_LAG_H
#define CCR_STATUS_SOURCE_LAG_H

#include <jansson.h>

#include "base/buf.h"
#include "format/reported.h"

/* The caller owns it; NULL: the source is no replica, or that is not known. */
json_t *source_lag_of(const struct alive *alive);
/* "; the source is itself 40 s behind its primary", nothing where there is nothing to say. `is`: or "was". */
void source_lag_text(const json_t *lag, const char *is, struct buf *out);

#endif
