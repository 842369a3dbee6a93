/*
 * schema_kept - triggers in the log: not made on the target, but recorded in ccr.kept until promotion, and
 * kept in step with the tables they belong to.
 */
#ifndef CCR_REPLAY_SCHEMA_KEPT_H
#define CCR_REPLAY_SCHEMA_KEPT_H

#include "replay/schema_change.h"

/* CREATE or DROP of a trigger. Written with the transaction that is open. */
struct err *schema_kept_trigger(struct schema_change *s) CHECKED;

/* What a statement that has run means for triggers and events recorded: their table or database is gone, or
 * has another name. */
struct err *schema_kept_follow(struct schema_change *s) CHECKED;

#endif
