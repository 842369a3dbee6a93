/*
 * chunk_middle - a value between two others of a column, to ask the index what lies before it.
 *
 * Values are what a row's SELECT gives (column_text.h). The orders are those of the server's types, for texts
 * only roughly: collations differ, and whoever uses the value asks the server where it lies. Pure.
 */
#ifndef CCR_BACKUP_CHUNK_MIDDLE_H
#define CCR_BACKUP_CHUNK_MIDDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mysql/catalog.h"

struct chunk_value {
    char *bytes; /* with a NUL behind them */
    size_t len;
};

enum chunk_order {
    ORDER_NONE,    /* nothing is known: no value between */
    ORDER_INTEGER, /* decimal digits */
    ORDER_REAL,    /* decimal digits, a point, an exponent */
    ORDER_DATE,    /* 2026-11-23 06:02:58.123456, as much of it as there is */
    ORDER_TIME,    /* -838:59:59.123456 */
    ORDER_BYTES,   /* byte by byte */
    ORDER_UUID,    /* 16 bytes; versions 1 to 5 lie in the index with their end first */
    ORDER_TEXT,    /* characters of one byte */
    ORDER_UTF8,
    ORDER_TEXT_FOLD, /* the same, where letters of both cases are equal */
    ORDER_UTF8_FOLD,
};

enum chunk_order chunk_order_of(const struct catalog_column *column);

/*
 * A value behind low, and at or before high, at about this share of the way between them; false where there
 * is none, or none is known. `scale`: digits behind the point of an ORDER_REAL. out->bytes is malloc'ed.
 */
bool chunk_middle(enum chunk_order order, unsigned scale, const struct chunk_value *low,
                  const struct chunk_value *high, double share, struct chunk_value *out);

#endif
