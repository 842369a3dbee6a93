/*
 * ddl - the few changes that a definition needs on its way into staging and into place.
 *
 * Works on what SHOW CREATE prints, whose form is fixed (backticks, one clause a line), not on statements as
 * people write them: for bodies of views, routines, triggers and events the lexer of binlog/statement.h does
 * the renaming. Everything is appended to `out`.
 */
#ifndef CCR_RESTORE_DDL_H
#define CCR_RESTORE_DDL_H

#include "restore/restore_plan.h"

/* Where a table's references lead: while it is loaded, and once it is in place. */
enum ddl_place { DDL_STAGE, DDL_TARGET };

/*
 * CREATE TABLE with the tables that its foreign keys refer to and the sequences of its defaults named where
 * they are. A table outside the plan is referred to by its place on the target.
 */
void ddl_place_table(const struct restore_plan *p, const struct restore_table *t, const char *sql,
                     enum ddl_place place, struct buf *out);
/* CREATE TABLE without the foreign keys that lead out of the plan. */
void ddl_keys_inside(const struct restore_plan *p, const struct restore_table *t, const char *sql,
                     struct buf *out);

/* Of a clause "CONSTRAINT `a` FOREIGN KEY ..." of a table in `db`: the table that it refers to (malloc'ed;
 * NULL where there is none); the clause with that name's database; does it change rows of its own table? */
void ddl_reference(const char *clause, const char *db, char **ref_db, char **ref_name);
void ddl_qualify(const char *clause, const char *db, struct buf *out);
bool ddl_cascades(const char *clause);

/* An expression that names staging databases, with the target's instead. */
void ddl_unstage(const struct restore_plan *p, const char *expression, struct buf *out);
/* A default of the table takes values from a sequence. */
bool ddl_uses_sequence(const struct restore_table *t, const char *sql);

/* Calls fn with name and clause ("CONSTRAINT `a` FOREIGN KEY ...") of every foreign key of a CREATE TABLE. */
void ddl_each_foreign_key(const char *sql, void (*fn)(const char *name, const char *clause, void *arg),
                          void *arg);

/* The same for every plain key, that is neither primary, unique, FULLTEXT nor SPATIAL. */
void ddl_each_key(const char *sql, void (*fn)(const char *name, const char *clause, void *arg), void *arg);

/*
 * Appends "ALTER `a` DROP DEFAULT, ..." for what a CREATE TABLE cannot say: of a COMPRESSED column that is
 * NOT NULL and has no default the server prints no default, and takes that for DEFAULT ''.
 */
void ddl_missing_defaults(const char *sql, struct buf *out);

/* A sql_mode as the lexer needs it: what changes the meaning of quotes and backslashes, in the server's
 * numbers. */
uint64_t ddl_lexing_mode(const char *sql_mode);

/* CREATE OR REPLACE for CREATE. */
struct err *ddl_or_replace(const char *sql, struct buf *out) CHECKED;
/* A CREATE EVENT with its ENABLE or DISABLE replaced by DISABLE ON SLAVE. */
struct err *ddl_disable_event(const char *sql, struct buf *out) CHECKED;
/* What follows the name in a CREATE DATABASE: its defaults. */
struct err *ddl_database_defaults(const char *sql, struct buf *out) CHECKED;
/* Databases and tables named as they are called on the target; the text is read in the character set of the
 * client that made the object, and stays in it. */
struct err *ddl_rename(struct conn *c, const struct restore_plan *p, const struct manifest_object *o,
                       const char *sql, struct buf *out) CHECKED;
/* Before anything is loaded, for behind the swap it would be too late: can the names be changed in all views,
 * programs, triggers and events of the plan? */
struct err *ddl_check_renames(struct conn *c, const struct restore_plan *p, char *const *definitions) CHECKED;

#endif
