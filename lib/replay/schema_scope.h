/*
 * schema_scope - which DDL a job follows (scope.h); of data changes that were logged as statements reach.h
 * tells.
 *
 * DDL that crosses the border of the scope is replayed where that is exact (schema_border.h). Where rows
 * would be needed that the log does not hold (a table renamed into scope, a partition exchanged with a table
 * outside, CREATE TABLE ... LIKE one outside, a view over one) the run stops with ERR_RESYNC, and the need is
 * recorded in ccr.needs.
 */
#ifndef CCR_REPLAY_SCHEMA_SCOPE_H
#define CCR_REPLAY_SCHEMA_SCOPE_H

#include "replay/schema_change.h"

/* Is the statement followed? Sets s->border, and a->need with ERR_RESYNC. */
struct err *schema_scope(struct schema_change *s, bool *in_scope) CHECKED;
/* ERR_RESYNC at what s->a->need lists: the rest of it is filled in. */
struct err *schema_scope_stop(const struct schema_change *s, const char *why) CHECKED;
/* ERR_RESYNC: only a copy of that object leads past the statement. Sets a->need. */
struct err *schema_scope_need(struct schema_change *s, const struct statement_name *n,
                              const char *why) CHECKED;
/* The same of all tables that the statement changes, where its intent is open: it was begun, and what became
 * of it is not known. */
struct err *schema_scope_undecided(struct schema_change *s, const char *why) CHECKED;

#endif
