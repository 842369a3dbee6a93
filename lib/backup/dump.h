/*
 * dump - copying the rows of the tables: workers take chunks, turn rows into text, and fill volumes.
 *
 * One thread for each of the opening's connections. Tables that are locked come first, then the largest ones.
 * Memory is bounded: a slice, a volume and the largest row for each worker. A table's definition is read
 * again when its last chunk has been copied, while its metadata lock is still held; if it changed, the run
 * fails.
 */
#ifndef CCR_BACKUP_DUMP_H
#define CCR_BACKUP_DUMP_H

#include "backup/opening.h"
#include "backup/volume_filler.h"
#include "base/log.h"
#include "base/pace.h"
#include "base/progress.h"

struct dump_params {
    struct log *log;
    struct opening *opening; /* unlocks the locked tables as soon as they are copied */
    const struct source_schema *schema;
    struct volume_shelf *shelf;
    struct progress *progress;
    struct pace *pace; /* passed by every row */
    uint64_t chunk_bytes;
    const struct partitions *partitions; /* of which alone the rows are wanted; none: of all */
};

/* Appends one entry for each table to *tables, in the schema's order. Stops at the first error or signal. */
struct err *dump_run(const struct dump_params *params, struct manifest *manifest) CHECKED;

#endif
