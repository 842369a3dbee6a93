/* --partitions, as it is given, and as a snapshot has it. */
#include "snapshot/partitions.h"

#include "tests/unit/unit.h"

static void check_parse(const char *const *texts, const char *expected)
{
    struct partitions p = {0};
    struct buf text = BUF_INIT;

    CHECK_OK(partitions_parse(texts, &p));
    partitions_describe(&p, &text);
    CHECK_STR(buf_str(&text), expected);
    buf_free(&text);
    partitions_free(&p);
}

static void test_parse(void)
{
    check_parse((const char *const[]){NULL}, "");
    check_parse((const char *const[]){"shop.orders:p1", NULL}, "shop.orders:p1");
    check_parse((const char *const[]){"a.t:p1", "p2", "P1", "b.u:x", "y", NULL}, "a.t:p1,p2, b.u:x,y");
    check_parse((const char *const[]){"a.t:p1", "b.u:x", "a.t:p2", "p3", NULL}, "a.t:p1,p2,p3, b.u:x");
    check_parse((const char *const[]){"`a.b`.`c:d`:`p.1`", "`q:2`", NULL}, "a.b.c:d:p.1,q:2");
}

static void test_refused(void)
{
    static const char *const wrong[] = {"p1", "a.t", "a.t:", ".t:p", "a.:p", "a.*:p", "a.t:p*", "", "`a.t:p"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct partitions p = {0};
        CHECK_ERR(partitions_parse((const char *const[]){wrong[i], NULL}, &p), ERR_USAGE,
                  "DB.TABLE:PARTITION");
        partitions_free(&p);
    }
}

static bool covers(const char *const *outer, const char *const *inner)
{
    struct partitions o = {0}, i = {0};

    CHECK_OK(partitions_parse(outer, &o));
    CHECK_OK(partitions_parse(inner, &i));
    bool yes = partitions_cover(&o, &i);
    partitions_free(&o);
    partitions_free(&i);
    return yes;
}

static void test_cover(void)
{
    const char *const many[] = {"a.t:p1", "p2", "b.u:x", NULL};
    const char *const few[] = {"a.t:P2", NULL};
    const char *const other[] = {"a.u:p2", NULL};

    CHECK(covers(many, few));
    CHECK(!covers(few, many));
    CHECK(!covers(many, other));
    CHECK(covers(many, many));
}

int main(void)
{
    test_parse();
    test_refused();
    test_cover();
    return UNIT_END;
}
