/*
 * charset - text between a client's character set and UTF-8, converted by the server, which knows them all.
 */
#ifndef CCR_MYSQL_CHARSET_H
#define CCR_MYSQL_CHARSET_H

#include "base/buf.h"
#include "mysql/conn.h"

/* UTF-8 in either of its forms, or no character set at all (NULL, "", "binary"): nothing is to be converted.
 */
bool charset_is_utf8(const char *charset);
bool charset_is_ascii(const void *text, size_t len); /* means the same in all of them */

/* The character set of a collation's id, malloc'ed; NULL for an id that the server does not know. The usual
 * ids of UTF-8 cost no query. */
struct err *charset_of_collation(struct conn *c, unsigned id, char **charset) CHECKED;

/*
 * Appends the text in the other character set, as if the connection used it. *exact is false where a
 * character has no place there (or the bytes are none of `from`); nothing is appended then. Text of ASCII
 * only, and UTF-8 to UTF-8, cost no query.
 */
struct err *charset_convert(struct conn *c, const char *from, const char *to, const void *text, size_t len,
                            struct buf *out, bool *exact) CHECKED;

#endif
