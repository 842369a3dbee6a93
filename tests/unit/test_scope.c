/* What is in scope, what it is called on the target, and how this is stored. */
#include "snapshot/scope.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/unit/unit.h"

static const char *const none[] = {NULL};

static struct scope scope_of(const char *database, const char *table, const char *no_database,
                             const char *no_table)
{
    const char *const databases[] = {database, NULL};
    const char *const tables[] = {table, NULL};
    const char *const no_databases[] = {no_database, NULL};
    const char *const no_tables[] = {no_table, NULL};
    const struct scope_texts texts = {databases, tables, no_databases, no_tables};
    struct scope s = {0};

    CHECK_OK(scope_parse(&texts, &s));
    return s;
}

struct match_case {
    const char *pattern;
    const char *name;
    bool expected;
};

static const struct match_case matches[] = {
    {"shop", "shop", true},      {"shop", "shop2", false},    {"shop", "sho", false},
    {"shop_*", "shop_1", true},  {"shop_*", "shop_", true},   {"shop_*", "shopx", false},
    {"*", "anything", true},     {"*a*b*", "xxaxxbxx", true}, {"*a*b*", "xxbxxaxx", false},
    {"*aab", "aaaab", true},     {"s?op", "shop", true},      {"s?op", "sop", false},
    {"s?p", "s\xc3\xb6p", true}, {"??", "\xc3\xb6", false},   {"\\*", "*", true},
    {"\\*", "x", false},         {"`a*`", "a*", true},        {"`a*`", "ab", false},
    {"`a``b`", "a`b", true},     {"a`*`", "a`b`", true},      {"a.b", "a.b", true},
    {"Shop", "shop", false},     {"a\\", "a\\", true},
};

static void test_patterns(void)
{
    for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
        struct scope s = scope_of(matches[i].pattern, NULL, NULL, NULL);
        if ((scope_database(&s, matches[i].name) == SCOPE_WHOLE) != matches[i].expected)
            printf("pattern %s, name %s\n", matches[i].pattern, matches[i].name);
        CHECK((scope_database(&s, matches[i].name) == SCOPE_WHOLE) == matches[i].expected);
        scope_free(&s);
    }
}

static void test_rule(void)
{
    struct scope s = scope_of(NULL, NULL, NULL, NULL);
    CHECK(scope_database(&s, "any") == SCOPE_WHOLE && scope_table(&s, "any", "t"));
    CHECK(scope_database(&s, "mysql") == SCOPE_OUT && scope_database(&s, "ccr") == SCOPE_OUT);
    CHECK(!scope_table(&s, "any", "ccr_unfinished"));
    CHECK(!scope_table(&s, "ccr", "jobs") && scope_database(&s, "") == SCOPE_OUT && scope_is_open(&s));
    scope_free(&s);

    s = scope_of("shop_*", "crm.log_*", "shop_x", "*.audit");
    CHECK(scope_database(&s, "shop_1") == SCOPE_HOLES && scope_programs(&s, "shop_1"));
    CHECK(scope_table(&s, "shop_1", "a") && !scope_table(&s, "shop_1", "audit"));
    CHECK(scope_database(&s, "shop_x") == SCOPE_OUT && !scope_table(&s, "shop_x", "a"));
    CHECK(scope_database(&s, "crm") == SCOPE_TABLES && !scope_programs(&s, "crm"));
    CHECK(scope_table(&s, "crm", "log_1") && !scope_table(&s, "crm", "person"));
    CHECK(scope_database(&s, "other") == SCOPE_OUT && scope_is_open(&s));
    scope_free(&s);

    s = scope_of("shop", "shop.a", NULL, "shop.a"); /* exclusion wins */
    CHECK(!scope_table(&s, "shop", "a") && scope_table(&s, "shop", "b") && !scope_is_open(&s));
    scope_free(&s);
    s = scope_of(NULL, NULL, "t*", NULL);
    CHECK(scope_database(&s, "test") == SCOPE_OUT && scope_database(&s, "shop") == SCOPE_WHOLE);
    scope_free(&s);
    s = scope_of(NULL, "`a.b`.`c.d`", NULL, NULL);
    CHECK(scope_table(&s, "a.b", "c.d") && !scope_table(&s, "a", "b"));
    scope_free(&s);
    s = scope_of("Shop", NULL, NULL, NULL);
    s.fold_case = true;
    CHECK(scope_table(&s, "sHOP", "T") && scope_database(&s, "shops") == SCOPE_OUT);
    scope_free(&s);
}

struct cover_case {
    const char *outer[4]; /* database, table, excluded database, excluded table */
    const char *inner[4];
    bool covers;
};

static const struct cover_case covers[] = {
    {{NULL}, {NULL}, true},
    {{NULL}, {"shop"}, true},
    {{"shop"}, {NULL}, false},
    {{"shop"}, {"shop"}, true},
    {{"shop"}, {NULL, "shop.a"}, true},
    {{"shop"}, {NULL, "shop.*"}, true},
    {{"shop"}, {NULL, "s*.a"}, false},
    {{NULL, "shop.*"}, {"shop"}, false}, /* its routines */
    {{NULL, "shop.a"}, {NULL, "shop.a"}, true},
    {{NULL, "shop.a"}, {NULL, "shop.b"}, false},
    {{NULL, "*.a*"}, {NULL, "shop.ab?"}, true},
    {{NULL, "shop.a?"}, {NULL, "shop.a*"}, false},
    {{NULL, "shop.a?"}, {NULL, "shop.a\xc3\xb6"}, true},
    {{"s*"}, {"shop_*"}, true},
    {{"s*p"}, {"s*"}, false},
    {{"*a*b*"}, {"xa?*b"}, true},
    {{"*a*b*"}, {"x*b"}, false},
    {{"sh\\*p"}, {"sh*p"}, false},
    {{"sh\\*p"}, {"sh\\*p"}, true},
    {{NULL, NULL, "shop"}, {NULL}, false},
    {{NULL, NULL, "shop"}, {"crm"}, true},
    {{NULL, NULL, "s*"}, {"crm", "?hop.a"}, false}, /* the two patterns meet */
    {{NULL, NULL, "hop*"}, {"crm", "?hop.a"}, true},
    {{NULL, NULL, "shop"}, {NULL, NULL, "sh*"}, true},
    {{"shop", NULL, NULL, "shop.audit"}, {"shop"}, false},
    {{"shop", NULL, NULL, "shop.audit"}, {"shop", NULL, NULL, "*.aud*"}, true},
    {{"shop", NULL, NULL, "shop.audit"}, {NULL, "shop.a"}, true},
    {{"shop", NULL, NULL, "shop.*t"}, {NULL, "shop.au*"}, false},
    {{"shop", NULL, NULL, "*.x"}, {NULL, NULL, "shop", NULL}, false},
};

static void test_covers(void)
{
    for (size_t i = 0; i < sizeof(covers) / sizeof(covers[0]); i++) {
        const struct cover_case *c = &covers[i];
        struct scope outer = scope_of(c->outer[0], c->outer[1], c->outer[2], c->outer[3]);
        struct scope inner = scope_of(c->inner[0], c->inner[1], c->inner[2], c->inner[3]);
        if (scope_covers(&outer, &inner) != c->covers)
            printf("case %zu of covers\n", i);
        CHECK(scope_covers(&outer, &inner) == c->covers);
        scope_free(&outer);
        scope_free(&inner);
    }
    struct scope outer = scope_of("Shop", NULL, NULL, NULL);
    struct scope inner = scope_of("sHOP", NULL, NULL, NULL);
    CHECK(!scope_covers(&outer, &inner));
    outer.fold_case = true;
    CHECK(scope_covers(&outer, &inner));
    scope_free(&outer);
    scope_free(&inner);
}

static void check_description(const struct scope *s, const char *expected)
{
    struct buf text = BUF_INIT;

    scope_describe(s, &text);
    CHECK_STR(buf_str(&text), expected);
    buf_free(&text);
}

static void test_description(void)
{
    struct scope s = scope_of("shop_*", "crm.log", "shop_x", "*.audit");

    check_description(&s, "shop_*, crm.log but shop_x, *.audit");
    scope_free(&s);
    s = scope_of(NULL, NULL, NULL, "*.audit");
    check_description(&s, "everything but *.audit");
    scope_free(&s);
}

static void refused(const char *database, const char *table, const char *message)
{
    const char *const databases[] = {database, NULL};
    const char *const tables[] = {table, NULL};
    const struct scope_texts texts = {databases, tables, none, none};
    struct scope s = {0};

    CHECK_ERR(scope_parse(&texts, &s), ERR_USAGE, message);
    scope_free(&s);
}

static void rename_refused(const char *const *databases, const char *const *tables, const char *message)
{
    struct scope s = {0};

    CHECK_ERR(scope_parse_renames(databases, tables, &s), ERR_USAGE, message);
    scope_free(&s);
}

static void test_refusals(void)
{
    refused("mysql", NULL, "--databases");
    refused("`ccr`", NULL, "never part");
    refused("`open", NULL, "'`open'");
    refused("\xff", NULL, "not a database");
    refused(NULL, "shop", "DB.TABLE");
    refused(NULL, ".t", "DB.TABLE");
    refused(NULL, "d.", "DB.TABLE");
    refused(NULL, "`d.t`", "DB.TABLE");
    refused(NULL, "mysql.user", "never part");
    refused(NULL, "shop.ccr_unfinished", "never part");
    rename_refused((const char *const[]){"a", NULL}, none, "A:B");
    rename_refused((const char *const[]){"a*:b", NULL}, none, "A:B");
    rename_refused((const char *const[]){"a:b", "a:c", NULL}, none, "already");
    rename_refused((const char *const[]){"a:c", "b:c", NULL}, none, "both become");
    rename_refused(none, (const char *const[]){"a.t:b", NULL}, "DB.TABLE:DB.TABLE");
    rename_refused(none, (const char *const[]){"a.t:x.y", "b.t:x.y", NULL}, "both become");
}

/* shop is called copy, shop.a lies in other as b, and shop.c is called d. */
static struct scope renamed(void)
{
    const char *const databases[] = {"shop:copy", NULL};
    const char *const tables[] = {"shop.a:other.b", "shop.c:`copy`.d", NULL};
    struct scope s = {0};

    CHECK_OK(scope_parse_renames(databases, tables, &s));
    return s;
}

static void check_target(const struct scope *s, const char *db, const char *name, const char *expected)
{
    struct scope_name to = scope_target_table(s, db, name);
    struct scope_name back = {NULL, NULL};
    char *text = mem_printf("%s.%s", to.db, to.name);

    CHECK_STR(text, expected);
    CHECK(scope_source_table(s, to.db, to.name, &back));
    CHECK_STR(back.db, db);
    CHECK_STR(back.name, name);
    free(text);
}

static void test_renames(void)
{
    struct scope s = renamed();
    struct scope_name back;

    check_target(&s, "shop", "x", "copy.x");
    check_target(&s, "shop", "a", "other.b");
    check_target(&s, "shop", "c", "copy.d");
    check_target(&s, "crm", "a", "crm.a");
    CHECK(!scope_source_table(&s, "shop", "x", &back)); /* nothing is called so on the target */
    CHECK(!scope_source_table(&s, "copy", "a", &back)); /* shop.a lies elsewhere */
    CHECK(scope_clashes(&s, "other", "b") && !scope_clashes(&s, "other", "a"));
    CHECK(scope_clashes(&s, "shop", "d") && !scope_clashes(&s, "shop", "c") &&
          !scope_clashes(&s, "shop", "x"));
    CHECK(scope_clashes(&s, "copy", NULL) && scope_clashes(&s, "copy", "x") &&
          !scope_clashes(&s, "shop", NULL));
    scope_free(&s);
}

static const struct json_doc doc = {"a test", ERR_TARGET};

static void test_json(void)
{
    struct scope s = scope_of("shop_*", "crm.`log*`", "shop_x", "*.audit");
    struct scope r = renamed();
    struct scope back = {0};

    s.fold_case = true;
    json_t *json = scope_to_json(&s);
    json_t *renames = scope_renames_to_json(&r);
    CHECK_OK(scope_from_json(&doc, json, renames, &back));
    json_t *again = scope_to_json(&back);
    CHECK(json_equal(json, again) && back.fold_case);
    CHECK(scope_table(&back, "crm", "log*") && !scope_table(&back, "crm", "logs"));
    CHECK_STR(scope_target_table(&back, "shop", "a").db, "other");
    CHECK_STR(scope_target_database(&back, "shop"), "copy");
    json_decref(again);
    json_object_set_new(json, "version", json_integer(3));
    scope_free(&back);
    CHECK_ERR(scope_from_json(&doc, json, renames, &back), ERR_UNSUPPORTED, "version 3");
    scope_free(&back);
    json_decref(json);
    json_decref(renames);
    scope_free(&s);
    scope_free(&r);
}

/* As it was stored before there were patterns: names stand for themselves. */
static void test_first_version(void)
{
    json_t *json = json_pack("{s:[s], s:[s]}", "databases", "sh*p", "tables", "a%2Fb/t?");
    json_t *renames = json_pack("{s:s}", "sh*p", "copy");
    struct scope s = {0};

    CHECK_OK(scope_from_json(&doc, json, renames, &s));
    CHECK(scope_database(&s, "sh*p") == SCOPE_WHOLE && scope_database(&s, "shop") == SCOPE_OUT);
    CHECK(scope_table(&s, "a/b", "t?") && !scope_table(&s, "a/b", "tt"));
    CHECK_STR(scope_target_database(&s, "sh*p"), "copy");
    scope_free(&s);
    json_decref(json);
    json_decref(renames);
    json = json_pack("{s:[], s:[i]}", "databases", "tables", 1);
    CHECK_ERR(scope_from_json(&doc, json, NULL, &s), ERR_TARGET, "'tables'");
    scope_free(&s);
    json_decref(json);
}

int main(void)
{
    test_patterns();
    test_rule();
    test_covers();
    test_description();
    test_refusals();
    test_renames();
    test_json();
    test_first_version();
    return UNIT_END;
}
