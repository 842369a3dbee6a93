/*
 * roads - which way the changes of a table take into the target, and why.
 *
 * Merged: only the net change per row of a batch is sent (net.h). Ordered: every change, in the order of the
 * log. A table is merged where its rows can be told apart by a key, its engine has transactions, and nothing
 * beside the rows depends on the way that they took: no foreign key with CASCADE, SET NULL or SET DEFAULT on
 * either side, no system versioning. That the target has no unique key that the source lacks is part of it;
 * tables.h compares the definition with the one that ccr left there, which is the source's.
 *
 * Bag: the same for a table without a key, of which only the number of equal rows matters (bag.h).
 *
 * Tables that foreign keys connect go the same way: a parent that is merged away while its child's changes
 * stay in their order is missing in between (error 1452). So the choice is made for each connected component
 * of the target's foreign-key graph, and one ordered table makes its whole component ordered.
 *
 * Read from the target's catalog at the first change of a component, and kept until roads_forget, which every
 * DDL must cause. Not thread-safe; uses the connection.
 */
#ifndef CCR_REPLAY_ROADS_H
#define CCR_REPLAY_ROADS_H

#include "mysql/catalog.h"

enum road {
    ROAD_ORDERED,
    ROAD_MERGED,
    ROAD_BAG,
};

/* A table's road. Belongs to the roads, until roads_forget. */
struct road_table {
    char *db; /* on the target */
    char *name;
    enum road road;
    char *reason;     /* for people; of a merged table what makes it so */
    size_t component; /* tables that foreign keys connect share it */
    struct road_table *next;
};

struct roads;

/* Both are borrowed. */
struct roads *roads_new(struct conn *c, const char *job);
void roads_free(struct roads *r); /* NULL is allowed */
void roads_forget(struct roads *r);

struct err *roads_find(struct roads *r, const struct catalog_table *t, struct road_table **out) CHECKED;
/* Components below this number are of tables with foreign keys; each other table has one for itself. */
size_t roads_joined(const struct roads *r);
/* What only the log shows: from here on the table's whole component is ordered. */
void roads_make_ordered(struct roads *r, struct road_table *t, const char *reason);

const char *road_name(enum road road); /* "ordered", "merged", "bag" */

#endif
