/*
 * backup - one snapshot of a source, from the first connection to the manifest.
 *
 * Reads definitions, opens the snapshot, and reads the definitions again: equal means that they are those of
 * the snapshot's moment (otherwise the opening is repeated). Then the rows are copied, and the manifest is
 * written last. A run that fails deletes the volumes it has written; one that is killed leaves volumes
 * without a manifest, which nothing ever reads.
 */
#ifndef CCR_BACKUP_BACKUP_H
#define CCR_BACKUP_BACKUP_H

#include "backup/source_scope.h"
#include "base/log.h"
#include "format/manifest.h"
#include "mysql/conn.h"
#include "snapshot/bounds.h"
#include "store/store.h"

struct backup_params {
    struct store *store;
    const char *stream;
    const struct conn_params *conn;
    struct source_scope *scope;
    size_t threads;
    unsigned lock_wait_s;
    unsigned xa_wait_s;
    size_t object_size;
    uint64_t chunk_size;
    struct bounds bounds;
    bool with_users;
    char *const *answers; /* ids of the requests that it is made for */
    size_t answer_count;
    const char *reason; /* why it is made; NULL */
    bool relay;         /* tables that jobs replicate to this server may be in it (relayed.h) */
    struct err *(*last_look)(void *arg); /* before the manifest is written: an error gives it up; NULL */
    void *last_look_arg;
    bool *begun; /* set when the snapshot is open, and rows are about to be copied; NULL */
    struct log *log;
};

/* *out is the manifest as written. */
struct err *backup_run(const struct backup_params *params, struct manifest **out) CHECKED;

#endif
