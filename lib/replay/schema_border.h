/*
 * schema_border - statements that touch what a job follows and what it does not, where they can be replayed
 * exactly: DROP and RENAME of several tables (those in scope), a table renamed out of scope (dropped), DROP
 * and CREATE DATABASE of a database that is followed in part (only what is followed goes; made unless it is
 * there).
 */
#ifndef CCR_REPLAY_SCHEMA_BORDER_H
#define CCR_REPLAY_SCHEMA_BORDER_H

#include "replay/schema_change.h"

/* CREATE and DROP of the database mean all that the target has under its name. */
bool schema_border_is_plain(const struct scope *s, const char *db);
/* The objects and the text, according to s->border. */
struct err *schema_border_translate(struct schema_change *s) CHECKED;
/* LEAVE and CLEAR: drops the objects. Can be repeated. */
struct err *schema_border_drop(const struct schema_change *s) CHECKED;
/*
 * A new table takes character set and collation of its database, unless it names them: ERR_UNSUPPORTED where
 * it is renamed into a database of other defaults.
 */
struct err *schema_border_check_defaults(const struct schema_change *s) CHECKED;
void schema_border_add(struct schema_change *s, enum statement_role role, struct scope_name target);

#endif
