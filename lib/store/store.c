#include "store/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"

enum { KEY_LIMIT = 900, SEGMENT_LIMIT = 255 };

struct store {
    const struct store_ops *ops;
    void *self;
    char *url;
};

static const struct store_ops *const backends[] = {&store_file_ops};

struct err *store_open(const char *url, struct store **out)
{
    *out = NULL;
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
        const struct store_ops *ops = backends[i];
        size_t len = strlen(ops->scheme);
        void *self;

        if (strncmp(url, ops->scheme, len) != 0 || strncmp(url + len, "://", 3) != 0)
            continue;
        TRY(ops->open(url, &self));
        struct store *s = mem_zalloc(1, sizeof(*s));
        *s = (struct store){ops, self, mem_strdup(url)};
        *out = s;
        return NULL;
    }
    return err_hint(err_new(ERR_USAGE, "'%s' is not the URL of a store", url), "use file:///FOLDER");
}

void store_close(struct store *s)
{
    if (!s)
        return;
    s->ops->close(s->self);
    free(s->url);
    free(s);
}

const char *store_url(const struct store *s)
{
    return s->url;
}

/* One segment of a key: `len` bytes up to the next '/' or the end. */
static bool segment_is_good(const char *segment, size_t len, bool whole)
{
    if (len > SEGMENT_LIMIT || (len == 0 && whole) || (len > 0 && segment[0] == '.'))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)segment[i] < 0x20 || segment[i] == 0x7f)
            return false;
    return true;
}

/* A key, or the beginning of keys: then the last segment may be cut off, or missing. */
static struct err *check_key(const char *key, bool is_prefix)
{
    const char *p = key;

    for (;;) {
        const char *end = strchrnul(p, '/');
        if (!segment_is_good(p, (size_t)(end - p), *end || !is_prefix))
            break;
        if (!*end && end - key <= KEY_LIMIT)
            return NULL;
        if (!*end)
            break;
        p = end + 1;
    }
    return err_new(ERR_INTERNAL, "'%s' is not a usable key for an object", key);
}

static struct err *check_size(const char *key, size_t len)
{
    if (len <= STORE_MAX_OBJECT)
        return NULL;
    return err_new(ERR_INTERNAL, "object %s would have %zu bytes, more than the %zu that a store takes", key,
                   len, STORE_MAX_OBJECT);
}

/* The one form of every backend's failures. */
static struct err *failed(const struct store *s, const char *what, const char *key, struct err *e)
{
    if (!e)
        return NULL;
    return err_context(e, "%s %s in the store %s", what, *key ? key : "everything", s->url);
}

struct err *store_create(struct store *s, const char *key, const void *bytes, size_t len, bool *created)
{
    TRY(check_key(key, false));
    TRY(check_size(key, len));
    failpoint("create-before");
    struct err *e = s->ops->create(s->self, key, bytes, len, created);
    failpoint("create-after");
    return failed(s, "creating", key, e);
}

struct err *store_put(struct store *s, const char *key, const void *bytes, size_t len)
{
    TRY(check_key(key, false));
    TRY(check_size(key, len));
    return failed(s, "writing", key, s->ops->put(s->self, key, bytes, len));
}

static struct err *missing(const struct store *s, const char *key)
{
    return err_new(ERR_STORE, "the store %s has no object %s", s->url, key);
}

struct err *store_get(struct store *s, const char *key, struct store_range range, struct buf *out,
                      bool *found)
{
    bool exists = false;

    TRY(check_key(key, false));
    TRY(failed(s, "reading", key, s->ops->get(s->self, key, range, out, &exists)));
    if (!exists && !found)
        return missing(s, key);
    if (found)
        *found = exists;
    return NULL;
}

struct err *store_head(struct store *s, const char *key, struct store_stat *stat, bool *found)
{
    bool exists = false;

    TRY(check_key(key, false));
    TRY(failed(s, "looking at", key, s->ops->head(s->self, key, stat, &exists)));
    if (!exists && !found)
        return missing(s, key);
    if (found)
        *found = exists;
    return NULL;
}

/* Keeps the callback's own error apart from the backend's, which gets the context. */
struct listing {
    store_list_fn *fn;
    void *arg;
    bool stopped;
};

static struct err *pass_on(const struct store_entry *entry, void *arg)
{
    struct listing *listing = arg;
    struct err *e = listing->fn(entry, listing->arg);

    listing->stopped = e != NULL;
    return e;
}

struct err *store_list(struct store *s, const struct store_list *what, store_list_fn *fn, void *arg)
{
    struct listing listing = {fn, arg, false};

    TRY(check_key(what->prefix, true));
    struct err *e = s->ops->list(s->self, what, pass_on, &listing);
    return listing.stopped ? e : failed(s, "listing", what->prefix, e);
}

struct err *store_delete(struct store *s, const char *key)
{
    TRY(check_key(key, false));
    failpoint("delete-before");
    struct err *e = s->ops->remove(s->self, key);
    failpoint("delete-after");
    return failed(s, "deleting", key, e);
}
