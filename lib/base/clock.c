#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t clock_read_us(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * CLOCK_US_PER_S + ts.tv_nsec / 1000;
}

int64_t clock_shift_us(void)
{
    const char *seconds = getenv("CCR_CLOCK_SHIFT");

    return seconds ? (int64_t)strtol(seconds, NULL, 10) * CLOCK_US_PER_S : 0;
}

int64_t clock_now_us(void)
{
    return clock_read_us(CLOCK_REALTIME) + clock_shift_us();
}

int64_t clock_monotonic_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

void clock_sleep_us(int64_t us)
{
    if (us <= 0)
        return;
    struct timespec ts = {us / CLOCK_US_PER_S, (us % CLOCK_US_PER_S) * 1000};
    nanosleep(&ts, NULL);
}

const char *clock_format(int64_t time_us, char out[CLOCK_TEXT_SIZE])
{
    time_t seconds = time_us / CLOCK_US_PER_S;
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        strcpy(out, "out-of-range");
    return out;
}

const char *clock_format_compact(int64_t time_us, char out[CLOCK_TEXT_SIZE])
{
    char *to = out;

    clock_format(time_us, out);
    for (const char *from = out; *from; from++)
        if (*from != '-' && *from != ':')
            *to++ = *from;
    *to = 0;
    return out;
}

struct err *clock_parse(const char *text, int64_t *time_us)
{
    static const char *const formats[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"};

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct tm tm = {0};
        const char *end = strptime(text, formats[i], &tm);
        if (!end || *end)
            continue;
        int day = tm.tm_mday;
        *time_us = (int64_t)timegm(&tm) * CLOCK_US_PER_S;
        if (tm.tm_mday == day) /* else timegm has made March of 30 February */
            return NULL;
    }
    return err_hint(err_new(ERR_USAGE, "not a time: '%s'", text), "write it in UTC, as 2026-11-23T06:02:58Z");
}
