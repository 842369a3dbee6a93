/*
 * place_object - one view or program of a snapshot, made in its place on the target.
 */
#ifndef CCR_RESTORE_PLACE_OBJECT_H
#define CCR_RESTORE_PLACE_OBJECT_H

#include "base/log.h"
#include "restore/restore_plan.h"

/* What the objects of one restore are made with. Everything but `accounts` is borrowed. */
struct placing {
    struct conn *conn;
    const struct restore_plan *plan;
    char *const *definitions;
    struct account_list accounts; /* of the target */
    struct log *log;
};

enum place_as {
    PLACE_AS_DEFINED,
    PLACE_AS_OWN, /* defined by this connection's user, views with its rights: for a moment only */
};

/* Reads the target's accounts. account_list_free(&out->accounts) ends it. */
struct err *placing_begin(struct conn *c, const struct restore_plan *p, char *const *definitions,
                          struct log *log, struct placing *out) CHECKED;

/*
 * CREATE OR REPLACE of object i of the manifest, under the settings that it was made with on the source, and
 * with the names of the target. *number is the server's error number, 0 for success or a failure of ours.
 */
struct err *place_object(const struct placing *p, size_t i, enum place_as as, unsigned *number) CHECKED;

/*
 * Runs the CREATE statement of a view or program in database `db` under the settings that it was made with:
 * the session's, and the database's collation of that moment. *number as above; may be NULL.
 */
struct err *place_statement(struct conn *c, const char *db, const struct manifest_object *o,
                            const struct buf *sql, unsigned *number) CHECKED;

/* ALTER EVENT ... `status` ("ENABLE", "DISABLE ON SLAVE"); `definer` as information_schema.EVENTS has it. */
struct err *place_event_status(struct conn *c, const char *db, const char *name, const char *definer,
                               const char *status) CHECKED;

/* The object is in scope and of this kind. */
bool placing_has(const struct placing *p, size_t i, enum object_kind kind);

/*
 * Functions, procedures, packages and views. A view whose definer is missing or lacks rights cannot be
 * opened, and no other view over it be made: then all are first made in ccr's own name, and from the last one
 * back with their own definers. A view over something that is missing is warned of and left out.
 */
struct err *place_routines_and_views(const struct placing *p) CHECKED;

#endif
