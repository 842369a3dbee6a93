#include "base/pace.h"

#include <pthread.h>

#include "base/clock.h"
#include "tests/unit/unit.h"

/* Never faster than it may; how much slower is the machine's affair. */
static void test_rate(void)
{
    struct pace *p = pace_new(1000, 0);
    int64_t start_us = clock_monotonic_us();

    for (int i = 0; i < 4; i++)
        CHECK_OK(pace_pass(p, 100, 1 << 30, NULL));
    /* 400 ms, without what may be caught up */
    CHECK(clock_monotonic_us() - start_us >= 300 * 1000);
    pace_free(p);
    p = pace_new(0, 1000);
    start_us = clock_monotonic_us();
    CHECK_OK(pace_pass(p, 1 << 30, 300, NULL));
    CHECK(clock_monotonic_us() - start_us >= 200 * 1000);
    pace_free(p);
}

static void test_no_bound(void)
{
    struct pace *p = pace_new(0, 0);

    for (int i = 0; i < 1000; i++)
        CHECK_OK(pace_pass(p, UINT64_MAX / 2, UINT64_MAX / 2, NULL));
    CHECK(pace_held_seconds(p) == 0);
    pace_free(p);
}

struct passer {
    struct pace *pace;
    atomic_bool stop;
    atomic_bool passed;
    struct err *e;
};

static void *passer_main(void *arg)
{
    struct passer *p = arg;

    p->e = pace_pass(p->pace, 1, 1, &p->stop);
    atomic_store(&p->passed, true);
    return NULL;
}

static void test_hold(void)
{
    struct passer p = {.pace = pace_new(0, 0)};
    pthread_t thread;

    pace_hold(p.pace);
    pace_hold(p.pace);
    CHECK(pthread_create(&thread, NULL, passer_main, &p) == 0);
    clock_sleep_us(250 * 1000);
    CHECK(!atomic_load(&p.passed));
    pace_release(p.pace);
    pthread_join(thread, NULL);
    CHECK_OK(p.e);
    CHECK(pace_held_seconds(p.pace) > 0.2);
    pace_free(p.pace);
}

static void test_ends(void)
{
    struct passer p = {.pace = pace_new(0, 0)};

    pace_hold(p.pace);
    atomic_store(&p.stop, true);
    CHECK_OK(pace_pass(p.pace, 1, 1, &p.stop));
    atomic_store(&p.stop, false);
    pace_end(p.pace, err_new(ERR_SOURCE, "too long"));
    CHECK_ERR(pace_pass(p.pace, 1, 1, NULL), ERR_SOURCE, "too long");
    CHECK_ERR(pace_pass(p.pace, 1, 1, NULL), ERR_SOURCE, "too long");
    pace_free(p.pace);
}

int main(void)
{
    test_rate();
    test_no_bound();
    test_hold();
    test_ends();
    return UNIT_END;
}
