#include "backup/source_object.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "backup/source_text.h"
#include "base/mem.h"

struct show_kind {
    const char *show;   /* SHOW CREATE <show> */
    const char *column; /* the column that holds the statement */
};

/* NULL for tables, which the catalog reads. */
static struct show_kind show_kind_of(enum object_kind kind)
{
    switch (kind) {
    case OBJECT_DATABASE:
        return (struct show_kind){"DATABASE", "Create Database"};
    case OBJECT_SEQUENCE:
        return (struct show_kind){"SEQUENCE", "Create Table"};
    case OBJECT_FUNCTION:
        return (struct show_kind){"FUNCTION", "Create Function"};
    case OBJECT_PROCEDURE:
        return (struct show_kind){"PROCEDURE", "Create Procedure"};
    case OBJECT_PACKAGE:
        return (struct show_kind){"PACKAGE", "Create Package"};
    case OBJECT_PACKAGE_BODY:
        return (struct show_kind){"PACKAGE BODY", "Create Package Body"};
    case OBJECT_VIEW:
        return (struct show_kind){"VIEW", "Create View"};
    case OBJECT_TRIGGER:
        return (struct show_kind){"TRIGGER", "SQL Original Statement"};
    case OBJECT_EVENT:
        return (struct show_kind){"EVENT", "Create Event"};
    case OBJECT_TABLE:
        break;
    }
    return (struct show_kind){0};
}

char *source_object_text(const struct manifest_object *entry)
{
    if (!entry->name)
        return mem_printf("%s %s", object_kind_name(entry->kind), entry->db);
    return mem_printf("%s %s.%s", object_kind_name(entry->kind), entry->db, entry->name);
}

static char *dup_or_null(const char *s)
{
    return s ? mem_strdup(s) : NULL;
}

/* The object went away between the listing and now: whoever compares two readings will see it. */
static bool is_gone(struct conn *c)
{
    switch (conn_errno(c)) {
    case ER_NO_SUCH_TABLE:
    case ER_BAD_DB_ERROR:
    case ER_SP_DOES_NOT_EXIST:
    case ER_TRG_DOES_NOT_EXIST:
    case ER_EVENT_DOES_NOT_EXIST:
        return true;
    default:
        return false;
    }
}

static void take_settings(struct manifest_object *entry, struct result *r, char **row)
{
    const char *sql_mode = result_value(r, row, "sql_mode");

    /* for objects without a mode of their own: the one in which the statement was printed, and no engine
     * replaced by another */
    entry->sql_mode = mem_strdup(sql_mode ? sql_mode : "NO_ENGINE_SUBSTITUTION");
    entry->character_set_client = dup_or_null(result_value(r, row, "character_set_client"));
    entry->collation_connection = dup_or_null(result_value(r, row, "collation_connection"));
    entry->database_collation = dup_or_null(result_value(r, row, "Database Collation"));
    entry->time_zone = dup_or_null(result_value(r, row, "time_zone"));
}

static struct err *take_shown(struct source_object *object, struct result *r, const char *column)
{
    unsigned long *lengths = NULL;
    char **row = result_next(r, &lengths);

    for (unsigned i = 0; row && i < result_columns(r); i++) {
        if (strcmp(result_column_name(r, i), column) != 0 || !row[i])
            continue;
        object->sql_len = lengths[i];
        object->sql = mem_strndup(row[i], lengths[i]);
        take_settings(&object->entry, r, row);
        hash_bytes_hex(object->sql, object->sql_len, object->hash);
        return NULL;
    }
    return err_hint(err_new(ERR_SOURCE, "source: the server does not show the definition"),
                    "the README lists the privileges that each side needs, as GRANT statements");
}

/*
 * With the object's database as the default one, names of that database stand alone in views, and the
 * statement can be run in a database of another name.
 */
static struct err *show_object(struct conn *c, struct source_object *object, bool *gone)
{
    const struct manifest_object *entry = &object->entry;
    struct show_kind show = show_kind_of(entry->kind);
    struct result *r = NULL;
    struct err *e;

    if (entry->name) {
        char *db = sql_ident_dup(entry->db);
        e = conn_exec(c, "USE %s", db);
        free(db);
        if (e) {
            *gone = is_gone(c);
            return e;
        }
    }
    char *ident = sql_ident_dup(entry->name ? entry->name : entry->db);
    e = conn_query(c, &r, "SHOW CREATE %s %s", show.show, ident);
    free(ident);
    if (e)
        *gone = is_gone(c);
    else
        e = take_shown(object, r, show.column);
    result_free(r);
    return e;
}

/* The catalog has shown it. */
static void take_table(struct source_object *object, char *sql)
{
    object->sql = sql;
    object->sql_len = strlen(sql);
    object->entry.sql_mode = mem_strdup("NO_ENGINE_SUBSTITUTION");
    catalog_definition_hash(sql, object->hash);
}

static struct err *read_next_value(struct conn *c, struct source_object *object)
{
    char *table = sql_table_dup(object->entry.db, object->entry.name);
    struct err *e = conn_value(c, &object->entry.setval, "SELECT next_not_cached_value FROM %s", table);

    free(table);
    return e;
}

static struct err *read_object(struct conn *c, struct source_object *object, bool *gone)
{
    TRY(show_object(c, object, gone));
    if (object->entry.kind == OBJECT_SEQUENCE)
        return read_next_value(c, object);
    return source_text_settle(c, object);
}

struct err *source_object_add(struct conn *c, struct source_schema *out, const struct source_name *name)
{
    struct source_object object = {.entry.kind = name->kind};
    bool gone = false;

    object.entry.db = mem_strdup(name->db);
    object.entry.name = dup_or_null(name->name);
    object.entry.table = dup_or_null(name->table);
    object.entry.status = dup_or_null(name->status);
    object.identity = mem_strdup("");
    struct err *e = NULL;
    if (name->kind == OBJECT_TABLE)
        take_table(&object, name->sql);
    else
        e = read_object(c, &object, &gone);
    if (!e && !gone) {
        out->objects = mem_grow(out->objects, out->count, &out->cap, sizeof(*out->objects));
        out->objects[out->count++] = object;
        return NULL;
    }
    if (gone) {
        err_free(e);
        e = NULL;
    }
    if (e) {
        char *text = source_object_text(&object.entry);
        e = err_context(e, "reading %s", text);
        free(text);
    }
    source_object_free(&object);
    return e;
}

void source_object_free(struct source_object *object)
{
    struct manifest_object *entry = &object->entry;

    free(entry->db);
    free(entry->name);
    free(entry->table);
    free(entry->member);
    free(entry->sql_mode);
    free(entry->character_set_client);
    free(entry->collation_connection);
    free(entry->database_collation);
    free(entry->time_zone);
    free(entry->status);
    free(entry->setval);
    free(object->sql);
    free(object->identity);
    catalog_table_free(object->table);
}

bool source_object_has_rows(const struct source_object *object)
{
    static const char *const elsewhere[] = {"MRG_MyISAM", "BLACKHOLE", "FEDERATED", "CONNECT",
                                            "SPIDER",     "S3",        "OQGRAPH",   "SPHINX"};

    if (object->entry.kind != OBJECT_TABLE)
        return false;
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
        if (strcasecmp(object->table->engine, elsewhere[i]) == 0)
            return false;
    return true;
}

bool source_object_needs_lock(const struct source_object *object)
{
    return source_object_has_rows(object) && !object->table->transactional;
}
