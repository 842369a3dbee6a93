#include "binlog/context.h"

#include <string.h>

#include "binlog/internal.h"
#include "binlog/rows.h"
#include "binlog/rows_types.h"

enum { INTVAR_LAST_INSERT_ID = 1, INTVAR_INSERT_ID = 2 };
enum { RESULT_TEXT = 0, RESULT_DOUBLE = 1, RESULT_INTEGER = 2, RESULT_DECIMAL = 4 };
enum { FLAG_UNSIGNED = 1 };
enum { DECIMAL_PRECISION_MAX = 65, DECIMAL_SCALE_MAX = 38 };

struct err *binlog_intvar_parse(const struct binlog_event *e, struct binlog_intvar *out)
{
    struct cursor c = cursor_of(e->body, e->body_len);
    uint8_t kind;

    if (!cursor_u8(&c, &kind) || !cursor_uint(&c, 8, &out->value) || cursor_left(&c) > 0)
        return binlog_malformed(e->type, "is not of its length");
    if (kind != INTVAR_LAST_INSERT_ID && kind != INTVAR_INSERT_ID)
        return binlog_malformed(e->type, "is of an unknown kind");
    out->insert_id = kind == INTVAR_INSERT_ID;
    return NULL;
}

struct err *binlog_rand_parse(const struct binlog_event *e, uint64_t seeds[2])
{
    struct cursor c = cursor_of(e->body, e->body_len);

    if (!cursor_uint(&c, 8, &seeds[0]) || !cursor_uint(&c, 8, &seeds[1]) || cursor_left(&c) > 0)
        return binlog_malformed(e->type, "is not of its length");
    return NULL;
}

static bool decimal_is_sound(const struct binlog_user_var *v)
{
    if (v->value_len < 2)
        return false;
    unsigned precision = v->value[0];
    unsigned scale = v->value[1];
    if (precision == 0 || precision > DECIMAL_PRECISION_MAX || scale > DECIMAL_SCALE_MAX || scale > precision)
        return false;
    return v->value_len == 2 + rows_decimal_bytes(precision, scale);
}

static bool value_is_sound(const struct binlog_user_var *v)
{
    switch (v->result) {
    case RESULT_TEXT:
        return true;
    case RESULT_DOUBLE:
    case RESULT_INTEGER:
        return v->value_len == 8;
    case RESULT_DECIMAL:
        return decimal_is_sound(v);
    default:
        return false;
    }
}

struct err *binlog_user_var_parse(const struct binlog_event *e, struct binlog_user_var *out)
{
    struct cursor c = cursor_of(e->body, e->body_len);
    struct binlog_user_var v = {0};
    uint32_t name_len, value_len;
    const uint8_t *name;
    uint8_t is_null, flags = 0;

    if (!cursor_u32(&c, &name_len) || !cursor_bytes(&c, name_len, &name) || !cursor_u8(&c, &is_null))
        return binlog_malformed(e->type, "too short for its name");
    v.name = (const char *)name;
    v.name_len = name_len;
    if (!is_null) {
        if (!cursor_u8(&c, &v.result) || !cursor_u32(&c, &v.collation) || !cursor_u32(&c, &value_len) ||
            !cursor_bytes(&c, value_len, &v.value))
            return binlog_malformed(e->type, "too short for its value");
        v.value_len = value_len;
        if (!value_is_sound(&v))
            return binlog_malformed(e->type, "its value does not fit its type");
        (void)cursor_u8(&c, &flags); /* old servers write none */
        if (cursor_left(&c) > 0)
            return err_new(ERR_UNSUPPORTED, "a user variable of a type that this version does not know");
        v.type = v.result == RESULT_TEXT ? USER_VAR_TEXT : USER_VAR_NUMBER;
        v.is_unsigned = flags & FLAG_UNSIGNED;
    }
    *out = v;
    return NULL;
}

void binlog_user_var_number(const struct binlog_user_var *v, struct buf *out)
{
    double d;
    struct rows_column column = {.type = TYPE_NEWDECIMAL};

    if (v->result == RESULT_DOUBLE) {
        memcpy(&d, v->value, sizeof(d));
        buf_printf(out, "%.16e", d);
    } else if (v->result == RESULT_DECIMAL) {
        column.metadata = (uint16_t)(v->value[0] | v->value[1] << 8);
        buf_append_str(out, "CAST(");
        rows_field_text(&column, false, v->value + 2, v->value_len - 2, out);
        buf_printf(out, " AS DECIMAL(%u,%u))", v->value[0], v->value[1]);
    } else if (v->is_unsigned) {
        buf_printf(out, "CAST(%llu AS UNSIGNED)", (unsigned long long)le_get(v->value, 8));
    } else { /* the lowest one has no literal of its own */
        buf_printf(out, "CAST('%lld' AS SIGNED)", (long long)le_get(v->value, 8));
    }
}

struct err *binlog_file_block_parse(const struct binlog_event *e, struct binlog_file_block *out)
{
    struct cursor c = cursor_of(e->body, e->body_len);

    if (!cursor_u32(&c, &out->file_id))
        return binlog_malformed(e->type, "too short");
    out->bytes = c.p;
    out->len = cursor_left(&c);
    return NULL;
}

struct err *binlog_load_parse(const struct binlog_event *e, struct binlog_load *out)
{
    struct binlog_query q;
    struct cursor c;
    uint32_t start, end;
    uint8_t duplicates;

    TRY(binlog_query_head(e, &c, &q));
    size_t sql_len = cursor_left(&c);
    c = cursor_of(e->body, e->body_len);
    if (!cursor_skip(&c, QUERY_FIXED_LEN) || !cursor_u32(&c, &out->file_id) || !cursor_u32(&c, &start) ||
        !cursor_u32(&c, &end) || !cursor_u8(&c, &duplicates))
        return binlog_malformed(e->type, "too short");
    if (start > end || end > sql_len)
        return binlog_malformed(e->type, "the file's name lies outside of the statement");
    if (duplicates > LOAD_DUPLICATES_REPLACE)
        return binlog_malformed(e->type, "handles duplicates in an unknown way");
    out->name_start = start;
    out->name_end = end;
    out->duplicates = (enum binlog_duplicates)duplicates;
    return NULL;
}
