/*
 * s3 - what the sources of the s3:// backend share, private to them (formats/store.md, "s3://").
 *
 * s3.c holds the operations, s3_create.c create-if-absent, s3_claim.c what keeps two writers apart where the
 * server does not, s3_list.c listings. All go through s3_send(), which signs, sends, judges the answer, and
 * tries again where that is worth it (retry.h). Signature V4 is in s3_sign.h, V2 in s3_v2.h.
 */
#ifndef CCR_STORE_S3_H
#define CCR_STORE_S3_H

#include <pthread.h>

#include "base/log.h"
#include "store/http.h"
#include "store/retry.h"
#include "store/s3_config.h"
#include "store/s3_sign.h"
#include "store/s3_v2.h"
#include "store/store.h"

/* Whether create-if-absent is atomic on this server; found out at its first use. */
enum s3_create_mode { S3_CREATE_UNKNOWN, S3_CREATE_ATOMIC, S3_CREATE_CHECKED };

struct s3 {
    struct s3_config config;
    pthread_mutex_t keys_mutex; /* over config.keys, which may be renewed */
    struct http *http;
    struct s3_v2 *v2; /* NULL: signature V4 */
    struct retry_policy retry;
    struct log *log; /* NULL: nobody listens */
    pthread_mutex_t mode_mutex;
    enum s3_create_mode mode;
};

/* Metadata of every object that is written here: what it is, under which key (the SHA-256 of that), and which
 * call wrote it. */
#define S3_META_SHA256 "x-amz-meta-ccr-sha256"
#define S3_META_KEY    "x-amz-meta-ccr-key"
#define S3_META_WRITER "x-amz-meta-ccr-writer"
enum { S3_WRITER_SIZE = 33 };

/* Answers beside success that are an outcome, not a failure. */
enum s3_expect {
    S3_ABSENT = 1,       /* 404 NoSuchKey */
    S3_EXISTS = 2,       /* 412 */
    S3_NO_RANGE = 4,     /* 416 */
    S3_NO_CONDITION = 8, /* 501, or 400 NotImplemented: If-None-Match is not known */
    S3_UNEXPLAINED = 16, /* any 3xx or 4xx; for HEAD, whose answer has no document */
};

struct s3_reply;

struct s3_call {
    const char *method;
    const char *key; /* below the store's prefix; NULL: the bucket; "/": the service */
    const struct s3_pair *query;
    size_t query_count;
    const struct s3_pair *headers; /* beside those that every request has */
    size_t header_count;
    const void *body;
    size_t body_len;
    const char *body_sha256; /* in hex; NULL: it is not known yet */
    struct buf *out;         /* the answer's body is appended; NULL where there is none to keep */
    size_t most;             /* bytes of it */
    unsigned expect;         /* enum s3_expect, or-ed */
    int64_t deadline_us;     /* all tries together are over by then, by the monotonic clock; 0: none */
    /* Whether a 2xx answer is one: 0, or RETRY_NOT_S3 or RETRY_OTHER_BODY. NULL: it has an ETag. */
    int (*check)(const struct s3_call *call, const struct s3_reply *reply);
    void *arg; /* the check's own */
};

struct s3_reply {
    long status;
    char code[RETRY_NAME_SIZE]; /* of the error document */
    struct http_answer http;
    char sha256[HASH_HEX_SIZE]; /* of the answer's body */
    const void *body;           /* in call->out */
    size_t body_len;
    unsigned tries; /* that failed before this answer; one of them may have been carried out */
    char other_writer[S3_WRITER_SIZE]; /* whose object a PUT of V2 found in the place of its own */
    char md5[HASH_MD5_HEX_SIZE];       /* of the body that a PUT of V2 sent */
};

/*
 * NULL: reply->status is a 2xx or an outcome that was expected, out holds the body. The caller ends it with
 * s3_reply_free(), after an error too.
 */
struct err *s3_send(struct s3 *s, const struct s3_call *call, struct s3_reply *reply) CHECKED;
void s3_reply_free(struct s3_reply *r);
char *s3_header(const struct s3_reply *r, const char *name); /* malloc'ed, "" where it is missing */
bool s3_has_etag(const struct s3_reply *r);
/* False: these are headers of an object that was written under another key. */
bool s3_is_of_key(const struct s3_reply *r, const char *key);
/* A check that takes every 2xx. */
int s3_any_answer(const struct s3_call *call, const struct s3_reply *reply);

/* The message and the hint for what a request with these keys finally failed with. `message` and `region` are
 * those of the error document, NULL where there is none. */
struct err *s3_failed(struct s3 *s, const struct s3_keys *keys, const struct retry_failure *f,
                      const struct http_answer *answer, const char *message, const char *region) MAKES_ERR;

/*
 * A HEAD; where that fails, the GET of a byte: only its answer has a document to tell whether there is no
 * such object (404) or no such bucket (an error). 206 and 416 are a GET's.
 */
struct err *s3_look(struct s3 *s, const char *key, struct s3_reply *reply) CHECKED;
struct err *s3_head(void *self, const char *key, struct store_stat *stat, bool *found) CHECKED;

struct err *s3_is_atomic(void *self, bool *atomic) CHECKED;
struct err *s3_create(void *self, const char *key, const void *bytes, size_t len, bool *created) CHECKED;
struct err *s3_list(void *self, const struct store_list *what, store_list_fn *fn, void *arg) CHECKED;
/* As s3_create(), of a key that nobody else writes. */
struct err *s3_create_alone(void *self, const char *key, const void *bytes, size_t len,
                            bool *created) CHECKED;
/* As s3_list(), and also reports what can be no key. */
struct err *s3_list_all(struct s3 *s, const struct store_list *what, store_list_fn *fn, void *arg) CHECKED;

/* One PUT. */
struct s3_put {
    const char *key;
    const void *bytes;
    size_t len;
    const char *writer; /* marks the call (S3_META_WRITER) */
    bool if_absent;
    unsigned expect;     /* as in struct s3_call */
    int64_t deadline_us; /* so too */
};

struct err *s3_put_marked(struct s3 *s, const struct s3_put *put, struct s3_reply *reply) CHECKED;

/* One call's claim to write a key (s3_claim.c). */
enum { S3_CLAIM_WRITE_S = 300 }; /* what it gives for writing */
struct s3_claim {
    struct s3 *s;
    const char *key;
    char mark[S3_WRITER_SIZE]; /* random digits, in the names of its claims */
    char *folder;              /* where the claims to this key are */
    char *name;                /* of the one that stands; NULL: none does */
    unsigned tries;            /* claims that were made */
    unsigned pauses;
    int64_t give_up_us; /* by the monotonic clock, as the next two */
    int64_t claimed_us; /* before the claim that stands was sent */
    int64_t ended_us;   /* when these were first seen: */
    char *ended;        /* claims of processes that have ended */
    int64_t store_us;   /* what the store's clock has shown at least; 0: nothing yet */
};

void s3_claim_begin(struct s3_claim *c, struct s3 *s, const char *key);
/*
 * One attempt. *ours: nobody else may write the key until the claim ends; what is written must be there, or
 * refused, by *deadline_us. Otherwise another's claim was in the way, and some time has been waited: the
 * caller looks for the key, then calls again. ERR_LOCKED where that has gone on for too long.
 */
struct err *s3_claim_try(struct s3_claim *c, bool *ours, int64_t *deadline_us) CHECKED;
/* `leave`: what was written may still be on its way, so the claim stays until it is too old. */
void s3_claim_end(struct s3_claim *c, bool leave);
/* As store_clean(). */
struct err *s3_claims_clean(void *self, int64_t now_us, int64_t age_us, uint64_t *removed) CHECKED;

#endif
