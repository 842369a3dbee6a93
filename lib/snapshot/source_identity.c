#include "snapshot/source_identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* One row per table: its name in InnoDB's spelling without partition, and the numbers of all its parts. */
#define IDENTITIES                                                                                           \
    "SELECT BASE, GROUP_CONCAT(TABLE_ID ORDER BY TABLE_ID) AS IDS FROM (SELECT "                             \
    "CONVERT(SUBSTRING_INDEX(NAME, '#P#', 1) USING binary) AS BASE, TABLE_ID "                               \
    "FROM information_schema.INNODB_SYS_TABLES) parts"

#define DECODED(part) "CONVERT(CONVERT(SUBSTRING_INDEX(BASE, '/', " part ") USING filename) USING utf8mb4)"

static int compare_names(const void *a, const void *b)
{
    const struct source_object *x = *(const struct source_object *const *)a;
    const struct source_object *y = *(const struct source_object *const *)b;
    int order = strcmp(x->entry.db, y->entry.db);

    return order ? order : strcmp(x->entry.name, y->entry.name);
}

/* The schema's tables in order of their names. */
static struct source_object **sorted_tables(struct source_schema *s, size_t *count)
{
    struct source_object **tables = mem_zalloc(s->count + 1, sizeof(struct source_object *));

    *count = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->objects[i].entry.kind == OBJECT_TABLE)
            tables[(*count)++] = &s->objects[i];
    qsort(tables, *count, sizeof(*tables), compare_names);
    return tables;
}

struct err *source_identity_read_all(struct conn *c, struct source_schema *s)
{
    struct result *r = NULL;
    char **row;
    size_t count;

    TRY(conn_query(
        c, &r, "SELECT " DECODED("1") ", " DECODED("-1") ", IDS FROM (" IDENTITIES " GROUP BY BASE) tables"));
    struct source_object **tables = sorted_tables(s, &count);
    while ((row = result_next(r, NULL)) != NULL) {
        struct source_object key = {.entry.db = row[0], .entry.name = row[1]};
        const struct source_object *key_ptr = &key;
        if (!row[0] || !row[1] || !row[2])
            continue;
        struct source_object **found = bsearch(&key_ptr, tables, count, sizeof(*tables), compare_names);
        if (found) {
            free((*found)->identity);
            (*found)->identity = mem_strdup(row[2]);
        }
    }
    free(tables);
    result_free(r);
    return NULL;
}

struct err *source_identity_read(struct conn *c, const char *db, const char *name, char **out)
{
    char *base = catalog_innodb_name(db, name);
    struct err *e =
        conn_value(c, out, "SELECT IDS FROM (" IDENTITIES " WHERE BASE = %s GROUP BY BASE) t", base);

    free(base);
    if (!e && !*out)
        *out = mem_strdup("");
    return e;
}
