/*
 * request - what a target asks of the source: a snapshot of this, of that epoch, at or behind that position
 * (formats/request.md). jobs/J/requests/ID.json.
 *
 * The id is a hash of what is asked for, so asking twice is asking once. Whether a request is still to be
 * answered shows from the snapshots, not from the object: who wrote it removes it. Times are microseconds
 * since 1970.
 *
 * Decoding checks the form of every member, and the id against the content; what a scope holds is checked by
 * who understands it (snapshot/scope.h). Damage is ERR_INTEGRITY, a newer format or an unknown feature
 * ERR_UNSUPPORTED.
 */
#ifndef CCR_FORMAT_REQUEST_H
#define CCR_FORMAT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "store/store.h"

enum { REQUEST_ID_DIGITS = 32, REQUEST_DAYS = 30 };

#define REQUEST_FULL       "full"       /* the whole job */
#define REQUEST_TABLES     "tables"     /* some of its tables */
#define REQUEST_PARTITIONS "partitions" /* single partitions of its tables */

struct request { /* owns its members */
    char *id;    /* as request_id() makes it; its file name */
    char *job;
    char *stream;
    char *stream_id;
    uint64_t generation; /* of the job: how many full copies it has asked for; older ones are ignored */
    char *kind;          /* one of the above */
    json_t *scope;       /* source names, as in ccr.jobs (formats/target.md): what the snapshot must hold */
    json_t *partitions;  /* of kind partitions: ["shop.orders:p1"], else empty */
    uint64_t epoch;      /* the snapshot must be of this epoch or a later one, */
    char *position;      /* and, if of this one, at or behind this GTID position; "" for any */
    char *reason;        /* bytes of any character set */
    char *who;
    int64_t requested_us; /* it expires REQUEST_DAYS later */
};

/* All members empty ("", an empty array, an empty object) and the caller's to replace; no id yet. */
void request_init(struct request *r);
void request_free(struct request *r); /* its members */

/*
 * The first 32 digits of the SHA-256 of job, generation, kind, scope, partitions, epoch and position, as JSON
 * without white space, names sorted. malloc'ed.
 */
char *request_id(const struct request *r);
/* The document's text, malloc'ed, with the id that belongs to it. */
char *request_encode(const struct request *r);
/* `key` is the object's: job and id must be those of the document. *out is empty after an error. */
struct err *request_decode(const char *key, const void *bytes, size_t len, struct request *out) CHECKED;

/* The order in which requests are answered, for qsort(): full, tables, partitions; then the older one first
 * (then the id). */
int request_compare(const void *a, const void *b);
/* It was made so long before `now_us` (or, by a wrong clock, after it) that nobody waits for it any more. */
bool request_is_expired(const struct request *r, int64_t now_us);

/*
 * Publishes it and sets r->id. *created is false where it is there already. One of that id that cannot be
 * read, or that had expired by r->requested_us, is replaced.
 */
struct err *request_put(struct store *s, struct request *r, bool *created) CHECKED;
struct err *request_remove(struct store *s, const char *job, const char *id) CHECKED;

/* What cannot be read of a listing, and why. */
struct request_damage {
    char *key;
    char *message;
};

struct requests {
    struct request *items;
    size_t count;
    size_t cap;
    struct request_damage *damaged;
    size_t damaged_count;
    size_t damaged_cap;
};

/* All requests of a job, or (NULL) of all jobs, in their order. The caller ends *out, also after an error. */
struct err *request_list(struct store *s, const char *job, struct requests *out) CHECKED;
void requests_free(struct requests *r);

#endif
