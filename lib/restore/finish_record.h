/*
 * finish_record - what ccr's own database says of a target once a swap is finished.
 */
#ifndef CCR_RESTORE_FINISH_RECORD_H
#define CCR_RESTORE_FINISH_RECORD_H

#include "job/pending.h"
#include "restore/place_object.h"

/* In one transaction: the job, its tables with their hashes, what is kept, the needs that are settled, a line
 * of history; nothing is pending any more. */
struct err *finish_record(const struct placing *placing, const struct pending *pending,
                          const struct job_position *position) CHECKED;

#endif
