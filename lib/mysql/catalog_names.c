#include "mysql/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const system_databases[] = {"mysql", "information_schema", "performance_schema", "sys",
                                               "ccr"};

static struct err *list_names(struct conn *c, const char *sql, char ***names, size_t *count)
{
    struct result *r = NULL;
    char **row;

    *names = NULL;
    *count = 0;
    TRY(conn_query(c, &r, "%s", sql));
    *names = mem_zalloc(result_count(r) + 1, sizeof(**names));
    while ((row = result_next(r, NULL)) != NULL)
        (*names)[(*count)++] = mem_strdup(row[0]);
    result_free(r);
    return NULL;
}

/* "BASE TABLE" as callers mean it: whatever holds rows of its own. */
static const char *type_condition(const char *type)
{
    if (strcmp(type, "SEQUENCE") == 0)
        return "= 'SEQUENCE'";
    if (strcmp(type, "VIEW") == 0)
        return "= 'VIEW'";
    if (strcmp(type, "BASE TABLE") == 0)
        return "IN ('BASE TABLE', 'SYSTEM VERSIONED')";
    return "IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')";
}

struct err *catalog_list_tables(struct conn *c, const char *db, const char *type, char ***names,
                                size_t *count)
{
    char *db_text = sql_string_dup(db);
    char *sql = mem_printf("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s "
                           "AND TABLE_TYPE %s ORDER BY BINARY TABLE_NAME",
                           db_text, type_condition(type));
    struct err *e = list_names(c, sql, names, count);

    free(db_text);
    free(sql);
    return e ? err_context(e, "listing the tables of database %s", db) : NULL;
}

struct err *catalog_list_databases(struct conn *c, char ***names, size_t *count)
{
    struct err *e = list_names(c,
                               "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA "
                               "ORDER BY BINARY SCHEMA_NAME",
                               names, count);
    size_t kept = 0;

    if (e)
        return err_context(e, "listing the databases");
    for (size_t i = 0; i < *count; i++) {
        if (catalog_is_system_database((*names)[i]))
            free((*names)[i]);
        else
            (*names)[kept++] = (*names)[i];
    }
    *count = kept;
    return NULL;
}

bool catalog_is_restore_database(const char *name)
{
    static const char *const prefixes[] = {"ccr_stage_", "ccr_old_"};
    const char *number = strrchr(name, '_');

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t len = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], len) == 0 && number > name + len && number[1] &&
            number[1 + strspn(number + 1, "0123456789")] == 0)
            return true;
    }
    return false;
}

bool catalog_is_system_database(const char *name)
{
    for (size_t i = 0; i < sizeof(system_databases) / sizeof(system_databases[0]); i++)
        if (strcmp(name, system_databases[i]) == 0)
            return true;
    return catalog_is_restore_database(name);
}

void catalog_free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}
