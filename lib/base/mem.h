/*
 * mem - memory that is always there.
 *
 * Every function returns valid memory or ends the process with exit code 1 after one line on stderr. That is
 * a choice, not carelessness: every ccr binary may be killed at any instant without harm (see README,
 * promises), so ending the run is a correct answer to exhausted memory, and callers stay free of untestable
 * paths. Sizes that come from outside (bytes of an object, a packet) are checked against a limit before they
 * get here.
 *
 * All returned pointers are released with free(). Thread-safe.
 */
#ifndef CCR_BASE_MEM_H
#define CCR_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

void *mem_alloc(size_t size);
/* count * size bytes, zeroed; the multiplication is checked. */
void *mem_zalloc(size_t count, size_t size);
/* As realloc for count * size bytes; the multiplication is checked. */
void *mem_resize(void *old, size_t count, size_t size);
char *mem_strdup(const char *s);
/* The first len bytes of s and a NUL. */
char *mem_strndup(const char *s, size_t len);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *mem_vprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/*
 * Room for one more element in a growing array: when *count reaches *cap, `array` is resized to twice the
 * capacity. Use: v->items = mem_grow(v->items, v->count, &v->cap, sizeof(*v->items));
 */
void *mem_grow(void *array, size_t count, size_t *cap, size_t size);

#endif
