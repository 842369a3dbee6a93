#include "base/opt.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

enum { MAX_WORDS = 16 };

/* Parses a command line given as words separated by spaces. */
static struct err *parse(enum program program, const char *line, struct opts **out)
{
    static char words[512];
    char *argv[MAX_WORDS + 1] = {NULL};
    int argc = 0;

    snprintf(words, sizeof(words), "%s", line);
    char *save = NULL;
    for (char *w = strtok_r(words, " ", &save); w && argc < MAX_WORDS; w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    return opts_parse(program, argc, argv, out);
}

static void refused(enum program program, const char *line, const char *text)
{
    struct opts *o = NULL;

    CHECK_ERR(parse(program, line, &o), ERR_USAGE, text);
    opts_free(o);
}

static void rate_is(const char *line, uint64_t rows, uint64_t bytes)
{
    struct opts *o = NULL;
    uint64_t got_rows = 1;
    uint64_t got_bytes = 1;

    CHECK_OK(parse(PROGRAM_RESTORE, line, &o));
    opts_rate(o, OPT_MAX_RATE, &got_rows, &got_bytes);
    CHECK(got_rows == rows && got_bytes == bytes);
    opts_free(o);
}

static void size_is(const char *line, uint64_t expected)
{
    struct opts *o = NULL;

    CHECK_OK(parse(PROGRAM_BACKUP, line, &o));
    CHECK(opts_number(o, OPT_OBJECT_SIZE) == expected);
    opts_free(o);
}

static void test_numbers(void)
{
    size_is("x", 16ULL << 20);
    size_is("x --object-size 4096", 4096);
    size_is("x --object-size 3K", 3072);
    size_is("x --object-size=2M", 2ULL << 20);
    size_is("x --object-size 1G", 1ULL << 30);
    size_is("x --object-size 0", 0);
    refused(PROGRAM_BACKUP, "x --object-size 4k", "object-size: '4k'");
    refused(PROGRAM_BACKUP, "x --object-size -1", "'-1'");
    refused(PROGRAM_BACKUP, "x --object-size 1.5M", "'1.5M'");
    refused(PROGRAM_BACKUP, "x --object-size 1MB", "'1MB'");
    refused(PROGRAM_BACKUP, "x --object-size 99999999999999999999", "99999");
    refused(PROGRAM_BACKUP, "x --object-size 17179869184G", "17179869184G");
    refused(PROGRAM_BACKUP, "x --threads 2M", "'2M'");
    refused(PROGRAM_BACKUP, "x --threads 4294967296", "'4294967296'");
    refused(PROGRAM_BACKUP, "x --port 65536", "'65536'");
    refused(PROGRAM_BACKUP, "x --port 0", "'0'");
    refused(PROGRAM_BACKUP, "x --max-pause 100000d", "'100000d'");
    refused(PROGRAM_BACKUP, "x --object-size", "object-size");
}

static void test_rates(void)
{
    rate_is("x", 0, 0);
    rate_is("x --max-rate 20M", 0, 20ULL << 20);
    rate_is("x --max-rate 100000rows", 100000, 0);
    refused(PROGRAM_BACKUP, "x --max-rate 0", "max-rate: '0'");
    refused(PROGRAM_BACKUP, "x --max-rate 0rows", "'0rows'");
    refused(PROGRAM_BACKUP, "x --max-rate rows", "'rows'");
    refused(PROGRAM_BACKUP, "x --max-rate 5Mrows", "'5Mrows'");
    refused(PROGRAM_SHIP, "x --max-rate 5M", "--max-rate");
}

static void test_seconds(void)
{
    struct opts *o = NULL;

    CHECK_OK(parse(PROGRAM_SHIP, "x --segment-age 2h --connect-timeout 90s", &o));
    CHECK(opts_number(o, OPT_SEGMENT_AGE) == 7200);
    CHECK(opts_number(o, OPT_CONNECT_TIMEOUT) == 90);
    CHECK(opts_given(o, OPT_SEGMENT_AGE));
    CHECK(!opts_given(o, OPT_STREAM));
    CHECK_STR(opts_string(o, OPT_STREAM), "main");
    opts_free(o);
}

static void test_lists(void)
{
    struct opts *o = NULL;
    size_t count = 0;

    CHECK_OK(parse(PROGRAM_BACKUP, "x --databases a,b --databases c", &o));
    const char *const *list = opts_list(o, OPT_DATABASES, &count);
    CHECK(count == 3);
    CHECK_STR(list[0], "a");
    CHECK_STR(list[2], "c");
    CHECK(list[3] == NULL);
    CHECK(opts_list(o, OPT_TABLES, &count)[0] == NULL && count == 0);
    opts_free(o);
    refused(PROGRAM_BACKUP, "x --databases a,,b", "empty element");
}

/* The hint tells where a password goes; the password itself is not repeated. */
static void password_refused(const char *line, const char *name)
{
    struct opts *o = NULL;
    struct err *e = parse(PROGRAM_SHIP, line, &o);

    CHECK(err_code(e) == ERR_USAGE);
    CHECK(strstr(err_message(e), name) != NULL && strstr(err_message(e), "geheim") == NULL);
    CHECK(err_hint_text(e) && strstr(err_hint_text(e), "--defaults-file"));
    err_free(e);
    opts_free(o);
}

static void test_refused(void)
{
    refused(PROGRAM_BACKUP, "x --no-such", "--no-such");
    refused(PROGRAM_BACKUP, "x --follow", "--follow"); /* another binary's */
    password_refused("x --password=geheim", "'--password'");
    password_refused("x -pgeheim", "'-p'");
    refused(PROGRAM_SHIP, "x stray", "stray");
    refused(PROGRAM_SHIP, "x --json=yes", "'--json' takes no value");
    refused(PROGRAM_SHIP, "x -q", "'-q'");
    refused(PROGRAM_SHIP, "x --url file:///x", "--url"); /* a key only */
    refused(PROGRAM_SHIP, "x --log-format xml", "xml");
}

static void test_store_url(void)
{
    struct opts *o = NULL;
    const char *url = NULL;

    CHECK_OK(parse(PROGRAM_SHIP, "x --store file:///d", &o));
    CHECK_OK(opts_store_url(o, &url));
    CHECK_STR(url, "file:///d");
    opts_free(o);
    CHECK_OK(parse(PROGRAM_SHIP, "x --store east", &o));
    CHECK_ERR(opts_store_url(o, &url), ERR_USAGE, "east");
    opts_free(o);
    CHECK_OK(parse(PROGRAM_SHIP, "x", &o));
    CHECK_ERR(opts_store_url(o, &url), ERR_USAGE, "--store");
    CHECK_ERR(opts_require(o, OPT_SOCKET), ERR_USAGE, "--socket");
    opts_free(o);
}

int main(void)
{
    test_numbers();
    test_rates();
    test_seconds();
    test_lists();
    test_refused();
    test_store_url();
    return UNIT_END;
}
