/*
 * context - what the log says before a statement that its result depends on: INTVAR, RAND and USER_VAR
 * events, and the file of a LOAD DATA.
 *
 * Pure, like event.h: pointers lead into the event's bytes, anything malformed is ERR_INTEGRITY.
 */
#ifndef CCR_BINLOG_CONTEXT_H
#define CCR_BINLOG_CONTEXT_H

#include "binlog/event.h"

struct binlog_intvar {
    bool insert_id; /* the first AUTO_INCREMENT value to give; otherwise what LAST_INSERT_ID() returns */
    uint64_t value;
};

struct err *binlog_intvar_parse(const struct binlog_event *e, struct binlog_intvar *out) CHECKED;

struct err *binlog_rand_parse(const struct binlog_event *e, uint64_t seeds[2]) CHECKED;

enum binlog_user_var_type {
    USER_VAR_NULL,
    USER_VAR_TEXT,  /* bytes in the collation `collation` */
    USER_VAR_NUMBER /* see binlog_user_var_number */
};

struct binlog_user_var {
    const char *name; /* UTF-8, not NUL-terminated */
    size_t name_len;
    enum binlog_user_var_type type;
    uint32_t collation; /* its id */
    const uint8_t *value;
    size_t value_len;
    uint8_t result; /* as the event has it: 1 double, 2 integer, 4 decimal */
    bool is_unsigned;
};

struct err *binlog_user_var_parse(const struct binlog_event *e, struct binlog_user_var *out) CHECKED;
/* Appends a number as an SQL expression of the same value, type and precision. */
void binlog_user_var_number(const struct binlog_user_var *v, struct buf *out);

/* BEGIN_LOAD_QUERY, APPEND_BLOCK and DELETE_FILE (without bytes). */
struct binlog_file_block {
    uint32_t file_id;
    const uint8_t *bytes;
    size_t len;
};

struct err *binlog_file_block_parse(const struct binlog_event *e, struct binlog_file_block *out) CHECKED;

enum binlog_duplicates { LOAD_DUPLICATES_FAIL, LOAD_DUPLICATES_IGNORE, LOAD_DUPLICATES_REPLACE };

/* What an EXECUTE_LOAD_QUERY has besides its statement (binlog_query_parse reads that). */
struct binlog_load {
    uint32_t file_id;
    size_t name_start; /* from "LOCAL" or "INFILE" to behind INTO, in the statement */
    size_t name_end;
    enum binlog_duplicates duplicates;
};

struct err *binlog_load_parse(const struct binlog_event *e, struct binlog_load *out) CHECKED;

#endif
