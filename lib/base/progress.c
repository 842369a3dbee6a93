#include "base/progress.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#define LIVE_EVERY_US (250 * 1000LL)
#define LINE_EVERY_S  30

struct progress {
    struct log *log;
    char *what;
    struct progress_state state; /* without the seconds */
    int64_t every_us;
    int64_t started_us;
    int64_t shown_us;
    pthread_mutex_t mutex;
};

struct progress *progress_start(struct log *log, const char *what, uint64_t total_rows, uint64_t total_bytes)
{
    struct progress *p = mem_zalloc(1, sizeof(*p));

    p->log = log;
    p->what = mem_strdup(what);
    p->state.total_rows = total_rows;
    p->state.total_bytes = total_bytes;
    p->every_us = log_is_terminal(log) ? LIVE_EVERY_US : LINE_EVERY_S * CLOCK_US_PER_S;
    p->started_us = p->shown_us = clock_monotonic_us();
    pthread_mutex_init(&p->mutex, NULL);
    return p;
}

void progress_set_every(struct progress *p, unsigned seconds)
{
    if (!log_is_terminal(p->log))
        p->every_us = seconds * CLOCK_US_PER_S;
}

/* "240.0 of 800.0 MB (30%), "; a total that is passed is none. */
static void append_amount(struct buf *out, double done, double total, int digits, const char *unit)
{
    buf_printf(out, "%.*f", digits, done);
    if (total > 0 && total >= done)
        buf_printf(out, " of %.*f %s (%.0f%%), ", digits, total, unit, 100 * done / total);
    else
        buf_printf(out, " %s, ", unit);
}

static double share_of(uint64_t done, uint64_t total)
{
    return total >= done && total > 0 ? (double)done / (double)total : 0;
}

/* By rows or by bytes, whichever is further from its end. */
static double share_done(const struct progress_state *s)
{
    double rows = share_of(s->rows, s->total_rows);
    double bytes = share_of(s->bytes, s->total_bytes);

    return rows == 0 ? bytes : bytes == 0 || rows < bytes ? rows : bytes;
}

static void append_time(struct buf *out, double seconds)
{
    unsigned long left = (unsigned long)(seconds + 0.5);

    if (left >= 3600)
        buf_printf(out, "%lu h %02lu min", left / 3600, left / 60 % 60);
    else if (left >= 60)
        buf_printf(out, "%lu min %02lu s", left / 60, left % 60);
    else
        buf_printf(out, "%lu s", left);
}

char *progress_text(const struct progress_state *s)
{
    struct buf out = BUF_INIT;
    double seconds = s->seconds > 0 ? s->seconds : 0.001;
    double share = share_done(s);

    if (s->rows)
        append_amount(&out, (double)s->rows, (double)s->total_rows, 0, "rows");
    append_amount(&out, (double)s->bytes / 1e6, (double)s->total_bytes / 1e6, 1, "MB");
    if (s->rows)
        buf_printf(&out, "%.0f rows/s, ", (double)s->rows / seconds);
    buf_printf(&out, "%.1f MB/s", (double)s->bytes / 1e6 / seconds);
    if (share > 0) {
        buf_append_str(&out, ", ");
        append_time(&out, seconds / share - seconds);
        buf_append_str(&out, " left");
    }
    return buf_steal(&out);
}

/* With the mutex held. */
static char *progress_line(const struct progress *p, int64_t now_us)
{
    struct progress_state state = p->state;

    state.seconds = (double)(now_us - p->started_us) / CLOCK_US_PER_S;
    char *text = progress_text(&state);
    char *line = mem_printf("%s: %s", p->what, text);
    free(text);
    return line;
}

void progress_add(struct progress *p, uint64_t rows, uint64_t bytes)
{
    char *line = NULL;
    int64_t now_us = clock_monotonic_us();
    bool live = log_is_terminal(p->log);

    pthread_mutex_lock(&p->mutex);
    p->state.rows += rows;
    p->state.bytes += bytes;
    if (now_us - p->shown_us >= p->every_us) {
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
    uint64_t rows = p->state.rows;
    pthread_mutex_unlock(&p->mutex);
    return rows;
}

uint64_t progress_bytes(struct progress *p)
{
    pthread_mutex_lock(&p->mutex);
    uint64_t bytes = p->state.bytes;
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
