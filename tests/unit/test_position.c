#include "format/position.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

static void check_text(const char *in, const char *out)
{
    struct gtid_pos pos = GTID_POS_INIT;

    CHECK_OK(gtid_pos_parse(in, ERR_USAGE, &pos));
    char *text = gtid_pos_text(&pos);
    CHECK_STR(text, out);
    free(text);
    gtid_pos_free(&pos);
}

static void check_refused(const char *in, const char *message)
{
    struct gtid_pos pos = GTID_POS_INIT;

    gtid_pos_set(&pos, (struct gtid){9, 9, 9});
    CHECK_ERR(gtid_pos_parse(in, ERR_CONFIG, &pos), ERR_CONFIG, message);
    CHECK(pos.count == 1 && pos.items[0].seq == 9); /* untouched */
    gtid_pos_free(&pos);
}

static void test_text(void)
{
    check_text("", "");
    check_text("  \n", "");
    check_text("0-1-77", "0-1-77");
    check_text("1-2-5,0-1-77", "0-1-77,1-2-5");
    check_text(" 7-1-1 ,\n 0-1-1\t", "0-1-1,7-1-1");
    check_text("7-1-1 0-1-1", "0-1-1,7-1-1");
    check_text("4294967295-4294967295-18446744073709551615", "4294967295-4294967295-18446744073709551615");
    check_refused("0-1", "not a GTID position");
    check_refused("0-1-", "not a GTID position");
    check_refused("0-1-2-3", "not a GTID position");
    check_refused("0-1-x", "not a GTID position");
    check_refused("0-1-1,", "not a GTID position");
    check_refused(",0-1-1", "not a GTID position");
    check_refused("0-1-1,,1-1-1", "not a GTID position");
    check_refused("-1-1-1", "not a GTID position");
    check_refused("4294967296-1-1", "not a GTID position");
    check_refused("0-1-18446744073709551616", "not a GTID position");
    check_refused("0-1-99999999999999999999", "not a GTID position");
    check_refused("0-1-1,0-2-2", "domain 0 twice");
}

static void test_gtid(void)
{
    struct gtid gtid = {1, 2, 3};
    char text[GTID_TEXT_SIZE];

    CHECK(gtid_parse("0-1-77", &gtid) && gtid_equal(gtid, (struct gtid){0, 1, 77}));
    CHECK(!gtid_parse("0-1-77 ", &gtid) && !gtid_parse("", &gtid) && !gtid_parse("0-1-77,", &gtid));
    CHECK(gtid.seq == 77);
    CHECK_STR(gtid_format((struct gtid){UINT32_MAX, UINT32_MAX, UINT64_MAX}, text),
              "4294967295-4294967295-18446744073709551615");
}

static void test_order(void)
{
    struct gtid_pos a = GTID_POS_INIT, b = GTID_POS_INIT, empty = GTID_POS_INIT;

    CHECK_OK(gtid_pos_parse("0-1-10,5-1-3", ERR_USAGE, &a));
    CHECK_OK(gtid_pos_parse("0-2-9", ERR_USAGE, &b));
    CHECK(gtid_pos_reaches(&a, &b) && !gtid_pos_reaches(&b, &a));
    CHECK(gtid_pos_reaches(&a, &a) && gtid_pos_reaches(&a, &empty) && !gtid_pos_reaches(&empty, &b));
    CHECK(gtid_pos_has(&a, (struct gtid){0, 7, 10}) && !gtid_pos_has(&a, (struct gtid){0, 1, 11}));
    CHECK(!gtid_pos_has(&a, (struct gtid){1, 1, 1}));
    CHECK(gtid_pos_find(&a, 5)->seq == 3 && !gtid_pos_find(&a, 4) && !gtid_pos_find(&empty, 0));

    gtid_pos_set(&b, (struct gtid){3, 1, 1});
    gtid_pos_set(&b, (struct gtid){1, 1, 1});
    gtid_pos_set(&b, (struct gtid){3, 1, 2});
    char *text = gtid_pos_text(&b);
    CHECK_STR(text, "0-2-9,1-1-1,3-1-2");
    free(text);

    gtid_pos_copy(&a, &b);
    CHECK(gtid_pos_equal(&a, &b) && !gtid_pos_equal(&a, &empty));
    gtid_pos_set(&a, (struct gtid){0, 3, 9}); /* another server: not equal, but reached */
    CHECK(!gtid_pos_equal(&a, &b) && gtid_pos_reaches(&a, &b));
    gtid_pos_copy(&a, &a);
    CHECK(a.count == 3);
    gtid_pos_free(&a);
    gtid_pos_free(&b);
    gtid_pos_free(&b);
    CHECK(b.count == 0 && !b.items);
}

int main(void)
{
    test_text();
    test_gtid();
    test_order();
    return UNIT_END;
}
