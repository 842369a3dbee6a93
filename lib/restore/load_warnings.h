/*
 * load_warnings - whether a server's warnings after a load mean that rows were not taken as they are.
 *
 * With INSERT IGNORE, and with LOAD DATA LOCAL, every problem of a value is a warning, a duplicate key too.
 * Two are no loss: of what a generated column makes of good rows (its value is computed on the target as it
 * was on the source, with the same warning), and of an ENUM that held no member on the source.
 */
#ifndef CCR_RESTORE_LOAD_WARNINGS_H
#define CCR_RESTORE_LOAD_WARNINGS_H

#include "restore/restore_plan.h"

/* Right behind the statement. ERR_TARGET with the first warning that is neither, or where the server kept
 * fewer of them than it counted. */
struct err *load_warnings_check(struct conn *c, const struct restore_table *t) CHECKED;

#endif
