/*
 * retry - which failures are worth another try, and when.
 *
 * One table (retry.c) has them all: failures of the connection by libcurl's code, HTTP statuses, and the
 * codes of S3's error documents. Between tries lies an exponentially growing time, half of it random, so that
 * many clients do not come back together; a server's Retry-After is honoured where it asks for more. Tries
 * end when the overall time is over, or, for failures that usually stay (an unknown host), after a few.
 *
 *     struct retry r;
 *     retry_begin(&r, &policy);
 *     do
 *         send(..., &failure);
 *     while (failed && retry_again(&r, &failure));
 *
 * struct retry belongs to one call, struct retry_counts is shared by the threads of a store.
 */
#ifndef CCR_STORE_RETRY_H
#define CCR_STORE_RETRY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { RETRY_NAME_SIZE = 64, RETRY_KINDS = 12 };

/* How often each kind of failure was met: "503 SlowDown", "timeout". Kinds beyond the last are "other". */
struct retry_counts {
    size_t total;
    struct retry_count {
        char name[RETRY_NAME_SIZE];
        size_t count;
    } kinds[RETRY_KINDS];
};

/* Of the store, for all its calls. */
struct retry_policy {
    unsigned total_s; /* no further try after this time */
    struct log *log;  /* every try at debug level; may be NULL */
    pthread_mutex_t mutex;
    struct retry_counts counts; /* of the failures that were tried again */
};

/* What went wrong with one try. */
struct retry_failure {
    int curl;                   /* CURLcode, or a negative value for an answer that cannot be S3's */
    long status;                /* HTTP status, 0 for none */
    char code[RETRY_NAME_SIZE]; /* of the error document, "" for none */
    int64_t wait_us;            /* Retry-After, 0 for none */
};

struct retry {
    struct retry_policy *policy;
    int64_t start_us;
    int64_t deadline_us; /* no further try after it, by the monotonic clock; 0: only the policy's time */
    unsigned tries;      /* that failed */
    struct retry_counts counts;
};

/* An answer that no S3 server gives: without the headers or the document that belong to it. */
#define RETRY_NOT_S3 (-2)
/* A body whose SHA-256 is not that of what was written. */
#define RETRY_OTHER_BODY (-3)
/* An object that was written under another key than was asked for. */
#define RETRY_OTHER_KEY (-6)
/* A PUT that was reported as a success, and an object that is not there. */
#define RETRY_NOT_STORED (-5)

void retry_begin(struct retry *r, struct retry_policy *policy);
/* Sleeps and returns true where another try is worth it. False too where a signal asks the run to end. */
bool retry_again(struct retry *r, const struct retry_failure *f);

/* A time between half of `wait_us` and all of it. */
int64_t retry_jitter(int64_t wait_us);
/* Until that moment of the monotonic clock, or until a signal asks the run to end. */
void retry_sleep_until(int64_t until_us);

/* Whether this kind of failure may pass by itself. */
bool retry_is_worth(const struct retry_failure *f);

/* "503 SlowDown", "timeout": the failure in a word or two. */
const char *retry_name(const struct retry_failure *f, char out[RETRY_NAME_SIZE]);
/* Appends "5 x 503 SlowDown, 2 x timeout". */
void retry_describe(const struct retry_counts *counts, struct buf *out);
/* Puts "7 tries in 61 s (5 x 503 SlowDown, 2 x timeout); the last one: " before the message, if there were
 * several. */
struct err *retry_explain(const struct retry *r, struct err *e) MAKES_ERR;

#endif
