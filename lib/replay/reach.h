/*
 * reach - what a data change that was logged as a statement reaches on the target: tables named by it, or by
 * the views and routines that it uses.
 *
 * A statement runs on the target only where it does there what it did on the source. Reasons against it are
 * found here: names on both sides of the scope, temporary tables, triggers that wait in ccr.kept and would
 * not fire, values that are another server's, transaction ids as versions, objects that cannot be looked
 * into. Where such a reason is found, the job needs a copy of the tables that the statement has changed on
 * the source: those that it writes, those that their triggers write, by their definitions in ccr.kept, and so
 * on. Where these are not all known, the whole job.
 */
#ifndef CCR_REPLAY_REACH_H
#define CCR_REPLAY_REACH_H

#include "replay/schema_change.h"

struct reach {
    bool in_scope;
    bool needs_db;       /* a name without its database */
    bool of_session;     /* as in touched.h, also within a routine */
    char *cannot_undo;   /* a table without transactions that is changed, "db.t" on the target; or NULL */
    struct need written; /* tables of the job that are changed */
};

/*
 * ERR_RESYNC for a statement that must not run on the target, with a->need where its tables are known; an
 * error of another kind where not even that can be told.
 */
struct err *reach_find(const struct schema_change *s, struct reach *out) CHECKED;
/* ERR_RESYNC, and a->need: the same for a statement that turns out so as it is run. */
struct err *reach_need(const struct schema_change *s, const struct reach *reach, const char *why) CHECKED;
void reach_free(struct reach *r); /* its members */

#endif
