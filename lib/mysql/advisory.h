/*
 * advisory - locks by name, which last as long as the connection that holds them.
 *
 * A Galera node has none: there everybody passes, and what is guarded by one needs another guard besides.
 */
#ifndef CCR_MYSQL_ADVISORY_H
#define CCR_MYSQL_ADVISORY_H

#include "mysql/conn.h"

/* Waits for up to `wait_s` seconds; *got is false where another connection has it still. */
struct err *advisory_lock(struct conn *c, const char *name, unsigned wait_s, bool *got) CHECKED;
struct err *advisory_unlock(struct conn *c, const char *name) CHECKED;
/* Whether any connection has it. */
struct err *advisory_is_locked(struct conn *c, const char *name, bool *is) CHECKED;
/* Whether this one has it; it may take it again, and lets go of it as often. */
struct err *advisory_is_own(struct conn *c, const char *name, bool *is) CHECKED;

#endif
