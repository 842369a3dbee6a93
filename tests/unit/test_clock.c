#include "base/clock.h"

#include "tests/unit/unit.h"

static int64_t parsed(const char *text)
{
    int64_t us = -1;

    CHECK_OK(clock_parse(text, &us));
    return us;
}

static void test_parse(void)
{
    static const char *const wrong[] = {"",
                                        "yesterday",
                                        "2026-13-01",
                                        "2026-02-30",
                                        "2026-11-23T25:00:00Z",
                                        "2026-11-23T06:60:00Z",
                                        "2026-11-23T06:02:58+01:00",
                                        "2026-11-23T06:02:58Zx",
                                        "2026-11-23T06:02",
                                        "20261123"};

    CHECK(parsed("1970-01-01") == 0);
    CHECK(parsed("1970-01-02T00:00:01Z") == 86401 * CLOCK_US_PER_S);
    CHECK(parsed("2026-11-23T06:02:58Z") == 1795413778 * CLOCK_US_PER_S);
    CHECK(parsed("2026-11-23 06:02:58") == 1795413778 * CLOCK_US_PER_S);
    CHECK(parsed("2028-02-29") == 1835395200 * CLOCK_US_PER_S);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        int64_t us = 0;
        CHECK_ERR(clock_parse(wrong[i], &us), ERR_USAGE, wrong[i]);
    }
}

static void test_format(void)
{
    char text[CLOCK_TEXT_SIZE];

    CHECK_STR(clock_format(0, text), "1970-01-01T00:00:00Z");
    CHECK_STR(clock_format(1795413778 * CLOCK_US_PER_S + 999999, text), "2026-11-23T06:02:58Z");
    CHECK_STR(clock_format_compact(1795413778 * CLOCK_US_PER_S, text), "20261123T060258Z");
    CHECK(parsed(clock_format(clock_now_us(), text)) / CLOCK_US_PER_S >= 1795413778 - 365LL * 86400);
}

static void test_monotonic(void)
{
    int64_t before = clock_monotonic_us();

    clock_sleep_us(20000);
    int64_t passed = clock_monotonic_us() - before;
    CHECK(passed >= 19000);
}

int main(void)
{
    test_parse();
    test_format();
    test_monotonic();
    return UNIT_END;
}
