/*
 * touched - which tables and routines a data change names, and whether its result could differ elsewhere.
 *
 * Reads the tokens (sql_lex.h) of a statement, or of a view's or routine's definition, for the places where a
 * table or a call can stand. It finds too many names rather than too few (every word before a parenthesis
 * may be a stored function): who knows the catalog tells which there are. Pure.
 */
#ifndef CCR_BINLOG_TOUCHED_H
#define CCR_BINLOG_TOUCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum touched_role {
    TOUCHED_READ,    /* a table or view */
    TOUCHED_WRITTEN, /* the same */
    TOUCHED_CALLED,  /* maybe a stored function, or a procedure */
};

struct touched_name {
    enum touched_role role;
    char *db; /* NULL: the default database */
    char *name;
};

struct touched {
    struct touched_name *names;
    size_t count;
    size_t cap;
    bool unreadable;  /* not all names could be found: dynamic SQL, text without end */
    bool asks_for_db; /* DATABASE() or SCHEMA() */
    bool defaults;    /* columns may be given their defaults */
    bool of_session; /* CONNECTION_ID(); a DELETE of several tables, which servers mark like a temporary one's
                      */
    char *varies;    /* a function, variable or clause that gives another result on another server; or NULL */
};

void touched_read(const char *sql, size_t len, uint64_t sql_mode, struct touched *out);
void touched_free(struct touched *t); /* its members */

#endif
