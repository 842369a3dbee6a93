#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *mem_check(void *p)
{
    static const char message[] = "error: out of memory\n";

    if (p)
        return p;
    if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0) {
        /* nothing more can be said */
    }
    _exit(1);
}

void *mem_alloc(size_t size)
{
    return mem_check(malloc(size ? size : 1));
}

void *mem_zalloc(size_t count, size_t size)
{
    return mem_check(calloc(count ? count : 1, size ? size : 1));
}

void *mem_resize(void *old, size_t count, size_t size)
{
    return mem_check(reallocarray(old, count ? count : 1, size ? size : 1));
}

char *mem_strdup(const char *s)
{
    return mem_check(strdup(s));
}

char *mem_strndup(const char *s, size_t len)
{
    return mem_check(strndup(s, len));
}

char *mem_vprintf(const char *fmt, va_list ap)
{
    char *s = NULL;

    if (vasprintf(&s, fmt, ap) < 0)
        s = NULL;
    return mem_check(s);
}

char *mem_printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *s = mem_vprintf(fmt, ap);
    va_end(ap);
    return s;
}

void *mem_grow(void *array, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return array;
    *cap = *cap ? *cap * 2 : 8;
    return mem_resize(array, *cap, size);
}
