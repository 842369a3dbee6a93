#include "mysql/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Session settings that change what SHOW CREATE prints; the caller's session may have any. */
#define SHOW_SETTINGS "SET STATEMENT sql_mode='', sql_quote_show_create=1, time_zone='+00:00' FOR "

enum { SHOWN_AT_ONCE = 50 };

static struct err *show_create(struct conn *c, const char *db, const char *name, char **out)
{
    struct result *r = NULL;
    char *table = sql_table_dup(db, name);
    struct err *e = conn_query(c, &r, SHOW_SETTINGS "SHOW CREATE TABLE %s", table);

    free(table);
    if (e)
        return e;
    char **row = result_next(r, NULL);
    *out = row && row[1] ? mem_strdup(row[1]) : NULL;
    result_free(r);
    if (!*out)
        return err_new(conn_code(c), "SHOW CREATE TABLE gave nothing for %s.%s", db, name);
    return NULL;
}

/* Cuts " AUTO_INCREMENT=N" out of the table's options: it stands right behind the engine. */
static void cut_auto_increment(char *sql)
{
    static const char counter[] = " AUTO_INCREMENT=";
    char *options = NULL;

    for (char *p = sql; (p = strstr(p, "\n) ENGINE=")) != NULL; p++)
        options = p;
    if (!options)
        return;
    char *at = options + strlen("\n) ENGINE=");
    at += strcspn(at, " ");
    if (strncmp(at, counter, sizeof(counter) - 1) != 0)
        return;
    char *rest = at + sizeof(counter) - 1;
    rest += strspn(rest, "0123456789");
    memmove(at, rest, strlen(rest) + 1);
}

struct err *catalog_table_create_sql(struct conn *c, const char *db, const char *name, char **sql)
{
    *sql = NULL;
    struct err *e = show_create(c, db, name, sql);
    if (e && conn_is_absent(c)) {
        err_free(e);
        e = NULL;
    }
    return e;
}

/* Definitions in the order in which they were asked for. */
struct shown {
    char **sql;
    size_t count;
};

static void take_shown(struct result *r, void *arg)
{
    struct shown *shown = arg;
    char **row = result_next(r, NULL);

    shown->sql[shown->count++] = row && row[1] ? mem_strdup(row[1]) : NULL;
}

/* *taken: how many of them this was about. */
static struct err *show_some(struct conn *c, const struct catalog_name *names, size_t count, char **sql,
                             size_t *taken)
{
    struct shown shown = {.sql = sql};
    struct buf all = BUF_INIT;
    bool absent = false;

    for (size_t i = 0; i < count; i++) {
        buf_append_str(&all, i ? "; " : "");
        buf_append_str(&all, SHOW_SETTINGS "SHOW CREATE TABLE ");
        sql_table(&all, names[i].db, names[i].name);
    }
    struct err *e = conn_query_each(c, buf_str(&all), take_shown, &shown, &absent);
    buf_free(&all);
    *taken = shown.count + absent;
    if (e && shown.count < count)
        e = err_context(e, "reading table %s.%s", names[shown.count].db, names[shown.count].name);
    return e;
}

struct err *catalog_tables_create_sql(struct conn *c, const struct catalog_name *names, size_t count,
                                      char **sql)
{
    struct err *e = NULL;

    for (size_t i = 0, taken = 0; i < count && !e; i += taken) {
        size_t left = count - i;
        e = show_some(c, names + i, left < SHOWN_AT_ONCE ? left : SHOWN_AT_ONCE, sql + i, &taken);
    }
    for (size_t i = 0; i < count && e; i++) {
        free(sql[i]);
        sql[i] = NULL;
    }
    return e;
}

struct err *catalog_table_hash(struct conn *c, const char *db, const char *name, char out[HASH_HEX_SIZE])
{
    char *sql = NULL;

    out[0] = 0;
    TRY(catalog_table_create_sql(c, db, name, &sql));
    if (sql)
        catalog_definition_hash(sql, out);
    free(sql);
    return NULL;
}

struct err *catalog_partitions(struct conn *c, const char *db, const char *name, struct result **out)
{
    char *quoted_db = sql_string_dup(db);
    char *quoted_name = sql_string_dup(name);
    struct err *e =
        conn_query(c, out,
                   "SELECT PARTITION_NAME, SUBPARTITION_NAME FROM information_schema.PARTITIONS WHERE "
                   "TABLE_SCHEMA = %s AND "
                   "TABLE_NAME = %s AND PARTITION_NAME IS NOT NULL ORDER BY PARTITION_ORDINAL_POSITION, "
                   "SUBPARTITION_ORDINAL_POSITION",
                   quoted_db, quoted_name);

    free(quoted_db);
    free(quoted_name);
    return e;
}

void catalog_definition_hash(const char *create_sql, char out[HASH_HEX_SIZE])
{
    char *sql = mem_strdup(create_sql);

    cut_auto_increment(sql);
    hash_bytes_hex(sql, strlen(sql), out);
    free(sql);
}
