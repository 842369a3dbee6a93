/*
 * group - which events belong together: one GTID event and everything until its transaction ends.
 *
 * Feed every event in log order. A group ends with an XID event, an XA PREPARE, the COMMIT or ROLLBACK query
 * of a transaction, or, for a standalone group (DDL) and XA COMMIT or XA ROLLBACK, with its one statement
 * (INTVAR, RAND, USER_VAR, table maps and annotations may stand before it).
 *
 * The digest recognises the transaction again on another node of the same cluster. It is SHA-256 over a
 * sequence of records. A record is its payload, then the payload's length (8 bytes), then the tag (1 byte).
 * Integers are little-endian; "text" is a length (4 bytes) and that many bytes. Records, in this order:
 *
 *   G  the GTID: domain (4), server id (4), sequence number (8)
 *   X  PREPARED_XA and COMPLETED_XA: the XA id as it stands in the GTID event (format id 4, two lengths of 1,
 *      the bytes)
 *   A  two-phase ALTER: 1 for START, 2 for COMMIT, 3 for ROLLBACK (1), sequence number of the START (8, 0 in
 *      the START)
 *   then, in log order:
 *   R  rows: kind (1: 0 write, 1 update, 2 delete), database (text), table (text), the table map's column
 *      count, types, metadata and null bits (text), the bitmap of the columns in the before image, that of
 *      the after image (bits behind the last column 0; equal for write and delete), then the row images of
 *      all row events that follow one another without a record between them and share all of this: limits
 *      between events and statements are not part of the digest
 *   Q  a statement: default database (text, empty for XA statements), the SQL. IF EXISTS is left out where
 *      it follows "DROP [TEMPORARY] TABLE " or "DROP [TEMPORARY] SEQUENCE ": replicas put it in
 *   K  before a Q or L that has any: each different INTVAR, RAND and USER_VAR event of the statement, once:
 *      its type (1), its body (text)
 *   F  the blocks of a LOAD DATA file, joined
 *   L  its statement: handling of duplicates (1), default database (text), the SQL before the file's name
 *      (text), the SQL behind it
 *   last:
 *   C, B, P  empty: commit (XID or COMMIT), ROLLBACK, XA PREPARE. None where one statement is the group
 *
 * Compressed events count as what they hold. SAVEPOINT leaves no record; ROLLBACK TO it puts the sequence
 * back to what it was there (servers keep or cut what lies between, depending on the engines). Left out are
 * table maps without rows, annotations, BEGIN, XA END, the dummy row event that only ends a statement, and
 * with them everything that differs between nodes: table ids, log positions, checksums, xids, thread ids,
 * times, commit ids, flags, session variables, optional table metadata. Nodes must agree on binlog_row_image,
 * and on binlog_format where statements are logged.
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
    GROUP_END,       /* the last event of the transaction */
    GROUP_ABANDONED, /* a format description, itself outside: the server died while it wrote the group that
                        was open, which never happened; drop its events */
};

struct group *group_new(void);
void group_free(struct group *g); /* NULL is allowed */

/*
 * ERR_UNSUPPORTED, by name, for an event type that ccr does not know; ERR_INTEGRITY for events out of order;
 * ERR_RESYNC for an incident event (the server lost changes). After an error only group_reset and group_free
 * are allowed.
 */
struct err *group_feed(struct group *g, const struct binlog_event *e, enum group_place *place) CHECKED;
/* Forgets an unfinished group, and begins anew. */
void group_reset(struct group *g);

bool group_is_open(const struct group *g);
/* Of the group that is open or has just ended. */
const struct binlog_gtid *group_gtid(const struct group *g);
uint32_t group_time(const struct group *g); /* header time of its GTID event */
/* Statement inside (Query that is not BEGIN/COMMIT/..., LOAD DATA, INTVAR, ...), or part of an XA
 * transaction: `opaque` in the footer. */
bool group_is_opaque(const struct group *g);
/* After GROUP_END only. */
void group_digest(const struct group *g, char out[HASH_HEX_SIZE]);
/* Calls fn for each table map of the group as it is fed: set once; db and table are NUL-terminated copies. */
void group_on_table(struct group *g, void (*fn)(const char *db, const char *table, void *arg), void *arg);

#endif
