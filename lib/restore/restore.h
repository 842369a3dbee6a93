/*
 * restore - a snapshot into staging, then one atomic swap.
 *
 * The run begins with what an earlier, killed one left: a swap to finish, or a load to go on with. Until the
 * swap nothing changes on the target outside ccr's own database and staging.
 */
#ifndef CCR_RESTORE_RESTORE_H
#define CCR_RESTORE_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "job/protect.h"
#include "mysql/conn.h"
#include "restore/target_check.h"
#include "snapshot/bounds.h"
#include "snapshot/scope.h"
#include "store/store.h"

/* Everything is borrowed. Lists end with NULL. */
struct restore_params {
    struct store *store;
    const char *stream;   /* NULL: the job's, or "main" */
    const char *snapshot; /* NULL: the newest */
    const char *job;      /* JOB_STANDALONE: a plain restore */
    const struct conn_params *target;
    struct log *log;
    struct scope_texts scope;      /* empty: the job's, or all of the snapshot */
    const char *const *partitions; /* "DB.TABLE:PARTITION", of a job that is there; none: whole tables */
    const char *const *database_renames; /* "A:B"; both empty: the job's */
    const char *const *table_renames;    /* "A.T:B.U" */
    const char *reason;                  /* for the history; NULL: chosen by what was needed */
    bool full; /* --tables of a job that is there become its scope: nothing is partial */
    bool replace;
    struct protect_choice protect;
    bool in_place; /* a first restore, without staging (in_place.h) */
    bool with_users;
    const char *missing_definer; /* NULL: the default */
    const char *existing_users;  /* the same */
    unsigned threads;            /* 0: one per core */
    enum load_way load;
    uint64_t swap_wait_s;
    uint64_t lock_wait_s;
    struct bounds bounds;
    const char *const *readers_on; /* option files of servers whose readers the swap waits for, too */
};

/* Strings are malloc'ed; NULL where the run did not get that far. */
struct restore_result {
    bool changed;
    bool finished_earlier; /* a killed run had swapped this snapshot in already: only the rest was done */
    char *snapshot;
    char *position;
    char *reason;
    uint64_t epoch;
    uint64_t number;
    uint64_t tables;
    uint64_t partitions; /* that were exchanged in */
    uint64_t rows;
    uint64_t bytes;
    uint64_t stored_bytes;
    uint64_t resumed_chunks;
    bool with_users;
    uint64_t users_made;
    uint64_t users_replaced;
    uint64_t users_kept;
    double seconds;
    double load_seconds;
    double swap_seconds;
    /* of a partial restore (partial/partial.h): what was replayed on top of the snapshot, in staging */
    bool partial;
    uint64_t replayed_transactions;
    uint64_t replayed_rows;
    uint64_t replayed_statements;
    double replay_seconds;
};

struct err *restore(const struct restore_params *params, struct restore_result *result) CHECKED;
void restore_result_free(struct restore_result *r); /* its members */

#endif
