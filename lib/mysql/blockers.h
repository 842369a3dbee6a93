/*
 * blockers - who may be holding the lock that was waited for in vain.
 *
 * The server tells who holds a metadata lock only with a plugin that is not there by default, so these are
 * the candidates: sessions with an open transaction or a running statement first, then idle ones (which may
 * hold LOCK TABLES or FLUSH TABLES WITH READ LOCK), without those that wait themselves. Needs the PROCESS
 * privilege.
 */
#ifndef CCR_MYSQL_BLOCKERS_H
#define CCR_MYSQL_BLOCKERS_H

#include "mysql/conn.h"

/*
 * Up to five candidates as text for a message ("connection 12 (app@db:4711, in a transaction for 30 s)"),
 * malloc'ed; NULL where there is none or they cannot be read. `own` lists connections of the caller, which
 * are left out.
 */
char *blockers_describe(struct conn *c, const uint64_t *own, size_t own_count);

#endif
