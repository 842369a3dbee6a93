/*
 * schema_state - what the catalog says of the objects that a statement names, before and after it.
 *
 * The state goes into the intent row as JSON, and is compared after a crash. A table is known by the server's
 * own ids of it (InnoDB's table ids, which a rebuild and a TRUNCATE change) and by the hash of its
 * definition.
 */
#ifndef CCR_REPLAY_SCHEMA_STATE_H
#define CCR_REPLAY_SCHEMA_STATE_H

#include <jansson.h>

#include "binlog/statement.h"
#include "mysql/conn.h"

/* An object of the target. `name` is NULL for a database. */
struct schema_object {
    enum statement_kind kind;
    enum statement_role role;
    char *db;
    char *name;
};

struct schema_objects {
    struct schema_object *items;
    size_t count;
    size_t cap;
};

void schema_objects_free(struct schema_objects *o); /* its members */
/* Tables, sequences and views share their names. */
bool schema_kind_is_table(enum statement_kind kind);
bool schema_object_is_table(const struct schema_object *o);

/* *out is an array with one object for each item, in order: {"exists", "hash", "ids"}; the caller's. */
struct err *schema_state_read(struct conn *c, const struct schema_objects *objects, json_t **out) CHECKED;
bool schema_state_exists(const json_t *state, size_t object);
const char *schema_state_hash(const json_t *state, size_t object); /* "" for what is no table */

/* A server killed in the middle of a CREATE may leave a definition without a table behind it (error 1932), or
 * a sequence without its row (1032). */
bool schema_state_is_broken(const json_t *state, size_t object);

enum schema_outcome {
    SCHEMA_NOT_DONE,  /* to be run */
    SCHEMA_RUN_AGAIN, /* perhaps done, perhaps in part: to be run again in a form that can be repeated */
    SCHEMA_DEBRIS,    /* not done, and the start of it is in the way: schema_state_is_broken() names it */
    SCHEMA_DONE,
    SCHEMA_UNDECIDED,
};

/* What became of a statement, from the states before it and now. */
enum schema_outcome schema_state_outcome(const struct statement *s, const struct schema_objects *objects,
                                         const json_t *before, const json_t *now);

#endif
