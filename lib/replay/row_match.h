/*
 * row_match - SQL that compares rows of a followed table with row images in a side table.
 *
 * Compared is what the server compares where a table has no key, byte by byte: case, trailing blanks (but not
 * the padding of a CHAR), the sign of a zero, NULL with NULL. Generated columns are left out: they follow
 * from the others, and a row image may hold anything for one that is not stored; so are the columns of system
 * versioning, which are the server's. Column i of the followed table is c<i+1> of the side table
 * (side_table.h). In the statements `t` stands for the followed table, `s` for the side table.
 */
#ifndef CCR_REPLAY_ROW_MATCH_H
#define CCR_REPLAY_ROW_MATCH_H

#include "base/buf.h"
#include "mysql/catalog.h"

/* Takes part in comparisons. */
bool row_match_column(const struct catalog_column *column);

/* "t.`name` <=> s.c1": the column is the same in both. */
void row_match_equal(struct buf *sql, const struct catalog_table *t, size_t column);
/* All columns that take part are; `columns` (a bitmap) restricts them further, NULL does not. TRUE where
 * none is left. */
void row_match_all_equal(struct buf *sql, const struct catalog_table *t, const uint8_t *columns);

/* An expression for the text of a row of the table: a line "column=value" for each column. */
void row_match_text(struct buf *sql, const struct catalog_table *t);

/* A number of 32 bits that is equal for equal rows; in terms of t, or of the side table's own columns. */
enum row_match_side { ROW_MATCH_TABLE, ROW_MATCH_SIDE };
void row_match_hash(struct buf *sql, const struct catalog_table *t, enum row_match_side side);

#endif
