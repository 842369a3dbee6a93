/*
 * schema_text - the text of a statement of the log: read as UTF-8 whatever its client spoke, written for that
 * client again.
 *
 * Names in a job's scope, in the catalog and in ccr's tables are UTF-8; those in a statement are in the
 * character set of the session that sent it. (And text in big5, gbk, sjis or cp932 cannot be read byte by
 * byte: sql_lex.h.) So everything between the two calls sees UTF-8, and what runs on the target are the
 * source's bytes, but for names that are called otherwise: a literal behind an introducer (_binary'...')
 * means its bytes, and views and programs keep the character set that they were made in.
 *
 * The target's server converts. Text that it cannot take there and back stays as it is; so does what is
 * larger than 64 KiB, which is data rather than names.
 */
#ifndef CCR_REPLAY_SCHEMA_TEXT_H
#define CCR_REPLAY_SCHEMA_TEXT_H

#include "replay/schema_change.h"

/* s->query becomes a copy in UTF-8, if it is not that already. */
struct err *schema_text_read(struct schema_change *s) CHECKED;
/* `sql`, made of the text, as the client of the source would have sent it. */
struct err *schema_text_write(struct schema_change *s, struct buf *sql) CHECKED;

#endif
