#include "format/object.h"

/*
 * Encode and decode are the identity today. A whole object will become one CMS envelope; an object that is
 * read from its end (a segment) becomes body, footer and the footer's length, so that object_get_tail() can
 * decode the footer alone from one ranged read.
 */

struct err *object_create(struct store *s, const char *key, const void *bytes, size_t len, bool *created)
{
    return store_create(s, key, bytes, len, created);
}

struct err *object_create_alone(struct store *s, const char *key, const void *bytes, size_t len,
                                bool *created)
{
    return store_create_alone(s, key, bytes, len, created);
}

struct err *object_put(struct store *s, const char *key, const void *bytes, size_t len)
{
    return store_put(s, key, bytes, len);
}

struct err *object_get(struct store *s, const char *key, struct buf *out, bool *found)
{
    return store_get(s, key, STORE_ALL, out, found);
}

struct err *object_get_tail(struct store *s, const char *key, size_t len, struct buf *out, bool *found)
{
    return store_get(s, key, (struct store_range){0, len, true}, out, found);
}
