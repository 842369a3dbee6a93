#include "backup/source_scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/catalog.h"
#include "mysql/privileges.h"

/* Without one of these the server shows less than there is, and says nothing. */
static const char *const privileges[] = {"SELECT", "SHOW VIEW", "TRIGGER", "EVENT"};

/* Their tables are the scope. */
static struct err *read_partitions(const struct opts *opts, struct source_scope *out)
{
    TRY(partitions_parse(opts_list(opts, OPT_PARTITIONS, NULL), &out->partitions));
    if (out->partitions.count && (out->scope.databases.count || out->scope.tables.count))
        return err_hint(
            err_new(ERR_USAGE, "--partitions is a snapshot of its own, without --databases and --tables"),
            "take whole tables with another run");
    for (size_t i = 0; i < out->partitions.count; i++)
        scope_list_add_literal(&out->scope.tables, out->partitions.items[i].db,
                               out->partitions.items[i].table);
    return NULL;
}

struct err *source_scope_read(const struct opts *opts, struct source_scope *out)
{
    const struct scope_texts texts = scope_texts_of(opts);

    *out = (struct source_scope){0};
    TRY(scope_parse(&texts, &out->scope));
    return read_partitions(opts, out);
}

static struct err *check_privilege(struct conn *c, const char *privilege, const char *db)
{
    bool has = false;

    TRY(privileges_have(c, privilege, db, &has));
    if (has)
        return NULL;
    struct err *e;
    if (db)
        e = err_new(ERR_SOURCE, "source: the user lacks the privilege %s on database %s", privilege, db);
    else
        e = err_new(ERR_SOURCE, "source: the user lacks the global privilege %s", privilege);
    return err_hint(e, "the README lists the privileges that each side needs, as GRANT statements; without "
                       "this one, parts of the snapshot would be missing silently");
}

static struct err *check_privileges(struct conn *c, const char *db)
{
    for (size_t i = 0; i < sizeof(privileges) / sizeof(privileges[0]); i++)
        TRY(check_privilege(c, privileges[i], db));
    return NULL;
}

struct err *source_scope_sees(struct conn *c, const char *db)
{
    return check_privilege(c, privileges[0], db);
}

static struct err *check_database(struct conn *c, const char *db, bool may_lack)
{
    uint64_t count = 0;
    char *db_text = sql_string_dup(db);
    struct err *e = conn_number(
        c, &count, "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s", db_text);

    free(db_text);
    if (!e && count == 0 && may_lack)
        return source_scope_sees(c, NULL);
    if (!e && count == 0)
        e = err_hint(err_new(ERR_SOURCE, "source: there is no database %s", db),
                     "check --databases and --tables, and the privileges of the user");
    return e;
}

/* What was asked for by its name must be there. */
static struct err *check_named(struct conn *c, const struct scope_list *list, bool may_lack)
{
    struct err *e = NULL;

    for (size_t i = 0; i < list->count && !e; i++) {
        if (!scope_pattern_is_exact(list->items[i].db))
            continue;
        char *name = scope_pattern_name(list->items[i].db);
        e = check_database(c, name, may_lack);
        free(name);
    }
    return e;
}

/* Every table of it is looked at by a pattern, or it is in scope as a whole. */
static bool looks_around(const struct scope *s, const char *db)
{
    if (scope_programs(s, db))
        return true;
    for (size_t i = 0; i < s->tables.count; i++)
        if (!scope_pattern_is_exact(s->tables.items[i].name) &&
            scope_pattern_covers(s, s->tables.items[i].db, db))
            return true;
    return false;
}

static struct err *find_databases(struct conn *c, struct source_scope *s)
{
    char **all = NULL;
    size_t count = 0;

    catalog_free_names(s->databases, s->database_count);
    s->databases = NULL;
    s->database_count = 0;
    TRY(catalog_list_databases(c, &all, &count));
    s->databases = mem_zalloc(count + 1, sizeof(*s->databases));
    for (size_t i = 0; i < count; i++)
        if (scope_database(&s->scope, all[i]) != SCOPE_OUT)
            s->databases[s->database_count++] = mem_strdup(all[i]);
    catalog_free_names(all, count);
    return NULL;
}

struct err *source_scope_resolve(struct conn *c, struct source_scope *scope)
{
    uint64_t setting;

    /* reading routines of other users needs it */
    TRY(conn_number(c, &setting, "SELECT COUNT(*) FROM mysql.proc"));
    TRY(conn_number(c, &setting, "SELECT @@GLOBAL.lower_case_table_names"));
    scope->scope.fold_case = setting != 0;
    bool open = scope_is_open(&scope->scope);
    if (open) /* a database that nobody named, and that the user does not see, would be missing */
        TRY(check_privileges(c, NULL));
    TRY(check_named(c, &scope->scope.databases, scope->may_lack));
    TRY(check_named(c, &scope->scope.tables, scope->may_lack));
    TRY(find_databases(c, scope));
    for (size_t i = 0; i < scope->database_count && !open; i++)
        if (looks_around(&scope->scope, scope->databases[i]))
            TRY(check_privileges(c, scope->databases[i]));
    return NULL;
}

void source_scope_free(struct source_scope *scope)
{
    catalog_free_names(scope->databases, scope->database_count);
    scope_free(&scope->scope);
    partitions_free(&scope->partitions);
    *scope = (struct source_scope){0};
}
