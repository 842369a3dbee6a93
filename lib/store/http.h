/*
 * http - one HTTP request at a time over libcurl, with connections that are kept for the next one.
 *
 * A struct http is a pool of connections for one endpoint. Any thread may send; when all connections are in
 * use, it waits for one. Nothing is repeated and no redirect is followed here: what came of a request is told
 * as it is (struct http_answer), and s3_request.c decides.
 *
 * An answer must belong to its request. HTTP/1.1 has nothing to tell by but the order on the connection:
 * where something on the way sends an answer twice, each later request would be given the answer of the one
 * before. So a connection on which bytes wait before anything was asked is not used again, and an answer
 * whose `answer_id` was seen before is HTTP_OLD_ANSWER, and the end of its connection.
 *
 * A request ends when it makes no progress for `stall_timeout_s`. Bytes in both directions together stay
 * below `bandwidth`.
 */
#ifndef CCR_STORE_HTTP_H
#define CCR_STORE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"

struct http;

struct http_params {
    const char *ca_file; /* NULL: the system's */
    bool tls_verify;
    unsigned connect_timeout_s;
    unsigned stall_timeout_s;
    unsigned connections;  /* at most this many at once */
    uint64_t bandwidth;    /* bytes per second, 0: no limit */
    const char *answer_id; /* name of a header that is another one in every answer; NULL: there is none */
};

struct http_request {
    const char *method;         /* GET, HEAD, PUT, DELETE */
    const char *url;            /* sent as it is: nothing in it is encoded or normalized */
    const char *const *headers; /* "Name: value", NULL-terminated */
    const void *body;           /* NULL: none */
    size_t body_len;
    struct buf *out;     /* the answer's body, whatever its status, is appended; not for HEAD */
    size_t most;         /* of these bytes; more is HTTP_TOO_LARGE */
    struct hash *hash;   /* sees the same bytes; NULL where nobody asks */
    int64_t deadline_us; /* by the monotonic clock; a request that is not over by then has failed. 0: none */
};

enum {
    HTTP_CAME = 0,       /* an answer came, whole */
    HTTP_TOO_LARGE = -1, /* its body is larger than `most` */
    HTTP_OLD_ANSWER = -4 /* it was the answer to an earlier request already */
};

struct http_answer {
    int failure;         /* HTTP_CAME, another HTTP_ value, or a CURLcode */
    const char *problem; /* what libcurl says of the failure */
    long status;         /* 0 where no status line came */
    struct buf headers;  /* "name: value\n", as they came */
    char text[256];      /* behind `problem` */
};

struct http *http_open(const struct http_params *params);
void http_close(struct http *h); /* no request may be under way; NULL is allowed */

void http_send(struct http *h, const struct http_request *request, struct http_answer *answer);
/* For requests that others send on this endpoint: whether an answer with this id came before (from now on it
 * has), and the bandwidth that their bytes take. */
bool http_is_old(struct http *h, const char *id);
void http_pay(struct http *h, size_t bytes);
void http_answer_free(struct http_answer *a);
/* The value of a header, "" where there is none; malloc'ed. */
char *http_header(const struct http_answer *a, const char *name);

#endif
