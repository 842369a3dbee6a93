/*
 * rows - table maps and row events: finding rows and fields, keeping their bytes as they are.
 *
 * A row image is never interpreted further than needed: its length, the bytes of single fields (keys), and
 * text for messages. Table maps and row events can be built around the original bytes. Structs point into the
 * event's bytes. Row events of version 1 (MariaDB) and 2 (MySQL 5.6) are read; compressed ones must be
 * decompressed first (binlog_event_decompress). A TIME, DATETIME or TIMESTAMP of the formats before MySQL 5.6
 * is read as one without a fraction: with one, as MariaDB 5.3 had it, its length cannot be told from the
 * table map, and the caller who knows the table must refuse it. Source of the layouts: MariaDB
 * sql/rpl_utility.h, sql/log_event.h, sql/field.cc.
 */
#ifndef CCR_BINLOG_ROWS_H
#define CCR_BINLOG_ROWS_H

#include "binlog/event.h"

enum { ROWS_MAX_COLUMNS = 4096 };

/* One column of a table map. */
struct rows_column {
    uint8_t
        type; /* rows_types.h, as in the event; MYSQL_TYPE_STRING already resolved to ENUM, SET or STRING */
    uint16_t metadata; /* normalised per type, see rows_map.c */
    bool nullable;
};

struct rows_table_map {
    uint64_t table_id;
    uint16_t flags;
    const char *db; /* not NUL-terminated in the event: these are, within the event's own NULs */
    size_t db_len;
    const char *table;
    size_t table_len;
    struct rows_column *columns; /* malloc'ed; rows_table_map_free */
    size_t column_count;
    const uint8_t *raw; /* column count, types, metadata, null bits (without optional metadata): equal for
                           equal shapes */
    size_t raw_len;
    const uint8_t *metadata; /* what follows them, where the source logs it: rows_metadata.h */
    size_t metadata_len;
};

struct err *rows_table_map_parse(const struct binlog_event *e, struct rows_table_map *out) CHECKED;
void rows_table_map_free(struct rows_table_map *m);

/* Appends a table map event (no checksum) for the same columns under other names and another id. */
void rows_table_map_build(struct buf *out, const struct rows_table_map *m, uint64_t table_id, const char *db,
                          const char *table, uint32_t time, uint32_t server_id);

enum rows_kind { ROWS_WRITE, ROWS_UPDATE, ROWS_DELETE };

enum rows_flags {
    ROWS_STMT_END = 0x01,
    ROWS_NO_FOREIGN_KEY_CHECKS = 0x02,
    ROWS_RELAXED_UNIQUE_CHECKS = 0x04,
    ROWS_COMPLETE = 0x08,
    ROWS_NO_CHECK_CONSTRAINT_CHECKS = 0x80,
};

struct rows_event {
    enum rows_kind kind;
    uint64_t table_id; /* ROWS_DUMMY_TABLE_ID: only marks the end of a statement */
    uint16_t flags;
    size_t column_count;
    const uint8_t *before_columns; /* bitmaps of the columns present, column_count bits */
    const uint8_t
        *after_columns;  /* for WRITE the one bitmap is the after image's, for DELETE the before image's */
    const uint8_t *rows; /* the row images, back to back */
    size_t rows_len;
    bool v2;
};

#define ROWS_DUMMY_TABLE_ID 0x00ffffffULL

bool rows_type_is_rows(uint8_t type);
struct err *rows_event_parse(const struct binlog_event *e, struct rows_event *out) CHECKED;

/* One row of an event: before and after image (NULL where the kind has none). */
struct rows_row {
    const uint8_t *before;
    size_t before_len;
    const uint8_t *after;
    size_t after_len;
};

/*
 * Walks the rows: start with *at = 0; *done = true at the end. ERR_INTEGRITY when the bytes do not fit the
 * table map, ERR_UNSUPPORTED for a column type that ccr does not know.
 */
struct err *rows_next(const struct rows_table_map *m, const struct rows_event *r, size_t *at,
                      struct rows_row *row, bool *done) CHECKED;
/* Walks all of them: how many there are, and whether each fits. */
struct err *rows_event_count(const struct rows_table_map *m, const struct rows_event *r,
                             uint64_t *count) CHECKED;

/* Every image holds every column. */
bool rows_event_is_full(const struct rows_event *r);

/* The bytes of one column in an image, without the length that stands in front of a string or blob; *value is
 * NULL for an SQL NULL or a column that is absent (*present says). */
struct err *rows_field(const struct rows_table_map *m, const uint8_t *present_columns, const uint8_t *image,
                       size_t image_len, size_t column, const uint8_t **value, size_t *len,
                       bool *present) CHECKED;

/* The bytes of one column, as rows_field gives them; NULL for an SQL NULL or an absent column. */
struct rows_value {
    const uint8_t *bytes;
    size_t len;
};

/* The first `count` columns of an image at once. */
struct err *rows_values(const struct rows_table_map *m, const uint8_t *present_columns, const uint8_t *image,
                        size_t image_len, size_t count, struct rows_value *out) CHECKED;

/*
 * Appends a readable form of a field's bytes for messages: numbers (`is_unsigned` decides the sign), temporal
 * values, quoted text; hexadecimal where the bytes are not printable UTF-8 or the type has no simple text.
 */
void rows_field_text(const struct rows_column *column, bool is_unsigned, const uint8_t *value, size_t len,
                     struct buf *out);

/* Appends a V1 row event header and bitmaps; append row images behind it, then binlog_event_finish(out,
 * start). */
size_t rows_event_begin(struct buf *out, enum rows_kind kind, uint64_t table_id, uint16_t flags,
                        size_t column_count, const uint8_t *before_columns, const uint8_t *after_columns,
                        uint32_t time, uint32_t server_id);

/* Sets the flags of a row event (V1) that begins at `start` in out. */
void rows_event_set_flags(struct buf *out, size_t start, uint16_t flags);

#endif
