/*
 * hash - SHA-256 over OpenSSL's EVP, MD5 where a protocol asks for it, and random bytes.
 *
 * Digests are written in lower-case hexadecimal, 64 digits. Not thread-safe per struct hash.
 */
#ifndef CCR_BASE_HASH_H
#define CCR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { HASH_HEX_SIZE = 65, HASH_MD5_BYTES = 16, HASH_MD5_HEX_SIZE = 33 };

struct hash;

struct hash *hash_new(void);
void hash_update(struct hash *h, const void *bytes, size_t len);
/* The digest of all bytes so far; the hash may be updated further afterwards. */
void hash_hex(const struct hash *h, char out[HASH_HEX_SIZE]);
/* Another hash that has seen the same bytes. */
struct hash *hash_copy(const struct hash *h);
void hash_free(struct hash *h); /* NULL is allowed */

/* The digest of one run of bytes. */
void hash_bytes_hex(const void *bytes, size_t len, char out[HASH_HEX_SIZE]);

/* MD5, which protects against accidents only. */
void hash_md5(const void *bytes, size_t len, uint8_t digest[HASH_MD5_BYTES], char hex[HASH_MD5_HEX_SIZE]);

/* `digits` hexadecimal digits (even, at most 64) from the system's random source, and a NUL. */
void hash_random_hex(char *out, size_t digits);

#endif
