#include "snapshot/row_text.h"

#include <stdlib.h>

#include "base/mem.h"
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

static bool same(const void *a, size_t a_len, const struct buf *b)
{
    return a_len == b->len && (a_len == 0 || memcmp(a, b->data, a_len) == 0);
}

/* The text of a field alone in its row, by LOAD DATA's rules and by our own reader. */
static void check_field(const struct buf *field)
{
    struct buf text = BUF_INIT;
    struct buf back = BUF_INIT;
    struct row_text row;
    char *read = NULL;
    unsigned long len = 0;

    append_one(&text, (char *)field->data, field->len, false);
    CHECK(text.len > 0 && text.data[text.len - 1] == '\n');
    CHECK(unescape(text.data, text.len - 1, &back));
    CHECK(same(back.data, back.len, field));
    CHECK(row_text_open(&row, (char *)text.data, text.len - 1) == 0);
    CHECK(row_text_open(&row, (char *)text.data, text.len) == text.len);
    CHECK(row_text_field(&row, &read, &len) && read && same(read, len, field));
    CHECK(!row_text_field(&row, &read, &len));
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

/* Fields of a text, "-" between them and "NULL" for one; NULL where the text is not what ccr writes. */
static char *read_fields(const char *text)
{
    struct buf out = BUF_INIT;
    struct row_text row = {0};
    char *copy = mem_strdup(text);
    char *field;
    unsigned long len;
    bool good = row_text_open(&row, copy, strlen(copy)) > 0;

    while (good && row.at) {
        good = row_text_field(&row, &field, &len);
        if (good && out.len)
            buf_append_byte(&out, '-');
        if (good && field)
            buf_append(&out, field, len);
        else if (good)
            buf_append_str(&out, "NULL");
    }
    free(copy);
    if (good)
        return buf_steal(&out);
    buf_free(&out);
    return NULL;
}

static void test_reading(void)
{
    static const struct {
        const char *text;
        const char *fields;
    } cases[] = {
        {"1\tapple\n2\tpear\n", "1-apple"},
        {"1\t\\N\tx\n", "1-NULL-x"},
        {"x\t\t\n", "x--"},
        {"\\NN\n", NULL},
        {"\\\\N\n", "\\N"},
        {"a\\tb\\nc\\\\\t\\\\\n", "a\tb\nc\\-\\"},
        {"a\\\n", NULL},
        {"a\\\tb\n", NULL},
        {"a\\b\n", NULL},
        {"no end", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *fields = read_fields(cases[i].text);
        if (cases[i].fields)
            CHECK_STR(fields, cases[i].fields);
        else
            CHECK(fields == NULL);
        free(fields);
    }
}

int main(void)
{
    test_row();
    test_reading();
    test_every_place();
    test_all_bytes();
    return UNIT_END;
}
