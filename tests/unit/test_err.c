#include "base/err.h"

#include <errno.h>

#include "tests/unit/unit.h"

static void test_build_up(void)
{
    struct err *e = err_new(ERR_STORE, "object %s is missing", "a/b");

    e = err_context(e, "reading the manifest of %s", "s1");
    CHECK_STR(err_message(e), "reading the manifest of s1: object a/b is missing");
    CHECK(err_hint_text(e) == NULL);
    e = err_hint(e, "near the cause");
    e = err_hint(e, "further away");
    CHECK_STR(err_hint_text(e), "near the cause");
    e = err_recode(e, ERR_INTEGRITY);
    CHECK(err_code(e) == ERR_INTEGRITY);
    err_free(e);
    CHECK(err_code(NULL) == ERR_OK);
    err_free(NULL);
}

static void test_errno(void)
{
    struct err *e = err_errno(ERR_CONFIG, ENOENT, "opening %s", "x");

    CHECK_STR(err_message(e), "opening x: No such file or directory");
    err_free(e);
}

static void test_first(void)
{
    struct err *e = err_first(err_new(ERR_STORE, "one"), err_new(ERR_TARGET, "two"));

    CHECK_STR(err_message(e), "one");
    err_free(e);
    e = err_first(NULL, err_new(ERR_TARGET, "two"));
    CHECK_STR(err_message(e), "two");
    err_free(e);
    CHECK(err_first(NULL, NULL) == NULL);
}

struct table {
    int rows;
    int last;
};

static void see_row(enum err_code code, const char *name, const char *meaning, void *arg)
{
    struct table *table = arg;

    CHECK((int)code > table->last && (int)code <= 125);
    CHECK(name[0] && meaning[0]);
    CHECK_STR(err_code_name(code), name);
    CHECK_STR(err_code_meaning(code), meaning);
    table->last = (int)code;
    table->rows++;
}

static void test_table(void)
{
    struct table table = {0, -1};

    err_code_each(see_row, &table);
    CHECK(table.rows == 13);
    CHECK(table.last == ERR_LOCKED);
    CHECK_STR(err_code_name((enum err_code)99), "unknown");
}

int main(void)
{
    test_build_up();
    test_errno();
    test_first();
    test_table();
    return UNIT_END;
}
