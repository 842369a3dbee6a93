/* The documents of S3, as AWS, Ceph and Swift write them, and others that must not be taken. */
#include "store/s3_xml.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

static void test_error(void)
{
    static const char aws[] =
        "<?xml version=\"1.0\" "
        "encoding=\"UTF-8\"?>\n<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region "
        "'x' is wrong; expecting &apos;eu-1&apos;</Message><Region>eu-1</Region></Error>";
    static const char ceph[] =
        "<Error><Code>NoSuchKey</Code><Message></Message><BucketName>b</BucketName></Error>";
    struct s3_error e;

    CHECK(s3_error_parse(aws, strlen(aws), &e));
    CHECK_STR(e.code, "AuthorizationHeaderMalformed");
    CHECK_STR(e.message, "the region 'x' is wrong; expecting 'eu-1'");
    CHECK_STR(e.region, "eu-1");
    s3_error_free(&e);
    CHECK(s3_error_parse(ceph, strlen(ceph), &e));
    CHECK_STR(e.code, "NoSuchKey");
    CHECK_STR(e.message, "");
    s3_error_free(&e);
}

static void test_no_error(void)
{
    static const char *const texts[] = {
        "",
        "<html><body>Not found</body></html>",
        "<Error><Code>NoSuchKey</Code>",
        "<Error><Message>no code</Message></Error>",
        "<!DOCTYPE x [<!ENTITY a \"b\">]><Error><Code>&a;</Code></Error>",
        "<a><b><c><d><e><f><g><h><i></i></h></g></f></e></d></c></b></a>",
        "\xff\xfe",
    };
    struct s3_error e;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK(!s3_error_parse(texts[i], strlen(texts[i]), &e));
        CHECK(!e.code && !e.message && !e.region);
    }
}

static void test_page(void)
{
    static const char text[] =
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</EncodingType>"
        "<Name>b</Name><Prefix>a&amp;b/</Prefix><IsTruncated>true</IsTruncated>"
        "<Contents><Key>z%2541+%2B%C3%BC</Key><LastModified>2026-11-28T08:57:57.174Z</LastModified>"
        "<ETag>&quot;e3&quot;</ETag><Size>12</Size></Contents>"
        "<CommonPrefixes><Prefix>a%26b/</Prefix></CommonPrefixes>"
        "<NextContinuationToken>1&amp;%41+</NextContinuationToken></ListBucketResult>";
    struct s3_page page;

    CHECK(s3_page_parse(text, strlen(text), &page));
    CHECK_STR(page.prefix, "a&b/");
    CHECK(page.is_truncated && page.count == 2);
    CHECK_STR(page.next_token, "1&%41+"); /* not encoded, whatever the keys are */
    if (page.count == 2) {
        CHECK_STR(page.items[0].key, "a&b/");
        CHECK(page.items[0].is_prefix);
        CHECK_STR(page.items[1].key, "z%41 +ü");
        CHECK(!page.items[1].is_prefix && page.items[1].stat.size == 12);
        CHECK(page.items[1].stat.modified_us == 1795856277174000);
    }
    s3_page_free(&page);
}

static void test_no_page(void)
{
    static const char *const texts[] = {
        "",
        "<Error><Code>SlowDown</Code></Error>",
        "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key></Contents>",
        "<ListBucketResultX/>",
    };
    struct s3_page page;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK(!s3_page_parse(texts[i], strlen(texts[i]), &page));
        CHECK(page.count == 0 && !page.items);
    }
}

static void test_decode(void)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {{"", ""},       {"a+b", "a b"},   {"%2B%2b", "++"},   {"100%", "100%"}, {"%4", "%4"},
                 {"%zz", "%zz"}, {"%00x", "%00x"}, {"%E2%82%AC", "€"}, {"%41%", "A%"},   {"%2541", "%41"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = s3_decode(cases[i].text);
        CHECK_STR(text, cases[i].expected);
        free(text);
    }
}

int main(void)
{
    test_error();
    test_no_error();
    test_page();
    test_no_page();
    test_decode();
    return UNIT_END;
}
