/*
 * group - which events belong together: one GTID event and everything until its transaction ends.
 *
 * Feed every event in log order. A group ends with an XID event, an XA PREPARE, the COMMIT or ROLLBACK query
 * of a transaction, or, for a standalone group (DDL), with its one statement. Also computes the digest that
 * recognises the transaction again on another node of the same cluster: SHA-256 over the GTID and the content
 * of its events, without what differs from node to node (table ids, log positions, checksums, xids, thread
 * ids, times of execution, commit ids, compression, annotations, optional table metadata). formats/segment.md
 * specifies it.
 */
#ifndef CCR_BINLOG_GROUP_H
#define CCR_BINLOG_GROUP_H

#include "base/hash.h"
#include "binlog/event.h"

struct group;

enum group_place {
    GROUP_OUTSIDE, /* not part of a transaction (format description, rotate, GTID list, heartbeat, ...) */
    GROUP_BEGIN,   /* a GTID event */
    GROUP_INSIDE,
    GROUP_END, /* the last event of the transaction */
};

struct group *group_new(void);
void group_free(struct group *g); /* NULL is allowed */

/* ERR_UNSUPPORTED, by name, for an event type that ccr does not know; ERR_INTEGRITY for events out of order.
 */
struct err *group_feed(struct group *g, const struct binlog_event *e, enum group_place *place) CHECKED;
/* Forgets an unfinished group, and begins anew. */
void group_reset(struct group *g);

bool group_is_open(const struct group *g);
/* Of the group that is open or has just ended. */
const struct binlog_gtid *group_gtid(const struct group *g);
uint32_t group_time(const struct group *g); /* header time of its GTID event */
/* Statement inside (Query that is not BEGIN/COMMIT/..., LOAD DATA, INTVAR, ...): `opaque` in the footer. */
bool group_is_opaque(const struct group *g);
/* After GROUP_END only. */
void group_digest(const struct group *g, char out[HASH_HEX_SIZE]);
/* Calls fn for each table map of the group as it is fed: set once; db and table are NUL-terminated copies. */
void group_on_table(struct group *g, void (*fn)(const char *db, const char *table, void *arg), void *arg);

#endif
