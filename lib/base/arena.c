#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/mem.h"

enum { CHUNK_BYTES = 256 * 1024 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size; /* of bytes */
    size_t filled;
    alignas(max_align_t) unsigned char bytes[];
};

static struct arena_chunk *chunk_new(struct arena *a, size_t size)
{
    struct arena_chunk *c = a->spare;

    if (size <= CHUNK_BYTES && c) {
        a->spare = c->next;
        return c;
    }
    if (size < CHUNK_BYTES)
        size = CHUNK_BYTES;
    c = mem_alloc(sizeof(*c) + size);
    c->size = size;
    return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
    struct arena_chunk *c = a->used;

    size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (!c || c->size - c->filled < size) {
        c = chunk_new(a, size);
        c->filled = 0;
        c->next = a->used;
        a->used = c;
        a->held += c->size;
    }
    c->filled += size;
    return c->bytes + c->filled - size;
}

size_t arena_held(const struct arena *a)
{
    return a->held;
}

void arena_clear(struct arena *a)
{
    while (a->used) {
        struct arena_chunk *c = a->used;
        a->used = c->next;
        if (c->size != CHUNK_BYTES) {
            free(c);
            continue;
        }
        c->next = a->spare;
        a->spare = c;
    }
    a->held = 0;
}

void arena_free(struct arena *a)
{
    arena_clear(a);
    while (a->spare) {
        struct arena_chunk *c = a->spare;
        a->spare = c->next;
        free(c);
    }
}
