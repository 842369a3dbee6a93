/*
 * table_set - the tables that a piece of the log touches, as a footer lists them: sorted, each once, and no
 * more than SEGMENT_MAX_TABLES of them (then `many` says that the list is not complete).
 */
#ifndef CCR_SHIP_TABLE_SET_H
#define CCR_SHIP_TABLE_SET_H

#include <stdbool.h>
#include <stddef.h>

struct table_set {
    char **names; /* layout_escape(db)/layout_escape(table) */
    size_t count;
    size_t cap;
    bool many;
};

void table_set_add(struct table_set *set, const char *db, const char *table);
/* Adds all of `from`. */
void table_set_merge(struct table_set *set, const struct table_set *from);
void table_set_clear(struct table_set *set); /* empty again; frees all */

#endif
