/* Which statements a job follows. */
#include "replay/schema_change.h"

/* A database followed table by table is made, but its defaults are the target's own affair, and dropping it
 * would touch what is not followed. */
static struct err *scope_of_database(const struct schema_change *s, const char *db, bool *in, bool *out)
{
    const struct job *job = s->a->job;
    bool whole = scope_programs(&job->scope, db);
    bool part = !whole && scope_database(&job->scope, db) != SCOPE_OUT;

    if (part && s->statement.action == STATEMENT_DROP)
        return err_hint(schema_change_stop(s, ERR_RESYNC,
                                           "a database was dropped of which single tables are "
                                           "followed"),
                        "drop those tables on the target, and restore a new snapshot with another scope");
    *in = whole || (part && s->statement.action == STATEMENT_CREATE);
    *out = !*in;
    return NULL;
}

/* The name of a trigger that is dropped says nothing about its table: whatever is recorded under it goes. */
static bool name_in_scope(const struct schema_change *s, const struct statement_name *name, const char *db)
{
    const struct job *job = s->a->job;

    if (s->statement.kind == STATEMENT_TRIGGER && name->role != STATEMENT_ON)
        return scope_database(&job->scope, db) != SCOPE_OUT;
    return tables_in_scope(job, db, name->name);
}

struct err *schema_scope(const struct schema_change *s, bool *in_scope)
{
    bool any_in = false;
    bool any_out = false;

    for (size_t i = 0; i < s->statement.name_count; i++) {
        const struct statement_name *name = &s->statement.names[i];
        const char *db = schema_change_db(s, name);
        bool in = false;
        bool out = false;
        if (!name->name) {
            TRY(scope_of_database(s, db, &in, &out));
        } else {
            in = name_in_scope(s, name, db);
            out = !in;
        }
        /* a trigger goes where its table goes */
        if (s->statement.kind == STATEMENT_TRIGGER && s->statement.action == STATEMENT_CREATE &&
            name->role != STATEMENT_ON)
            continue;
        any_in |= in;
        any_out |= out;
    }
    if (any_in && any_out)
        return err_hint(schema_change_stop(s, ERR_RESYNC,
                                           "a statement touches what the job follows and what it "
                                           "does not"),
                        "take a new snapshot (ccr-backup, ccr-restore) to go on behind it");
    *in_scope = any_in;
    return NULL;
}
