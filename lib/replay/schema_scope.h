/*
 * schema_scope - which statements a job follows (scope.h), DDL and data changes.
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

/* Where a data change that was logged as a statement writes and reads. */
enum schema_side {
    SIDE_UNKNOWN, /* calls programs, prepares statements, names no table that it changes, ... */
    SIDE_IN,      /* writes and reads only what is in scope */
    SIDE_OUT,     /* writes nothing that is in scope */
    SIDE_BOTH,    /* writes what is in scope, and writes or reads what is not */
};

struct statement_text {
    const char *sql;
    size_t len;
    uint64_t sql_mode;
    const char *default_db; /* of the source's session; "" for none */
};

/* Triggers of tables outside, which may write to tables inside, are not seen. */
struct err *schema_side_of(const struct scope *scope, const struct statement_text *text,
                           enum schema_side *side) CHECKED;

#endif
