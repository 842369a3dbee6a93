#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/mem.h"

struct hash {
    EVP_MD_CTX *ctx;
};

/* OpenSSL's digest calls fail only when memory or the library itself is gone. */
static void hash_must(int ok)
{
    if (ok == 1)
        return;
    fputs("error: OpenSSL refused SHA-256, MD5 or random bytes\n", stderr);
    abort();
}

struct hash *hash_new(void)
{
    struct hash *h = mem_zalloc(1, sizeof(*h));

    h->ctx = EVP_MD_CTX_new();
    hash_must(h->ctx != NULL);
    hash_must(EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL));
    return h;
}

struct hash *hash_copy(const struct hash *h)
{
    struct hash *copy = mem_zalloc(1, sizeof(*copy));

    copy->ctx = EVP_MD_CTX_new();
    hash_must(copy->ctx != NULL);
    hash_must(EVP_MD_CTX_copy_ex(copy->ctx, h->ctx));
    return copy;
}

void hash_update(struct hash *h, const void *bytes, size_t len)
{
    hash_must(EVP_DigestUpdate(h->ctx, bytes, len));
}

static void hash_to_hex(const unsigned char *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = 0;
}

void hash_hex(const struct hash *h, char out[HASH_HEX_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *copy = EVP_MD_CTX_new();

    hash_must(copy != NULL);
    hash_must(EVP_MD_CTX_copy_ex(copy, h->ctx));
    hash_must(EVP_DigestFinal_ex(copy, digest, &len));
    EVP_MD_CTX_free(copy);
    hash_to_hex(digest, len, out);
}

void hash_free(struct hash *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
    free(h);
}

void hash_bytes_hex(const void *bytes, size_t len, char out[HASH_HEX_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    hash_must(EVP_Digest(bytes, len, digest, &n, EVP_sha256(), NULL));
    hash_to_hex(digest, n, out);
}

void hash_md5(const void *bytes, size_t len, uint8_t digest[HASH_MD5_BYTES], char hex[HASH_MD5_HEX_SIZE])
{
    hash_must(EVP_Digest(bytes, len, digest, NULL, EVP_md5(), NULL));
    hash_to_hex(digest, HASH_MD5_BYTES, hex);
}

void hash_random_hex(char *out, size_t digits)
{
    unsigned char bytes[32];

    hash_must(digits / 2 <= sizeof(bytes) && RAND_bytes(bytes, (int)(digits / 2)) == 1);
    hash_to_hex(bytes, digits / 2, out);
    out[digits / 2 * 2] = 0;
}
