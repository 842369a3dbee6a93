/*
 * source_schema - every object in a snapshot's scope, with the statement that creates it.
 *
 * Read on a connection whose session has character_set_results binary and sql_mode '' (source_session.h): the
 * statements of views, routines, triggers and events are then the bytes that their author sent, in the
 * character set that the object's entry names. Names inside a database's own objects stand without that
 * database where the server allows it, so a statement runs with its database as the default one. Objects come
 * in creation order (format/manifest.h).
 */
#ifndef CCR_BACKUP_SOURCE_SCHEMA_H
#define CCR_BACKUP_SOURCE_SCHEMA_H

#include "backup/source_scope.h"
#include "base/hash.h"
#include "base/log.h"
#include "format/manifest.h"
#include "mysql/catalog.h"

struct source_object {
    struct manifest_object entry; /* all but member and volume */
    char *sql;
    size_t sql_len;
    char hash[HASH_HEX_SIZE];    /* of the definition, without what may change at any time (counters) */
    char *identity;              /* table: what another table of the same definition does not share; or "" */
    struct catalog_table *table; /* tables only, and only of a schema read in full */
};

struct source_schema {
    bool in_full;
    struct source_object *objects;
    size_t count;
    size_t cap;
};

/* In full, or the definitions only, which is much faster with many tables. */
struct err *source_schema_read(struct conn *c, const struct source_scope *scope, bool in_full,
                               struct source_schema *out) CHECKED;
/* Appends the tables that were asked for by their names and are not there (may_lack): "shop.a, shop.b". */
void source_schema_missing(const struct source_scope *scope, const struct source_schema *s, struct buf *out);
/* Makes a schema full with the tables of an equal one that is. */
void source_schema_take_tables(struct source_schema *to, struct source_schema *from);
void source_schema_free(struct source_schema *s); /* its members */

/*
 * The first object that one has and the other has not, or that differs; malloc'ed text such as "table a.b",
 * or NULL.
 */
char *source_schema_difference(const struct source_schema *before, const struct source_schema *after);

/*
 * Reads the definitions of some tables again. *changed is the first one whose definition, or the table behind
 * its name, is another one now, or NULL.
 */
struct err *source_objects_check(struct conn *c, const struct source_object *const *tables, size_t count,
                                 const struct source_object **changed) CHECKED;

/* A table whose rows are its own: not a MERGE table or one whose rows lie on another server. */
bool source_object_has_rows(const struct source_object *object);
/* A table that must be locked to be copied as of the snapshot. */
bool source_object_needs_lock(const struct source_object *object);

/* "table a.b"; malloc'ed. */
char *source_object_text(const struct manifest_object *entry);

#endif
