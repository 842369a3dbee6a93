/*
 * statement_dml - data changes that the source logged as statements.
 *
 * They run on the target in the session they ran in on the source (names of databases and tables as on the
 * target), inside of the batch's transaction, behind all changes before them. What reach.h finds against that
 * stops the run. A statement that changes a table without transactions is committed by itself with an intent,
 * as rows of such tables are.
 */
#ifndef CCR_REPLAY_STATEMENT_DML_H
#define CCR_REPLAY_STATEMENT_DML_H

#include "replay/schema_change.h"

/* s->sql is not set yet. With `load`, a LOAD DATA, whose file is in the prelude. */
struct err *statement_dml(struct schema_change *s, const struct binlog_load *load) CHECKED;

#endif
