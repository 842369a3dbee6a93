/*
 * source_marks - the characters that SHOW CREATE TABLE does not tell.
 *
 * The server prints members of ENUM and SET, and quoted defaults, in UTF-8 of at most three bytes: a
 * character beyond U+FFFF comes as '?', and so do bytes that are none. It tells the members to a variable of
 * the column's type, and the default to DEFAULT(); SELECT on the table is enough for both. Only what shows a
 * '?' is asked for.
 */
#ifndef CCR_BACKUP_SOURCE_MARKS_H
#define CCR_BACKUP_SOURCE_MARKS_H

#include "backup/source_schema.h"
#include "base/log.h"

/*
 * Corrects a table's object->sql; its hash stays that of the text that the server shows. Warns of a '?' of
 * which the server does not tell what it is; ERR_UNSUPPORTED for bytes that no statement would bring back.
 */
struct err *source_marks_fill(struct conn *c, struct log *log, struct source_object *table) CHECKED;

/*
 * Appends a literal as SHOW CREATE has it, '...', each '?' as what it is in `exact` (UTF-8). False where the
 * two are not the same text otherwise.
 */
bool source_marks_literal(const char *shown, size_t len, const struct buf *exact, struct buf *out);

#endif
