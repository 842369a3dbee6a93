/*
 * chunk_key - the key by which a table is cut into chunks: its columns, and borders between rows.
 *
 * A border is a value for the first columns of the key, as the rows' own SELECT gives it (column_text.h). As
 * a literal it compares exactly as the column does, in the order of the index, so every row is either before
 * a border or not, and the server finds the place in its index. Pure.
 *
 * A key serves up to its first column that has no such literal: SET, texts of which only a prefix is in the
 * key, CHAR of a NO PAD collation, generated columns. ENUM compares as text but lies in the index by number:
 * its conditions list the numbers.
 */
#ifndef CCR_BACKUP_CHUNK_KEY_H
#define CCR_BACKUP_CHUNK_KEY_H

#include "backup/chunk_middle.h"
#include "mysql/catalog.h"

struct chunk_key {
    const struct catalog_table *table; /* borrowed */
    const struct catalog_key *key;     /* NULL: the table cannot be cut by a key */
    size_t count;                      /* columns that make a border */
    bool distinct;                     /* no two rows are alike in them */
};

/* Columns may be fewer than the key's: then the border lies before all rows that begin like it. */
struct chunk_border {
    struct chunk_value *values; /* NULL: no border */
    size_t count;
};

/*
 * The primary key, or without one the unique key without NULLs that the server takes for it, the first in its
 * definition: rows lie in its order, so that a chunk is one run of the table. Another key would read the
 * table at random, or may be IGNORED.
 */
struct chunk_key chunk_key_choose(const struct catalog_table *t);

/* The expressions that give a border's values, divided by commas. */
void chunk_key_select(const struct chunk_key *k, struct buf *out);
/* " FORCE INDEX (k)" */
void chunk_key_hint(const struct chunk_key *k, struct buf *out);
/* " ORDER BY a, b", or the other way round. */
void chunk_key_order(const struct chunk_key *k, bool backwards, struct buf *out);
/* The key is before `border` ("<"), not before it (">="), or behind all that begin like it (">"). */
void chunk_key_condition(const struct chunk_key *k, const struct chunk_border *border, const char *sign,
                         struct buf *out);
/* " WHERE" with the rows from one border (or the beginning) to before another (or the end); "" for all. */
void chunk_key_where(const struct chunk_key *k, const struct chunk_border *from,
                     const struct chunk_border *to, struct buf *out);

/*
 * A border between two others, at about this share of the way; false where none can be made up. It need not
 * be a row's key, and in an order that is not understood it may even lie elsewhere.
 */
bool chunk_key_guess(const struct chunk_key *k, const struct chunk_border *low,
                     const struct chunk_border *high, double share, struct chunk_border *out);

/* From the fields of a row; `places` tells which they are, NULL: the first ones. */
void chunk_border_set(struct chunk_border *b, char **row, const unsigned long *lengths, const size_t *places,
                      size_t count);
void chunk_border_copy(struct chunk_border *to, const struct chunk_border *from);
/* The same bytes: the same row, where both are rows' keys. */
bool chunk_border_same(const struct chunk_border *a, const struct chunk_border *b);
void chunk_border_free(struct chunk_border *b); /* its members; back to none */

#endif
