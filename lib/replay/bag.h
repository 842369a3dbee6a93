/*
 * bag - the road of tables without a key: the net change of a batch as a bag of row images.
 *
 * Such a table is a bag of rows: which of two equal rows goes is all the same. So of every distinct row image
 * only the number of copies counts that a batch adds or takes away. What is taken away is removed by two
 * scans of the table, whatever the number of rows, where the server would scan it once for each row event:
 * the images go into a side table with a hash, each row of the table is hashed and compared byte by byte
 * (row_match.h); first the copies found are counted (fewer than the log takes away: the target has drifted),
 * then all of them are deleted, and those above the number taken away are put back with the rows that are
 * added.
 *
 * A batch that takes away few rows (BAG_FEWEST) sends row events all the same: a scan each is less.
 *
 * Exact for tables with transactions, full row images, no foreign keys, no system versioning, no
 * AUTO_INCREMENT (whose counter depends on rows that come and go) and no virtual columns (whose bytes in an
 * image need not be the same each time); roads.h says which. All removals come before all additions, so that
 * unique keys with NULLs are right too.
 *
 * Filled by one thread, then handed to another (bag_seal).
 */
#ifndef CCR_REPLAY_BAG_H
#define CCR_REPLAY_BAG_H

#include "replay/ordered.h"
#include "replay/side_table.h"

enum { BAG_FEWEST = 8 };

struct bag;

struct bag *bag_new(void);
void bag_free(struct bag *b); /* NULL is allowed */
/* Takes one row event with full images; its bytes are copied. */
struct err *bag_add(struct bag *b, const struct change *c) CHECKED;
bool bag_is_empty(const struct bag *b);
size_t bag_bytes(const struct bag *b); /* of memory */
/* No more changes are added: the tables' next ones may go to another bag. */
void bag_seal(struct bag *b);
void bag_clear(struct bag *b);

struct bag_target {
    struct conn *conn; /* in the batch's transaction */
    struct ordered *road;
    struct side_tables *sides;
};

/* Is a side table needed? */
bool bag_needs_removal(const struct bag *b);
/*
 * Removes rows by side tables, where that is worth it. Nothing may be under way on the connection. ERR_UNSAFE
 * where rows are missing. *rows grows by the number of rows that the log takes away.
 */
struct err *bag_remove(struct bag *b, const struct bag_target *target, uint64_t *rows) CHECKED;
/* Gives the rest to the road: removals first. */
struct err *bag_emit(struct bag *b, struct ordered *road) CHECKED;

#endif
