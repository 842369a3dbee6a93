/*
 * http - one HTTP request at a time over libcurl, with connections that are kept for the next one.
 *
 * A struct http is a pool of connections for one endpoint. Any thread may send; when all connections are in
 * use, it waits for one. Nothing is repeated and no redirect is followed here: what came of a request is told
 * as it is (struct http_answer), and s3_request.h decides.
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
    unsigned connections; /* at most this many at once */
    uint64_t bandwidth;   /* bytes per second, 0: no limit */
};

struct http_request {
    const char *method;         /* GET, HEAD, PUT, DELETE */
    const char *url;            /* sent as it is: nothing in it is encoded or normalized */
    const char *const *headers; /* "Name: value", NULL-terminated */
    const void *body;           /* NULL: none */
    size_t body_len;
    struct buf *out;   /* the answer's body, whatever its status, is appended; not for HEAD */
    size_t most;       /* of these bytes; more is HTTP_TOO_LARGE */
    struct hash *hash; /* sees the same bytes; NULL where nobody asks */
};

enum {
    HTTP_CAME = 0,      /* an answer came, whole */
    HTTP_TOO_LARGE = -1 /* its body is larger than `most` */
};

struct http_answer {
    int failure;         /* HTTP_CAME, HTTP_TOO_LARGE, or a CURLcode */
    const char *problem; /* what libcurl says of the failure */
    long status;         /* 0 where no status line came */
    struct buf headers;  /* "name: value\n", as they came */
    char text[256];      /* behind `problem` */
};

struct http *http_open(const struct http_params *params);
void http_close(struct http *h); /* no request may be under way; NULL is allowed */

void http_send(struct http *h, const struct http_request *request, struct http_answer *answer);
void http_answer_free(struct http_answer *a);
/* The value of a header, "" where there is none; malloc'ed. */
char *http_header(const struct http_answer *a, const char *name);

#endif
