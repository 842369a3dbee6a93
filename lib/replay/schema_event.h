/*
 * schema_event - events of a followed target: there as DISABLE ON SLAVE, and in ccr.kept as on the source.
 */
#ifndef CCR_REPLAY_SCHEMA_EVENT_H
#define CCR_REPLAY_SCHEMA_EVENT_H

#include "replay/schema_change.h"

/*
 * Appends a CREATE or ALTER EVENT with its status clause replaced by `clause`; a CREATE without one gets it.
 * *status is what the statement said ("ENABLED", "DISABLED", "SLAVESIDE_DISABLED"), or NULL where it said
 * nothing.
 */
struct err *schema_event_rewrite(const char *sql, size_t len, uint64_t sql_mode, const char *clause,
                                 struct buf *out, const char **status) CHECKED;

/* The statement runs on the target in a form that leaves the event disabled. */
struct err *schema_event_disable(struct schema_change *s) CHECKED;
/* Behind it: the record in ccr.kept. Written with the transaction that is open. */
struct err *schema_event_keep(struct schema_change *s) CHECKED;

#endif
