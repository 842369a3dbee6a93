#include "base/json.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

static const struct json_doc doc = {"manifest m", ERR_INTEGRITY};

static void test_parse(void)
{
    static const char *const wrong[] = {
        "", "{", "[1]", "{\"a\":1} x", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}", "7"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        json_t *object = NULL;
        CHECK_ERR(json_parse(&doc, wrong[i], strlen(wrong[i]), &object), ERR_INTEGRITY, "manifest m");
    }
}

static void test_members(void)
{
    static const char text[] =
        "{\"s\":\"x\",\"n\":-5,\"u\":9223372036854775807,\"b\":true,\"o\":{},\"a\":[],\"z\":null}";
    json_t *object = NULL;
    const char *s = NULL;
    uint64_t u = 0;
    int64_t n = 0;
    bool b = false;
    json_t *child = NULL;

    CHECK_OK(json_parse(&doc, text, sizeof(text) - 1, &object));
    CHECK_OK(json_string_of(&doc, object, "s", &s));
    CHECK_STR(s, "x");
    CHECK_OK(json_i64_of(&doc, object, "n", &n));
    CHECK(n == -5);
    CHECK_OK(json_u64_of(&doc, object, "u", &u));
    CHECK(u == 9223372036854775807ULL);
    CHECK_OK(json_bool_of(&doc, object, "b", &b));
    CHECK(b);
    CHECK_OK(json_object_of(&doc, object, "o", &child));
    CHECK_OK(json_array_of(&doc, object, "a", &child));
    CHECK_ERR(json_u64_of(&doc, object, "n", &u), ERR_INTEGRITY, "n");
    CHECK_ERR(json_string_of(&doc, object, "missing", &s), ERR_INTEGRITY, "missing");
    CHECK_ERR(json_string_of(&doc, object, "n", &s), ERR_INTEGRITY, "'n'");
    CHECK_ERR(json_object_of(&doc, object, "a", &child), ERR_INTEGRITY, "'a'");
    CHECK_OK(json_opt_string_of(&doc, object, "z", &s));
    CHECK(s == NULL);
    CHECK_ERR(json_opt_string_of(&doc, object, "b", &s), ERR_INTEGRITY, "'b'");
    json_decref(object);
}

static void round_trip(const char *bytes, size_t len, bool plain)
{
    json_t *object = json_object();
    char *back = NULL;
    size_t back_len = 0;

    json_object_set_new(object, "v", json_from_bytes(bytes, len));
    CHECK(json_is_string(json_object_get(object, "v")) == plain);
    char *text = json_text(object);
    json_decref(object);
    CHECK(text[strlen(text) - 1] == '\n');
    CHECK_OK(json_parse(&doc, text, strlen(text), &object));
    CHECK_OK(json_bytes_of(&doc, object, "v", &back, &back_len));
    CHECK(back_len == len && back && memcmp(back, bytes, len) == 0 && back[len] == 0);
    free(back);
    free(text);
    json_decref(object);
}

static void test_bytes(void)
{
    char all[256];

    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    round_trip("", 0, true);
    round_trip("CREATE TABLE `t\xc3\xa4`", 17, true);
    round_trip("\xe4", 1, false);
    round_trip("a\0b", 3, false);
    for (size_t len = 1; len <= 256; len++)
        round_trip(all + 256 - len, len, len < 1);

    static const char bad[] = "{\"v\":{\"base64\":\"!!\"}}";
    json_t *object = NULL;
    char *out = NULL;
    CHECK_OK(json_parse(&doc, bad, sizeof(bad) - 1, &object));
    CHECK_ERR(json_bytes_of(&doc, object, "v", &out, NULL), ERR_INTEGRITY, "'v'");
    json_decref(object);
}

int main(void)
{
    test_parse();
    test_members();
    test_bytes();
    return UNIT_END;
}
