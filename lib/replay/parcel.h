/*
 * parcel - changes on their way from the thread that reads the log to a lane.
 *
 * Holds copies of row events, in log order, until the lane makes bundles of them, and perhaps the net changes
 * of merged tables, which go first: they share no foreign key with the others, or came before them. A parcel
 * belongs to one thread at a time; its tables stay what they are as long as it holds changes of theirs
 * (batch_flush before anything about them changes). No I/O.
 */
#ifndef CCR_REPLAY_PARCEL_H
#define CCR_REPLAY_PARCEL_H

#include "replay/bag.h"
#include "replay/net.h"
#include "replay/ordered.h"

struct parcel {
    struct parcel_item *items;
    size_t count;
    size_t cap;
    struct buf bytes; /* what the items point into, by offset */
    struct net *net;  /* sealed; NULL for none */
    struct bag *bag;  /* the same */
};

/* Takes a copy. */
void parcel_add(struct parcel *p, const struct change *change);
/* Gives it the net (sealed by this), and takes back an empty one. */
void parcel_take_net(struct parcel *p, struct net **net);
void parcel_take_bag(struct parcel *p, struct bag **bag);
bool parcel_is_empty(const struct parcel *p);
size_t parcel_size(const struct parcel *p); /* bytes of memory, without the net */
/* Gives all changes to the road. */
struct err *parcel_unpack(const struct parcel *p, struct ordered *road) CHECKED;
void parcel_clear(struct parcel *p); /* keeps memory */
void parcel_free(struct parcel *p);  /* its members */

#endif
