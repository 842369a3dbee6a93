/*
 * s3_xml - the two documents that S3 answers with: an error, and one page of a listing.
 *
 * Parsed with expat. A document with a DOCTYPE, nested deeply, or of another kind is not taken. Listings are
 * asked for with encoding-type=url: keys arrive percent-encoded (XML cannot hold every byte of a key) and are
 * decoded here; a continuation token is not encoded so, and only its XML escapes are undone.
 */
#ifndef CCR_STORE_S3_XML_H
#define CCR_STORE_S3_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct s3_error {
    char *code;    /* "NoSuchKey" */
    char *message; /* "" where there is none */
    char *region;  /* the right one, where the region was wrong; "" */
};

/* False where the bytes are no error document; *out is empty then. */
bool s3_error_parse(const void *bytes, size_t len, struct s3_error *out);
void s3_error_free(struct s3_error *e);

struct s3_page {
    char *prefix; /* as the server repeats it, decoded or not: servers differ */
    bool is_truncated;
    char *next_token; /* "" where there is none */
    struct s3_item {
        char *key;
        bool is_prefix;
        struct store_stat stat;
    } * items; /* in the order of their keys' bytes */
    size_t count;
    size_t cap;
};

/* False where the bytes are no listing; *out is empty then. */
bool s3_page_parse(const void *bytes, size_t len, struct s3_page *out);
void s3_page_free(struct s3_page *p);

/* %XX and '+' undone; malloc'ed. */
char *s3_decode(const char *text);

#endif
