/* Readable text of fields, for messages. Nothing here is used to change data. */
#include <string.h>

#include "binlog/rows.h"
#include "binlog/rows_types.h"

enum { TEXT_MAX = 120 }; /* bytes of a string that are shown */

static uint64_t be_get(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void hex_text(const uint8_t *value, size_t len, struct buf *out)
{
    size_t shown = len > TEXT_MAX / 2 ? TEXT_MAX / 2 : len;

    buf_append_str(out, "0x");
    for (size_t i = 0; i < shown; i++)
        buf_printf(out, "%02X", value[i]);
    if (shown < len)
        buf_printf(out, "... (%zu bytes)", len);
}

/* Bytes of the UTF-8 character that begins here; 0 where there is none, or one that cannot be printed. */
static size_t printable(const uint8_t *p, size_t left)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t least;
    } form[] = {{0x80, 0x00, 0x20}, {0xe0, 0xc0, 0xa0}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t n = 1; n <= 4; n++) {
        if ((p[0] & form[n - 1].mask) != form[n - 1].lead)
            continue;
        if (n > left)
            return 0;
        uint32_t code = p[0] & (uint8_t)~form[n - 1].mask;
        for (size_t i = 1; i < n; i++) {
            if ((p[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (p[i] & 0x3f);
        }
        bool bad =
            code < form[n - 1].least || code == 0x7f || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff;
        return bad ? 0 : n;
    }
    return 0;
}

static void string_text(const uint8_t *value, size_t len, struct buf *out)
{
    size_t shown = 0;

    for (size_t at = 0; at < len;) {
        size_t n = printable(value + at, len - at);
        if (n == 0) {
            hex_text(value, len, out);
            return;
        }
        at += n;
        if (at <= TEXT_MAX)
            shown = at;
    }
    buf_append_byte(out, '\'');
    for (size_t i = 0; i < shown; i++) {
        if (value[i] == '\'')
            buf_append_byte(out, '\'');
        buf_append_byte(out, value[i]);
    }
    buf_append_byte(out, '\'');
    if (shown < len)
        buf_printf(out, "... (%zu bytes)", len);
}

static void integer_text(const uint8_t *value, size_t len, bool is_unsigned, struct buf *out)
{
    uint64_t v = le_get(value, (unsigned)len);
    unsigned unused = 64 - 8 * (unsigned)len;

    if (is_unsigned)
        buf_printf(out, "%llu", (unsigned long long)v);
    else
        buf_printf(out, "%lld", (long long)(int64_t)(v << unused) >> unused);
}

static void float_text(const uint8_t *value, size_t len, struct buf *out)
{
    if (len == 4) {
        float f;
        memcpy(&f, value, sizeof(f));
        buf_printf(out, "%.9g", (double)f);
    } else {
        double d;
        memcpy(&d, value, sizeof(d));
        buf_printf(out, "%.17g", d);
    }
}

/* Groups of nine digits in four bytes, big-endian; the odd group of the integer part stands first, that of
 * the fraction last. The first bit is inverted, and all bits are where the number is negative. */
static void decimal_text(const uint8_t *value, size_t len, unsigned precision, unsigned scale,
                         struct buf *out)
{
    static const uint8_t size_of[10] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
    uint8_t bytes[32];
    bool negative = len > 0 && !(value[0] & 0x80);
    struct buf digits = BUF_INIT;
    unsigned whole = precision - scale;
    size_t at = 0;

    for (size_t i = 0; i < len && i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)((negative ? ~value[i] : value[i]) ^ (i == 0 ? 0x80 : 0));
    for (unsigned left = whole, n = whole % 9 ? whole % 9 : 9; left > 0; left -= n, n = 9) {
        buf_printf(&digits, "%0*llu", (int)n, (unsigned long long)be_get(bytes + at, size_of[n]));
        at += size_of[n];
    }
    const char *text = buf_str(&digits);
    while (text[0] == '0' && text[1])
        text++;
    buf_printf(out, "%s%s", negative ? "-" : "", *text ? text : "0");
    if (scale)
        buf_append_byte(out, '.');
    for (unsigned left = scale; left > 0;) {
        unsigned n = left > 9 ? 9 : left;
        buf_printf(out, "%0*llu", (int)n, (unsigned long long)be_get(bytes + at, size_of[n]));
        at += size_of[n];
        left -= n;
    }
    buf_free(&digits);
}

static void fraction_text(uint64_t fraction, unsigned digits, struct buf *out)
{
    if (digits == 0)
        return;
    if (digits % 2) /* stored with an even number of digits */
        fraction /= 10;
    buf_printf(out, ".%0*llu", (int)digits, (unsigned long long)fraction);
}

/* Days since 1970 as a calendar date (Gregorian, by eras of 400 years that begin in March). */
static void day_text(int64_t days, struct buf *out)
{
    int64_t z = days + 719468;
    int64_t era = z / 146097, of_era = z % 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    buf_printf(out, "%04lld-%02lld-%02lld", (long long)(year_of_era + era * 400 + (month >= 10 ? 1 : 0)),
               (long long)(month < 10 ? month + 3 : month - 9),
               (long long)(day_of_year - (153 * month + 2) / 5 + 1));
}

static void timestamp_text(uint64_t seconds, struct buf *out)
{
    if (seconds == 0) {
        buf_append_str(out, "0000-00-00 00:00:00");
        return;
    }
    day_text((int64_t)(seconds / 86400), out);
    buf_printf(out, " %02u:%02u:%02u", (unsigned)(seconds / 3600 % 24), (unsigned)(seconds / 60 % 60),
               (unsigned)(seconds % 60));
}

static void datetime2_text(const uint8_t *value, struct buf *out)
{
    uint64_t v = be_get(value, 5) & 0x7fffffffffULL;
    unsigned year_month = (unsigned)(v >> 22);

    buf_printf(out, "%04u-%02u-%02u %02u:%02u:%02u", year_month / 13, year_month % 13,
               (unsigned)(v >> 17 & 31), (unsigned)(v >> 12 & 31), (unsigned)(v >> 6 & 63),
               (unsigned)(v & 63));
}

/* One number over all bytes: the time above, the fraction in the low bytes, offset by half of its range. */
static void time2_text(const uint8_t *value, size_t len, unsigned digits, struct buf *out)
{
    unsigned low = 8 * (unsigned)(len - 3);
    int64_t v = (int64_t)be_get(value, len) - (int64_t)(0x800000ULL << low);
    uint64_t magnitude = (uint64_t)(v < 0 ? -v : v);
    uint64_t hms = magnitude >> low;

    buf_printf(out, "%s%02u:%02u:%02u", v < 0 ? "-" : "", (unsigned)(hms >> 12 & 1023),
               (unsigned)(hms >> 6 & 63), (unsigned)(hms & 63));
    fraction_text(magnitude & ((1ULL << low) - 1), digits, out);
}

static void date_text(const uint8_t *value, struct buf *out)
{
    unsigned v = (unsigned)le_get(value, 3);

    buf_printf(out, "%04u-%02u-%02u", v >> 9, v >> 5 & 15, v & 31);
}

/* The formats before MySQL 5.6: decimal numbers such as 20261123062500. */
static void old_time_text(uint8_t type, const uint8_t *value, struct buf *out)
{
    if (type == TYPE_DATETIME) {
        uint64_t v = le_get(value, 8);
        unsigned date = (unsigned)(v / 1000000), time = (unsigned)(v % 1000000);
        buf_printf(out, "%04u-%02u-%02u %02u:%02u:%02u", date / 10000, date / 100 % 100, date % 100,
                   time / 10000, time / 100 % 100, time % 100);
    } else {
        int32_t v = (int32_t)((uint32_t)le_get(value, 3) << 8) >> 8;
        unsigned time = (unsigned)(v < 0 ? -v : v);
        buf_printf(out, "%s%02u:%02u:%02u", v < 0 ? "-" : "", time / 10000, time / 100 % 100, time % 100);
    }
}

static void bit_text(const uint8_t *value, size_t len, unsigned bits, struct buf *out)
{
    uint64_t v = be_get(value, len);

    buf_append_str(out, "b'");
    for (unsigned i = bits; i-- > 0;)
        buf_append_byte(out, v >> i & 1 ? '1' : '0');
    buf_append_byte(out, '\'');
}

void rows_field_text(const struct rows_column *column, bool is_unsigned, const uint8_t *value, size_t len,
                     struct buf *out)
{
    unsigned meta = column->metadata;

    if (!value) {
        buf_append_str(out, "NULL");
        return;
    }
    switch (column->type) {
    case TYPE_TINY:
    case TYPE_SHORT:
    case TYPE_INT24:
    case TYPE_LONG:
    case TYPE_LONGLONG:
        integer_text(value, len, is_unsigned, out);
        return;
    case TYPE_ENUM:
    case TYPE_SET:
        integer_text(value, len, true, out);
        return;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        float_text(value, len, out);
        return;
    case TYPE_NEWDECIMAL:
        decimal_text(value, len, meta & 0xff, meta >> 8, out);
        return;
    case TYPE_BIT:
        bit_text(value, len, meta, out);
        return;
    case TYPE_YEAR:
        buf_printf(out, "%04u", value[0] ? 1900u + value[0] : 0u);
        return;
    case TYPE_DATE:
    case TYPE_NEWDATE:
        date_text(value, out);
        return;
    case TYPE_TIME:
    case TYPE_DATETIME:
        old_time_text(column->type, value, out);
        return;
    case TYPE_TIMESTAMP:
        timestamp_text(le_get(value, 4), out);
        return;
    case TYPE_TIMESTAMP2:
        timestamp_text(be_get(value, 4), out);
        fraction_text(be_get(value + 4, len - 4), meta, out);
        return;
    case TYPE_DATETIME2:
        datetime2_text(value, out);
        fraction_text(be_get(value + 5, len - 5), meta, out);
        return;
    case TYPE_TIME2:
        time2_text(value, len, meta, out);
        return;
    case TYPE_GEOMETRY:
    case TYPE_JSON:
    case TYPE_BLOB_COMPRESSED:
    case TYPE_VARCHAR_COMPRESSED:
        hex_text(value, len, out);
        return;
    default:
        string_text(value, len, out);
    }
}
