/*
 * source_scope - what a snapshot is to hold: everything, or the databases and tables that --databases and
 * --tables name.
 *
 * Owns its strings; source_scope_free ends it. System schemas and ccr's own database are never part of it.
 */
#ifndef CCR_SNAPSHOT_SOURCE_SCOPE_H
#define CCR_SNAPSHOT_SOURCE_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/opt.h"
#include "mysql/conn.h"

struct scope_table {
    char *db;
    char *name;
};

struct source_scope {
    bool everything;
    char **databases; /* whole ones; with `everything` those that exist */
    size_t database_count;
    struct scope_table *tables; /* single ones, of databases that are not in the list above */
    size_t table_count;
};

/* ERR_USAGE for a name that cannot be part of a snapshot. */
struct err *source_scope_read(const struct opts *opts, struct source_scope *out) CHECKED;

/*
 * Looks the databases up on the server, and checks that this user sees all of them and all that they hold:
 * what a privilege hides would be missing from the snapshot without an error. Repeatable.
 */
struct err *source_scope_resolve(struct conn *c, struct source_scope *scope) CHECKED;

void source_scope_free(struct source_scope *scope); /* its members */

#endif
