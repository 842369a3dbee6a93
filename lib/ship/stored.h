/*
 * stored - a transaction that was shipped, looked up again in the store.
 */
#ifndef CCR_SHIP_STORED_H
#define CCR_SHIP_STORED_H

#include "format/segment.h"
#include "store/store.h"

/*
 * The transaction of the domain and sequence number of `wanted`, among the objects 1 to `last` of an epoch:
 * its GTID (the server id may be another one) and digest. *found is false where the epoch's log does not hold
 * that number.
 */
struct err *stored_transaction(struct store *s, const char *stream, uint64_t epoch, uint64_t last,
                               struct gtid wanted, struct gtid *gtid, char digest[HASH_HEX_SIZE],
                               bool *found) CHECKED;

#endif
