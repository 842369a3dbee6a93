#include "backup/chunk_middle.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "backup/chunk_strings.h"
#include "base/mem.h"

/* Integers as the server has them, from -2^63 to 2^64 - 1, and microseconds of dates. */
__extension__ typedef __int128 wide;

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static enum chunk_order text_order(const struct catalog_column *column)
{
    static const char *const single[] = {"ascii",  "latin1", "latin2", "latin5", "latin7", "cp1250",
                                         "cp1251", "cp1256", "cp1257", "cp850",  "cp852",  "koi8r"};
    const char *charset = column->charset ? column->charset : "binary";
    bool fold = column->collation && ends_with(column->collation, "_ci");

    if (strncmp(charset, "utf8", 4) == 0)
        return fold ? ORDER_UTF8_FOLD : ORDER_UTF8;
    for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
        if (strcmp(charset, single[i]) == 0)
            return fold ? ORDER_TEXT_FOLD : ORDER_TEXT;
    return ORDER_NONE;
}

enum chunk_order chunk_order_of(const struct catalog_column *column)
{
    static const struct {
        const char *type;
        enum chunk_order order;
    } orders[] = {
        {"tinyint", ORDER_INTEGER}, {"smallint", ORDER_INTEGER}, {"mediumint", ORDER_INTEGER},
        {"int", ORDER_INTEGER},     {"bigint", ORDER_INTEGER},   {"year", ORDER_INTEGER},
        {"enum", ORDER_INTEGER},    {"decimal", ORDER_REAL},     {"float", ORDER_REAL},
        {"double", ORDER_REAL},     {"date", ORDER_DATE},        {"datetime", ORDER_DATE},
        {"timestamp", ORDER_DATE},  {"time", ORDER_TIME},        {"bit", ORDER_BYTES},
        {"binary", ORDER_BYTES},    {"varbinary", ORDER_BYTES},  {"inet4", ORDER_BYTES},
        {"inet6", ORDER_BYTES},     {"uuid", ORDER_UUID},
    };

    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
        if (strcmp(orders[i].type, column->data_type) == 0)
            return orders[i].order;
    if (strcmp(column->data_type, "char") == 0 || strcmp(column->data_type, "varchar") == 0)
        return text_order(column);
    return ORDER_NONE;
}

static void set_text(struct chunk_value *out, char *text)
{
    out->bytes = text;
    out->len = strlen(text);
}

/* The distance to go, at least one and at most all of it. */
static wide part_of(wide distance, double share)
{
    wide part = (wide)((long double)distance * (long double)share);

    return part < 1 ? 1 : part > distance ? distance : part;
}

static wide parse_wide(const char *text)
{
    bool negative = *text == '-';
    wide value = 0;

    for (text += negative; *text >= '0' && *text <= '9' && value < ((wide)1 << 64); text++)
        value = value * 10 + (*text - '0');
    return negative ? -value : value;
}

static char *wide_text(wide value)
{
    return value < 0 ? mem_printf("%lld", (long long)value) : mem_printf("%llu", (unsigned long long)value);
}

static bool middle_integer(const char *low, const char *high, double share, struct chunk_value *out)
{
    wide from = parse_wide(low);
    wide distance = parse_wide(high) - from;

    if (distance < 1)
        return false;
    set_text(out, wide_text(from + part_of(distance, share)));
    return true;
}

/* With an exponent the text would be a DOUBLE, which is less exact than a DECIMAL. */
static bool middle_real(const char *low, const char *high, unsigned scale, double share,
                        struct chunk_value *out)
{
    bool exponent = strpbrk(low, "eE") || strpbrk(high, "eE");
    long double from = strtold(low, NULL);
    long double to = strtold(high, NULL);
    long double at = from + (to - from) * (long double)share;

    if (!(at > from && at <= to))
        return false;
    set_text(out, exponent ? mem_printf("%.17Le", at) : mem_printf("%.*Lf", (int)scale, at));
    return true;
}

/* Six digits behind the point. */
static wide parse_fraction(const char *text)
{
    wide value = 0;

    for (int i = 0; i < 6; i++) {
        bool digit = isdigit((unsigned char)*text);
        value = value * 10 + (digit ? *text - '0' : 0);
        text += digit;
    }
    return value;
}

/* Up to `count` numbers divided by single characters; the fraction of the last one is fields[6]. */
static void parse_fields(const char *text, size_t count, wide fields[7])
{
    memset(fields, 0, 7 * sizeof(*fields));
    for (size_t i = 0; i < count; i++) {
        for (; isdigit((unsigned char)*text); text++)
            fields[i] = fields[i] * 10 + (*text - '0');
        if (*text == '.')
            fields[6] = parse_fraction(text + 1);
        if (*text == 0 || *text == '.')
            return;
        text++;
    }
}

/* Every month has 31 days here, and 0 is a month and a day: the order is the same. */
static wide parse_date(const char *text)
{
    wide f[7];

    parse_fields(text, 6, f);
    return (((((f[0] * 13 + f[1]) * 32 + f[2]) * 24 + f[3]) * 60 + f[4]) * 60 + f[5]) * 1000000 + f[6];
}

static int take(wide *value, int base)
{
    int digit = (int)(*value % base);

    *value /= base;
    return digit;
}

static bool middle_date(const char *low, const char *high, double share, struct chunk_value *out)
{
    wide from = parse_date(low);
    wide to = parse_date(high);

    if (to - from < 1)
        return false;
    wide at = from + part_of(to - from, share);
    int fraction = take(&at, 1000000);
    int second = take(&at, 60);
    int minute = take(&at, 60);
    int hour = take(&at, 24);
    int day = take(&at, 32);
    int month = take(&at, 13);
    if (strchr(low, ':'))
        set_text(out, mem_printf("%04d-%02d-%02d %02d:%02d:%02d.%06d", (int)at, month, day, hour, minute,
                                 second, fraction));
    else
        set_text(out, mem_printf("%04d-%02d-%02d", (int)at, month, day));
    return true;
}

static wide parse_time(const char *text)
{
    bool negative = *text == '-';
    wide f[7];

    parse_fields(text + negative, 3, f);
    wide value = ((f[0] * 60 + f[1]) * 60 + f[2]) * 1000000 + f[6];
    return negative ? -value : value;
}

static bool middle_time(const char *low, const char *high, double share, struct chunk_value *out)
{
    wide from = parse_time(low);
    wide to = parse_time(high);

    if (to - from < 1)
        return false;
    wide at = from + part_of(to - from, share);
    bool negative = at < 0;
    at = negative ? -at : at;
    int fraction = take(&at, 1000000);
    int second = take(&at, 60);
    int minute = take(&at, 60);
    set_text(out,
             mem_printf("%s%02d:%02d:%02d.%06d", negative ? "-" : "", (int)at, minute, second, fraction));
    return true;
}

bool chunk_middle(enum chunk_order order, unsigned scale, const struct chunk_value *low,
                  const struct chunk_value *high, double share, struct chunk_value *out)
{
    switch (order) {
    case ORDER_INTEGER:
        return middle_integer(low->bytes, high->bytes, share, out);
    case ORDER_REAL:
        return middle_real(low->bytes, high->bytes, scale, share, out);
    case ORDER_DATE:
        return middle_date(low->bytes, high->bytes, share, out);
    case ORDER_TIME:
        return middle_time(low->bytes, high->bytes, share, out);
    case ORDER_BYTES:
        return chunk_middle_bytes(low, high, share, out);
    case ORDER_UUID:
        return chunk_middle_uuid(low, high, share, out);
    case ORDER_TEXT:
    case ORDER_TEXT_FOLD:
        return chunk_middle_text(low, high, false, order == ORDER_TEXT_FOLD, share, out);
    case ORDER_UTF8:
    case ORDER_UTF8_FOLD:
        return chunk_middle_text(low, high, true, order == ORDER_UTF8_FOLD, share, out);
    case ORDER_NONE:
        break;
    }
    return false;
}
