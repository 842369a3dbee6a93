/*
 * arena - many small pieces of memory that are given back together.
 *
 * Pieces are aligned for any type and live until arena_clear(), which keeps the memory for the next round, or
 * arena_free(). Memory is never NULL (base/mem.h). Not thread-safe.
 */
#ifndef CCR_BASE_ARENA_H
#define CCR_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* Starts as ARENA_INIT. */
struct arena {
    struct arena_chunk *used;  /* the first one is being filled */
    struct arena_chunk *spare; /* of the usual size, kept by arena_clear */
    size_t held;               /* bytes of the used chunks */
};

#define ARENA_INIT                                                                                           \
    {                                                                                                        \
        NULL, NULL, 0                                                                                        \
    }

void *arena_alloc(struct arena *a, size_t size);
/* Bytes of memory that hold what was handed out since the last clear, what is not yet filled included. */
size_t arena_held(const struct arena *a);
void arena_clear(struct arena *a);
void arena_free(struct arena *a); /* back to ARENA_INIT */

#endif
