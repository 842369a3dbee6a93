/*
 * statement - what a logged statement does, read no further than needed to know its verb and the objects it
 * names.
 *
 * Works on tokens (sql_lex.h), under the sql_mode of the statement's session (ANSI_QUOTES,
 * NO_BACKSLASH_ESCAPES, ORACLE change lexing) and with executable comments taken as text. Never guesses: a
 * statement whose verb or objects cannot be told is STATEMENT_UNKNOWN, and the caller stops. Pure: no I/O; a
 * struct statement owns its names (statement_free); offsets lead into the caller's text.
 */
#ifndef CCR_BINLOG_STATEMENT_H
#define CCR_BINLOG_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum statement_action {
    STATEMENT_UNKNOWN,
    STATEMENT_CREATE,
    STATEMENT_ALTER, /* also CREATE INDEX, DROP INDEX: `kind` is TABLE, the table is named */
    STATEMENT_DROP,
    STATEMENT_RENAME,      /* RENAME TABLE: names come in pairs FROM, TO, in order */
    STATEMENT_TRUNCATE,    /* TRUNCATE TABLE */
    STATEMENT_ACCOUNT,     /* users, roles, grants, passwords */
    STATEMENT_MAINTENANCE, /* ANALYZE, OPTIMIZE, REPAIR, CHECK, FLUSH, ...: changes no data */
    STATEMENT_DML,         /* INSERT, UPDATE, DELETE, REPLACE, LOAD DATA, CALL, DO, SELECT, SET, ... */
    STATEMENT_TRANSACTION, /* BEGIN, COMMIT, ROLLBACK */
    STATEMENT_SAVEPOINT,   /* SAVEPOINT, ROLLBACK TO, RELEASE */
    STATEMENT_XA,          /* XA START, END, PREPARE, COMMIT, ROLLBACK */
    STATEMENT_SERVER, /* CREATE/DROP/ALTER SERVER, INSTALL, CREATE FUNCTION ... SONAME, LOAD INDEX, ... */
};

enum statement_kind {
    STATEMENT_NO_OBJECT,
    STATEMENT_DATABASE,
    STATEMENT_TABLE,
    STATEMENT_SEQUENCE,
    STATEMENT_VIEW,
    STATEMENT_FUNCTION,
    STATEMENT_PROCEDURE,
    STATEMENT_PACKAGE,
    STATEMENT_PACKAGE_BODY,
    STATEMENT_TRIGGER,
    STATEMENT_EVENT,
};

enum statement_role {
    STATEMENT_OBJECT, /* created, altered, dropped, truncated: what the statement changes */
    STATEMENT_FROM,   /* RENAME TABLE a TO b; ALTER TABLE a RENAME TO b: `a` is OBJECT there, `b` is TO */
    STATEMENT_TO,
    STATEMENT_EXCHANGED,  /* ALTER TABLE ... EXCHANGE PARTITION p WITH TABLE this: changed as well; CONVERT
                             TABLE this TO PARTITION, CONVERT PARTITION p TO TABLE this */
    STATEMENT_REFERENCED, /* only looked at: LIKE this, REFERENCES this, UNION=(this), a trigger's table is
                             STATEMENT_ON */
    STATEMENT_ON,         /* CREATE TRIGGER ... ON this */
};

struct statement_name {
    enum statement_role role;
    char *db;   /* unquoted; NULL: the session's default database */
    char *name; /* unquoted; NULL for a database (`db` names it; NULL in ALTER DATABASE of the default one) */
};

struct statement {
    enum statement_action action;
    enum statement_kind kind;
    bool if_exists;
    bool if_not_exists;
    bool or_replace;
    bool temporary;
    bool with_select;     /* CREATE TABLE ... SELECT */
    bool imports;         /* ALTER TABLE ... IMPORT/DISCARD TABLESPACE: cannot be replayed */
    bool truncates;       /* ALTER TABLE ... TRUNCATE PARTITION: running it again changes nothing */
    bool takes_partition; /* ALTER TABLE ... DROP, TRUNCATE, EXCHANGE, CONVERT PARTITION: of the rows in it */
    bool volatile_default; /* ALTER TABLE ... ADD: a default that gives other values on another server */
    bool numbers_rows;     /* ALTER TABLE: a column becomes AUTO_INCREMENT */
    bool drops_duplicates; /* ALTER IGNORE */
    struct statement_name *names; /* every object whose name decides about scope, in order of appearance */
    size_t name_count;
};

/* Never fails: what it does not understand is STATEMENT_UNKNOWN. */
void statement_parse(const char *sql, size_t len, uint64_t sql_mode, struct statement *out);
void statement_free(struct statement *s); /* its members */

/* "DROP TABLE", "CREATE EVENT", "INSERT or other data change", ... for messages. */
const char *statement_name_of(const struct statement *s);

/* How a name of the source is called on the target: a database (`name` NULL), or a table. */
struct statement_rename {
    char *db;
    char *name;
    char *to_db;
    char *to_name;
};

struct statement_renames {
    struct statement_rename *items;
    size_t count;
};

void statement_renames_add(struct statement_renames *r, const char *db, const char *name, const char *to_db,
                           const char *to_name);          /* copies; NULL for both names: a database */
void statement_renames_free(struct statement_renames *r); /* its members */

/*
 * Appends the statement with databases and tables named as they are on the target, wherever they are named
 * (also in the bodies of views and programs, and the database of CREATE/ALTER/DROP DATABASE). `default_db` is
 * that of the session, by its source name ("" for none): it decides what a table's name alone means.
 * ERR_UNSUPPORTED where it cannot be told what a name means. Names inside of strings and comments stay as
 * they are.
 */
struct err *statement_rename(const char *sql, size_t len, uint64_t sql_mode, const char *default_db,
                             const struct statement_renames *renames, struct buf *out) CHECKED;

/*
 * Appends a DROP statement (tables, views, sequences, databases, programs) with IF EXISTS put in, any other
 * statement unchanged (as where it is there), for
 * running it again after a crash.
 */
void statement_add_if_exists(const char *sql, size_t len, uint64_t sql_mode, struct buf *out);

#endif
