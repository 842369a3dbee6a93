#include "backup/source_identity.h"

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

struct err *source_identity_read(struct conn *c, struct source_object **tables, size_t count)
{
    struct result *r = NULL;
    char **row;

    TRY(conn_query(
        c, &r, "SELECT " DECODED("1") ", " DECODED("-1") ", IDS FROM (" IDENTITIES " GROUP BY BASE) tables"));
    qsort(tables, count, sizeof(*tables), compare_names);
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
    result_free(r);
    return NULL;
}
