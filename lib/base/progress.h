/*
 * progress - how far, how fast, how much longer.
 *
 * On a terminal: a live line, renewed a few times a second. In a log: a plain line every 30 seconds, or as
 * often as is asked for. Rows and bytes are what has been done; totals may be 0 (unknown) or wrong (a
 * server's estimate): then no time left is shown, or what is left by the slower of both. Thread-safe: any
 * worker may add.
 */
#ifndef CCR_BASE_PROGRESS_H
#define CCR_BASE_PROGRESS_H

#include <stdint.h>

#include "base/log.h"

struct progress;

/* `what` ("backup") is copied. Nothing is shown where log leaves out informative lines. */
struct progress *progress_start(struct log *log, const char *what, uint64_t total_rows, uint64_t total_bytes);
void progress_set_every(struct progress *p, unsigned seconds); /* before the first progress_add */
void progress_add(struct progress *p, uint64_t rows, uint64_t bytes);
uint64_t progress_rows(struct progress *p);
uint64_t progress_bytes(struct progress *p);
/* Seconds since the start. */
double progress_seconds(const struct progress *p);
void progress_end(struct progress *p); /* clears the live line and frees; NULL is allowed */

struct progress_state {
    uint64_t rows;
    uint64_t bytes;
    uint64_t total_rows;
    uint64_t total_bytes;
    double seconds;
};

/* "1200000 of 4000000 rows (30%), 240.0 of 800.0 MB (30%), 400000 rows/s, 80.0 MB/s, 7 s left"; malloc'ed. */
char *progress_text(const struct progress_state *state);

#endif
