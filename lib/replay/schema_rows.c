/* What an ALTER TABLE does to rows that are there, where the log does not say it. */
#include <stdlib.h>
#include <string.h>

#include "replay/schema_change.h"
#include "replay/schema_scope.h"

/* Does a scan give the rows in the same order on every server? InnoDB keeps them by the first such key. */
static bool rows_are_ordered(const struct catalog_table *t)
{
    if (strcmp(t->engine, "InnoDB") != 0)
        return false;
    for (size_t i = 0; i < t->key_count; i++) {
        const struct catalog_key *key = &t->keys[i];
        bool whole = key->unique && !key->hash;
        for (size_t j = 0; whole && j < key->column_count; j++)
            whole = !key->prefix[j] && !t->columns[key->columns[j]].nullable;
        if (whole || strcmp(key->name, "PRIMARY") == 0)
            return true;
    }
    return false;
}

/* Up to two of them; the history of a versioned table counts. */
static struct err *rows_count(const struct schema_change *s, const struct catalog_table *t, uint64_t *count)
{
    char *name = sql_table_dup(t->db, t->name);
    struct err *e =
        conn_number(s->a->conn, count, "SELECT COUNT(*) FROM (SELECT 1 FROM %s%s LIMIT 2) AS some", name,
                    t->versioned ? " FOR SYSTEM_TIME ALL" : "");

    free(name);
    return e;
}

static struct err *rows_stop(struct schema_change *s, const char *why)
{
    return schema_scope_need(s, &s->statement.names[0], why);
}

/*
 * SYSTEM_TIME LIMIT begins a new partition when one has so many rows: by when statements ran, which no
 * snapshot tells. What is taken with a partition would be other rows than on the source.
 */
static struct err *rows_judge_history(struct schema_change *s, const struct catalog_table *t)
{
    char *sql = NULL;

    TRY(catalog_table_create_sql(s->a->conn, t->db, t->name, &sql));
    bool by_limit = sql && strstr(sql, "\n PARTITION BY SYSTEM_TIME LIMIT ") != NULL;
    free(sql);
    return by_limit
               ? rows_stop(s, "which rows of its history a table divided by SYSTEM_TIME LIMIT has in which "
                              "partition need not be what the source has there")
               : NULL;
}

static bool rows_get_values(const struct statement *st)
{
    return st->volatile_default || st->numbers_rows || st->drops_duplicates;
}

static struct err *rows_judge(struct schema_change *s, const struct catalog_table *t)
{
    uint64_t count;

    if (s->statement.takes_partition && t->versioned)
        TRY(rows_judge_history(s, t));
    if (!rows_get_values(&s->statement))
        return NULL;
    TRY(rows_count(s, t, &count));
    if (s->statement.volatile_default && count > 0)
        return rows_stop(s, "the values that this statement gave to rows that were there are not in the log");
    if ((s->statement.numbers_rows || s->statement.drops_duplicates) && count > 1 && !rows_are_ordered(t))
        return rows_stop(
            s, "what this statement does depends on the order of rows in a table without a primary key "
               "(or not of InnoDB), which need not be the source's");
    return NULL;
}

struct err *schema_rows_check(struct schema_change *s)
{
    const struct statement *st = &s->statement;
    struct catalog_table *t = NULL;

    if (!rows_get_values(st) && !st->takes_partition)
        return NULL;
    const struct schema_object *o = &s->objects.items[0];
    TRY(catalog_table_read(s->a->conn, o->db, o->name, &t));
    if (!t)
        return NULL; /* the statement will say so */
    struct err *e = rows_judge(s, t);
    catalog_table_free(t);
    return e;
}
