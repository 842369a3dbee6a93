/*
 * audit - reads a whole store and says what is wrong with it, and what can be restored from it.
 *
 * Every object is read and every checksum compared; the log is followed from object to object, snapshots are
 * compared with their manifests down to the rows of each chunk. ccr-prune may be at work meanwhile: what it
 * removes is no damage. With `quick` only documents, footers and sizes are. All that is wrong is collected
 * (findings.h), nothing stops at the first. Nothing is written.
 *
 * The order is that of the keys. A run that is interrupted says up to which key everything has been read;
 * with `after` the contents up to that key are taken as read, and looked at as with `quick`.
 */
#ifndef CCR_KEEP_AUDIT_H
#define CCR_KEEP_AUDIT_H

#include <jansson.h>

#include "base/log.h"
#include "store/store.h"

struct audit_params {
    struct store *store;
    const char *const *streams; /* only these; empty: all. Ends with NULL */
    struct log *log;
    unsigned threads;
    bool quick;
    const char *after;         /* NULL: from the beginning */
    unsigned progress_every_s; /* in a log */
};

struct audit_result {
    bool whole;       /* everything was looked at: what was not found is not there */
    uint64_t objects; /* in the store */
    uint64_t bytes;
    size_t errors;
    char *resume; /* of an interrupted run: all contents up to this key were read; NULL otherwise */
    double seconds;
};

/*
 * `report` gets the members errors, warnings, streams, jobs (man ccr-verify). ERR_INTEGRITY, ERR_STORE or
 * ERR_UNSUPPORTED by the worst that was found; ERR_INTERRUPTED.
 */
struct err *audit_run(const struct audit_params *params, json_t *report, struct audit_result *out) CHECKED;
void audit_result_free(struct audit_result *r);

#endif
