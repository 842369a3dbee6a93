/*
 * shape - is a table of the target the one that a table map describes?
 *
 * The server itself compares little: an unsigned number goes into a signed column, a swapped column into its
 * neighbour, without an error. A table map carries count, types, lengths and nullability: all of that is
 * compared with the catalog.
 */
#ifndef CCR_REPLAY_SHAPE_H
#define CCR_REPLAY_SHAPE_H

#include "binlog/rows.h"
#include "mysql/catalog.h"

/* ERR_UNSAFE naming table, column and difference; ERR_UNSUPPORTED for a column type that ccr does not know.
 */
struct err *shape_check(const struct rows_table_map *map, const struct catalog_table *table) CHECKED;

#endif
