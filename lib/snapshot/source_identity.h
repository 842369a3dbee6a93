/*
 * source_identity - which table stands behind a name.
 *
 * A table that was renamed into another's place, as online schema changes do, may have the very same
 * definition; a snapshot opened before sees it empty or half filled, without an error. InnoDB's table numbers
 * tell them apart. Needs the PROCESS privilege. Tables of other engines have the identity "".
 */
#ifndef CCR_SNAPSHOT_SOURCE_IDENTITY_H
#define CCR_SNAPSHOT_SOURCE_IDENTITY_H

#include "snapshot/source_schema.h"

/* Fills in the identity of every table of the schema, with one query. */
struct err *source_identity_read_all(struct conn *c, struct source_schema *s) CHECKED;

/* That of one table; malloc'ed. */
struct err *source_identity_read(struct conn *c, const char *db, const char *name, char **out) CHECKED;

#endif
