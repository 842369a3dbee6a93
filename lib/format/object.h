/*
 * object - the one encode and the one decode step of everything that enters or leaves the store.
 *
 * Today the bytes pass unchanged; encryption (CMS) and signatures will sit here, and nowhere else. All
 * modules above the store use these functions instead of store_create, store_put and store_get.
 */
#ifndef CCR_FORMAT_OBJECT_H
#define CCR_FORMAT_OBJECT_H

#include "store/store.h"

struct err *object_create(struct store *s, const char *key, const void *bytes, size_t len,
                          bool *created) CHECKED;
/* Of a key that nobody else writes (store_create_alone()). */
struct err *object_create_alone(struct store *s, const char *key, const void *bytes, size_t len,
                                bool *created) CHECKED;
struct err *object_put(struct store *s, const char *key, const void *bytes, size_t len) CHECKED;
/* The whole object, appended to out. found = NULL: a missing object is an error. */
struct err *object_get(struct store *s, const char *key, struct buf *out, bool *found) CHECKED;
/* Its last `len` bytes (all, if it is shorter), for what can be read from the end. */
struct err *object_get_tail(struct store *s, const char *key, size_t len, struct buf *out,
                            bool *found) CHECKED;

#endif
