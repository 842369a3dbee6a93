/*
 * chunk_plan - cutting a table into runs of rows that can be copied apart.
 *
 * A chunk is the rest of a SELECT behind its column list: partition, index hint and condition. The chunks of
 * a table are disjoint and cover it whatever the statistics say; those only decide how large chunks are. They
 * are handed out one by one, while others are being copied already:
 *
 *   by range      the key's first column is an integer: equal steps between its minimum and maximum
 *   by steps      another key: walking the index, every N-th key is a border
 *   by partition  no usable key, but partitions
 *   whole         everything else, and small tables
 *
 * Selects are HIGH_PRIORITY: a table locked for reading (opening.h) may have a writer waiting, behind whom
 * any other reader would wait as well.
 *
 * Not thread-safe. All queries run inside the snapshot, on the connection that asks for the next chunk.
 */
#ifndef CCR_SNAPSHOT_CHUNK_PLAN_H
#define CCR_SNAPSHOT_CHUNK_PLAN_H

#include "mysql/catalog.h"

struct chunk_plan;

/* `table` is borrowed for the plan's life; chunks are to have about chunk_bytes. */
struct chunk_plan *chunk_plan_new(const struct catalog_table *table, uint64_t chunk_bytes);
void chunk_plan_free(struct chunk_plan *p); /* NULL is allowed */

/*
 * The next chunk: appends to `from` what follows FROM in its SELECT. *last: there is none behind it; do not
 * ask again.
 */
struct err *chunk_plan_next(struct chunk_plan *p, struct conn *c, struct buf *from, bool *last) CHECKED;

#endif
