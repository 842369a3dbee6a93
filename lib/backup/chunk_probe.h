/*
 * chunk_probe - questions to an index; private to chunk_plan.c.
 *
 * All but chunk_probe_count look at a few pages only. They run inside the snapshot, HIGH_PRIORITY: a table
 * locked for reading (opening.h) may have a writer waiting, behind whom any other reader would wait as well.
 */
#ifndef CCR_BACKUP_CHUNK_PROBE_H
#define CCR_BACKUP_CHUNK_PROBE_H

#include "backup/chunk_key.h"

/* Rows of a table, or of some partitions, between two borders of a key. */
struct chunk_probe {
    struct conn *conn;
    const struct chunk_key *key;
    const char *source; /* "`db`.`table` PARTITION (...)" */
    const struct chunk_border *from;
    const struct chunk_border *to;
};

/* The key of the first row, or of the last one; none where there is no row. */
struct err *chunk_probe_first(const struct chunk_probe *p, struct chunk_border *out) CHECKED;
struct err *chunk_probe_last(const struct chunk_probe *p, struct chunk_border *out) CHECKED;

/*
 * The key with about `rows` rows before it; none where there are not so many. Counts along the index. In a
 * key that is not distinct it lies behind all rows that are alike in the first one's columns.
 */
struct err *chunk_probe_count(const struct chunk_probe *p, uint64_t rows, struct chunk_border *out) CHECKED;

/*
 * The server's estimate of the number of rows. Exact for few; for many InnoDB gives up to twice as many, and
 * never more than half of what its statistics say of the table.
 */
struct err *chunk_probe_estimate(const struct chunk_probe *p, uint64_t *rows) CHECKED;

#endif
