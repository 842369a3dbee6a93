/*
 * relayed - tables of a source that are not its own: a job replicates them to it from elsewhere.
 *
 * In a snapshot they make the server the middle of a chain. That is to be wanted (--relay): where two servers
 * follow each other, a change of one would come back to it as the other's. The log needs no such border. What
 * no snapshot of a stream holds, no job follows; and what is followed must have all of its log.
 */
#ifndef CCR_BACKUP_RELAYED_H
#define CCR_BACKUP_RELAYED_H

#include "mysql/conn.h"
#include "snapshot/scope.h"

/* ERR_UNSAFE, naming tables and jobs, where any such table is in scope. */
struct err *relayed_refuse(struct conn *c, const struct scope *scope) CHECKED;

#endif
