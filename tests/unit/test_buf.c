#include "base/buf.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

static void test_append(void)
{
    struct buf b = BUF_INIT;

    CHECK_STR(buf_str(&b), "");
    CHECK(b.len == 0);
    buf_append_str(&b, "abc");
    buf_append_byte(&b, 'd');
    buf_printf(&b, "-%d-%s", 42, "x");
    CHECK_STR(buf_str(&b), "abcd-42-x");
    CHECK(b.len == 9);
    buf_clear(&b);
    buf_append_le(&b, 0x0102030405060708ULL, 3);
    CHECK(b.len == 3 && b.data[0] == 8 && b.data[1] == 7 && b.data[2] == 6);
    buf_clear(&b);
    for (int i = 0; i < 100000; i++)
        buf_append_le(&b, (uint64_t)i, 4);
    CHECK(b.len == 400000 && le_get(b.data + 4 * 99999, 4) == 99999);
    char *stolen = buf_steal(&b);
    CHECK(b.data == NULL && b.len == 0 && stolen[400000] == 0);
    free(stolen);
    buf_free(&b);
}

static void test_cursor_bounds(void)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
    struct cursor c = cursor_of(bytes, sizeof(bytes));
    const uint8_t *p = NULL;
    uint8_t u8 = 99;
    uint16_t u16 = 99;
    uint32_t u32 = 99;
    uint64_t u64 = 99;

    CHECK(cursor_u8(&c, &u8) && u8 == 1);
    CHECK(cursor_u16(&c, &u16) && u16 == 0x0302);
    CHECK(cursor_left(&c) == 4);
    CHECK(!cursor_uint(&c, 5, &u64) && u64 == 99 && cursor_left(&c) == 4);
    CHECK(!cursor_skip(&c, 5));
    CHECK(!cursor_bytes(&c, (size_t)-1, &p) && p == NULL);
    CHECK(cursor_u32(&c, &u32) && u32 == 0x07060504);
    CHECK(!cursor_u8(&c, &u8) && u8 == 1);
    CHECK(cursor_bytes(&c, 0, &p));
    CHECK(cursor_left(&c) == 0);
}

static void test_lenenc(void)
{
    static const uint8_t good[] = {250, 252, 0x34, 0x12, 253, 1, 2, 3, 254, 1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t null[] = {251}, error[] = {255}, cut[] = {254, 1, 2, 3};
    struct cursor c = cursor_of(good, sizeof(good));
    uint64_t n = 0;

    CHECK(cursor_lenenc(&c, &n) && n == 250);
    CHECK(cursor_lenenc(&c, &n) && n == 0x1234);
    CHECK(cursor_lenenc(&c, &n) && n == 0x030201);
    CHECK(cursor_lenenc(&c, &n) && n == 0x0807060504030201ULL);
    CHECK(!cursor_lenenc(&c, &n));
    c = cursor_of(null, sizeof(null));
    CHECK(!cursor_lenenc(&c, &n));
    c = cursor_of(error, sizeof(error));
    CHECK(!cursor_lenenc(&c, &n));
    c = cursor_of(cut, sizeof(cut));
    CHECK(!cursor_lenenc(&c, &n));
}

static void test_le(void)
{
    uint8_t bytes[8] = {0};

    for (unsigned count = 1; count <= 8; count++) {
        uint64_t value = 0xf1f2f3f4f5f6f7f8ULL >> (8 * (8 - count));
        le_put(bytes, value, count);
        CHECK(le_get(bytes, count) == value);
    }
}

int main(void)
{
    test_append();
    test_cursor_bounds();
    test_lenenc();
    test_le();
    return UNIT_END;
}
