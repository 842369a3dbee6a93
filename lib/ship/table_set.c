#include "ship/table_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "format/layout.h"
#include "format/segment.h"

/* Takes `name`. */
static void table_set_insert(struct table_set *set, char *name)
{
    size_t low = 0;
    size_t high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(set->names[middle], name);
        if (order == 0) {
            free(name);
            return;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (set->count == SEGMENT_MAX_TABLES) {
        set->many = true;
        free(name);
        return;
    }
    set->names = mem_grow(set->names, set->count, &set->cap, sizeof(*set->names));
    memmove(set->names + low + 1, set->names + low, (set->count - low) * sizeof(*set->names));
    set->names[low] = name;
    set->count++;
}

void table_set_add(struct table_set *set, const char *db, const char *table)
{
    char *escaped_db = layout_escape(db);
    char *escaped_table = layout_escape(table);
    struct buf name = BUF_INIT; /* no printf: this runs for every table map of the log */

    buf_append_str(&name, escaped_db);
    buf_append_byte(&name, '/');
    buf_append_str(&name, escaped_table);
    table_set_insert(set, buf_steal(&name));
    free(escaped_db);
    free(escaped_table);
}

void table_set_merge(struct table_set *set, const struct table_set *from)
{
    for (size_t i = 0; i < from->count; i++)
        table_set_insert(set, mem_strdup(from->names[i]));
    set->many = set->many || from->many;
}

void table_set_clear(struct table_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->names[i]);
    free(set->names);
    *set = (struct table_set){0};
}
