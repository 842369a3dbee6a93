/* Facts from a snapshot: its manifest, and what SHOW CREATE printed on the source. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/account.h"
#include "check/facts.h"
#include "restore/ddl.h"
#include "snapshot/definitions.h"

struct reading {
    const struct manifest *m;
    const struct scope *scope;
    struct facts *out;
};

static const struct manifest_table *rows_of(const struct manifest *m, const struct manifest_object *o)
{
    for (size_t i = 0; i < m->table_count; i++)
        if (strcmp(m->tables[i].name, o->name) == 0 && strcmp(m->tables[i].db, o->db) == 0)
            return &m->tables[i];
    return NULL;
}

/* Of a view or program. */
static void add_definer(const struct manifest_object *o, const char *definition, struct facts *out)
{
    struct definer definer;

    if (definition && definer_find(definition, ddl_lexing_mode(o->sql_mode), &definer)) {
        char *name = account_text(&definer.account);
        facts_add_name(&out->definers, name, object_kind_name(o->kind), o->db, o->name);
        free(name);
    }
    if (definition)
        account_free(&definer.account);
}

/* A table, view or sequence. */
static void add_table(const struct reading *r, const struct manifest_object *o, const char *definition)
{
    const struct manifest_table *rows = rows_of(r->m, o);
    struct facts *out = r->out;

    out->tables = mem_resize(out->tables, out->table_count + 1, sizeof(*out->tables));
    struct fact_table *t = &out->tables[out->table_count++];
    *t = (struct fact_table){
        .db = mem_strdup(o->db),
        .name = mem_strdup(o->name),
        .view = o->kind == OBJECT_VIEW,
        .versioned = rows && rows->history,
    };
    if (o->kind == OBJECT_VIEW)
        add_definer(o, definition, out);
    else if (definition)
        facts_of_definition(definition, o->sql_mode, r->scope, t, out);
}

static void add_program(const struct manifest_object *o, struct facts *out)
{
    const char *kind = object_kind_name(o->kind);

    if (o->kind == OBJECT_FUNCTION && !out->function)
        out->function = mem_printf("%s.%s", o->db, o->name);
    if (o->time_zone)
        facts_add_name(&out->zones, o->time_zone, kind, o->db, o->name);
    if (o->collation_connection)
        facts_add_name(&out->collations, o->collation_connection, kind, o->db, o->name);
    if (o->database_collation)
        facts_add_name(&out->collations, o->database_collation, kind, o->db, o->name);
}

static void add_database(const struct reading *r, const struct manifest_object *o, const char *definition)
{
    struct facts *out = r->out;

    out->databases = mem_resize(out->databases, out->database_count + 1, sizeof(*out->databases));
    out->databases[out->database_count++] = mem_strdup(o->db);
    if (definition && scope_programs(r->scope, o->db))
        facts_of_database(definition, o->db, out);
}

static bool is_in_scope(const struct scope *scope, const struct manifest_object *o)
{
    switch (o->kind) {
    case OBJECT_DATABASE:
        return scope_database(scope, o->db) != SCOPE_OUT;
    case OBJECT_SEQUENCE:
    case OBJECT_TABLE:
    case OBJECT_VIEW:
        return scope_table(scope, o->db, o->name);
    case OBJECT_TRIGGER:
        return scope_table(scope, o->db, o->table);
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_PACKAGE:
    case OBJECT_PACKAGE_BODY:
    case OBJECT_EVENT:
        break;
    }
    return scope_programs(scope, o->db);
}

static void add_object(const struct reading *r, const struct manifest_object *o, const char *definition)
{
    switch (o->kind) {
    case OBJECT_DATABASE:
        add_database(r, o, definition);
        break;
    case OBJECT_SEQUENCE:
    case OBJECT_TABLE:
    case OBJECT_VIEW:
        add_table(r, o, definition);
        break;
    case OBJECT_TRIGGER:
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_PACKAGE:
    case OBJECT_PACKAGE_BODY:
    case OBJECT_EVENT:
        add_program(o, r->out);
        add_definer(o, definition, r->out);
        break;
    }
}

struct err *facts_of_snapshot(struct store *s, const struct manifest *m, const struct scope *scope,
                              struct facts *out)
{
    const struct reading r = {m, scope, out};
    bool *wanted = mem_zalloc(m->object_count + 1, sizeof(*wanted));
    char **definitions = NULL;

    *out = (struct facts){
        .snapshot = mem_strdup(m->id), .settings = json_incref(m->source), .end = GTID_POS_INIT};
    gtid_pos_copy(&out->end, &m->position);
    for (size_t i = 0; i < m->object_count; i++)
        wanted[i] = m->objects[i].kind != OBJECT_SEQUENCE && is_in_scope(scope, &m->objects[i]);
    struct err *e = definitions_read(s, m, wanted, &definitions);
    for (size_t i = 0; i < m->object_count; i++)
        if (is_in_scope(scope, &m->objects[i]))
            add_object(&r, &m->objects[i], definitions ? definitions[i] : NULL);
    const char *collation = facts_setting(out, "collation_server");
    if (collation)
        facts_add_name(&out->collations, collation, "the server", "itself", NULL);
    definitions_free(definitions, m);
    free(wanted);
    return e ? err_context(e, "looking at snapshot %s", m->id) : NULL;
}
