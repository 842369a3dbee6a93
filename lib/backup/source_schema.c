#include "backup/source_schema.h"

#include <stdlib.h>
#include <string.h>

#include "backup/source_identity.h"
#include "backup/source_object.h"
#include "backup/view_order.h"
#include "base/mem.h"

enum { TABLES_AT_A_TIME = 1000 };

typedef struct err *read_fn(struct conn *c, const struct source_scope *scope, const char *db,
                            struct source_schema *out);

static struct err *read_database(struct conn *c, const struct source_scope *scope, const char *db,
                                 struct source_schema *out)
{
    (void)scope;
    return source_object_add(c, out, &(struct source_name){.kind = OBJECT_DATABASE, .db = db});
}

/* Names of objects that information_schema.TABLES lists (sequences, tables, views), but for those out of
 * scope. */
static struct err *list_in_scope(struct conn *c, const struct source_scope *scope, const char *db,
                                 const char *type, char ***names, size_t *count)
{
    size_t kept = 0;

    TRY(catalog_list_tables(c, db, type, names, count));
    for (size_t i = 0; i < *count; i++) {
        if (scope_table(&scope->scope, db, (*names)[i]))
            (*names)[kept++] = (*names)[i];
        else
            free((*names)[i]);
    }
    *count = kept;
    return NULL;
}

static struct err *read_listed(struct conn *c, const struct source_scope *scope, const char *db,
                               enum object_kind kind, struct source_schema *out)
{
    char **names = NULL;
    size_t count = 0;
    struct err *e =
        list_in_scope(c, scope, db, kind == OBJECT_SEQUENCE ? "SEQUENCE" : "VIEW", &names, &count);

    for (size_t i = 0; i < count && !e; i++)
        e = source_object_add(c, out, &(struct source_name){.kind = kind, .db = db, .name = names[i]});
    catalog_free_names(names, count);
    return e;
}

/* Tables with their definitions; those that have vanished meanwhile are left out. */
static struct err *read_definitions(struct conn *c, const char *db, char *const *names, size_t count,
                                    struct source_schema *out)
{
    struct catalog_name *tables = mem_zalloc(count + 1, sizeof(*tables));
    char **sql = mem_zalloc(count + 1, sizeof(*sql));

    for (size_t i = 0; i < count; i++)
        tables[i] = (struct catalog_name){db, names[i]};
    struct err *e = catalog_tables_create_sql(c, tables, count, sql);
    for (size_t i = 0; i < count && !e; i++)
        if (sql[i])
            e = source_object_add(
                c, out,
                &(struct source_name){.kind = OBJECT_TABLE, .db = db, .name = names[i], .sql = sql[i]});
    free(tables);
    free(sql);
    return e;
}

static struct err *read_sequences(struct conn *c, const struct source_scope *scope, const char *db,
                                  struct source_schema *out)
{
    return read_listed(c, scope, db, OBJECT_SEQUENCE, out);
}

static struct err *read_some(struct conn *c, const char *db, struct source_object *objects, size_t count)
{
    struct catalog_table *tables[TABLES_AT_A_TIME] = {NULL};
    char *names[TABLES_AT_A_TIME];

    for (size_t i = 0; i < count; i++)
        names[i] = objects[i].entry.name;
    TRY(catalog_tables_read(c, db, names, count, tables));
    for (size_t i = 0; i < count; i++)
        objects[i].table = tables[i];
    return NULL;
}

/*
 * Columns and keys of the tables of one database, from `first` on. They are read behind the definitions: a
 * later reading of those that finds them equal holds for both. Tables that have vanished meanwhile are left
 * out.
 */
static struct err *read_catalog(struct conn *c, const char *db, struct source_schema *out, size_t first)
{
    size_t kept = first;

    for (size_t i = first; i < out->count; i += TABLES_AT_A_TIME) {
        size_t left = out->count - i;
        TRY(read_some(c, db, out->objects + i, left < TABLES_AT_A_TIME ? left : TABLES_AT_A_TIME));
    }
    for (size_t i = first; i < out->count; i++) {
        if (out->objects[i].table)
            out->objects[kept++] = out->objects[i];
        else
            source_object_free(&out->objects[i]);
    }
    out->count = kept;
    return NULL;
}

static struct err *read_tables(struct conn *c, const struct source_scope *scope, const char *db,
                               struct source_schema *out)
{
    size_t first = out->count;
    char **names = NULL;
    size_t count = 0;
    struct err *e = list_in_scope(c, scope, db, "BASE TABLE", &names, &count);

    if (!e)
        e = read_definitions(c, db, names, count, out);
    catalog_free_names(names, count);
    return e || !out->in_full ? e : read_catalog(c, db, out, first);
}

static struct err *read_views(struct conn *c, const struct source_scope *scope, const char *db,
                              struct source_schema *out)
{
    return read_listed(c, scope, db, OBJECT_VIEW, out);
}

static bool routine_kind(const char *type, enum object_kind *kind)
{
    static const struct {
        const char *type;
        enum object_kind kind;
    } kinds[] = {{"FUNCTION", OBJECT_FUNCTION},
                 {"PROCEDURE", OBJECT_PROCEDURE},
                 {"PACKAGE", OBJECT_PACKAGE},
                 {"PACKAGE BODY", OBJECT_PACKAGE_BODY}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].type, type) == 0) {
            *kind = kinds[i].kind;
            return true;
        }
    return false;
}

/*
 * What information_schema lists for one database, told by `column`. It compares without case and accents, and
 * there may be two databases `e` and `É`.
 */
static struct err *select_of(struct conn *c, const char *columns_from, const char *column, const char *db,
                             const char *order, struct result **r)
{
    char *db_text = sql_string_dup(db);
    struct err *e = conn_query(c, r, "SELECT %s WHERE %s = %s AND BINARY %s = %s ORDER BY %s", columns_from,
                               column, db_text, column, db_text, order);

    free(db_text);
    return e;
}

static struct err *read_routines(struct conn *c, const struct source_scope *scope, const char *db,
                                 struct source_schema *out)
{
    struct result *r = NULL;
    char **row;
    struct err *e;

    if (!scope_programs(&scope->scope, db))
        return NULL;
    e = select_of(c, "ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES", "ROUTINE_SCHEMA", db,
                  "ROUTINE_TYPE, BINARY ROUTINE_NAME", &r);
    while (!e && (row = result_next(r, NULL)) != NULL) {
        struct source_name name = {.db = db, .name = row[1]};
        if (routine_kind(row[0], &name.kind))
            e = source_object_add(c, out, &name);
        else
            e = err_new(ERR_UNSUPPORTED, "source: routine %s.%s is of an unknown kind, %s", db, row[1],
                        row[0]);
    }
    result_free(r);
    return e;
}

/* A trigger lies in its table's database; asked for by the table's, the server opens no other database. */
static struct err *read_triggers(struct conn *c, const struct source_scope *scope, const char *db,
                                 struct source_schema *out)
{
    struct result *r = NULL;
    char **row;
    struct err *e = select_of(
        c, "TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS", "EVENT_OBJECT_SCHEMA", db,
        "BINARY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER", &r);

    while (!e && (row = result_next(r, NULL)) != NULL) {
        struct source_name name = {.kind = OBJECT_TRIGGER, .db = db, .name = row[0], .table = row[1]};
        if (scope_table(&scope->scope, db, row[1]))
            e = source_object_add(c, out, &name);
    }
    result_free(r);
    return e;
}

static struct err *read_events(struct conn *c, const struct source_scope *scope, const char *db,
                               struct source_schema *out)
{
    struct result *r = NULL;
    char **row;
    struct err *e;

    if (!scope_programs(&scope->scope, db))
        return NULL;
    e = select_of(c, "EVENT_NAME, STATUS FROM information_schema.EVENTS", "EVENT_SCHEMA", db,
                  "BINARY EVENT_NAME", &r);
    while (!e && (row = result_next(r, NULL)) != NULL) {
        struct source_name name = {.kind = OBJECT_EVENT, .db = db, .name = row[0], .status = row[1]};
        e = source_object_add(c, out, &name);
    }
    result_free(r);
    return e;
}

/* One kind of object, from every database of the scope. */
static struct err *read_kind(struct conn *c, const struct source_scope *scope, read_fn *fn,
                             struct source_schema *out)
{
    for (size_t i = 0; i < scope->database_count; i++)
        TRY(fn(c, scope, scope->databases[i], out));
    return NULL;
}

static bool has_table(const struct source_schema *s, const char *db, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct manifest_object *o = &s->objects[i].entry;
        bool listed = o->kind == OBJECT_TABLE || o->kind == OBJECT_VIEW || o->kind == OBJECT_SEQUENCE;
        if (listed && strcmp(o->db, db) == 0 && strcmp(o->name, name) == 0)
            return true;
    }
    return false;
}

/* Calls fn for each table that was asked for by its name, and is not there. */
typedef struct err *missing_fn(const char *db, const char *name, void *arg);

static struct err *each_missing(const struct source_scope *scope, const struct source_schema *s,
                                missing_fn *fn, void *arg)
{
    const struct scope_list *asked = &scope->scope.tables;
    struct err *e = NULL;

    for (size_t i = 0; i < asked->count && !e; i++) {
        if (!scope_pattern_is_exact(asked->items[i].db) || !scope_pattern_is_exact(asked->items[i].name))
            continue;
        char *db = scope_pattern_name(asked->items[i].db);
        char *name = scope_pattern_name(asked->items[i].name);
        if (scope_table(&scope->scope, db, name) && !has_table(s, db, name))
            e = fn(db, name, arg);
        free(db);
        free(name);
    }
    return e;
}

static struct err *refuse_missing(const char *db, const char *name, void *arg)
{
    (void)arg;
    return err_hint(err_new(ERR_SOURCE, "source: there is no table %s.%s", db, name),
                    "check --tables, and the privileges of the user");
}

static struct err *is_really_missing(const char *db, const char *name, void *conn)
{
    (void)name;
    return source_scope_sees(conn, db);
}

static struct err *check_asked(struct conn *c, const struct source_scope *scope,
                               const struct source_schema *s)
{
    return each_missing(scope, s, scope->may_lack ? is_really_missing : refuse_missing, c);
}

static struct err *append_missing(const char *db, const char *name, void *arg)
{
    struct buf *out = arg;

    buf_printf(out, "%s%s.%s", out->len ? ", " : "", db, name);
    return NULL;
}

void source_schema_missing(const struct source_scope *scope, const struct source_schema *s, struct buf *out)
{
    err_free(each_missing(scope, s, append_missing, out));
}

static struct err *read_identities(struct conn *c, struct source_schema *s)
{
    struct source_object **tables = mem_zalloc(s->count + 1, sizeof(struct source_object *));
    size_t count = 0;

    for (size_t i = 0; i < s->count; i++)
        if (s->objects[i].entry.kind == OBJECT_TABLE)
            tables[count++] = &s->objects[i];
    struct err *e = source_identity_read(c, tables, count);
    free(tables);
    return e;
}

struct err *source_schema_read(struct conn *c, const struct source_scope *scope, bool in_full,
                               struct source_schema *out)
{
    static read_fn *const kinds[] = {read_database, read_sequences, read_tables, read_routines,
                                     read_views,    read_triggers,  read_events};
    struct err *e = NULL;

    *out = (struct source_schema){.in_full = in_full};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !e; i++) {
        size_t first = out->count;
        e = read_kind(c, scope, kinds[i], out);
        if (!e && kinds[i] == read_views)
            e = view_order(c, out->objects + first, out->count - first);
    }
    if (!e)
        e = read_identities(c, out);
    if (!e)
        e = check_asked(c, scope, out);
    if (e)
        source_schema_free(out);
    return e;
}

void source_schema_take_tables(struct source_schema *to, struct source_schema *from)
{
    for (size_t i = 0; i < to->count; i++) {
        to->objects[i].table = from->objects[i].table;
        from->objects[i].table = NULL;
    }
    to->in_full = true;
}

void source_schema_free(struct source_schema *s)
{
    for (size_t i = 0; i < s->count; i++)
        source_object_free(&s->objects[i]);
    free(s->objects);
    *s = (struct source_schema){0};
}

/* The definitions of now, as hashes; "" of a table that is not there. */
static struct err *hash_definitions(struct conn *c, struct source_object *now, size_t count)
{
    struct catalog_name *names = mem_zalloc(count + 1, sizeof(*names));
    char **sql = mem_zalloc(count + 1, sizeof(*sql));

    for (size_t i = 0; i < count; i++)
        names[i] = (struct catalog_name){now[i].entry.db, now[i].entry.name};
    struct err *e = catalog_tables_create_sql(c, names, count, sql);
    for (size_t i = 0; i < count; i++) {
        if (sql[i])
            catalog_definition_hash(sql[i], now[i].hash);
        free(sql[i]);
    }
    free(names);
    free(sql);
    return e;
}

struct err *source_objects_check(struct conn *c, const struct source_object *const *tables, size_t count,
                                 const struct source_object **changed)
{
    struct source_object *now = mem_zalloc(count + 1, sizeof(*now));
    struct source_object **sorted = mem_zalloc(count + 1, sizeof(struct source_object *));

    *changed = NULL;
    for (size_t i = 0; i < count; i++) {
        now[i].entry.db = tables[i]->entry.db; /* borrowed */
        now[i].entry.name = tables[i]->entry.name;
        now[i].identity = mem_strdup("");
        sorted[i] = &now[i];
    }
    struct err *e = source_identity_read(c, sorted, count);
    if (!e)
        e = hash_definitions(c, now, count);
    for (size_t i = 0; i < count && !e && !*changed; i++)
        if (strcmp(now[i].hash, tables[i]->hash) != 0 || strcmp(now[i].identity, tables[i]->identity) != 0)
            *changed = tables[i];
    for (size_t i = 0; i < count; i++)
        free(now[i].identity);
    free(now);
    free(sorted);
    return e;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_object(const struct source_object *a, const struct source_object *b)
{
    return a->entry.kind == b->entry.kind && same_text(a->entry.db, b->entry.db) &&
           same_text(a->entry.name, b->entry.name) && same_text(a->entry.status, b->entry.status) &&
           strcmp(a->hash, b->hash) == 0 && same_text(a->identity, b->identity);
}

char *source_schema_difference(const struct source_schema *before, const struct source_schema *after)
{
    for (size_t i = 0; i < before->count && i < after->count; i++)
        if (!same_object(&before->objects[i], &after->objects[i]))
            return source_object_text(&before->objects[i].entry);
    if (before->count == after->count)
        return NULL;
    const struct source_schema *longer = before->count > after->count ? before : after;
    return source_object_text(
        &longer->objects[before->count < after->count ? before->count : after->count].entry);
}
