/*
 * Counters that are not above what the tables hold would give values a second time. The log carries them
 * along (an INSERT raises AUTO_INCREMENT, a sequence's own events move it); this is for what it does not,
 * such as a value that was set by an UPDATE.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/document.h"
#include "promote/parts.h"

/* Columns of a kind in the job's tables that are the first one of an index, so that MAX costs nothing. */
static struct err *read_columns(struct promote *p, const char *db, const char *which, struct result **out)
{
    char *job = sql_string_dup(p->name);
    char *schema = sql_string_dup(db);
    struct err *e = conn_query(
        p->conn, out,
        "SELECT DISTINCT c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_DEFAULT FROM information_schema.COLUMNS c "
        "JOIN information_schema.STATISTICS s ON s.TABLE_SCHEMA = %s AND s.TABLE_NAME = c.TABLE_NAME AND "
        "s.COLUMN_NAME = c.COLUMN_NAME AND s.SEQ_IN_INDEX = 1 JOIN ccr.tables t ON t.job = %s AND "
        "t.db = %s AND t.name = c.TABLE_NAME WHERE c.TABLE_SCHEMA = %s AND %s",
        schema, job, schema, schema, which);

    free(job);
    free(schema);
    return e;
}

static void note(struct promote *p, const char *db, const char *name, uint64_t from, uint64_t to)
{
    json_t *raised = json_object();

    document_set_bytes(raised, "db", db);
    document_set_bytes(raised, "name", name);
    document_set_u64(raised, "from", from);
    document_set_u64(raised, "to", to);
    json_array_append_new(json_object_get(p->run->result, "counters"), raised);
    run_say(p->run, "counter of %s.%s: raised from %llu to %llu", db, name, (unsigned long long)from,
            (unsigned long long)to);
}

/* 0 for an empty table, and where all values are negative. */
static struct err *read_highest(struct promote *p, const char *table, const char *column, uint64_t *out)
{
    char *name = sql_ident_dup(column);
    struct err *e = conn_number(
        p->conn, out, "SELECT COALESCE(CAST(GREATEST(MAX(%s), 0) AS UNSIGNED), 0) FROM %s", name, table);

    free(name);
    return e;
}

static struct err *raise_counter(struct promote *p, const char *db, const char *name, const char *column)
{
    uint64_t highest = 0;
    uint64_t next = 0;
    char *table = sql_table_dup(db, name);
    char *schema = sql_string_dup(db);
    char *text = sql_string_dup(name);
    /* NULL: it has come to its end */
    struct err *e =
        conn_number(p->conn, &next,
                    "SELECT COALESCE(MAX(AUTO_INCREMENT), 0) FROM information_schema.TABLES WHERE "
                    "TABLE_SCHEMA = %s AND TABLE_NAME = %s AND ENGINE = 'InnoDB'",
                    schema, text);

    if (!e && next)
        e = read_highest(p, table, column, &highest);
    if (!e && next && highest >= next && highest < UINT64_MAX) {
        e = conn_exec(p->conn, "ALTER TABLE %s AUTO_INCREMENT = %llu", table,
                      (unsigned long long)highest + 1);
        if (!e)
            note(p, db, name, next, highest + 1);
    }
    free(table);
    free(schema);
    free(text);
    return e;
}

/* "nextval(`d`.`s`)": the sequence as SQL names it, malloc'ed; NULL for any other default. */
static char *sequence_of(const char *text)
{
    static const char start[] = "nextval(";
    size_t len = strlen(text);

    if (strncasecmp(text, start, sizeof(start) - 1) != 0 || text[len - 1] != ')')
        return NULL;
    return mem_strndup(text + sizeof(start) - 1, len - sizeof(start));
}

static struct err *raise_sequence(struct promote *p, const char *db, char **row)
{
    uint64_t highest = 0;
    uint64_t next = 0;
    char *sequence = sequence_of(row[2]);
    char *table = sql_table_dup(db, row[0]);
    struct err *e = NULL;

    if (sequence)
        e = conn_number(
            p->conn, &next,
            "SELECT IF(increment > 0 AND next_not_cached_value > 0, next_not_cached_value, 0) FROM %s",
            sequence);
    if (!e && next)
        e = read_highest(p, table, row[1], &highest);
    if (!e && next && highest >= next) {
        e = conn_exec(p->conn, "DO SETVAL(%s, %llu)", sequence, (unsigned long long)highest);
        if (!e)
            note(p, db, row[0], next, highest + 1);
    }
    free(sequence);
    free(table);
    return e;
}

static struct err *counters_of(struct promote *p, const char *db)
{
    struct result *r = NULL;
    char **row;
    struct err *e = read_columns(p, db, "c.EXTRA LIKE '%auto_increment%'", &r);

    while (!e && (row = result_next(r, NULL)) != NULL)
        e = raise_counter(p, db, row[0], row[1]);
    result_free(r);
    r = NULL;
    if (!e)
        e = read_columns(p, db, "c.COLUMN_DEFAULT LIKE 'nextval(%'", &r);
    while (!e && (row = result_next(r, NULL)) != NULL)
        e = raise_sequence(p, db, row);
    result_free(r);
    return e;
}

struct err *promote_counters(struct promote *p)
{
    struct result *r = NULL;
    char **row;
    char *job = sql_string_dup(p->name);
    struct err *e =
        conn_query(p->conn, &r, "SELECT DISTINCT db FROM ccr.tables WHERE job = %s ORDER BY db", job);

    json_object_set_new(p->run->result, "counters", json_array());
    free(job);
    while (!e && (row = result_next(r, NULL)) != NULL)
        e = counters_of(p, row[0]);
    result_free(r);
    return e;
}
