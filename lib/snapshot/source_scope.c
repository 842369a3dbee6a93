#include "snapshot/source_scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/catalog.h"

/* Without one of these the server shows less than there is, and says nothing. */
static const char *const privileges[] = {"SELECT", "SHOW VIEW", "TRIGGER", "EVENT"};

static struct err *check_name(const char *db)
{
    if (!db[0])
        return err_new(ERR_USAGE, "an empty database name in --databases or --tables");
    if (catalog_is_system_database(db))
        return err_new(ERR_USAGE, "database %s is never part of a snapshot", db);
    return NULL;
}

static bool has_database(const struct source_scope *scope, const char *db)
{
    for (size_t i = 0; i < scope->database_count; i++)
        if (strcmp(scope->databases[i], db) == 0)
            return true;
    return false;
}

static bool has_table(const struct source_scope *scope, const char *db, const char *name)
{
    for (size_t i = 0; i < scope->table_count; i++)
        if (strcmp(scope->tables[i].db, db) == 0 && strcmp(scope->tables[i].name, name) == 0)
            return true;
    return false;
}

/* "DB.TABLE": the database is what stands before the first dot. */
static struct err *add_table(struct source_scope *scope, const char *text)
{
    const char *dot = strchr(text, '.');

    if (!dot || dot == text || !dot[1])
        return err_new(ERR_USAGE, "--tables takes DB.TABLE, not '%s'", text);
    char *db = mem_strndup(text, (size_t)(dot - text));
    struct err *e = check_name(db);
    if (e || has_database(scope, db) || has_table(scope, db, dot + 1)) {
        free(db);
        return e;
    }
    scope->tables = mem_resize(scope->tables, scope->table_count + 1, sizeof(*scope->tables));
    scope->tables[scope->table_count++] = (struct scope_table){db, mem_strdup(dot + 1)};
    return NULL;
}

struct err *source_scope_read(const struct opts *opts, struct source_scope *out)
{
    size_t count = 0;
    size_t table_count = 0;
    const char *const *databases = opts_list(opts, OPT_DATABASES, &count);
    const char *const *tables = opts_list(opts, OPT_TABLES, &table_count);

    *out = (struct source_scope){.everything = count == 0 && table_count == 0};
    out->databases = mem_zalloc(count + 1, sizeof(*out->databases));
    for (size_t i = 0; i < count; i++) {
        TRY(check_name(databases[i]));
        if (!has_database(out, databases[i]))
            out->databases[out->database_count++] = mem_strdup(databases[i]);
    }
    for (size_t i = 0; i < table_count; i++)
        TRY(add_table(out, tables[i]));
    return NULL;
}

/* The pattern of "`db_pattern`.*", which is malloc'ed; NULL for a grant of another level. */
static char *grant_pattern(const char *level)
{
    struct buf b = BUF_INIT;
    const char *p = level;

    if (*p++ != '`')
        return NULL;
    for (; *p && (*p != '`' || p[1] == '`'); p++) {
        if (*p == '`')
            p++;
        buf_append_byte(&b, (uint8_t)*p);
    }
    if (strncmp(p, "`.* ", 4) == 0)
        return buf_steal(&b);
    buf_free(&b);
    return NULL;
}

static struct err *level_covers(struct conn *c, const char *level, const char *db, bool *covers)
{
    uint64_t like = 0;

    *covers = strncmp(level, "*.* ", 4) == 0;
    char *pattern = *covers || !db ? NULL : grant_pattern(level);
    if (!pattern)
        return NULL;
    char *db_text = sql_string_dup(db);
    char *pattern_text = sql_string_dup(pattern);
    struct err *e = conn_number(c, &like, "SELECT %s LIKE %s", db_text, pattern_text);
    *covers = like != 0;
    free(db_text);
    free(pattern_text);
    free(pattern);
    return e;
}

/* "SELECT, SHOW VIEW (col)" up to `end`: does it name the privilege as a whole? */
static bool list_names(const char *list, const char *end, const char *privilege)
{
    size_t len = strlen(privilege);

    if (strncmp(list, "ALL PRIVILEGES", 14) == 0)
        return true;
    while (list < end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        const char *stop = comma ? comma : end;
        if ((size_t)(stop - list) == len && memcmp(list, privilege, len) == 0)
            return true;
        list = stop + strspn(stop, ", ");
    }
    return false;
}

/*
 * Whether SHOW GRANTS, which knows the current role too, gives the privilege globally or on the whole
 * database. Reads the result anew for each question: there are few.
 */
static struct err *has_privilege(struct conn *c, const char *privilege, const char *db, bool *has)
{
    struct result *r = NULL;
    char **row;
    struct err *e = NULL;

    *has = false;
    TRY(conn_query(c, &r, "SHOW GRANTS"));
    while (!e && !*has && (row = result_next(r, NULL)) != NULL) {
        const char *on = row[0] ? strstr(row[0], " ON ") : NULL;
        if (on && strncmp(row[0], "GRANT ", 6) == 0 && list_names(row[0] + 6, on, privilege))
            e = level_covers(c, on + 4, db, has);
    }
    result_free(r);
    return e;
}

static struct err *check_privilege(struct conn *c, const char *privilege, const char *db)
{
    bool has = false;

    TRY(has_privilege(c, privilege, db, &has));
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

static struct err *check_database(struct conn *c, const char *db)
{
    uint64_t count = 0;
    char *db_text = sql_string_dup(db);
    struct err *e = conn_number(
        c, &count, "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s", db_text);

    free(db_text);
    if (!e && count == 0)
        e = err_hint(err_new(ERR_SOURCE, "source: there is no database %s", db),
                     "check --databases and --tables, and the privileges of the user");
    return e;
}

struct err *source_scope_resolve(struct conn *c, struct source_scope *scope)
{
    uint64_t ignored;

    /* reading routines of other users needs it */
    TRY(conn_number(c, &ignored, "SELECT COUNT(*) FROM mysql.proc"));
    if (scope->everything) {
        TRY(check_privileges(c, NULL));
        catalog_free_names(scope->databases, scope->database_count);
        return catalog_list_databases(c, &scope->databases, &scope->database_count);
    }
    for (size_t i = 0; i < scope->database_count; i++) {
        TRY(check_privileges(c, scope->databases[i]));
        TRY(check_database(c, scope->databases[i]));
    }
    for (size_t i = 0; i < scope->table_count; i++)
        TRY(check_database(c, scope->tables[i].db));
    return NULL;
}

void source_scope_free(struct source_scope *scope)
{
    catalog_free_names(scope->databases, scope->database_count);
    for (size_t i = 0; i < scope->table_count; i++) {
        free(scope->tables[i].db);
        free(scope->tables[i].name);
    }
    free(scope->tables);
    *scope = (struct source_scope){0};
}
