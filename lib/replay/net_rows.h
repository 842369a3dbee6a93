/*
 * net_rows - what the merged road holds: for net*.c only.
 */
#ifndef CCR_REPLAY_NET_ROWS_H
#define CCR_REPLAY_NET_ROWS_H

#include "base/arena.h"
#include "replay/net.h"
#include "replay/net_key.h"

/* A row that the batch has touched, by its key. */
struct net_row {
    struct net_row *next; /* of its table */
    struct net_table *table;
    const uint8_t *before; /* as it was before the batch; NULL: it was not there */
    uint8_t *after;        /* room for what it is now */
    uint32_t before_len;
    uint32_t after_len;
    uint32_t after_cap;
    uint32_t key_len;
    uint32_t hash;
    struct gtid first; /* of the transaction that touched it first */
    bool exists;       /* `after` is valid */
    bool moved;        /* it was deleted, or gave up a unique value, at some time */
    uint8_t key[];
};

struct net_table {
    struct net_table *next;
    struct table *table;
    struct net_key key;
    uint8_t *columns;     /* the bitmap of all columns, as the source writes it */
    struct net_row *rows; /* the last one touched first */
    size_t row_count;
    uint64_t auto_max;        /* the highest value that the counter has seen in this batch */
    struct net_row *auto_row; /* which had it; NULL: none */
    bool auto_saved;          /* the row has changed since: auto_image is what it was */
    struct buf auto_image;
};

/* What net_emit holds of each row while it sorts them. */
enum { NET_SORT_BYTES = 24 };

struct net_slot {
    uint32_t hash;
    struct net_row *row; /* NULL: free */
};

struct net {
    struct arena arena;
    struct net_slot *slots; /* open addressing, a power of two */
    size_t slot_count;
    size_t row_count;
    struct net_table *tables; /* in the order of their first change */
    struct net_table **tables_end;
    bool sealed;
    uint32_t time; /* of the last change, as all of them are sent */
    uint32_t server_id;
    struct gtid gtid;
    /* scratch */
    struct buf key;
    struct rows_value *values[2];
    size_t value_cap;
};

#endif
