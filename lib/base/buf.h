/*
 * buf - a growing run of bytes, and a bounds-checked reader of bytes.
 *
 * `struct buf` owns its memory; start it as BUF_INIT, end it with buf_free(). Appending may move `data`. Not
 * thread-safe. `struct cursor` borrows bytes and never reads beyond their end: every reader returns false,
 * and leaves its output alone, when too few bytes are left. Multi-byte integers are little-endian, as in the
 * MySQL protocol.
 */
#ifndef CCR_BASE_BUF_H
#define CCR_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
};

#define BUF_INIT                                                                                             \
    {                                                                                                        \
        NULL, 0, 0                                                                                           \
    }

void buf_free(struct buf *b);  /* back to BUF_INIT */
void buf_clear(struct buf *b); /* length 0, memory kept */
void buf_reserve(struct buf *b, size_t more);
void buf_append(struct buf *b, const void *bytes, size_t len);
void buf_append_str(struct buf *b, const char *s);
void buf_append_byte(struct buf *b, uint8_t byte);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_append_le(struct buf *b, uint64_t value, unsigned bytes);
/* The content as a C string: a NUL is kept behind the last byte, outside len. Valid until the next change. */
const char *buf_str(struct buf *b);
/* Hands the memory, NUL-terminated, to the caller (free()); the buf is empty afterwards. */
char *buf_steal(struct buf *b);

struct cursor {
    const uint8_t *p;
    const uint8_t *end;
};

struct cursor cursor_of(const void *bytes, size_t len);
size_t cursor_left(const struct cursor *c);
bool cursor_skip(struct cursor *c, size_t len);
bool cursor_bytes(struct cursor *c, size_t len, const uint8_t **out);
bool cursor_u8(struct cursor *c, uint8_t *out);
bool cursor_u16(struct cursor *c, uint16_t *out);
bool cursor_u32(struct cursor *c, uint32_t *out);
/* An unsigned integer of 1 to 8 bytes. */
bool cursor_uint(struct cursor *c, unsigned bytes, uint64_t *out);
/* A length-encoded integer of the MySQL protocol; 0xfb and 0xff are refused. */
bool cursor_lenenc(struct cursor *c, uint64_t *out);

/* Unchecked little-endian access, for places where the length is already known. */
uint64_t le_get(const void *bytes, unsigned count);
void le_put(void *bytes, uint64_t value, unsigned count);

#endif
