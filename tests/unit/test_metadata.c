#include "binlog/rows_metadata.h"

#include "binlog/rows_types.h"
#include "tests/unit/unit.h"

enum { INT_AT, VARCHAR_AT, ENUM_AT, SET_AT, GEOMETRY_AT, BIGINT_AT, TEXT_AT, YEAR_AT, BIT_AT, COLUMNS };

static struct rows_column columns[COLUMNS] = {
    {.type = TYPE_LONG}, {.type = TYPE_VARCHAR},  {.type = TYPE_ENUM},
    {.type = TYPE_SET},  {.type = TYPE_GEOMETRY}, {.type = TYPE_LONGLONG},
    {.type = TYPE_BLOB}, {.type = TYPE_YEAR},     {.type = TYPE_BIT},
};

static struct err *parse(const char *metadata, size_t len, struct rows_metadata *out)
{
    const struct rows_table_map map = {
        .db = "d",
        .table = "t",
        .columns = columns,
        .column_count = COLUMNS,
        .metadata = (const uint8_t *)metadata,
        .metadata_len = len,
    };

    return rows_metadata_parse(&map, out);
}

#define PARSE(bytes, out) parse((bytes), sizeof(bytes) - 1, (out))

static void test_signs(void)
{
    struct rows_metadata m;

    CHECK_OK(PARSE("\1\1\x60", &m));
    CHECK(m.columns[INT_AT].sign == ROWS_SIGNED && m.columns[BIGINT_AT].sign == ROWS_UNSIGNED);
    CHECK(m.columns[YEAR_AT].sign == ROWS_UNSIGNED && m.columns[BIT_AT].sign == ROWS_SIGN_UNKNOWN);
    CHECK(m.columns[VARCHAR_AT].sign == ROWS_SIGN_UNKNOWN && !m.has_names && !m.primary);
    rows_metadata_free(&m);
}

static void test_collations(void)
{
    struct rows_metadata m;

    /* 45 for all but the second of VARCHAR, GEOMETRY, TEXT; numbers from 251 on take three bytes */
    CHECK_OK(PARSE("\2\5\x2d\1\xfc\x3f\1", &m));
    CHECK(m.columns[VARCHAR_AT].collation == 45 && m.columns[GEOMETRY_AT].collation == 0x13f &&
          m.columns[TEXT_AT].collation == 45 && m.columns[ENUM_AT].collation == 0);
    rows_metadata_free(&m);
    CHECK_OK(PARSE("\3\3\1\2\3\13\2\4\5", &m));
    CHECK(m.columns[VARCHAR_AT].collation == 1 && m.columns[GEOMETRY_AT].collation == 2 &&
          m.columns[TEXT_AT].collation == 3);
    CHECK(m.columns[ENUM_AT].collation == 4 && m.columns[SET_AT].collation == 5);
    rows_metadata_free(&m);
    CHECK_OK(PARSE("\12\5\x8\0\x9\1\xa", &m));
    CHECK(m.columns[ENUM_AT].collation == 9 && m.columns[SET_AT].collation == 10);
    rows_metadata_free(&m);
}

static void test_names_and_keys(void)
{
    struct rows_metadata m;

    CHECK_OK(PARSE("\4\x14\2id\1v\1e\1s\1g\1b\1t\1y\2\xc3\xa4\7\1\3\10\2\5\1", &m));
    CHECK(m.has_names && m.columns[INT_AT].name_len == 2 && memcmp(m.columns[INT_AT].name, "id", 2) == 0);
    CHECK(m.columns[BIT_AT].name_len == 2 && memcmp(m.columns[BIT_AT].name, "\xc3\xa4", 2) == 0);
    CHECK(m.columns[GEOMETRY_AT].has_geometry && m.columns[GEOMETRY_AT].geometry == ROWS_POLYGON);
    CHECK(m.primary_count == 2 && m.primary[0] == BIGINT_AT && m.primary[1] == VARCHAR_AT);
    rows_metadata_free(&m);
    CHECK_OK(PARSE("\11\4\1\24\6\0", &m));
    CHECK(m.primary_count == 2 && m.primary[0] == VARCHAR_AT && m.primary[1] == TEXT_AT);
    rows_metadata_free(&m);
}

static void test_members(void)
{
    struct rows_metadata m;
    const uint8_t *bytes;
    size_t len;

    CHECK_OK(PARSE("\5\6\2\1x\2yz\6\3\1\1a", &m));
    struct cursor c = m.columns[SET_AT].members;
    CHECK(m.columns[SET_AT].has_members && m.columns[SET_AT].member_count == 2);
    CHECK(rows_member_next(&c, &bytes, &len) && len == 1 && bytes[0] == 'x');
    CHECK(rows_member_next(&c, &bytes, &len) && len == 2 && memcmp(bytes, "yz", 2) == 0);
    CHECK(!rows_member_next(&c, &bytes, &len));
    CHECK(m.columns[ENUM_AT].member_count == 1 && !m.columns[INT_AT].has_members);
    rows_metadata_free(&m);
}

static void test_damaged(void)
{
    struct rows_metadata m;

    CHECK_OK(PARSE("", &m));
    rows_metadata_free(&m);
    CHECK_ERR(PARSE("\1", &m), ERR_INTEGRITY, "damaged metadata");
    CHECK_ERR(PARSE("\1\2\x60", &m), ERR_INTEGRITY, "damaged metadata");
    CHECK_ERR(PARSE("\1\xfe\xff\xff\xff\xff\xff\xff\xff\xff", &m), ERR_INTEGRITY, "damaged metadata");
    CHECK_ERR(PARSE("\1\0", &m), ERR_INTEGRITY, "d.t: its metadata of type 1");
    CHECK_ERR(PARSE("\1\2\x60\0", &m), ERR_INTEGRITY, "type 1");
    CHECK_ERR(PARSE("\2\0", &m), ERR_INTEGRITY, "type 2");
    CHECK_ERR(PARSE("\2\2\x2d\1", &m), ERR_INTEGRITY, "type 2");
    CHECK_ERR(PARSE("\2\3\x2d\3\1", &m), ERR_INTEGRITY, "type 2"); /* there is no fourth */
    CHECK_ERR(PARSE("\2\5\x2d\1\1\0\2", &m), ERR_INTEGRITY, "type 2");
    CHECK_ERR(PARSE("\3\2\1\2", &m), ERR_INTEGRITY, "type 3");
    CHECK_ERR(PARSE("\4\3\2id", &m), ERR_INTEGRITY, "type 4");
    CHECK_ERR(PARSE("\4\3\xfd\xff\xff", &m), ERR_INTEGRITY, "type 4");
    CHECK_ERR(PARSE("\5\5\3\1x\1y", &m), ERR_INTEGRITY, "type 5");
    CHECK_ERR(PARSE("\5\11\xfe\xff\xff\xff\xff\xff\xff\xff\xff", &m), ERR_INTEGRITY, "type 5");
    CHECK_ERR(PARSE("\7\2\1\1", &m), ERR_INTEGRITY, "type 7");
    CHECK_ERR(PARSE("\10\1\11", &m), ERR_INTEGRITY, "type 8"); /* column 9 of 0 to 8 */
    CHECK_ERR(PARSE("\10\12\1\1\1\1\1\1\1\1\1\1", &m), ERR_INTEGRITY, "type 8");
    CHECK_ERR(PARSE("\10\1\1\10\1\1", &m), ERR_INTEGRITY, "type 8");
    CHECK_ERR(PARSE("\11\1\1", &m), ERR_INTEGRITY, "type 9");
    CHECK_ERR(PARSE("\0\0", &m), ERR_UNSUPPORTED, "metadata of type 0");
    CHECK_ERR(PARSE("\15\0", &m), ERR_UNSUPPORTED, "metadata of type 13");
}

int main(void)
{
    test_signs();
    test_collations();
    test_names_and_keys();
    test_members();
    test_damaged();
    return UNIT_END;
}
