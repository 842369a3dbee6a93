/*
 * replica_id - the server id under which a follower reads.
 *
 * A server ends the older of two readers with the same id, perhaps the user's real replica. So the id is
 * chosen at random from the upper half, and checked, like one that the operator gives, against the server's
 * own and those of the replicas that have registered.
 */
#ifndef CCR_SHIP_REPLICA_ID_H
#define CCR_SHIP_REPLICA_ID_H

#include <stdint.h>

#include "base/log.h"
#include "mysql/conn.h"

/* `wanted` is 0 for any. ERR_USAGE for a wanted one that is taken. */
struct err *replica_id_choose(struct conn *c, struct log *log, uint32_t wanted, uint32_t *out) CHECKED;

#endif
