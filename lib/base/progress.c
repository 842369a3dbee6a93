#include "base/progress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

#define LIVE_EVERY_US (250 * 1000LL)
#define LINE_EVERY_US (30 * CLOCK_US_PER_S)

struct progress {
    struct log *log;
    char *what;
    uint64_t total_rows;
    uint64_t total_bytes;
    uint64_t rows;
    uint64_t bytes;
    int64_t started_us;
    int64_t shown_us;
    pthread_mutex_t mutex;
};

struct progress *progress_start(struct log *log, const char *what, uint64_t total_rows, uint64_t total_bytes)
{
    struct progress *p = mem_zalloc(1, sizeof(*p));

    p->log = log;
    p->what = mem_strdup(what);
    p->total_rows = total_rows;
    p->total_bytes = total_bytes;
    p->started_us = p->shown_us = clock_monotonic_us();
    pthread_mutex_init(&p->mutex, NULL);
    return p;
}

static double progress_share(const struct progress *p)
{
    double share = 0;

    if (p->total_bytes)
        share = (double)p->bytes / (double)p->total_bytes;
    else if (p->total_rows)
        share = (double)p->rows / (double)p->total_rows;
    return share > 1 ? 1 : share;
}

/* With the mutex held. */
static char *progress_line(const struct progress *p, int64_t now_us)
{
    double seconds = (double)(now_us - p->started_us) / CLOCK_US_PER_S;
    double share = progress_share(p);
    char left[64] = "";
    char rows[64] = "";

    if (seconds <= 0)
        seconds = 0.001;
    if (share > 0)
        snprintf(left, sizeof(left), ", %.0f%%, %.0f s left", share * 100, seconds / share - seconds);
    if (p->rows > 0)
        snprintf(rows, sizeof(rows), "%llu rows, %.0f rows/s, ", (unsigned long long)p->rows,
                 (double)p->rows / seconds);
    return mem_printf("%s: %s%.1f MB, %.1f MB/s%s", p->what, rows, (double)p->bytes / 1e6,
                      (double)p->bytes / 1e6 / seconds, left);
}

void progress_add(struct progress *p, uint64_t rows, uint64_t bytes)
{
    char *line = NULL;
    int64_t now_us = clock_monotonic_us();
    bool live = log_is_terminal(p->log);

    pthread_mutex_lock(&p->mutex);
    p->rows += rows;
    p->bytes += bytes;
    if (now_us - p->shown_us >= (live ? LIVE_EVERY_US : LINE_EVERY_US)) {
        p->shown_us = now_us;
        line = progress_line(p, now_us);
    }
    pthread_mutex_unlock(&p->mutex);
    if (!line)
        return;
    if (live)
        log_live(p->log, line);
    else
        log_info(p->log, "%s", line);
    free(line);
}

uint64_t progress_rows(struct progress *p)
{
    pthread_mutex_lock(&p->mutex);
    uint64_t rows = p->rows;
    pthread_mutex_unlock(&p->mutex);
    return rows;
}

uint64_t progress_bytes(struct progress *p)
{
    pthread_mutex_lock(&p->mutex);
    uint64_t bytes = p->bytes;
    pthread_mutex_unlock(&p->mutex);
    return bytes;
}

double progress_seconds(const struct progress *p)
{
    return (double)(clock_monotonic_us() - p->started_us) / CLOCK_US_PER_S;
}

void progress_end(struct progress *p)
{
    if (!p)
        return;
    if (log_is_terminal(p->log))
        log_live(p->log, "");
    pthread_mutex_destroy(&p->mutex);
    free(p->what);
    free(p);
}
