/*
 * pool - the same work for each of a number of things, by several threads.
 */
#ifndef CCR_KEEP_POOL_H
#define CCR_KEEP_POOL_H

#include <stddef.h>

#include "base/err.h"

typedef void pool_fn(void *arg, size_t i);

/* fn(arg, i) for every i below `count`, in that order as far as they start, by up to `threads` threads.
 * Returns when all have ended. ERR_INTERNAL where not one thread could be started. */
struct err *pool_run(unsigned threads, size_t count, pool_fn *fn, void *arg) CHECKED;

#endif
