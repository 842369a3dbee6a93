/*
 * chunk_steps - borders of chunks by walking along an index; private to chunk_plan.c.
 *
 * A border is a key: values of the first columns of a unique index without NULLs. (In the history of a
 * versioned table they come more than once; that is like a border of fewer columns than the index has.)
 * Values appear as literals of the column's own type and character set, so every row is either before a
 * border or not, and the server finds its place in the index.
 */
#ifndef CCR_SNAPSHOT_CHUNK_STEPS_H
#define CCR_SNAPSHOT_CHUNK_STEPS_H

#include "mysql/catalog.h"

struct chunk_border {
    char **values; /* SQL literals; NULL for no border */
};

/* Behind a versioned table's name: every row that it ever had. */
#define ALL_HISTORY " FOR SYSTEM_TIME ALL"

/* Appends the table as FROM wants it, for all rows that a snapshot holds. */
void chunk_steps_table(struct buf *out, const struct catalog_table *t);

/* How many of the key's columns can be part of a border: 0 if it cannot be walked. */
size_t chunk_steps_columns(const struct catalog_table *t, const struct catalog_key *key);

/*
 * The key `step` rows behind `from` (or the table's beginning). No border: fewer rows are left.
 */
struct err *chunk_steps_next(struct conn *c, const struct catalog_table *t, const struct catalog_key *key,
                             const struct chunk_border *from, uint64_t step,
                             struct chunk_border *out) CHECKED;

/* Appends a condition: the key is before `border` (sign "<"), or not before it (sign ">="). */
void chunk_border_condition(struct buf *out, const struct catalog_table *t, const struct catalog_key *key,
                            const struct chunk_border *border, const char *sign);

void chunk_border_free(const struct catalog_table *t, const struct catalog_key *key,
                       struct chunk_border *border);

#endif
