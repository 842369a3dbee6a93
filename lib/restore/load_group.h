/*
 * load_group - the chunks that one transaction loads, and their rows in ccr.loads.
 *
 * A commit waits for the disk, whatever it holds. So the whole of a small table shares its transaction with
 * those of other small tables; any other chunk has one of its own, or several (load_part.h). Not thread-safe.
 */
#ifndef CCR_RESTORE_LOAD_GROUP_H
#define CCR_RESTORE_LOAD_GROUP_H

#include "restore/load_part.h"
#include "restore/load_units.h"

struct load_grouped {
    struct restore_table *table;
    size_t chunk;    /* index in the table's chunks */
    uint64_t before; /* rows of the chunk that are there */
    uint64_t rows;   /* and that will be */
};

struct load_group {
    struct load_grouped *items;
    size_t count; /* 0: no transaction is open */
    size_t cap;
    uint64_t rows; /* of this transaction */
    uint64_t bytes;
};

/* Whether the piece's chunk may share a transaction. */
bool load_group_takes(const struct load_piece *piece, const struct load_bounds *bounds);
/* Whether this one, which may, is too much for what is in it. */
bool load_group_is_full(const struct load_group *g, const struct load_piece *piece,
                        const struct load_bounds *bounds);
/* The part's rows are inserted; with them `rows` of the chunk are there. */
void load_group_add(struct load_group *g, const struct load_piece *piece, const struct load_part *part,
                    uint64_t rows);
/* Part of the transaction. ERR_LOCKED where `before` is not what ccr.loads says: another run is loading the
 * same, as it may on another node of a Galera cluster, and the rows would be there twice. */
struct err *load_group_record(const struct load_group *g, struct conn *c, const char *job) CHECKED;
/* It is committed: the plan is told. */
void load_group_mark(struct load_group *g);
/* It is rolled back. */
void load_group_clear(struct load_group *g);
void load_group_free(struct load_group *g); /* its members */

#endif
