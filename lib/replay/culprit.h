/*
 * culprit - which row did the target refuse?
 *
 * A refused bundle may hold thousands of rows of hundreds of transactions. Its statement was rolled back, the
 * rest of the batch was not: its rows are sent again one at a time, in the same transaction, until the
 * refused one is found. The caller then rolls back, applies what lies before that transaction, and stops.
 */
#ifndef CCR_REPLAY_CULPRIT_H
#define CCR_REPLAY_CULPRIT_H

#include "replay/ordered.h"

struct culprit {
    bool found;
    struct gtid gtid;
    unsigned number; /* the server's error */
    enum rows_kind kind;
    bool full; /* the images have all columns */
    char *source_db;
    char *source_name;
    struct buf before; /* the row's images; empty where the kind has none */
    struct buf after;
};

/*
 * Behind an error of the road. Replaces *e by one that names table and key values; out->found is false, and
 * *e unchanged, where no single row is refused.
 */
void culprit_find(struct conn *c, struct ordered *road, struct err **e, struct culprit *out);
void culprit_free(struct culprit *u); /* its members */
/*
 * Does the log tell enough of such a row to put it right? Of an UPDATE without all columns it tells neither
 * what the row was nor all that it becomes; a row that is deleted need only be found.
 */
bool culprit_is_repairable(enum rows_kind kind, bool full);

#endif
