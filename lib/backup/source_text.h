/*
 * source_text - the definition of a program as a text that can be run; private to source_object.c.
 *
 * A program keeps the bytes that its author's client sent, in that client's character set. Around them SHOW
 * CREATE prints parts of its own, and some of these in UTF-8 (seen on MariaDB 10.11, with
 * character_set_results binary): a trigger's definer, all that precedes an event's body, RETURNS and COMMENT
 * of a routine. It also prints every comment with backslash escapes, which a program with
 * NO_BACKSLASH_ESCAPES takes literally.
 */
#ifndef CCR_BACKUP_SOURCE_TEXT_H
#define CCR_BACKUP_SOURCE_TEXT_H

#include "backup/source_schema.h"

/*
 * Brings object->sql into the one character set of its entry, and its comment into its sql_mode.
 * ERR_UNSUPPORTED for what has no place in that character set.
 */
struct err *source_text_settle(struct conn *c, struct source_object *object) CHECKED;

#endif
