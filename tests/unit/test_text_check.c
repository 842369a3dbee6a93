#include "backup/text_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/unit/unit.h"

static struct text_rule rule(const char *charset, const char *type, bool compressed, uint64_t octets)
{
    struct catalog_column column = {
        .name = mem_strdup("c"),
        .data_type = mem_strdup(type),
        .charset = mem_strdup(charset),
        .compressed = compressed,
        .octet_length = octets,
    };
    struct text_rule r = text_rule_of(&column);

    CHECK(!r.column || r.column == column.name);
    if (r.column)
        r.column = "c";
    free(column.name);
    free(column.data_type);
    free(column.charset);
    return r;
}

static bool is_right(const struct text_rule *r, const char *text, size_t len)
{
    char *problem = text_check(r, text, len);

    free(problem);
    return !problem;
}

static void check_text(const char *text, size_t len, bool right3, bool right4)
{
    struct text_rule three = rule("utf8mb3", "text", false, 65535);
    struct text_rule four = rule("utf8mb4", "varchar", false, 400);
    char around[64];

    CHECK(is_right(&three, text, len) == right3);
    CHECK(is_right(&four, text, len) == right4);
    /* the same between ASCII, wherever a block begins */
    for (size_t before = 0; before < 17; before++) {
        memset(around, 'x', sizeof(around));
        memcpy(around + before, text, len);
        CHECK(is_right(&three, around, sizeof(around)) == right3);
        CHECK(is_right(&four, around, sizeof(around)) == right4);
    }
}

#define TEXT(s, right3, right4) check_text(s, sizeof(s) - 1, right3, right4)

/* As a MariaDB server answers. */
static void test_utf8(void)
{
    TEXT("", true, true);
    TEXT("\0a", true, true);
    TEXT("\xC2\x80", true, true);
    TEXT("\xC3\xA4\xC3\x9F", true, true);
    TEXT("\xE0\xA0\x80", true, true);
    TEXT("\xEF\xBF\xBF", true, true);
    TEXT("\xED\xA0\x80", true, true); /* a surrogate */
    TEXT("\xF0\x90\x80\x80", false, true);
    TEXT("\xF4\x8F\xBF\xBF", false, true);
    TEXT("\xF4\x90\x80\x80", false, false);
    TEXT("\xF0\x80\x80\x80", false, false);
    TEXT("\xE0\x80\x80", false, false);
    TEXT("\xC0\x80", false, false);
    TEXT("\xC1\xBF", false, false);
    TEXT("\x80", false, false);
    TEXT("\xFF", false, false);
    TEXT("\xF5\x80\x80\x80", false, false);
    TEXT("\xE4", false, false);
    TEXT("\xC3(", false, false);
}

static void test_cut_short(void)
{
    struct text_rule r = rule("utf8mb4", "longtext", false, 0);
    static const char text[] = "abcdefg\xF0\x9F\x99\x82";

    CHECK(is_right(&r, text, 11));
    for (size_t len = 8; len < 11; len++)
        CHECK(!is_right(&r, text, len));
    char *problem = text_check(&r, text, 9);
    CHECK_STR(problem, "is not valid utf8mb4: byte 8 of 9 is F0");
    free(problem);
}

static void test_too_long(void)
{
    struct text_rule r = rule("utf8mb4", "varchar", true, 40);

    CHECK(is_right(&r, "0123456789", 10));
    CHECK(
        is_right(&r, "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", 20));
    char *problem = text_check(&r, "0123456789a", 11);
    CHECK_STR(problem, "has 11 characters, and the column is declared for 10");
    free(problem);
}

static void test_other_columns(void)
{
    CHECK(!rule("latin1", "varchar", false, 10).column);
    CHECK(!rule("utf8mb4", "enum", false, 10).column);
    CHECK(rule("utf8mb4", "longtext", false, 10).characters == SIZE_MAX);
    CHECK(rule("utf8mb4", "text", true, 65535).characters == SIZE_MAX);
}

int main(void)
{
    test_utf8();
    test_cut_short();
    test_too_long();
    test_other_columns();
    return UNIT_END;
}
