#include "snapshot/row_text.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

static void append_one(struct buf *out, char *field, size_t len, bool plain)
{
    unsigned long length = (unsigned long)len;

    row_text_append(out, &field, &length, &plain, 1);
}

static void test_row(void)
{
    struct buf b = BUF_INIT;
    char text[] = "tab\there";
    char number[] = "-12";
    char empty[] = "";
    char *fields[] = {number, text, NULL, empty};
    unsigned long lengths[] = {3, 8, 0, 0};
    bool plain[] = {true, false, false, false};

    CHECK(row_text_append(&b, fields, lengths, plain, 4) ==
          lengths[0] + lengths[1] + lengths[2] + lengths[3]);
    CHECK_STR(buf_str(&b), "-12\ttab\\there\t\\N\t\n");
    row_text_append(&b, fields, lengths, plain, 1);
    CHECK_STR(buf_str(&b), "-12\ttab\\there\t\\N\t\n-12\n");
    buf_free(&b);
}

/* What LOAD DATA makes of a field; false where it would end early. */
static bool unescape(const uint8_t *from, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = from[i];
        if (byte == '\t' || byte == '\n' || byte == 0)
            return false;
        if (byte == '\\') {
            if (++i == len)
                return false;
            byte = from[i] == 't' ? '\t' : from[i] == 'n' ? '\n' : from[i] == '0' ? 0 : from[i];
        }
        buf_append_byte(out, byte);
    }
    return true;
}

static void check_field(const struct buf *field)
{
    struct buf text = BUF_INIT;
    struct buf back = BUF_INIT;

    append_one(&text, (char *)field->data, field->len, false);
    CHECK(text.len > 0 && text.data[text.len - 1] == '\n');
    CHECK(unescape(text.data, text.len - 1, &back));
    CHECK(back.len == field->len && (back.len == 0 || memcmp(back.data, field->data, back.len) == 0));
    buf_free(&text);
    buf_free(&back);
}

/* Every length around the blocks in which text is scanned, with every special byte at every place. */
static void test_every_place(void)
{
    static const char special[] = {'\t', '\n', '\\', 0, 'N', 'x', '\r', 0x1a, (char)0xff};
    struct buf field = BUF_INIT;

    for (size_t len = 0; len < 52; len++)
        for (size_t at = 0; at < len; at++)
            for (size_t s = 0; s < sizeof(special); s++) {
                buf_clear(&field);
                for (size_t i = 0; i < len; i++)
                    buf_append_byte(&field, (uint8_t)(i == at ? special[s] : 'a' + (int)(i % 26)));
                check_field(&field);
            }
    buf_free(&field);
}

static void test_all_bytes(void)
{
    struct buf field = BUF_INIT;

    for (int i = 0; i < 4096; i++)
        buf_append_byte(&field, (uint8_t)(i * 7 + i / 256));
    check_field(&field);
    buf_clear(&field);
    for (int i = 0; i < 1000; i++)
        buf_append_byte(&field, '\\');
    check_field(&field);
    buf_free(&field);
}

int main(void)
{
    test_row();
    test_every_place();
    test_all_bytes();
    return UNIT_END;
}
