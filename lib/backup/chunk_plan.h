/*
 * chunk_plan - cutting a table into runs of rows that can be copied apart.
 *
 * A chunk is the rest of a SELECT behind its FROM: table, partitions, index hint, condition, order. The
 * chunks of a table are disjoint and cover it whatever the statistics say; those only decide how large chunks
 * are. They are handed out one by one, while others are being copied already, from the beginning of the key
 * to its end. Where the next one begins is found by
 *
 *   dives      a value is made up between two keys, and the server asked what it estimates to lie before it.
 *              The measure is what it estimates for the first chunk, whose rows were counted;
 *   counting   along the index, where no such value can be made up, or where the statistics were found wrong:
 *              a table that they call small, or a chunk that had to be cut.
 *
 * A chunk of a distinct key comes in the key's order, and may be cut while it is copied: what is behind that
 * row goes back into the plan. So no chunk is larger than the reader allows, whatever was estimated.
 *
 * Partitions are divided apart, small ones taken together. A table without a usable key is one chunk, or a
 * chunk for each group of partitions.
 *
 * Not thread-safe. All queries run inside the snapshot, on the connection that asks for the next chunk.
 */
#ifndef CCR_BACKUP_CHUNK_PLAN_H
#define CCR_BACKUP_CHUNK_PLAN_H

#include "backup/chunk_key.h"
#include "snapshot/partitions.h"

struct chunk_plan;

struct chunk {
    struct buf from; /* what follows FROM */
    bool can_be_cut;
    size_t source; /* the rest is the plan's */
    struct chunk_border to;
};

/* `table` and `only` are borrowed for the plan's life; chunks are to have about chunk_bytes. `only`: the rows
 * of these partitions; NULL: of all. */
struct chunk_plan *chunk_plan_new(const struct catalog_table *table, const struct partitions_of *only,
                                  uint64_t chunk_bytes);
void chunk_plan_free(struct chunk_plan *p); /* NULL is allowed */
/* Its members `key` is NULL where the table is not cut by a key. */
const struct chunk_key *chunk_plan_key(const struct chunk_plan *p);

/* Whether all that is known of has been handed out. */
bool chunk_plan_is_empty(const struct chunk_plan *p);
/* The next chunk of a plan that is not empty. */
struct err *chunk_plan_next(struct chunk_plan *p, struct conn *c, struct chunk *out) CHECKED;
/* The chunk was read only to before the row with this key, which is taken over. */
void chunk_plan_cut(struct chunk_plan *p, const struct chunk *chunk, struct chunk_border *key);
/* What a chunk was found to hold: sizes of later ones follow from it. */
void chunk_plan_learn(struct chunk_plan *p, uint64_t rows, uint64_t bytes);
void chunk_free(struct chunk *chunk); /* its members */

#endif
