#include "binlog/grant.h"

#include <stdlib.h>

#include "base/buf.h"
#include "tests/unit/unit.h"

static const char *const kinds[] = {
    [GRANT_CREATE] = "create",        [GRANT_ALTER] = "alter", [GRANT_ROLE] = "role",
    [GRANT_DEFAULT_ROLE] = "default", [GRANT_PROXY] = "proxy", [GRANT_GLOBAL] = "global",
    [GRANT_DATABASE] = "database",    [GRANT_TABLE] = "table", [GRANT_ROUTINE] = "routine",
};

/* "kind grantee|role|db|name|object|flags" */
static const char *read(struct buf *b, const char *sql)
{
    struct grant g;

    buf_clear(b);
    CHECK_OK(grant_parse(sql, &g));
    char *grantee = account_sql_dup(&g.grantee);
    buf_printf(b, "%s %s", kinds[g.kind], grantee);
    if (g.role)
        buf_printf(b, " role=%s", g.role);
    if (g.db)
        buf_printf(b, " db=%s", g.db);
    if (g.name)
        buf_printf(b, " name=%s", g.name);
    if (g.object_end)
        buf_printf(b, " on=%.*s", (int)(g.object_end - g.object_start), sql + g.object_start);
    buf_printf(b, "%s%s%s", g.columns ? " columns" : "", g.package ? " package" : "",
               g.option ? " option" : "");
    CHECK(g.grantee_end > 0 && g.grantee_end <= strlen(sql) && sql[g.grantee_end - 1] != ' ');
    free(grantee);
    grant_free(&g);
    return buf_str(b);
}

static struct err *list(const char *name, void *arg)
{
    buf_printf(arg, "[%s]", name);
    return NULL;
}

static struct err *list_privilege(const struct grant_privilege *p, void *arg)
{
    buf_printf(arg, "[%s|%.*s]", p->name, (int)p->len, p->text);
    return NULL;
}

static const char *privileges(struct buf *b, const char *sql)
{
    struct grant g;

    buf_clear(b);
    CHECK_OK(grant_parse(sql, &g));
    CHECK_OK(grant_each_privilege(sql, &g, list_privilege, b));
    grant_free(&g);
    return buf_str(b);
}

static const char *plugins(struct buf *b, const char *sql)
{
    buf_clear(b);
    CHECK_OK(grant_each_plugin(sql, list, b));
    return buf_str(b);
}

static void test_parse(struct buf *b)
{
    CHECK_STR(read(b, "CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*1' REQUIRE SSL"), "create `a`@`%`");
    CHECK_STR(read(b, "CREATE ROLE `r``1 TO x`"), "create `r``1 TO x`");
    CHECK_STR(read(b, "ALTER USER `a`@`h` PASSWORD EXPIRE NEVER"), "alter `a`@`h`");
    CHECK_STR(read(b, "GRANT `r` TO `a`@`h` WITH ADMIN OPTION"), "role `a`@`h` role=r option");
    CHECK_STR(read(b, "GRANT `ON` TO `r`"), "role `r` role=ON");
    CHECK_STR(read(b, "SET DEFAULT ROLE `r` FOR `a`@`h`"), "default `a`@`h` role=r");
    CHECK_STR(read(b, "GRANT PROXY ON ``@`%` TO ``@`localhost`"), "proxy ``@`localhost`");
    CHECK_STR(read(b, "GRANT SELECT, RELOAD ON *.* TO `a`@`h` IDENTIFIED BY PASSWORD '* WITH GRANT OPTION'"),
              "global `a`@`h` on=*.*");
    CHECK_STR(read(b, "GRANT USAGE ON *.* TO `a`@`h` REQUIRE SSL WITH GRANT OPTION MAX_QUERIES_PER_HOUR 1"),
              "global `a`@`h` on=*.* option");
    CHECK_STR(read(b, "GRANT USAGE ON *.* TO `a`@`h` WITH MAX_QUERIES_PER_HOUR 1"), "global `a`@`h` on=*.*");
    CHECK_STR(read(b, "GRANT SELECT ON `d\\_1`.* TO PUBLIC"), "database PUBLIC db=d\\_1 on=`d\\_1`.*");
    CHECK_STR(read(b, "GRANT SELECT (`a`, `ON`), UPDATE ON `d`.`t``.*` TO `a`@`h` WITH GRANT OPTION"),
              "table `a`@`h` db=d name=t`.* on=`d`.`t``.*` columns option");
    CHECK_STR(read(b, "GRANT EXECUTE ON FUNCTION `d`.`f` TO `r`"), "routine `r` db=d name=f on=`d`.`f`");
    CHECK_STR(read(b, "GRANT EXECUTE ON PACKAGE BODY `d`.`p` TO `r`"),
              "routine `r` db=d name=p on=`d`.`p` package");
}

static void test_refused(void)
{
    static const char *const broken[] = {"",
                                         "DROP USER `a`",
                                         "GRANT SELECT ON",
                                         "GRANT SELECT `a`",
                                         "GRANT `r` ON `a`",
                                         "GRANT SELECT ON `d` TO `a`",
                                         "GRANT SELECT ON *.* FOR `a`",
                                         "GRANT SELECT ON *.* TO `a",
                                         "GRANT SELECT ON *.* TO `a` IDENTIFIED BY 'x",
                                         "SET ROLE `a`"};
    struct grant g;

    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        CHECK_ERR(grant_parse(broken[i], &g), ERR_UNSUPPORTED, "not the form");
        grant_free(&g);
    }
}

static void check_sorted(const char *sql, const char *expected)
{
    char *text = NULL;

    CHECK_OK(grant_sorted(sql, &text));
    CHECK_STR(text, expected);
    free(text);
}

static void test_sorted(void)
{
    check_sorted("GRANT UPDATE, SELECT (`b`, `a``)`), INSERT (`c`) ON `d`.`t` TO `r` WITH GRANT OPTION",
                 "GRANT INSERT `c`, SELECT `a``)`, SELECT `b`, UPDATE ON `d`.`t` TO `r` WITH GRANT OPTION");
    check_sorted("GRANT RELOAD, ALL PRIVILEGES ON *.* TO `r`", "GRANT ALL PRIVILEGES, RELOAD ON *.* TO `r`");
    check_sorted("GRANT `r` TO `s`", "GRANT `r` TO `s`");
    check_sorted("CREATE USER `a`@`h` IDENTIFIED BY 'x, a'", "CREATE USER `a`@`h` IDENTIFIED BY 'x, a'");
}

static void test_parts(struct buf *b)
{
    CHECK_STR(privileges(b, "GRANT SELECT ON *.* TO `a`"), "[SELECT|SELECT]");
    CHECK_STR(privileges(b, "GRANT ALL PRIVILEGES ON `d`.* TO `a`"), "[ALL PRIVILEGES|ALL PRIVILEGES]");
    CHECK_STR(
        privileges(b, "GRANT SELECT (`a`, `b)`), CREATE TEMPORARY TABLES, INSERT (`c`) ON `d`.`t` TO `a`"),
        "[SELECT|SELECT (`a`, `b)`)][CREATE TEMPORARY TABLES|CREATE TEMPORARY TABLES][INSERT|INSERT (`c`)]");
    CHECK_STR(
        plugins(b, "CREATE USER `VIA x`@`h` IDENTIFIED VIA ed25519 USING 'OR y' OR unix_socket REQUIRE SSL"),
        "[ed25519][unix_socket]");
    CHECK_STR(plugins(b, "CREATE USER `a`@`h` IDENTIFIED BY PASSWORD '*1'"), "");
}

static void test_patterns(void)
{
    static const char *const pairs[][2] = {{"my\\_app", "my_app"}, {"plain", "plain"}, {"a\\\\b", "a\\b"}};

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char *name = grant_pattern_name(pairs[i][0]);
        char *pattern = grant_pattern_of(pairs[i][1]);
        CHECK_STR(name, pairs[i][1]);
        CHECK_STR(pattern, pairs[i][0]);
        free(name);
        free(pattern);
    }
    CHECK(grant_pattern_name("my_app") == NULL);
    CHECK(grant_pattern_name("a\\%%") == NULL);
}

static void test_definer(void)
{
    static const struct {
        const char *sql;
        uint64_t mode;
        const char *account; /* NULL: none */
    } cases[] = {
        {"CREATE DEFINER=`a``@`@`%` PROCEDURE `p`()", 0, "`a``@`@`%`"},
        {"CREATE DEFINER=\"a\"@\"h\" PROCEDURE \"p\"()", SQL_MODE_ANSI_QUOTES, "`a`@`h`"},
        {"CREATE ALGORITHM=UNDEFINED DEFINER=`r` SQL SECURITY DEFINER VIEW `v` AS select 1", 0, "`r`"},
        {"CREATE OR REPLACE DEFINER=``@`h` EVENT `e` DO SELECT 1", 0, "``@`h`"},
        {"CREATE VIEW `DEFINER` AS select 1", 0, NULL},
        {"CREATE PROCEDURE p() SELECT 'DEFINER=`a`'", 0, NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct definer d;
        CHECK(definer_find(cases[i].sql, cases[i].mode, &d) == (cases[i].account != NULL));
        if (!cases[i].account)
            continue;
        char *text = account_sql_dup(&d.account);
        CHECK_STR(text, cases[i].account);
        CHECK(cases[i].sql[d.end] == ' ' && cases[i].sql[d.start - 1] == '=');
        free(text);
        account_free(&d.account);
    }
}

int main(void)
{
    struct buf b = BUF_INIT;

    test_parse(&b);
    test_refused();
    test_parts(&b);
    test_sorted();
    test_patterns();
    test_definer();
    buf_free(&b);
    return UNIT_END;
}
