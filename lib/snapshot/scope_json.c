/* A scope as it is stored. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/layout.h"
#include "snapshot/scope.h"

enum { SCOPE_VERSION = 2 };

static json_t *databases_to_json(const struct scope_list *l)
{
    json_t *array = json_array();

    for (size_t i = 0; i < l->count; i++)
        json_array_append_new(array, json_string(l->items[i].db));
    return array;
}

static json_t *tables_to_json(const struct scope_list *l)
{
    json_t *array = json_array();

    for (size_t i = 0; i < l->count; i++)
        json_array_append_new(array, json_pack("{s:s, s:s}", "db", l->items[i].db, "name", l->items[i].name));
    return array;
}

json_t *scope_to_json(const struct scope *s)
{
    return json_pack("{s:i, s:b, s:{s:o, s:o}, s:{s:o, s:o}}", "version", SCOPE_VERSION, "fold_case",
                     (int)s->fold_case, "include", "databases", databases_to_json(&s->databases), "tables",
                     tables_to_json(&s->tables), "exclude", "databases",
                     databases_to_json(&s->exclude_databases), "tables", tables_to_json(&s->exclude_tables));
}

json_t *scope_renames_to_json(const struct scope *s)
{
    json_t *databases = json_object();
    json_t *tables = json_array();

    for (size_t i = 0; i < s->renames.count; i++) {
        const struct statement_rename *r = &s->renames.items[i];
        if (r->name)
            json_array_append_new(tables, json_pack("{s:s, s:s, s:s, s:s}", "db", r->db, "name", r->name,
                                                    "to_db", r->to_db, "to_name", r->to_name));
        else
            json_object_set_new(databases, r->db, json_string(r->to_db));
    }
    return json_pack("{s:o, s:o}", "databases", databases, "tables", tables);
}

static struct err *not_names(const struct json_doc *doc, const char *member)
{
    return err_new(doc->code, "%s: '%s' holds something else than names", doc->name, member);
}

static struct err *lists_from_json(const struct json_doc *doc, const json_t *object,
                                   struct scope_list *databases, struct scope_list *tables)
{
    json_t *array;
    json_t *item;
    size_t i;

    TRY(json_array_of(doc, object, "databases", &array));
    json_array_foreach(array, i, item)
    {
        if (!json_is_string(item))
            return not_names(doc, "databases");
        scope_list_add(databases, json_string_value(item), NULL);
    }
    TRY(json_array_of(doc, object, "tables", &array));
    json_array_foreach(array, i, item)
    {
        const char *db, *name;
        TRY(json_string_of(doc, item, "db", &db));
        TRY(json_string_of(doc, item, "name", &name));
        scope_list_add(tables, db, name);
    }
    return NULL;
}

/* "db/table", escaped as in paths. */
static bool add_path(struct scope_list *l, const char *path)
{
    const char *cut = strchr(path, '/');
    char *db_escaped = mem_strndup(path, cut ? (size_t)(cut - path) : 0);
    char *db = NULL;
    char *name = NULL;
    bool ok = cut && layout_unescape(db_escaped, &db) && layout_unescape(cut + 1, &name);

    if (ok)
        scope_list_add_literal(l, db, name);
    free(db_escaped);
    free(db);
    free(name);
    return ok;
}

static struct err *first_version(const struct json_doc *doc, const json_t *object, struct scope *out)
{
    json_t *array;
    json_t *item;
    size_t i;

    TRY(json_array_of(doc, object, "databases", &array));
    json_array_foreach(array, i, item)
    {
        if (!json_is_string(item))
            return not_names(doc, "databases");
        scope_list_add_literal(&out->databases, json_string_value(item), NULL);
    }
    TRY(json_array_of(doc, object, "tables", &array));
    json_array_foreach(array, i, item)
    {
        if (!json_is_string(item) || !add_path(&out->tables, json_string_value(item)))
            return not_names(doc, "tables");
    }
    return NULL;
}

static struct err *database_renames(const struct json_doc *doc, json_t *object, struct scope *out)
{
    const char *from;
    json_t *to;

    json_object_foreach(object, from, to)
    {
        if (!json_is_string(to))
            return not_names(doc, "renames");
        statement_renames_add(&out->renames, from, NULL, json_string_value(to), NULL);
    }
    return NULL;
}

static struct err *table_renames(const struct json_doc *doc, const json_t *array, struct scope *out)
{
    json_t *item;
    size_t i;

    json_array_foreach(array, i, item)
    {
        const char *db, *name, *to_db, *to_name;
        TRY(json_string_of(doc, item, "db", &db));
        TRY(json_string_of(doc, item, "name", &name));
        TRY(json_string_of(doc, item, "to_db", &to_db));
        TRY(json_string_of(doc, item, "to_name", &to_name));
        statement_renames_add(&out->renames, db, name, to_db, to_name);
    }
    return NULL;
}

static struct err *second_version(const struct json_doc *doc, const json_t *scope, const json_t *renames,
                                  struct scope *out)
{
    json_t *include, *exclude, *databases, *tables;

    TRY(json_bool_of(doc, scope, "fold_case", &out->fold_case));
    TRY(json_object_of(doc, scope, "include", &include));
    TRY(json_object_of(doc, scope, "exclude", &exclude));
    TRY(lists_from_json(doc, include, &out->databases, &out->tables));
    TRY(lists_from_json(doc, exclude, &out->exclude_databases, &out->exclude_tables));
    if (!renames)
        return NULL;
    TRY(json_object_of(doc, renames, "databases", &databases));
    TRY(json_array_of(doc, renames, "tables", &tables));
    TRY(database_renames(doc, databases, out));
    return table_renames(doc, tables, out);
}

struct err *scope_from_json(const struct json_doc *doc, const json_t *scope, json_t *renames,
                            struct scope *out)
{
    uint64_t version;

    if (!json_object_get(scope, "version")) {
        TRY(first_version(doc, scope, out));
        return renames ? database_renames(doc, renames, out) : NULL;
    }
    TRY(json_u64_of(doc, scope, "version", &version));
    if (version != SCOPE_VERSION)
        return err_hint(err_new(ERR_UNSUPPORTED, "%s: its scope has version %llu, this ccr knows up to %d",
                                doc->name, (unsigned long long)version, (int)SCOPE_VERSION),
                        "use the ccr version that wrote it, or a newer one");
    return second_version(doc, scope, renames, out);
}

/* lower_case_table_names of the source: the server does not tell names of different case apart. */
static bool folds_case(const struct manifest *m)
{
    const char *setting = json_string_value(json_object_get(m->source, "lower_case_table_names"));

    return setting && strcmp(setting, "0") != 0;
}

struct err *scope_from_manifest(const struct manifest *m, struct scope *out)
{
    static const struct json_doc doc = {"the manifest's scope", ERR_INTEGRITY};

    if (m->scope)
        TRY(scope_from_json(&doc, m->scope, NULL, out));
    out->fold_case = folds_case(m);
    for (size_t i = 0; i < m->database_count; i++)
        scope_list_add_literal(&out->databases, m->databases[i], NULL);
    for (size_t i = 0; i < m->only_table_count; i++)
        if (!add_path(&out->tables, m->only_tables[i]))
            return not_names(&doc, "only_tables");
    return NULL;
}
