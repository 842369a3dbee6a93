/*
 * shape - is a table of the target the one that a table map describes?
 *
 * The server itself compares little: an unsigned number goes into a signed column, a swapped column into its
 * neighbour, without an error. A table map carries count, types, lengths and nullability: all of that is
 * compared with the catalog. Where the source logs more (binlog_row_metadata), so are signs, collations,
 * kinds of geometry (MINIMAL), names, the members of ENUM and SET, and the primary key (FULL).
 */
#ifndef CCR_REPLAY_SHAPE_H
#define CCR_REPLAY_SHAPE_H

#include "binlog/rows.h"
#include "mysql/catalog.h"

#define SHAPE_HINT "make the definitions equal, or restore a new snapshot"

/* ERR_UNSAFE naming table, column and difference; ERR_UNSUPPORTED for a column type that ccr does not know.
 */
struct err *shape_check(const struct rows_table_map *map, const struct catalog_table *table) CHECKED;

/* The same for what the source logs beyond the shape, once that is equal. `c` is used to translate names. */
struct err *shape_check_metadata(const struct rows_table_map *map, const struct catalog_table *table,
                                 struct conn *c) CHECKED;

/* "table d.t: column 2 (v) is SOURCE on the source and TARGET on the target" */
struct err *shape_difference(const struct catalog_table *table, size_t column, const char *source,
                             const char *target) CHECKED;

#endif
