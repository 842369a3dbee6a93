/*
 * explain - which road each table of a job takes (roads.h), for ccr-apply --explain.
 *
 * What only the log shows (rows logged without all columns) is not known here.
 */
#ifndef CCR_REPLAY_EXPLAIN_H
#define CCR_REPLAY_EXPLAIN_H

#include "base/run.h"
#include "mysql/conn.h"

/* With in_order (--road ordered) nothing is merged. Adds "tables" to the result: {db, name, road, reason} by
 * target names; and says a line for each. */
struct err *explain_roads(struct run *run, struct conn *c, const char *job, bool in_order) CHECKED;

#endif
