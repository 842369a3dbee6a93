#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "snapshot/live.h"

/* Names for a message: the first few, and how many more. */
struct names {
    struct buf text;
    size_t count;
};

enum { NAMES_SHOWN = 10 };

static void names_add(struct names *n, const char *db, const char *name, const char *more)
{
    if (n->count++ < NAMES_SHOWN)
        buf_printf(&n->text, "%s%s.%s%s", n->text.len ? ", " : "", db, name, more ? more : "");
}

static const char *names_text(struct names *n)
{
    if (n->count > NAMES_SHOWN)
        buf_printf(&n->text, " and %zu more", n->count - NAMES_SHOWN);
    return buf_str(&n->text);
}

static struct err *check_tables(const struct restore_plan *p, const struct live *l)
{
    struct names foreign = {BUF_INIT, 0};
    struct names triggers = {BUF_INIT, 0};
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
    buf_free(&foreign.text);
    buf_free(&triggers.text);
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
    struct names taken = {BUF_INIT, 0};
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
    buf_free(&taken.text);
    free(dbs);
    return e;
}

static bool goes(const struct live *l, const char *db, const char *name)
{
    const struct live_table *t = live_find(l, db, name);

    return t && t->fate != LIVE_STAYS;
}

/* A foreign key follows the table it refers to, into the old database: its own table would refer to what is
 * about to be dropped. */
static struct err *check_foreign_keys(struct conn *c, const struct live *l)
{
    struct names found = {BUF_INIT, 0};
    struct result *r = NULL;
    char **row;

    /* names are in the form of file names there */
    struct err *e =
        conn_query(c, &r,
                   "SELECT CONVERT(UNHEX(HEX(SUBSTRING_INDEX(FOR_NAME, '/', 1))) USING filename), "
                   "CONVERT(UNHEX(HEX(SUBSTRING_INDEX(FOR_NAME, '/', -1))) USING filename), "
                   "CONVERT(UNHEX(HEX(SUBSTRING_INDEX(REF_NAME, '/', 1))) USING filename), "
                   "CONVERT(UNHEX(HEX(SUBSTRING_INDEX(REF_NAME, '/', -1))) USING filename) "
                   "FROM information_schema.INNODB_SYS_FOREIGN");
    if (e)
        return e;
    while ((row = result_next(r, NULL)) != NULL) {
        if (!row[0] || !row[1] || !row[2] || !row[3] || !goes(l, row[2], row[3]) || goes(l, row[0], row[1]))
            continue;
        char *to = mem_printf(" (refers to %s.%s)", row[2], row[3]);
        names_add(&found, row[0], row[1], to);
        free(to);
    }
    result_free(r);
    if (found.count)
        e = err_hint(err_new(ERR_UNSAFE,
                             "foreign keys of tables that stay refer to tables that would be replaced: %s",
                             names_text(&found)),
                     "drop those keys, or restore those tables as well");
    buf_free(&found.text);
    return e;
}

struct err *live_check(struct conn *c, const struct restore_plan *p, const struct live *l, bool replace)
{
    if (!replace)
        TRY(check_tables(p, l));
    TRY(check_objects(c, p, l, replace));
    return check_foreign_keys(c, l);
}
