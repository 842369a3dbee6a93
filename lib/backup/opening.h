/*
 * opening - several connections that read one and the same state of the source, and its position in the log.
 *
 * Each connection opens a consistent snapshot; if all report the same place in the binlog, no commit came
 * between them, and nothing had to be locked. On a server too busy for that, commits are held for the moment
 * of opening (BACKUP STAGE), with a limit on the wait. Tables of engines without transactions are locked for
 * reading from before the snapshot until they have been copied.
 *
 * Order of calls: new; then, repeatable, lock_tables and snapshot; then position; read on `workers`;
 * unlock_tables; free. Not thread-safe, except that each worker connection may be used by its own thread.
 */
#ifndef CCR_BACKUP_OPENING_H
#define CCR_BACKUP_OPENING_H

#include "backup/source_schema.h"
#include "base/log.h"
#include "mysql/server.h"

struct opening_params {
    const struct conn_params *conn;
    size_t threads;
    unsigned lock_wait_s;
    unsigned xa_wait_s;
    struct log *log;
};

struct opening {
    struct opening_params params;
    struct server_info server;
    struct conn *control; /* for queries about the schema: sees the present, not the snapshot */
    struct conn **workers;
    size_t count;
    struct conn *locker; /* holds LOCK TABLES; NULL when nothing is locked */
    char *file;          /* the snapshot's place in the binlog */
    uint64_t offset;
    bool position_known;
    struct gtid_pos position; /* opening_position() fills it in */
};

/* Connects, and refuses a server that cannot be a source. */
struct err *opening_new(const struct opening_params *params, struct opening *out) CHECKED;

/* Locks the schema's tables without transactions for reading, if there are any. */
struct err *opening_lock_tables(struct opening *o, const struct source_schema *schema) CHECKED;
struct err *opening_unlock_tables(struct opening *o) CHECKED;

/* Opens the snapshot on all workers; waits until no XA transaction is prepared. */
struct err *opening_snapshot(struct opening *o) CHECKED;

/* Finds the snapshot's GTID position. On a busy server it reads the binlog file up to its place: seconds for
 * a large one, so it comes when nothing else waits. */
struct err *opening_position(struct opening *o) CHECKED;

void opening_free(struct opening *o); /* its members */

#endif
