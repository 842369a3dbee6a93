/*
 * inventory - everything that one listing of a store shows, sorted by what it is.
 *
 * Keys and sizes only: nothing has been read, so nothing here says that an object is sound. Objects that come
 * into being or go during the listing may be in it or not.
 */
#ifndef CCR_KEEP_INVENTORY_H
#define CCR_KEEP_INVENTORY_H

#include "format/layout.h"
#include "format/request.h"
#include "store/store.h"

struct listed {
    uint64_t size;
    int64_t modified_us; /* by the store's clock */
};

struct listed_log {
    uint64_t epoch;
    uint64_t number;
    struct listed at;
};

struct listed_volume {
    uint64_t number;
    struct listed at;
};

struct listed_snapshot {
    char *id;
    bool has_manifest;
    struct listed manifest;
    struct listed_volume *volumes; /* ascending */
    size_t volume_count;
    size_t volume_cap;
    uint64_t bytes;      /* of all */
    int64_t modified_us; /* of the latest */
};

struct listed_stream {
    char *name;
    bool has_identity;
    bool has_alive;
    bool has_copies;
    struct listed_log *log; /* ascending */
    size_t log_count;
    size_t log_cap;
    struct listed_snapshot *snapshots; /* by id */
    size_t snapshot_count;
    size_t snapshot_cap;
    char **pins; /* ids of snapshots */
    size_t pin_count;
    size_t pin_cap;
    uint64_t *records; /* of pruned/, ascending */
    size_t record_count;
    size_t record_cap;
};

struct listed_job {
    char *name;
    struct listed status;
};

struct listed_request {
    char *job;
    char id[REQUEST_ID_DIGITS + 1];
    struct listed at;
};

struct inventory {
    bool has_store; /* ccr.json */
    bool has_prune; /* prune.json */
    struct listed_stream *streams;
    size_t stream_count;
    size_t stream_cap;
    struct listed_job *jobs;
    size_t job_count;
    size_t job_cap;
    struct listed_request *requests;
    size_t request_count;
    size_t request_cap;
    char **job_documents; /* keys of jobs/J/job.json */
    size_t job_document_count;
    size_t job_document_cap;
    char **foreign; /* keys that ccr does not make */
    size_t foreign_count;
    size_t foreign_cap;
    uint64_t objects;
    uint64_t bytes;
};

struct err *inventory_take(struct store *s, struct inventory *out) CHECKED;
void inventory_free(struct inventory *inv); /* its members */

#endif
