#include "tests/model/model.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXTS                                                                                                \
    "'a'", "'A'", "'a '", "'b'", "'B'", "'ab'", "'AB'", "'ä'", "'Ä'", "'ss'", "'ß'", "''", "'abc'", "'abd'"
#define BYTES "X''", "X'61'", "X'41'", "X'6100'", "X'610000'", "X'20'", "X'00'", "X'6162'", "X'FF'"

enum { VALUES_MOST = 16 };

static const struct {
    const char *type;
    bool integer;
    bool hash;
    const char *values[VALUES_MOST]; /* of integers: the ones besides 1 to MODEL_SPAN */
} kinds[KIND_COUNT] = {
    [KIND_INT] = {"INT", true, false, {"0", "-1", "2147483647", "-2147483648"}},
    [KIND_UINT] = {"INT UNSIGNED", true, false, {"0", "4294967295", "4000000000"}},
    [KIND_BIGINT] = {"BIGINT", true, false, {"0", "-1", "9223372036854775807"}},
    [KIND_SMALL] = {"SMALLINT UNSIGNED", true, false, {"0", "65535", "256"}},
    [KIND_DECIMAL] = {"DECIMAL(12,3)",
                      false,
                      false,
                      {"0", "1.1", "1.100", "-1.1", "123456789.125", "2", "3.5", "-0.001"}},
    [KIND_DATE] = {"DATE",
                   false,
                   false,
                   {"'2024-02-29'", "'2024-03-01'", "'1000-01-01'", "'9999-12-31'", "'1999-12-31'"}},
    [KIND_DATETIME] = {"DATETIME(6)",
                       false,
                       false,
                       {"'2024-02-29 00:00:00'", "'2024-02-29 00:00:00.000001'",
                        "'2024-02-29 23:59:59.999999'", "'1000-01-01'", "'2030-01-01 12:00:00'"}},
    [KIND_TIMESTAMP] = {"TIMESTAMP(3)",
                        false,
                        false,
                        {"'2024-02-29 00:00:00'", "'2024-02-29 00:00:00.001'", "'2001-09-09 01:46:40'",
                         "'2037-12-31 12:00:00'", "'1999-01-01'"}},
    [KIND_DOUBLE] = {"DOUBLE", false, false, {"0e0", "-0e0", "1e0", "1.5e0", "-1e300", "1e-300", "3e0"}},
    [KIND_BIT] = {"BIT(11)", false, false, {"b'0'", "b'1'", "b'10'", "b'11111111111'", "b'100000000'"}},
    [KIND_ENUM] = {"ENUM('x','y','z','X2')", false, false, {"'x'", "'y'", "'z'", "'X2'"}},
    [KIND_UUID] = {"UUID",
                   false,
                   false,
                   {"'00000000-0000-0000-0000-000000000001'", "'00000000-0000-1000-8000-000000000001'",
                    "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'7f000001-0000-0000-0000-0000000000aa'"}},
    [KIND_CI] = {"VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", false, false, {TEXTS}},
    [KIND_ACCENT] = {"VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", false, false, {TEXTS}},
    [KIND_NOPAD] = {"VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_nopad_ci",
                    false,
                    false,
                    {TEXTS}},
    [KIND_CHAR] = {"CHAR(6) CHARACTER SET latin1 COLLATE latin1_swedish_ci", false, false, {TEXTS}},
    [KIND_STRICT] = {"VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", false, false, {TEXTS}},
    [KIND_BINARY] = {"BINARY(4)", false, false, {BYTES}},
    [KIND_VARBIN] = {"VARBINARY(8)", false, false, {BYTES}},
    [KIND_WIDE] = {"VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", false, true, {TEXTS}},
    [KIND_TEXT] = {"TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", false, true, {TEXTS}},
    [KIND_BLOB] = {"BLOB", false, true, {BYTES}},
    [KIND_LONG] = {"MEDIUMTEXT",
                   false,
                   true,
                   {"REPEAT('long ', 2000)", "REPEAT('x', 10)", "REPEAT('lång', 4000)", "''"}},
};

unsigned below(struct model *m, unsigned limit)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return (unsigned)((m->random >> 11) % limit);
}

bool chance(struct model *m, unsigned percent)
{
    return below(m, 100) < percent;
}

const char *kind_type(enum kind kind)
{
    return kinds[kind].type;
}

bool kind_is_integer(enum kind kind)
{
    return kinds[kind].integer;
}

bool kind_needs_hash(enum kind kind)
{
    return kinds[kind].hash;
}

bool kind_can_be_base(enum kind kind)
{
    return kind != KIND_LONG && kind != KIND_TIMESTAMP && kind != KIND_CHAR && kind != KIND_BINARY;
}

void value_make(struct model *m, const struct column *c, char out[MODEL_VALUE_SIZE])
{
    enum kind kind = c->kind;
    unsigned count = 0;

    if (kinds[kind].integer && chance(m, 95)) {
        snprintf(out, MODEL_VALUE_SIZE, "%u", 1 + below(m, MODEL_SPAN));
        return;
    }
    if (c->origin == ORIGIN_AUTO) {
        snprintf(out, MODEL_VALUE_SIZE, "%u", 100 + below(m, 300));
        return;
    }
    while (count < VALUES_MOST && kinds[kind].values[count])
        count++;
    snprintf(out, MODEL_VALUE_SIZE, "%s", kinds[kind].values[below(m, count)]);
}
