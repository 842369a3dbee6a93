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

/* The form of the text, as LOAD DATA is told; delimiters as hexadecimal literals mean the same under every
 * sql_mode. */
#define ROW_TEXT_LOAD                                                                                        \
    "CHARACTER SET binary FIELDS TERMINATED BY 0x09 ESCAPED BY 0x5C LINES TERMINATED BY 0x0A "

/*
 * Appends one row of `count` fields; NULL in `fields` is an SQL NULL. `plain[i]` promises that field i never
 * holds a byte that must be escaped (numbers, dates). Returns the bytes of the row's values.
 */
size_t row_text_append(struct buf *out, char **fields, const unsigned long *lengths, const bool *plain,
                       unsigned count);

/* A row that is being read back, field by field, in the place where its text lies. */
struct row_text {
    char *at;     /* the next field; NULL behind the last one */
    char *end;    /* the row's newline */
    bool escapes; /* somewhere in it is a backslash */
};

/* Opens the row at the beginning of a text. Its length with the newline; 0 where the newline is missing. */
size_t row_text_open(struct row_text *row, char *text, size_t len);
/* The next field, its escapes undone; *field is NULL for an SQL NULL. False where there is none, or where a
 * backslash stands before what ccr does not escape. */
bool row_text_field(struct row_text *row, char **field, unsigned long *len);

#endif
