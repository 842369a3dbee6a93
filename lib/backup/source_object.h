/*
 * source_object - one object of the schema as SHOW CREATE tells it; private to source_schema.c.
 */
#ifndef CCR_BACKUP_SOURCE_OBJECT_H
#define CCR_BACKUP_SOURCE_OBJECT_H

#include "backup/source_schema.h"

/* What is known of an object before it is read. */
struct source_name {
    enum object_kind kind;
    const char *db;
    const char *name;   /* not for a database */
    const char *table;  /* trigger */
    const char *status; /* event */
    char *sql;          /* table: its definition, taken over */
};

/* Reads the object and appends it. One that has vanished meanwhile is left out. */
struct err *source_object_add(struct conn *c, struct source_schema *out,
                              const struct source_name *name) CHECKED;

void source_object_free(struct source_object *object); /* its members */

#endif
