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

static const struct store_backend *const backends[] = {&store_file, &store_s3};

struct err *store_open_with(const struct store_settings *settings, struct store **out)
{
    const char *url = settings->url;

    *out = NULL;
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
        const struct store_backend *backend = backends[i];
        size_t len = strlen(backend->scheme);
        const struct store_ops *ops;
        void *self;

        if (strncmp(url, backend->scheme, len) != 0 || strncmp(url + len, "://", 3) != 0)
            continue;
        TRY(backend->open(settings, &ops, &self));
        struct store *s = mem_zalloc(1, sizeof(*s));
        *s = (struct store){ops, self, mem_strdup(url)};
        *out = s;
        return NULL;
    }
    return err_hint(err_new(ERR_USAGE, "'%s' is not the URL of a store", url),
                    "use file:///FOLDER or s3://BUCKET/PREFIX");
}

struct err *store_open(const char *url, struct store **out)
{
    const struct store_settings settings = {
        .url = url,
        .tls_verify = true,
        .connections = 8,
        .timeout_s = 30,
        .retry_s = 120,
    };

    return store_open_with(&settings, out);
}

/* 1 to `most`; these are counts and seconds that a person wrote. */
static struct err *small_number(const struct opts *o, enum opt_id id, unsigned most, unsigned *out)
{
    uint64_t n = opts_number(o, id);

    *out = (unsigned)n;
    if (n >= 1 && n <= most)
        return NULL;
    return opts_refuse(o, id,
                       err_hint(err_new(ERR_USAGE, "%" PRIu64 " is not valid", n), "it takes 1 to %u", most));
}

struct err *store_open_opts(const struct opts *o, struct log *log, struct store **out)
{
    struct store_settings settings = {
        .endpoint = opts_string(o, OPT_ENDPOINT),
        .region = opts_string(o, OPT_REGION),
        .addressing = opts_string(o, OPT_ADDRESSING),
        .signature = opts_string(o, OPT_SIGNATURE),
        .access_key = opts_string(o, OPT_ACCESS_KEY),
        .secret_key = opts_string(o, OPT_SECRET_KEY),
        .session_token = opts_string(o, OPT_SESSION_TOKEN),
        .credentials_file = opts_string(o, OPT_CREDENTIALS_FILE),
        .profile = opts_string(o, OPT_PROFILE),
        .ca_file = opts_string(o, OPT_CA_FILE),
        .tls_verify = opts_flag(o, OPT_TLS_VERIFY),
        .bandwidth = opts_number(o, OPT_BANDWIDTH),
        .log = log,
    };

    *out = NULL;
    TRY(opts_store_url(o, &settings.url));
    TRY(small_number(o, OPT_CONNECTIONS, 256, &settings.connections));
    TRY(small_number(o, OPT_STORE_TIMEOUT, 3600, &settings.timeout_s));
    TRY(small_number(o, OPT_STORE_RETRY, 86400, &settings.retry_s));
    const bool is_key = settings.url == opts_string(o, OPT_URL);
    return opts_refuse(o, is_key ? OPT_URL : OPT_STORE, store_open_with(&settings, out));
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

bool store_key_is_good(const char *key, bool is_prefix)
{
    for (const char *p = key;;) {
        const char *end = strchrnul(p, '/');
        if (!segment_is_good(p, (size_t)(end - p), *end || !is_prefix))
            return false;
        if (!*end)
            return end - key <= KEY_LIMIT;
        p = end + 1;
    }
}

static struct err *check_key(const char *key, bool is_prefix)
{
    if (store_key_is_good(key, is_prefix))
        return NULL;
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

static struct err *create_by(store_create_op *op, struct store *s, const char *key, const void *bytes,
                             size_t len, bool *created)
{
    TRY(check_key(key, false));
    TRY(check_size(key, len));
    failpoint("create-before");
    struct err *e = op(s->self, key, bytes, len, created);
    failpoint("create-after");
    return failed(s, "creating", key, e);
}

struct err *store_create(struct store *s, const char *key, const void *bytes, size_t len, bool *created)
{
    return create_by(s->ops->create, s, key, bytes, len, created);
}

struct err *store_create_alone(struct store *s, const char *key, const void *bytes, size_t len, bool *created)
{
    return create_by(s->ops->create_alone ? s->ops->create_alone : s->ops->create, s, key, bytes, len,
                     created);
}

struct err *store_put(struct store *s, const char *key, const void *bytes, size_t len)
{
    TRY(check_key(key, false));
    TRY(check_size(key, len));
    return failed(s, "writing", key, s->ops->put(s->self, key, bytes, len));
}

struct err *store_is_atomic(struct store *s, bool *atomic)
{
    *atomic = true;
    if (!s->ops->is_atomic)
        return NULL;
    return failed(s, "trying create-if-absent", "", s->ops->is_atomic(s->self, atomic));
}

struct err *store_clean(struct store *s, int64_t now_us, int64_t age_us, uint64_t *removed)
{
    if (!s->ops->clean)
        return NULL;
    return failed(s, "removing old claims of", "", s->ops->clean(s->self, now_us, age_us, removed));
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

struct folders {
    const char *prefix;
    store_folder_fn *fn;
    void *arg;
};

static struct err *each_folder(const struct store_entry *entry, void *arg)
{
    const struct folders *f = arg;
    const char *from = entry->key + strlen(f->prefix);

    if (!entry->is_prefix)
        return NULL;
    char *name = mem_strndup(from, strlen(from) - 1);
    struct err *e = f->fn(name, f->arg);
    free(name);
    return e;
}

struct err *store_each_folder(struct store *s, const char *prefix, store_folder_fn *fn, void *arg)
{
    struct folders f = {prefix, fn, arg};
    const struct store_list what = {.prefix = prefix, .folders = true};

    return store_list(s, &what, each_folder, &f);
}

struct err *store_delete(struct store *s, const char *key)
{
    TRY(check_key(key, false));
    failpoint("delete-before");
    struct err *e = s->ops->remove(s->self, key);
    failpoint("delete-after");
    return failed(s, "deleting", key, e);
}
