/*
 * target_session - the session settings of a restore's connections.
 */
#ifndef CCR_SNAPSHOT_TARGET_SESSION_H
#define CCR_SNAPSHOT_TARGET_SESSION_H

#include "base/log.h"
#include "format/manifest.h"
#include "mysql/conn.h"

/* Settings under which anything can be created, and that outlast a long run. With skip_binlog nothing of this
 * session goes into the target's binlog. */
struct err *target_session_set(struct conn *c, bool skip_binlog) CHECKED;
/* In addition: rows are taken as they are. */
struct err *target_session_for_rows(struct conn *c) CHECKED;
/* Makes `db` the default, and takes the settings under which an object was made on the source. */
struct err *target_session_for_object(struct conn *c, const char *db,
                                      const struct manifest_object *o) CHECKED;
/* Back to target_session_set's. */
struct err *target_session_reset(struct conn *c) CHECKED;

/*
 * Runs the CREATE statement of one object under its own settings; resets them, also on failure. *number (may
 * be NULL) is the server's error number, 0 for success.
 */
struct err *target_create_object(struct conn *c, const char *db, const struct manifest_object *o,
                                 const struct buf *sql, unsigned *number) CHECKED;

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
