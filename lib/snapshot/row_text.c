#include "snapshot/row_text.h"

#include <string.h>

enum { BLOCK = 16 };

/* Sixteen bytes in one register, by the compiler's vector extension: SSE2, NEON, or plain words. */
typedef uint8_t block __attribute__((vector_size(BLOCK)));

static bool block_has_special(block b)
{
    typedef uint64_t halves __attribute__((vector_size(BLOCK)));
    halves hit = (halves)((b == '\t') | (b == '\n') | (b == '\\') | (b == 0));

    return (hit[0] | hit[1]) != 0;
}

static uint8_t *escape_byte(uint8_t *to, uint8_t byte)
{
    uint8_t shown = byte;

    switch (byte) {
    case '\t':
        shown = 't';
        break;
    case '\n':
        shown = 'n';
        break;
    case 0:
        shown = '0';
        break;
    case '\\':
        break;
    default:
        *to++ = byte;
        return to;
    }
    *to++ = '\\';
    *to++ = shown;
    return to;
}

/* Room for twice the length and one block has been made. */
static uint8_t *escape(uint8_t *to, const uint8_t *from, size_t len)
{
    const uint8_t *end = from + len;

    while (end - from >= BLOCK) {
        block b;
        memcpy(&b, from, BLOCK);
        if (!block_has_special(b)) {
            memcpy(to, &b, BLOCK);
            to += BLOCK;
            from += BLOCK;
            continue;
        }
        for (int i = 0; i < BLOCK; i++)
            to = escape_byte(to, *from++);
    }
    while (from < end)
        to = escape_byte(to, *from++);
    return to;
}

size_t row_text_append(struct buf *out, char **fields, const unsigned long *lengths, const bool *plain,
                       unsigned count)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < count; i++)
        bytes += lengths[i];
    /* every byte escaped, and for each field a separator, and \N for NULL */
    buf_reserve(out, 2 * bytes + 3 * (size_t)count + BLOCK);
    uint8_t *to = out->data + out->len;
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            *to++ = '\t';
        if (!fields[i]) {
            *to++ = '\\';
            *to++ = 'N';
        } else if (plain[i]) {
            memcpy(to, fields[i], lengths[i]);
            to += lengths[i];
        } else {
            to = escape(to, (const uint8_t *)fields[i], lengths[i]);
        }
    }
    *to++ = '\n';
    out->len = (size_t)(to - out->data);
    return bytes;
}

size_t row_text_open(struct row_text *row, char *text, size_t len)
{
    char *end = len ? memchr(text, '\n', len) : NULL;

    if (!end)
        return 0;
    row->at = text;
    row->end = end;
    row->escapes = memchr(text, '\\', (size_t)(end - text)) != NULL;
    return (size_t)(end - text) + 1;
}

static bool unescape_byte(char escaped, char *out)
{
    switch (escaped) {
    case 't':
        *out = '\t';
        return true;
    case 'n':
        *out = '\n';
        return true;
    case '0':
        *out = 0;
        return true;
    case '\\':
        *out = '\\';
        return true;
    default:
        return false;
    }
}

/* In place: what is undone is never longer. */
static bool unescape(char *text, unsigned long *len)
{
    char *end = text + *len;
    char *from = memchr(text, '\\', *len);
    char *to = from;

    while (from) {
        if (from + 1 == end || !unescape_byte(from[1], to))
            return false;
        from += 2;
        to++;
        char *next = memchr(from, '\\', (size_t)(end - from));
        size_t between = (size_t)((next ? next : end) - from);
        memmove(to, from, between);
        to += between;
        from = next;
    }
    if (to)
        *len = (unsigned long)(to - text);
    return true;
}

bool row_text_field(struct row_text *row, char **field, unsigned long *len)
{
    if (!row->at)
        return false;
    char *tab = memchr(row->at, '\t', (size_t)(row->end - row->at));
    *field = row->at;
    *len = (unsigned long)((tab ? tab : row->end) - row->at);
    row->at = tab ? tab + 1 : NULL;
    if (!row->escapes || *len == 0)
        return true;
    if (*len == 2 && (*field)[0] == '\\' && (*field)[1] == 'N') {
        *field = NULL;
        *len = 0;
        return true;
    }
    return unescape(*field, len);
}
