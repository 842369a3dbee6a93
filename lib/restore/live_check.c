#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "restore/live.h"
#include "snapshot/names.h"

static struct err *check_tables(const struct restore_plan *p, const struct live *l)
{
    struct names foreign = {0};
    struct names triggers = {0};
    struct err *e = NULL;

    for (size_t i = 0; i < l->count; i++) {
        const struct live_table *t = &l->tables[i];
        bool taken = t->fate != LIVE_STAYS || (t->view && l->first && live_view_is_coming(p, t));
        if (taken && !t->ours)
            names_add(&foreign, t->db->target, t->name, NULL);
        else if (taken && t->trigger)
            names_add(&triggers, t->db->target, t->trigger, NULL);
    }
    if (foreign.count)
        e = err_hint(err_new(ERR_UNSAFE, "the target has tables or views that ccr did not make: %s",
                             names_text(&foreign)),
                     "restore under another name (--rename-db A:B), or give --replace to have them replaced");
    else if (triggers.count)
        e = err_hint(err_new(ERR_UNSAFE, "tables of this job have triggers that ccr did not make: %s",
                             names_text(&triggers)),
                     "drop them, or give --replace: they would be lost with the old tables");
    names_free(&foreign);
    names_free(&triggers);
    return e;
}

/* A partial restore replaces no table that has triggers: its foreign keys would keep their names. */
static struct err *check_triggers(const struct live *l)
{
    struct names found = {0};
    struct err *e = NULL;

    for (size_t i = 0; i < l->count; i++)
        if (l->tables[i].fate != LIVE_STAYS && l->tables[i].trigger)
            names_add(&found, l->tables[i].db->target, l->tables[i].trigger, NULL);
    if (found.count)
        e = err_hint(
            err_new(ERR_UNSAFE, "tables that would be replaced have triggers: %s", names_text(&found)),
            "drop them on the target");
    names_free(&found);
    return e;
}

/* Kind, schema, name, and of a trigger its table, of all that has a name besides tables. */
#define OBJECTS                                                                                              \
    "SELECT LOWER(ROUTINE_TYPE), ROUTINE_SCHEMA, ROUTINE_NAME, NULL FROM information_schema.ROUTINES "       \
    "WHERE ROUTINE_SCHEMA IN (%s) UNION ALL "                                                                \
    "SELECT 'event', EVENT_SCHEMA, EVENT_NAME, NULL FROM information_schema.EVENTS "                         \
    "WHERE EVENT_SCHEMA IN (%s) UNION ALL "                                                                  \
    "SELECT 'trigger', TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS "   \
    "WHERE TRIGGER_SCHEMA IN (%s)"

static bool is_coming(const struct restore_plan *p, const char *kind, const char *db, const char *name)
{
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        if (!p->in_scope[i] || !o->name || strcmp(object_kind_name(o->kind), kind) != 0)
            continue;
        struct scope_name to = restore_plan_target_name(p, o);
        if (strcmp(to.db, db) == 0 && strcmp(to.name, name) == 0)
            return true;
    }
    return false;
}

static bool is_in_the_way(const struct restore_plan *p, const struct live *l, bool replace, char **row)
{
    if (strcmp(row[0], "trigger") != 0)
        return l->first && !replace;
    /* the triggers of a table that goes go with it; on another table the name is taken for good */
    const struct live_table *t = live_find(l, row[1], row[3]);
    return p->standalone && !(t && t->fate == LIVE_ASIDE);
}

/* Routines, events and triggers of the same names that stand there already. */
static struct err *check_objects(struct conn *c, const struct restore_plan *p, const struct live *l,
                                 bool replace)
{
    struct names taken = {0};
    struct result *r = NULL;
    char **row;
    char *dbs = restore_plan_target_list(p);
    struct err *e = *dbs ? conn_query(c, &r, OBJECTS, dbs, dbs, dbs) : NULL;

    while (r && (row = result_next(r, NULL)) != NULL)
        if (is_in_the_way(p, l, replace, row) && is_coming(p, row[0], row[1], row[2])) {
            char *kind = mem_printf(" (%s)", row[0]);
            names_add(&taken, row[1], row[2], kind);
            free(kind);
        }
    if (taken.count)
        e = err_hint(
            err_new(ERR_UNSAFE, "the target has objects of the same name that ccr did not make: %s",
                    names_text(&taken)),
            "restore under another name (--rename-db A:B), or give --replace; a trigger on a table that "
            "stays must be dropped by hand");
    result_free(r);
    names_free(&taken);
    free(dbs);
    return e;
}

struct err *live_check(struct conn *c, const struct restore_plan *p, const struct live *l, bool replace)
{
    if (!replace)
        TRY(check_tables(p, l));
    if (p->partial)
        TRY(check_triggers(l));
    return check_objects(c, p, l, replace);
}
