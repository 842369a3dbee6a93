/*
 * s3_sign - AWS signature version 4, for the S3 API.
 *
 * The specification is "AWS Signature Version 4 for API requests" of the IAM user guide; AWS's published
 * vectors prove it (tests/unit/test_s3_sign.c). S3 differs from other services: a path is encoded once and
 * never normalized. libcurl's own signer (CURLOPT_AWS_SIGV4) is not used: in 7.88 it signs unsorted queries,
 * and names that have to be encoded, wrongly.
 *
 * What is signed is what is sent: path and query are encoded here, once, and go into the URL as they are. All
 * functions are pure; returned strings are malloc'ed.
 */
#ifndef CCR_STORE_S3_SIGN_H
#define CCR_STORE_S3_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/hash.h"

struct s3_pair {
    const char *name;
    const char *value;
};

/* Whose signature, for where and when. */
struct s3_signer {
    const char *access_key;
    const char *secret_key;
    const char *region;
    const char *service; /* "s3" */
    const char *time;    /* "20150830T123600Z", as in the header x-amz-date */
};

/* All headers given here are signed: `host` and `x-amz-date` must be among them. */
struct s3_request_text {
    const char *method;
    const char *path;  /* encoded */
    const char *query; /* of s3_query_text(), "" for none */
    const struct s3_pair *headers;
    size_t header_count;
    const char *payload_sha256; /* hexadecimal */
};

/* Appends text with everything but A-Z a-z 0-9 - . _ ~ (and '/', in a path) as %XX. */
void s3_encode(struct buf *out, const char *text, bool is_path);
/* "list-type=2&prefix=a%2Fb": encoded, sorted. */
char *s3_query_text(const struct s3_pair *pairs, size_t count);

/* The steps of the specification, for tests; *signed_headers is "host;x-amz-date". */
char *s3_canonical_request(const struct s3_request_text *request, char **signed_headers);
char *s3_string_to_sign(const struct s3_signer *signer, const char *canonical_request);
void s3_signature(const struct s3_signer *signer, const char *string_to_sign, char out[HASH_HEX_SIZE]);

/* The value of the header Authorization. */
char *s3_authorization(const struct s3_signer *signer, const struct s3_request_text *request);

#endif
