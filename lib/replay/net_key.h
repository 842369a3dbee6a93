/*
 * net_key - what of a table's rows the merged road looks at: for net*.c only.
 */
#ifndef CCR_REPLAY_NET_KEY_H
#define CCR_REPLAY_NET_KEY_H

#include "base/buf.h"
#include "binlog/rows.h"
#include "mysql/catalog.h"

enum net_order { NET_BYTES, NET_UNSIGNED, NET_SIGNED };

struct net_column {
    size_t column;
    enum net_order order;
    bool sized; /* values differ in length */
};

struct net_key {
    struct net_column *columns; /* of the identity */
    size_t count;
    size_t *watched; /* columns of any unique key, and the one with AUTO_INCREMENT */
    size_t watched_count;
    bool watch_all;    /* a virtual column is in a unique key: any change may be one of the key */
    bool has_virtual;  /* columns whose bytes in an image need not be the stored row's */
    size_t columns_of; /* an image's first so many columns hold all of the above */
    bool has_auto;
    bool auto_unsigned;
    size_t auto_column;
};

void net_key_init(struct net_key *k, const struct catalog_table *t, const struct rows_table_map *map);
void net_key_free(struct net_key *k); /* its members */

/*
 * Appends the key's bytes: equal for equal keys only, and in an order that is the index's own for numbers and
 * near to it for the rest.
 */
struct err *net_key_put(const struct net_key *k, const struct rows_value *values, struct buf *out) CHECKED;
/* Does any column of a unique key, or the AUTO_INCREMENT column, differ? Not for watch_all. */
bool net_key_changed(const struct net_key *k, const struct rows_value *a, const struct rows_value *b);
/* The value as the counter sees it; 0 for one that does not move it. */
uint64_t net_key_auto(const struct net_key *k, const struct rows_value *values);

#endif
