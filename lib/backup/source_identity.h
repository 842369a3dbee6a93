/*
 * source_identity - which table stands behind a name.
 *
 * A table that was renamed into another's place, as online schema changes do, may have the very same
 * definition; a snapshot opened before sees it empty or half filled, without an error. InnoDB's table numbers
 * tell them apart. Needs the PROCESS privilege. Tables of other engines have the identity "".
 */
#ifndef CCR_BACKUP_SOURCE_IDENTITY_H
#define CCR_BACKUP_SOURCE_IDENTITY_H

#include "backup/source_schema.h"

/*
 * Fills in the identities of these tables (sorting the array), with one query: it reads InnoDB's list of all
 * tables, so ask for many at a time.
 */
struct err *source_identity_read(struct conn *c, struct source_object **tables, size_t count) CHECKED;

#endif
