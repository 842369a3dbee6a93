#include "backup/view_order.h"

#include "base/buf.h"
#include "tests/unit/unit.h"

static void note(const char *a, const char *b, void *arg)
{
    buf_printf(arg, "[%s|%s]", a, b);
}

static const char *names(struct buf *b, const char *sql)
{
    buf_clear(b);
    view_names_each(sql, note, b);
    return buf_str(b);
}

int main(void)
{
    struct buf b = BUF_INIT;

    CHECK_STR(names(&b, "select `d`.`v`.`c` AS `c` from `d`.`v`"), "[d|v][v|c][d|v]");
    CHECK_STR(names(&b, "select `a` AS `b`,`c` from (`x y`.`z``w` join `e`.`f` `g`)"), "[x y|z`w][e|f]");
    CHECK_STR(names(&b, "select '`no`.`no`' AS `x`,'it''s \\'`no`.`no`' AS `y` from `d`.`v`"), "[d|v]");
    CHECK_STR(names(&b, "select '\\\\' AS `x` from `d`.`v` where `a` = '`'"), "[d|v]");
    CHECK_STR(names(&b, "`a` . `b`"), "");
    CHECK_STR(names(&b, "`a`.'x'`b`"), "");
    CHECK_STR(names(&b, "`a`.`b"), "[a|b]");
    CHECK_STR(names(&b, "'open `a`.`b`"), "");
    CHECK_STR(names(&b, ""), "");
    buf_free(&b);
    return UNIT_END;
}
