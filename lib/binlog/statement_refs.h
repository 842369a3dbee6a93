/*
 * statement_refs - every place where a statement names an object, and as what.
 *
 * Reads the whole statement, bodies of programs included, as tokens: clauses are followed as far as needed to
 * know which names stand for tables (FROM and JOIN lists, targets of changes, DDL), programs, databases, and
 * which are only columns, aliases or variables. Names in strings and comments are not seen; executable
 * comments are text. Pure. A struct statement_refs owns its names (statement_refs_free); `text` leads into
 * the caller's statement.
 */
#ifndef CCR_BINLOG_STATEMENT_REFS_H
#define CCR_BINLOG_STATEMENT_REFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum ref_kind {
    REF_TABLE,     /* [db.]table: a table, view or sequence that is read or changed */
    REF_TARGET,    /* DELETE this FROM ...: a table or an alias */
    REF_PROGRAM,   /* [db.]routine, event, package: `db` is a database */
    REF_TRIGGER,   /* [db.]trigger */
    REF_DATABASE,  /* `db` alone */
    REF_COLUMN,    /* db.table[.column]: where a column is named in full */
    REF_QUALIFIER, /* name.column: a table, alias or variable (in `name`) */
    REF_ALIAS,     /* `name` is given to a table, a derived table or a common table expression */
    REF_ALONE,     /* any other name: a column, variable, label, keyword */
    REF_OPAQUE,    /* in SHOW, GRANT and the like: may be anything */
};

struct statement_ref {
    enum ref_kind kind;
    const char *text; /* from the database's first byte (or the name's) to the name's last */
    size_t len;
    size_t db_len; /* of the database as it is written; 0 where it is not */
    char *db;      /* NULL: not written */
    char *name;    /* NULL for REF_DATABASE */
    bool aliased;  /* REF_TABLE: another name stands for it */
    bool changed;  /* REF_TABLE: a change's or DDL's target, not only read */
};

struct statement_refs {
    struct statement_ref *items; /* in the order of the text */
    size_t count;
    size_t cap;
    bool program;  /* holds a body: names may be variables */
    bool dynamic;  /* PREPARE or EXECUTE IMMEDIATE: strings may be statements */
    bool opaque;   /* SHOW, GRANT and the like are inside */
    bool programs; /* calls routines that may do anything */
};

/* ERR_UNSUPPORTED for a text whose quotes or comments have no end. *out is set in any case. */
struct err *statement_refs_read(const char *sql, size_t len, uint64_t sql_mode,
                                struct statement_refs *out) CHECKED;
/* A name that the statement gives to a table, derived table or common table expression. */
bool statement_refs_has_alias(const struct statement_refs *r, const char *name);
void statement_refs_free(struct statement_refs *r); /* its members */

#endif
