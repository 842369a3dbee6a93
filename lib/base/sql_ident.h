/*
 * sql_ident - a name as SQL has it: in backticks, whatever characters it holds.
 */
#ifndef CCR_BASE_SQL_IDENT_H
#define CCR_BASE_SQL_IDENT_H

#include "base/buf.h"

/* Appends `name`, quoted. */
void sql_ident(struct buf *out, const char *name);

#endif
