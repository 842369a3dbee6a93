#include "check/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/catalog.h"

const char *facts_setting(const struct facts *f, const char *name)
{
    return json_string_value(json_object_get(f->settings, name));
}

void facts_add_name(struct fact_names *names, const char *name, const char *kind, const char *db,
                    const char *table)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i].name, name) == 0)
            return;
    names->items = mem_resize(names->items, names->count + 1, sizeof(*names->items));
    names->items[names->count++] = (struct fact_name){
        mem_strdup(name), mem_printf("%s %s%s%s", kind, db, table ? "." : "", table ? table : "")};
}

void facts_free_names(struct fact_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i].name);
        free(names->items[i].of);
    }
    free(names->items);
    *names = (struct fact_names){0};
}

void facts_free(struct facts *f)
{
    for (size_t i = 0; i < f->table_count; i++) {
        free(f->tables[i].db);
        free(f->tables[i].name);
        free(f->tables[i].engine);
    }
    for (size_t i = 0; i < f->key_count; i++) {
        free(f->keys[i].text);
        free(f->keys[i].db);
        free(f->keys[i].name);
    }
    free(f->tables);
    free(f->keys);
    catalog_free_names(f->databases, f->database_count);
    facts_free_names(&f->collations);
    facts_free_names(&f->zones);
    gtid_pos_free(&f->end);
    json_decref(f->settings);
    free(f->snapshot);
    free(f->function);
    *f = (struct facts){0};
}

static const struct manifest_table *rows_of(const struct manifest *m, const struct manifest_object *o)
{
    for (size_t i = 0; i < m->table_count; i++)
        if (strcmp(m->tables[i].name, o->name) == 0 && strcmp(m->tables[i].db, o->db) == 0)
            return &m->tables[i];
    return NULL;
}

static void add_table(const struct manifest *m, const struct manifest_object *o, struct facts *out)
{
    const struct manifest_table *rows = rows_of(m, o);

    out->tables = mem_resize(out->tables, out->table_count + 1, sizeof(*out->tables));
    out->tables[out->table_count++] = (struct fact_table){
        .db = mem_strdup(o->db),
        .name = mem_strdup(o->name),
        .engine = rows ? mem_strdup(rows->engine) : NULL,
        .view = o->kind == OBJECT_VIEW,
        .versioned = rows && rows->history,
    };
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

static void add_object(const struct manifest *m, const struct manifest_object *o, const struct scope *scope,
                       struct facts *out)
{
    switch (o->kind) {
    case OBJECT_DATABASE:
        if (scope_database(scope, o->db) == SCOPE_OUT)
            break;
        out->databases = mem_resize(out->databases, out->database_count + 1, sizeof(*out->databases));
        out->databases[out->database_count++] = mem_strdup(o->db);
        break;
    case OBJECT_SEQUENCE:
    case OBJECT_TABLE:
    case OBJECT_VIEW:
        if (scope_table(scope, o->db, o->name))
            add_table(m, o, out);
        break;
    case OBJECT_TRIGGER:
        if (scope_table(scope, o->db, o->table))
            add_program(o, out);
        break;
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_PACKAGE:
    case OBJECT_PACKAGE_BODY:
    case OBJECT_EVENT:
        if (scope_programs(scope, o->db))
            add_program(o, out);
        break;
    }
}

void facts_of_snapshot(const struct manifest *m, const struct scope *scope, struct facts *out)
{
    *out = (struct facts){
        .snapshot = mem_strdup(m->id), .settings = json_incref(m->source), .end = GTID_POS_INIT};
    gtid_pos_copy(&out->end, &m->position);
    for (size_t i = 0; i < m->object_count; i++)
        add_object(m, &m->objects[i], scope, out);
    const char *collation = facts_setting(out, "collation_server");
    if (collation)
        facts_add_name(&out->collations, collation, "the server", "itself", NULL);
}
