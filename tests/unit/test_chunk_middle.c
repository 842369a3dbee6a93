#include "backup/chunk_middle.h"

#include <math.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

static const double shares[] = {0, 1e-9, 0.1, 0.5, 0.9, 1, 7};

enum { SHARES = sizeof(shares) / sizeof(shares[0]) };

static struct chunk_value text(const char *bytes)
{
    return (struct chunk_value){(char *)(uintptr_t)bytes, strlen(bytes)};
}

/* The middle at a share, as text; "" for none. */
static const char *middle(enum chunk_order order, const char *low, const char *high, double share)
{
    static char shown[256];
    struct chunk_value from = text(low);
    struct chunk_value to = text(high);
    struct chunk_value out;

    shown[0] = 0;
    if (chunk_middle(order, 3, &from, &to, share, &out)) {
        snprintf(shown, sizeof(shown), "%s", out.bytes);
        free(out.bytes);
    }
    return shown;
}

static void test_integers(void)
{
    CHECK_STR(middle(ORDER_INTEGER, "0", "100", 0.25), "25");
    CHECK_STR(middle(ORDER_INTEGER, "-100", "100", 0.5), "0");
    CHECK_STR(middle(ORDER_INTEGER, "-9223372036854775808", "9223372036854775807", 0.5), "-1");
    CHECK_STR(middle(ORDER_INTEGER, "18446744073709551613", "18446744073709551615", 0.5),
              "18446744073709551614");
    /* behind the lower one, and at most the upper one */
    CHECK_STR(middle(ORDER_INTEGER, "7", "8", 0), "8");
    CHECK_STR(middle(ORDER_INTEGER, "7", "8", 7), "8");
    CHECK_STR(middle(ORDER_INTEGER, "7", "7", 0.5), "");
    CHECK_STR(middle(ORDER_INTEGER, "8", "7", 0.5), "");
}

static void test_reals(void)
{
    CHECK_STR(middle(ORDER_REAL, "1.000", "2.000", 0.5), "1.500");
    CHECK_STR(middle(ORDER_REAL, "-4.5", "4.5", 0.5), "0.000");
    CHECK_STR(middle(ORDER_REAL, "1.000", "1.000", 0.5), "");
    CHECK(fabs(strtod(middle(ORDER_REAL, "1e100", "3e100", 0.5), NULL) - 2e100) < 1e90);
}

static void test_times(void)
{
    CHECK_STR(middle(ORDER_DATE, "2020-01-01", "2020-01-03", 0.5), "2020-01-02");
    CHECK_STR(middle(ORDER_DATE, "2020-01-01 00:00:00", "2020-01-01 02:00:00", 0.5),
              "2020-01-01 01:00:00.000000");
    CHECK_STR(middle(ORDER_DATE, "2020-01-01 00:00:00.000001", "2020-01-01 00:00:00.000003", 0.5),
              "2020-01-01 00:00:00.000002");
    CHECK_STR(middle(ORDER_DATE, "0000-00-00", "0000-00-02", 0.5), "0000-00-01");
    CHECK_STR(middle(ORDER_DATE, "2020-01-01", "2020-01-01", 0.5), "");
    CHECK_STR(middle(ORDER_TIME, "-838:59:59", "838:59:59", 0.5), "00:00:00.000000");
    CHECK_STR(middle(ORDER_TIME, "-00:00:00.5", "00:00:00", 0.5), "-00:00:00.250000");
    CHECK_STR(middle(ORDER_TIME, "00:00:00", "200:00:00", 0.5), "100:00:00.000000");
}

static void test_texts(void)
{
    /* digits and letters by their place among digits and letters */
    CHECK_STR(middle(ORDER_UTF8_FOLD, "0", "f", 0.5), "7I0");
    CHECK_STR(middle(ORDER_UTF8_FOLD, "user1", "user3", 0.5), "user200");
    CHECK_STR(middle(ORDER_UTF8_FOLD, "a1", "A2", 0.5), "A1I");
    CHECK_STR(middle(ORDER_UTF8, "Z", "a", 0.5), "ZV0");
    /* an end counts as the first of them */
    CHECK_STR(middle(ORDER_TEXT, "a", "a5", 0.5), "a2V0");
    /* other characters by their codes; never half of a pair of surrogates */
    CHECK_STR(middle(ORDER_UTF8, "\xc3\xa4", "\xc3\xa8", 0.5), "\xc3\xa6");
    CHECK_STR(middle(ORDER_UTF8, "\xed\x9f\xbf", "\xee\x80\x80", 0.1), "\xee\x80\x80");
    CHECK_STR(middle(ORDER_UTF8, "x", "x", 0.5), "");
    CHECK_STR(middle(ORDER_NONE, "a", "c", 0.5), "");
}

/* What is found lies behind low, and not behind high. */
static void check_bytes(enum chunk_order order, const char *low, const char *high, size_t len)
{
    struct chunk_value from = {(char *)(uintptr_t)low, len};
    struct chunk_value to = {(char *)(uintptr_t)high, len};

    for (size_t i = 0; i < SHARES; i++) {
        struct chunk_value out;
        if (!chunk_middle(order, 0, &from, &to, shares[i], &out)) {
            CHECK(!"found");
            continue;
        }
        CHECK(out.len == len && memcmp(out.bytes, low, len) > 0 && memcmp(out.bytes, high, len) <= 0);
        free(out.bytes);
    }
}

static void test_bytes(void)
{
    struct chunk_value low = {(char *)(uintptr_t) "\0\0", 2};
    struct chunk_value high = {(char *)(uintptr_t) "\xff", 1};
    struct chunk_value out;

    check_bytes(ORDER_BYTES, "\x00\x00\x00\x01", "\x00\x00\x00\x02", 4);
    check_bytes(ORDER_BYTES, "\x00zzzzzzzzzzzzzzz", "\x01zzzzzzzzzzzzzzz", 16);
    check_bytes(ORDER_BYTES, "abcdefghijklmnop", "abcdefghijklmnoq", 16);
    check_bytes(ORDER_BYTES, "\x7f", "\x80", 1);
    CHECK(chunk_middle(ORDER_BYTES, 0, &low, &high, 0.5, &out));
    CHECK((uint8_t)out.bytes[0] == 0x7f);
    free(out.bytes);
    CHECK(!chunk_middle(ORDER_BYTES, 0, &high, &low, 0.5, &out));
}

static void test_uuids(void)
{
    static const char first[] = "\x10\x20\x30\x40\x50\x60\x41\x70\x80\x01\x00\x00\x00\x00\x00\x01";
    static const char second[] = "\x01\x02\x03\x04\x05\x06\x41\x07\x90\x01\x00\x00\x00\x00\x00\x09";
    static const char seven[] = "\x10\x20\x30\x40\x50\x60\x71\x70\x80\x01\x00\x00\x00\x00\x00\x01";
    struct chunk_value low = {(char *)(uintptr_t)first, 16};
    struct chunk_value high = {(char *)(uintptr_t)second, 16};
    struct chunk_value other = {(char *)(uintptr_t)seven, 16};
    struct chunk_value out;

    /* version 4: the last bytes come first, and the value keeps version and variant */
    CHECK(chunk_middle(ORDER_UUID, 0, &low, &high, 0.5, &out));
    CHECK(out.len == 16 && out.bytes[15] == 5 && (uint8_t)out.bytes[6] == 0x41 && (out.bytes[8] & 0x80));
    free(out.bytes);
    /* two orders in one */
    CHECK(!chunk_middle(ORDER_UUID, 0, &low, &other, 0.5, &out));
    check_bytes(ORDER_UUID, seven, "\x10\x20\x30\x40\x50\x60\x71\x71\x80\x01\x00\x00\x00\x00\x00\x01", 16);
}

int main(void)
{
    test_integers();
    test_reals();
    test_times();
    test_texts();
    test_bytes();
    test_uuids();
    return UNIT_END;
}
