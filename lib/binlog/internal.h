/*
 * internal - what the files of lib/binlog share, and nobody else includes.
 */
#ifndef CCR_BINLOG_INTERNAL_H
#define CCR_BINLOG_INTERNAL_H

#include "binlog/event.h"

/* Where the fields of a common header lie. */
enum { HEADER_TYPE_AT = 4, HEADER_LENGTH_AT = 9, HEADER_NEXT_AT = 13, HEADER_FLAGS_AT = 17 };

/* Thread id 4, execution time 4, length of the database's name 1, error 2, length of the status variables 2.
 */
enum { QUERY_FIXED_LEN = 13 };

/* Behind the fixed part of an EXECUTE_LOAD_QUERY: file id, start and end of the file's name in the
 * statement (4 bytes each), how duplicates are handled (1). */
enum { LOAD_QUERY_EXTRA = 13 };

/* ERR_INTEGRITY: "Table_map event (type 19): WHAT". */
struct err *binlog_malformed(uint8_t type, const char *what) CHECKED;

/* Everything of a query event in front of its statement; *c is left at the statement. */
struct err *binlog_query_head(const struct binlog_event *e, struct cursor *c, struct binlog_query *q) CHECKED;

/* Bytes of a DECIMAL of so many digits, `scale` of them behind the point. */
size_t rows_decimal_bytes(unsigned precision, unsigned scale);

/*
 * Appends to out the original of what log_bin_compress wrote. It is refused when larger than `limit`, or than
 * zlib can make of `len` bytes, before memory is taken for it.
 */
struct err *binlog_inflate(uint8_t type, const uint8_t *bytes, size_t len, size_t limit,
                           struct buf *out) CHECKED;

#endif
