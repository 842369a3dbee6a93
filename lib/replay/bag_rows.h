/*
 * bag_rows - what the road of tables without a key holds: for bag*.c only.
 */
#ifndef CCR_REPLAY_BAG_ROWS_H
#define CCR_REPLAY_BAG_ROWS_H

#include "base/arena.h"
#include "replay/bag.h"

/* One distinct row image. */
struct bag_row {
    struct bag_row *next; /* of its table, the last one first */
    struct bag_table *table;
    int64_t copies; /* added, or (below zero) taken away */
    int64_t lowest; /* that `copies` has been: so many must be there */
    uint32_t hash;
    uint32_t len;
    uint8_t image[];
};

struct bag_table {
    struct bag_table *next;
    struct table *table;
    uint8_t *columns; /* the bitmap of all columns */
    struct bag_row *rows;
    uint32_t time; /* of the last change */
    uint32_t server_id;
    struct gtid gtid;
};

struct bag {
    struct arena arena;
    struct bag_row **slots; /* open addressing, a power of two */
    size_t slot_count;
    size_t row_count;
    struct bag_table *tables;
    bool sealed;
};

/* Copies that must be there before the batch. */
uint64_t bag_taken(const struct bag_table *t);

#endif
