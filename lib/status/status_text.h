/*
 * status_text - what was learnt of jobs and streams (the result of ccr-status) as text for people, and as
 * Prometheus metrics.
 *
 * Both read the JSON form (man/ccr-status.man) and nothing else, and append to `out`.
 */
#ifndef CCR_STATUS_STATUS_TEXT_H
#define CCR_STATUS_STATUS_TEXT_H

#include <jansson.h>

#include "base/buf.h"

void status_text(const json_t *status, int64_t now_us, struct buf *out);
/* In the form of node-exporter's textfile collector. What is not known has no sample. */
void status_prometheus(const json_t *status, struct buf *out);

#endif
