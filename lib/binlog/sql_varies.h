/*
 * sql_varies - functions that give another value on another server.
 *
 * What a function gives that the log tells of is not among them: NOW(), RAND(), LAST_INSERT_ID() and
 * CONNECTION_ID() of a statement are as they were on the source. Pure.
 */
#ifndef CCR_BINLOG_SQL_VARIES_H
#define CCR_BINLOG_SQL_VARIES_H

#include "binlog/sql_lex.h"

/* The name of a function whose value is the server's own, or the moment's; a parenthesis makes it a call. */
bool sql_function_varies(const struct sql_token *name);

#endif
