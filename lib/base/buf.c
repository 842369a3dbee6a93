#include "base/buf.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf)BUF_INIT;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
}

void buf_reserve(struct buf *b, size_t more)
{
    if (b->cap - b->len >= more)
        return;
    size_t cap = b->cap ? b->cap : 64;
    while (cap - b->len < more) {
        if (cap > SIZE_MAX / 2) {
            cap = SIZE_MAX; /* mem_resize refuses it */
            break;
        }
        cap *= 2;
    }
    b->data = mem_resize(b->data, cap, 1);
    b->cap = cap;
}

void buf_append(struct buf *b, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    buf_reserve(b, len);
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
}

void buf_append_str(struct buf *b, const char *s)
{
    buf_append(b, s, strlen(s));
}

void buf_append_byte(struct buf *b, uint8_t byte)
{
    buf_append(b, &byte, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *s = mem_vprintf(fmt, ap);
    va_end(ap);
    buf_append_str(b, s);
    free(s);
}

void buf_append_le(struct buf *b, uint64_t value, unsigned bytes)
{
    uint8_t le[8];

    le_put(le, value, bytes);
    buf_append(b, le, bytes);
}

const char *buf_str(struct buf *b)
{
    buf_reserve(b, 1);
    b->data[b->len] = 0;
    return (const char *)b->data;
}

char *buf_steal(struct buf *b)
{
    buf_str(b);
    char *s = (char *)b->data;
    *b = (struct buf)BUF_INIT;
    return s;
}

struct cursor cursor_of(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;

    return (struct cursor){p, len ? p + len : p};
}

size_t cursor_left(const struct cursor *c)
{
    return (size_t)(c->end - c->p);
}

bool cursor_bytes(struct cursor *c, size_t len, const uint8_t **out)
{
    if (cursor_left(c) < len)
        return false;
    *out = c->p;
    c->p += len;
    return true;
}

bool cursor_skip(struct cursor *c, size_t len)
{
    const uint8_t *ignored;

    return cursor_bytes(c, len, &ignored);
}

bool cursor_uint(struct cursor *c, unsigned bytes, uint64_t *out)
{
    const uint8_t *p;

    if (!cursor_bytes(c, bytes, &p))
        return false;
    *out = le_get(p, bytes);
    return true;
}

bool cursor_u8(struct cursor *c, uint8_t *out)
{
    uint64_t v;

    if (!cursor_uint(c, 1, &v))
        return false;
    *out = (uint8_t)v;
    return true;
}

bool cursor_u16(struct cursor *c, uint16_t *out)
{
    uint64_t v;

    if (!cursor_uint(c, 2, &v))
        return false;
    *out = (uint16_t)v;
    return true;
}

bool cursor_u32(struct cursor *c, uint32_t *out)
{
    uint64_t v;

    if (!cursor_uint(c, 4, &v))
        return false;
    *out = (uint32_t)v;
    return true;
}

bool cursor_lenenc(struct cursor *c, uint64_t *out)
{
    struct cursor at = *c;
    uint8_t first;

    if (!cursor_u8(&at, &first))
        return false;
    if (first < 0xfb) {
        *out = first;
    } else {
        unsigned bytes = first == 0xfc ? 2 : first == 0xfd ? 3 : first == 0xfe ? 8 : 0;
        if (bytes == 0 || !cursor_uint(&at, bytes, out))
            return false;
    }
    *c = at;
    return true;
}

uint64_t le_get(const void *bytes, unsigned count)
{
    const uint8_t *p = bytes;
    uint64_t value = 0;

    for (unsigned i = 0; i < count; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

void le_put(void *bytes, uint64_t value, unsigned count)
{
    uint8_t *p = bytes;

    for (unsigned i = 0; i < count; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}
