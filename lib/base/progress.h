/*
 * progress - how far, how fast, how much longer.
 *
 * On a terminal: a live line, renewed a few times a second. In a log: a plain line every 30 seconds. Rows and
 * bytes are what has been done; totals may be 0 (unknown), then no time left is shown. Thread-safe: any
 * worker may add.
 */
#ifndef CCR_BASE_PROGRESS_H
#define CCR_BASE_PROGRESS_H

#include <stdint.h>

#include "base/log.h"

struct progress;

/* `what` ("backup") is copied. Nothing is shown where log leaves out informative lines. */
struct progress *progress_start(struct log *log, const char *what, uint64_t total_rows, uint64_t total_bytes);
void progress_add(struct progress *p, uint64_t rows, uint64_t bytes);
uint64_t progress_rows(struct progress *p);
uint64_t progress_bytes(struct progress *p);
/* Seconds since the start. */
double progress_seconds(const struct progress *p);
void progress_end(struct progress *p); /* clears the live line and frees; NULL is allowed */

#endif
