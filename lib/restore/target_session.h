/*
 * target_session - the session settings of a restore's connections.
 */
#ifndef CCR_RESTORE_TARGET_SESSION_H
#define CCR_RESTORE_TARGET_SESSION_H

#include "base/log.h"
#include "format/manifest.h"
#include "mysql/conn.h"

/* Settings under which anything can be created, and that outlast a long run. */
struct err *target_session_set(struct conn *c) CHECKED;
/* In addition: rows are taken as they are. */
struct err *target_session_for_rows(struct conn *c) CHECKED;
/*
 * Runs CREATE statements of objects, each under its own settings and with `db` as the default database. Of
 * several, only what differs from the one before is set; target_creator_end goes back to
 * target_session_set's, also after a failure.
 */
struct target_creator {
    struct conn *conn;
    const char *db; /* borrowed, as is `last`: what the session is set for; NULL: nothing */
    const struct manifest_object *last;
};
struct err *target_creator_run(struct target_creator *t, const char *db, const struct manifest_object *o,
                               const struct buf *sql) CHECKED;
struct err *target_creator_end(struct target_creator *t) CHECKED;

/* Both, for one object. *number (may be NULL) is the server's error number, 0 for success. */
struct err *target_create_object(struct conn *c, const char *db, const struct manifest_object *o,
                                 const struct buf *sql, unsigned *number) CHECKED;

/* One database, if it is there. What a killed server left in its folder may go within a while. */
struct err *target_drop_database(struct conn *c, const char *name) CHECKED;
/* The N of every database PREFIX_JOB_N ("ccr_stage", "ccr_old"), sorted. free(*numbers), also on failure. */
struct err *target_numbered_databases(struct conn *c, const char *prefix, const char *job,
                                      unsigned long **numbers, size_t *count) CHECKED;
/*
 * Drops them, the lowest N first. One whose folder the server cannot remove is an error, or, with `log`,
 * named in a warning and left.
 */
struct err *target_drop_databases(struct conn *c, const char *prefix, const char *job,
                                  struct log *log) CHECKED;

#endif
