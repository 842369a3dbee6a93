/* The list of renames. */
#include <stdlib.h>

#include "base/mem.h"
#include "binlog/statement.h"

static char *dup_or_null(const char *s)
{
    return s ? mem_strdup(s) : NULL;
}

void statement_renames_add(struct statement_renames *r, const char *db, const char *name, const char *to_db,
                           const char *to_name)
{
    r->items = mem_resize(r->items, r->count + 1, sizeof(*r->items));
    r->items[r->count++] =
        (struct statement_rename){mem_strdup(db), dup_or_null(name), mem_strdup(to_db), dup_or_null(to_name)};
}

void statement_renames_free(struct statement_renames *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->items[i].db);
        free(r->items[i].name);
        free(r->items[i].to_db);
        free(r->items[i].to_name);
    }
    free(r->items);
    *r = (struct statement_renames){0};
}
