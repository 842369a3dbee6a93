/*
 * reported - the small documents in which a run reports of itself, or an operator of a wish
 * (formats/store.md): jobs/J/job.json, jobs/J/status.json, streams/S/alive.json, streams/S/pins/ID.json,
 * prune.json.
 *
 * Decoding checks the form of every member. A document that is damaged is ERR_INTEGRITY, a newer one
 * ERR_UNSUPPORTED. What is decoded is ended with its own _free.
 */
#ifndef CCR_FORMAT_REPORTED_H
#define CCR_FORMAT_REPORTED_H

#include <jansson.h>

#include "format/origin.h"
#include "format/position.h"
#include "store/store.h"

/* What a target last said of itself. */
struct job_status {
    struct origin origin;
    char *job;
    char *stream;
    uint64_t epoch;
    uint64_t number; /* the last log object that is applied completely */
    uint64_t needed; /* the first one that the job still needs; not above number + 1 */
    struct gtid_pos position;
    int64_t source_time;
    char *nonce;
};

/* `key` is for messages. *out is empty after an error. */
struct err *job_status_decode(const char *key, const void *bytes, size_t len, struct job_status *out) CHECKED;
/* Reads a job's; *found is false where there is none. One of another job, or that `expected` (NULL: nothing
 * is known) tells to be of elsewhere, is ERR_INTEGRITY. */
struct err *job_status_load(struct store *s, const char *job, const struct origin *expected,
                            struct job_status *out, bool *found) CHECKED;
/* The document's text, malloc'ed, as written at `now_us`. */
char *job_status_encode(const struct job_status *status, int64_t now_us);
void job_status_free(struct job_status *status); /* its members */

/* What a target follows: a copy of its row in ccr.jobs, for whoever looks at the store. Borrowed. */
struct job_document {
    const char *job;
    const char *stream;
    const char *store_id; /* "": the store did not exist yet */
    const char *stream_id;
    uint64_t generation;
    json_t *scope; /* as in ccr.jobs (formats/target.md) */
    json_t *renames;
};

/* The same document for the same job: it does not say when. malloc'ed. */
char *job_document_encode(const struct job_document *d);
/* Whose a document is. Its members are the caller's. */
struct belonging {
    char *stream;
    struct origin origin;
};

/* Checks its form, and that it is `job`'s. *out is empty after an error. */
struct err *job_document_check(const char *key, const char *job, const void *bytes, size_t len,
                               struct belonging *out) CHECKED;
void belonging_free(struct belonging *b);

struct alive {
    struct origin origin;
    int64_t time_us; /* a moment of the source's clock; all that it had committed by then is in the log */
    struct gtid_pos position;
    uint64_t epoch;
    uint64_t number;
    json_t *jobs; /* those that bring the source tables from other streams (job/loops.h); NULL: not known */
    json_t *replication; /* the source's connections to primaries of its own; NULL: not known */
};

struct err *alive_decode(const char *key, const void *bytes, size_t len, struct alive *out) CHECKED;
/* Reads a stream's; *found is false where there is none. One that `expected` (NULL: nothing is known) tells
 * to be of elsewhere is ERR_INTEGRITY. */
struct err *alive_load(struct store *s, const char *stream, const struct origin *expected, struct alive *out,
                       bool *found) CHECKED;
/* Was this written before that object of the log was? */
bool alive_is_older(const struct alive *alive, uint64_t epoch, uint64_t number);
void alive_free(struct alive *alive); /* its members */

struct pin {
    struct origin origin;
    char *snapshot;
    char *reason;
    int64_t time_us;
};

struct err *pin_decode(const char *key, const void *bytes, size_t len, struct pin *out) CHECKED;
char *pin_encode(const struct pin *pin);
void pin_free(struct pin *pin); /* its members */

/* prune.json: nothing but when, and in which store, and white space for `reserve` bytes. *origin is the
 * caller's, also after an error. */
char *prune_encode(const struct origin *origin, int64_t now_us, size_t reserve);
struct err *prune_check(const char *key, const void *bytes, size_t len, struct origin *origin) CHECKED;

#endif
