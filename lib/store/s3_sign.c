#include "store/s3_sign.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/mem.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { DATE_LEN = 8 }; /* "20150830" of "20150830T123600Z" */

void s3_encode(struct buf *out, const char *text, bool is_path)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool is_plain = (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
                        strchr("-._~", *p) || (is_path && *p == '/');
        if (is_plain)
            buf_append_byte(out, *p);
        else
            buf_printf(out, "%%%02X", *p);
    }
}

/* A pair in the form in which it is sorted and signed. */
struct owned_pair {
    char *name;
    char *value;
};

typedef int compare_fn(const struct owned_pair *a, const struct owned_pair *b);

static int by_name(const struct owned_pair *a, const struct owned_pair *b)
{
    return strcmp(a->name, b->name);
}

static int by_name_and_value(const struct owned_pair *a, const struct owned_pair *b)
{
    int order = by_name(a, b);

    return order ? order : strcmp(a->value, b->value);
}

/* Copies of pairs whose names and values went through `map_name` and `map_value`, sorted. Equal ones keep
 * their order, which qsort would not promise. */
static struct owned_pair *sorted_pairs(const struct s3_pair *pairs, size_t count,
                                       char *(*map_name)(const char *), char *(*map_value)(const char *),
                                       compare_fn *compare)
{
    struct owned_pair *sorted = mem_zalloc(count + 1, sizeof(*sorted));

    for (size_t i = 0; i < count; i++) {
        struct owned_pair pair = {map_name(pairs[i].name), map_value(pairs[i].value)};
        size_t at = i;
        for (; at > 0 && compare(&sorted[at - 1], &pair) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = pair;
    }
    return sorted;
}

static void free_pairs(struct owned_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(pairs[i].name);
        free(pairs[i].value);
    }
    free(pairs);
}

static char *encoded(const char *text)
{
    struct buf b = BUF_INIT;

    s3_encode(&b, text, false);
    return buf_steal(&b);
}

static char *lowered(const char *text)
{
    char *copy = mem_strdup(text);

    for (char *p = copy; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return copy;
}

/* Without blanks at the ends, and one for each run of blanks inside. */
static char *trimmed(const char *text)
{
    struct buf b = BUF_INIT;

    for (const char *p = text + strspn(text, " "); *p; p += *p == ' ' ? strspn(p, " ") : 1)
        buf_append_byte(&b, (uint8_t)*p);
    if (b.len > 0 && b.data[b.len - 1] == ' ')
        b.len--;
    return buf_steal(&b);
}

char *s3_query_text(const struct s3_pair *pairs, size_t count)
{
    struct owned_pair *sorted = sorted_pairs(pairs, count, encoded, encoded, by_name_and_value);
    struct buf b = BUF_INIT;

    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s%s=%s", i > 0 ? "&" : "", sorted[i].name, sorted[i].value);
    free_pairs(sorted, count);
    return buf_steal(&b);
}

char *s3_canonical_request(const struct s3_request_text *request, char **signed_headers)
{
    size_t count = request->header_count;
    struct owned_pair *headers = sorted_pairs(request->headers, count, lowered, trimmed, by_name);
    struct buf lines = BUF_INIT, names = BUF_INIT;

    for (size_t i = 0; i < count; i++) {
        bool repeats = i > 0 && strcmp(headers[i].name, headers[i - 1].name) == 0;
        if (repeats)
            buf_printf(&lines, ",%s", headers[i].value);
        else
            buf_printf(&lines, "%s%s:%s", i > 0 ? "\n" : "", headers[i].name, headers[i].value);
        if (!repeats)
            buf_printf(&names, "%s%s", i > 0 ? ";" : "", headers[i].name);
    }
    char *text = mem_printf("%s\n%s\n%s\n%s\n\n%s\n%s", request->method, request->path, request->query,
                            buf_str(&lines), buf_str(&names), request->payload_sha256);
    free_pairs(headers, count);
    buf_free(&lines);
    *signed_headers = buf_steal(&names);
    return text;
}

/* "20150830/us-east-1/s3/aws4_request" */
static char *scope_of(const struct s3_signer *s)
{
    return mem_printf("%.*s/%s/%s/aws4_request", DATE_LEN, s->time, s->region, s->service);
}

char *s3_string_to_sign(const struct s3_signer *signer, const char *canonical_request)
{
    char hex[HASH_HEX_SIZE];
    char *scope = scope_of(signer);

    hash_bytes_hex(canonical_request, strlen(canonical_request), hex);
    char *text = mem_printf(ALGORITHM "\n%s\n%s\n%s", signer->time, scope, hex);
    free(scope);
    return text;
}

enum { MAC_SIZE = 32 };

/* out = HMAC(key, text). OpenSSL fails only when memory or the library itself is gone. */
static void hmac(const void *key, size_t key_len, const char *text, size_t len, unsigned char out[MAC_SIZE])
{
    unsigned n = 0;

    if (HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, len, out, &n))
        return;
    fputs("error: OpenSSL refused HMAC with SHA-256\n", stderr);
    abort();
}

void s3_signature(const struct s3_signer *signer, const char *string_to_sign, char out[HASH_HEX_SIZE])
{
    unsigned char a[MAC_SIZE], b[MAC_SIZE];
    char *secret = mem_printf("AWS4%s", signer->secret_key);

    hmac(secret, strlen(secret), signer->time, DATE_LEN, a);
    hmac(a, sizeof(a), signer->region, strlen(signer->region), b);
    hmac(b, sizeof(b), signer->service, strlen(signer->service), a);
    hmac(a, sizeof(a), "aws4_request", strlen("aws4_request"), b);
    hmac(b, sizeof(b), string_to_sign, strlen(string_to_sign), a);
    for (size_t i = 0; i < sizeof(a); i++)
        sprintf(out + 2 * i, "%02x", a[i]);
    OPENSSL_cleanse(secret, strlen(secret));
    free(secret);
}

char *s3_authorization(const struct s3_signer *signer, const struct s3_request_text *request)
{
    char signature[HASH_HEX_SIZE];
    char *names;
    char *canonical = s3_canonical_request(request, &names);
    char *to_sign = s3_string_to_sign(signer, canonical);
    char *scope = scope_of(signer);

    s3_signature(signer, to_sign, signature);
    char *value = mem_printf(ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s",
                             signer->access_key, scope, names, signature);
    free(scope);
    free(to_sign);
    free(canonical);
    free(names);
    return value;
}
