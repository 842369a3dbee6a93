/*
 * row_text - rows as LOAD DATA text: fields divided by tabs, rows by newlines, backslash as escape.
 *
 * Pure. Only tab, newline, backslash and NUL are escaped (\t, \n, \\, \0), and an SQL NULL is \N: everything
 * else, any byte of any character set, stands as it is, since the text is loaded with CHARACTER SET binary.
 */
#ifndef CCR_SNAPSHOT_ROW_TEXT_H
#define CCR_SNAPSHOT_ROW_TEXT_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Appends one row of `count` fields; NULL in `fields` is an SQL NULL. `plain[i]` promises that field i never
 * holds a byte that must be escaped (numbers, dates). Returns the bytes of the row's values.
 */
size_t row_text_append(struct buf *out, char **fields, const unsigned long *lengths, const bool *plain,
                       unsigned count);

#endif
