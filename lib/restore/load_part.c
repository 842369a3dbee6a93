#include "restore/load_part.h"

#include <string.h>

#include "base/interrupt.h"

enum { SKIP_AT_ONCE = 64 << 10 };

/* Takes up to `rows` rows, each of which ends with a newline: an escaped one is a backslash and an n. */
static size_t take_rows(const uint8_t *bytes, size_t len, uint64_t rows, uint64_t *taken)
{
    size_t at = 0;

    *taken = 0;
    while (*taken < rows && at < len) {
        const uint8_t *end = memchr(bytes + at, '\n', len - at);
        if (!end)
            return len;
        at = (size_t)(end - bytes) + 1;
        ++*taken;
    }
    return at;
}

static void keep_for_next(struct load_part *p, const uint8_t *bytes, size_t len)
{
    struct buf rest = BUF_INIT;

    buf_append(&rest, bytes, len);
    buf_append(&rest, p->next.data, p->next.len);
    buf_free(&p->next);
    p->next = rest;
}

static struct err *read_bytes(struct load_part *p, void *out, size_t cap, size_t *len)
{
    if (p->next.len == 0) {
        struct err *e = load_stream_read(p->stream, out, cap, len);
        p->stream_ended = !e && *len == 0;
        return e;
    }
    *len = cap < p->next.len ? cap : p->next.len;
    memcpy(out, p->next.data, *len);
    p->next.len -= *len;
    memmove(p->next.data, p->next.data + *len, p->next.len);
    return NULL;
}

void load_part_next(struct load_part *p)
{
    p->before += p->rows;
    p->rows = p->bytes = 0;
    p->ended = false;
}

struct err *load_part_chunk(struct load_part *p, uint64_t skip)
{
    uint8_t bytes[SKIP_AT_ONCE];

    buf_clear(&p->next);
    p->stream_ended = false;
    load_part_next(p);
    p->before = skip;
    while (skip > 0 && !p->stream_ended) {
        size_t len = 0;
        uint64_t taken = 0;
        TRY(load_stream_read(p->stream, bytes, sizeof(bytes), &len));
        p->stream_ended = len == 0;
        size_t used = take_rows(bytes, len, skip, &taken);
        skip -= taken;
        buf_append(&p->next, bytes + used, len - used);
    }
    return NULL;
}

/* Beyond its bytes a part ends with the row that it is in. */
struct err *load_part_read(struct load_part *p, void *out, size_t cap, size_t *len)
{
    uint64_t taken = 0;

    *len = 0;
    if (p->ended)
        return NULL;
    TRY(interrupt_check());
    if (atomic_load(p->stop))
        return err_new(ERR_INTERRUPTED, "another worker failed");
    TRY(read_bytes(p, out, cap, len));
    uint64_t rows = p->bytes + *len >= p->bounds.bytes ? 1 : p->bounds.rows - p->rows;
    size_t used = take_rows(out, *len, rows, &taken);
    p->rows += taken;
    p->bytes += used;
    p->ended = taken == rows && *len > 0;
    if (used < *len)
        keep_for_next(p, (uint8_t *)out + used, *len - used);
    *len = used;
    return pace_pass(p->pace, taken, used, p->stop);
}

void load_part_free(struct load_part *p)
{
    buf_free(&p->next);
}
