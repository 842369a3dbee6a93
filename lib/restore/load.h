/*
 * load - the rows of a snapshot into its staging tables, by parallel workers.
 *
 * Each worker has a connection and streams chunks from the volumes into it, without a temporary file: as
 * bundles of an INSERT (load_bulk), or into LOAD DATA LOCAL (load_text). A chunk and its row in ccr.loads are
 * one transaction, or several where that would be larger than the target takes (load_part.h); small tables
 * share one (load_group.h). Rows are counted against the manifest; a warning of the server is an error. The
 * first failure stops all workers.
 */
#ifndef CCR_RESTORE_LOAD_H
#define CCR_RESTORE_LOAD_H

#include "base/pace.h"
#include "base/progress.h"
#include "restore/load_part.h"
#include "restore/restore_plan.h"
#include "store/store.h"

struct load_params {
    struct conn_params conn;
    struct store *store;
    struct restore_plan *plan; /* tells which rows are loaded, and is told */
    struct load_bounds bounds; /* of a transaction */
    char *const *definitions;
    struct progress *progress;
    struct pace *pace; /* passed by every row */
    unsigned threads;
    bool bulk; /* the server offers bulk execution, and it is wanted: load_bulk instead of load_text */
};

/* *stored_bytes: the size of the volumes that had to be read. */
struct err *load_rows(const struct load_params *params, uint64_t *stored_bytes) CHECKED;

#endif
