#include "restore/load_warnings.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"

/* An ENUM that holds no member (0) is loaded as it was stored, and warned of as it was then. */
static struct err *read_columns(struct conn *c, const struct restore_table *t, struct result **out)
{
    char *db = sql_string_dup(t->db->stage);
    char *name = sql_string_dup(t->name);
    struct err *e =
        conn_query(c, out,
                   "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND "
                   "TABLE_NAME = %s AND (IS_GENERATED = 'ALWAYS' OR DATA_TYPE = 'enum') AND "
                   "COALESCE(GENERATION_EXPRESSION, '') NOT IN ('ROW START', 'ROW END')",
                   db, name);

    free(db);
    free(name);
    return e;
}

/* "... for column 'v' at row 3", or "... for column `db`.`t`.`v` at row 3". */
static bool names_column(const char *message, const char *column)
{
    char *quoted = mem_printf("'%s' at row ", column);
    char *ticked = mem_printf(".`%s` at row ", column);
    bool names = strstr(message, quoted) || strstr(message, ticked);

    free(quoted);
    free(ticked);
    return names;
}

/* Warnings of expressions name no column; those of a value that is stored do. */
static bool is_of_expression(unsigned code, const char *message)
{
    return (code == ER_TRUNCATED_WRONG_VALUE || code == ER_DIVISION_BY_ZERO) &&
           !strstr(message, "for column");
}

static bool is_harmless(const char *message, unsigned code, char *const *columns, size_t count)
{
    bool harmless = count > 0 && is_of_expression(code, message);

    for (size_t i = 0; i < count && !harmless; i++)
        harmless = names_column(message, columns[i]);
    return harmless;
}

static char **take_names(struct result *r, size_t *count)
{
    char **names = mem_zalloc(result_count(r) + 1, sizeof(*names));
    char **row;

    *count = 0;
    while ((row = result_next(r, NULL)) != NULL)
        names[(*count)++] = mem_strdup(row[0]);
    return names;
}

/* The server keeps max_error_count of them, and counts the others. */
static struct err *read_warnings(struct conn *c, struct result **out)
{
    uint64_t count = 0;

    TRY(conn_number(c, &count, "SHOW COUNT(*) WARNINGS"));
    TRY(conn_query(c, out, "SHOW WARNINGS"));
    if (result_count(*out) >= count)
        return NULL;
    return err_hint(err_new(ERR_TARGET, "the server has %llu warnings and tells only %llu of them",
                            (unsigned long long)count, (unsigned long long)result_count(*out)),
                    "--load bulk, which looks at them more often, or a snapshot of smaller chunks");
}

struct err *load_warnings_check(struct conn *c, const struct restore_table *t)
{
    struct result *warnings = NULL;
    struct result *found = NULL;
    size_t count = 0;
    char **row;
    struct err *e = read_warnings(c, &warnings);

    if (!e)
        e = read_columns(c, t, &found);
    char **columns = e ? NULL : take_names(found, &count);
    while (!e && (row = result_next(warnings, NULL)) != NULL)
        if (!is_harmless(row[2], (unsigned)strtoul(row[1], NULL, 10), columns, count))
            e = err_new(ERR_TARGET, "the server could not take the rows as they are: %s", row[2]);
    for (size_t i = 0; i < count; i++)
        free(columns[i]);
    free(columns);
    result_free(found);
    result_free(warnings);
    return e;
}
