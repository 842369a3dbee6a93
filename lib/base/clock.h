/*
 * clock - times as ccr writes and reads them.
 *
 * Points in time are microseconds since 1970-01-01 UTC (`int64_t`, suffix _us); durations measured within a
 * run come from the monotonic clock, in microseconds too. Text is ISO 8601 in UTC: 2026-11-23T06:02:58Z.
 */
#ifndef CCR_BASE_CLOCK_H
#define CCR_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define CLOCK_US_PER_S 1000000LL
enum { CLOCK_TEXT_SIZE = 32 };

int64_t clock_now_us(void);
/*
 * For tests: CCR_CLOCK_SHIFT=SECONDS in the environment makes clock_now_us() tell a time that much later (or,
 * with a minus, earlier). 0 without it. Whoever takes the time from elsewhere, as from a store, adds it.
 */
int64_t clock_shift_us(void);
int64_t clock_monotonic_us(void);
/* Sleeps up to `us`; ends early when a signal arrives. */
void clock_sleep_us(int64_t us);

/* Writes "2026-11-23T06:02:58Z" (whole seconds) into out and returns it. */
const char *clock_format(int64_t time_us, char out[CLOCK_TEXT_SIZE]);
/* "20261123T060258Z", safe in a file name. */
const char *clock_format_compact(int64_t time_us, char out[CLOCK_TEXT_SIZE]);
/* "2026-11-23T06:02:58Z", "2026-11-23 06:02:58" (UTC), or "2026-11-23"; ERR_USAGE for anything else. */
struct err *clock_parse(const char *text, int64_t *time_us) CHECKED;

#endif
