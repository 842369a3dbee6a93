/*
 * source_scope - what a snapshot is to hold: what --databases and its likes ask for (scope.h), and the
 * databases of the server that this leads into.
 *
 * source_scope_free ends it. System schemas and ccr's own database are never part of it.
 */
#ifndef CCR_BACKUP_SOURCE_SCOPE_H
#define CCR_BACKUP_SOURCE_SCOPE_H

#include <stddef.h>

#include "base/opt.h"
#include "mysql/conn.h"
#include "snapshot/partitions.h"
#include "snapshot/scope.h"

struct source_scope {
    struct scope scope;
    bool may_lack; /* what is named need not be there: its absence is what the snapshot tells */
    struct partitions partitions; /* of all tables in scope; none: whole tables */
    char **databases;             /* those that exist and hold, or may hold, something in scope */
    size_t database_count;
};

/* ERR_USAGE for a name that cannot be part of a snapshot. */
struct err *source_scope_read(const struct opts *opts, struct source_scope *out) CHECKED;

/*
 * Looks the databases up on the server, and checks that this user sees all of them and all that they hold:
 * what a privilege hides would be missing from the snapshot without an error. Repeatable.
 */
struct err *source_scope_resolve(struct conn *c, struct source_scope *scope) CHECKED;

/* ERR_SOURCE where this user might not see what there is in a database, or (NULL) of databases. */
struct err *source_scope_sees(struct conn *c, const char *db) CHECKED;

void source_scope_free(struct source_scope *scope); /* its members */

#endif
