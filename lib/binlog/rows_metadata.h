/*
 * rows_metadata - what a table map tells of its columns beyond types and lengths.
 *
 * Logged where the source has binlog_row_metadata=MINIMAL (signs, character sets, kinds of geometry) or FULL
 * (names, the members of ENUM and SET, the primary key as well); by default (NO_LOG) nothing is. Each part
 * may be missing. Structs point into the event's bytes. Pure. Source of the layout: MariaDB sql/log_event.h,
 * Table_map_log_event.
 */
#ifndef CCR_BINLOG_ROWS_METADATA_H
#define CCR_BINLOG_ROWS_METADATA_H

#include "binlog/rows.h"

enum rows_sign { ROWS_SIGN_UNKNOWN, ROWS_SIGNED, ROWS_UNSIGNED };

/* Of the OGC, and of every server. */
enum rows_geometry {
    ROWS_GEOMETRY = 0,
    ROWS_POINT = 1,
    ROWS_LINESTRING = 2,
    ROWS_POLYGON = 3,
    ROWS_MULTIPOINT = 4,
    ROWS_MULTILINESTRING = 5,
    ROWS_MULTIPOLYGON = 6,
    ROWS_GEOMETRYCOLLECTION = 7,
};

struct rows_column_metadata {
    enum rows_sign sign;
    uint64_t collation; /* the server's number; 0: not told */
    bool has_geometry;
    uint64_t geometry; /* enum rows_geometry */
    const char *name;  /* NULL: not told; not NUL-terminated */
    size_t name_len;
    bool has_members;
    uint64_t member_count;
    struct cursor members; /* rows_member_next */
};

struct rows_metadata {
    struct rows_column_metadata *columns; /* malloc'ed; rows_metadata_free */
    size_t column_count;
    bool has_names;
    size_t *primary; /* columns of the primary key, or of the unique key that stands for it; malloc'ed */
    size_t primary_count;
};

/* ERR_INTEGRITY where the bytes do not fit the columns, ERR_UNSUPPORTED for a part that ccr does not know. */
struct err *rows_metadata_parse(const struct rows_table_map *m, struct rows_metadata *out) CHECKED;
void rows_metadata_free(struct rows_metadata *m);

/* The next member of an ENUM or SET, as bytes in the column's character set; false at the end. */
bool rows_member_next(struct cursor *members, const uint8_t **bytes, size_t *len);

#endif
