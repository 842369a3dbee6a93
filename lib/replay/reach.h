/*
 * reach - what a data change that was logged as a statement reaches on the target: tables named by it, or by
 * the views and routines that it uses.
 *
 * A statement runs on the target only where it does there what it did on the source. Reasons against it are
 * found here: names on both sides of the scope, temporary tables, triggers that wait in ccr.kept and would
 * not fire, values that are another server's, transaction ids as versions, objects that cannot be looked
 * into.
 */
#ifndef CCR_REPLAY_REACH_H
#define CCR_REPLAY_REACH_H

#include "replay/schema_change.h"

struct reach {
    bool in_scope;
    bool needs_db;     /* a name without its database */
    bool of_session;   /* as in touched.h, also within a routine */
    char *cannot_undo; /* a table without transactions that is changed, "db.t" on the target; or NULL */
};

/* ERR_RESYNC or ERR_UNSUPPORTED, with the statement, for one that must not run on the target. */
struct err *reach_find(const struct schema_change *s, struct reach *out) CHECKED;
void reach_free(struct reach *r); /* its members */

#endif
