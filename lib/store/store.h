/*
 * store - object storage: the only place where source and target meet.
 *
 * A key is a path of UTF-8 segments separated by '/', at most 900 bytes, each segment 1 to 255 bytes without
 * control bytes, none beginning with '.'. No key may be the folder of another one ("a" beside "a/b"). With
 * signature V2 a key has only A-Z a-z 0-9 . _ - besides, as all of ccr's own have; others are ERR_STORE.
 * An object is at most STORE_MAX_OBJECT bytes, written whole in one step: a reader sees all of it or
 * nothing. Objects are written once with store_create(); only the few that the format names as mutable use
 * store_put().
 *
 * Every backend is a row of operations (struct store_ops) behind these functions, and passes the one
 * conformance suite (tests/store/conformance.bats). Failures are ERR_STORE and name operation, key and store;
 * ERR_INTEGRITY where an object is not what was written, ERR_INTERRUPTED where a signal ended the waiting for
 * a store that does not answer. When a writing call returns success the object is durable. One struct store
 * serves any number of threads at once.
 */
#ifndef CCR_STORE_STORE_H
#define CCR_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/opt.h"

#define STORE_MAX_OBJECT ((size_t)64 << 20)

struct store;

struct store_stat {
    uint64_t size;
    int64_t modified_us;
};

/* One line of a listing. `stat` is unset for a common prefix (key then ends in '/'). Valid during the
 * callback. */
struct store_entry {
    const char *key;
    bool is_prefix;
    struct store_stat stat;
};

/* A piece of an object: `length` bytes from `offset`, or with from_end the last `length` bytes (all, if it is
 * shorter). */
struct store_range {
    uint64_t offset;
    uint64_t length;
    bool from_end;
};

#define STORE_ALL ((struct store_range){0, UINT64_MAX, false})

struct store_list {
    const char *prefix;      /* only keys that begin with it; "" for all */
    const char *start_after; /* only what is reported under a key that sorts behind it; NULL for all */
    bool folders; /* stop at the next '/' behind the prefix and report what is cut off once, as a prefix */
};

/* Called in order of the keys' bytes. An error ends the listing and is returned from it. */
typedef struct err *store_list_fn(const struct store_entry *entry, void *arg);

/* How a store is reached: the keys of a [store NAME] section (base/opt.h). Only s3:// takes notice of more
 * than the URL. NULL: from the environment, or a default (s3_config.h). */
struct store_settings {
    const char *url;
    const char *endpoint;
    const char *region;
    const char *addressing; /* "path" or "virtual" */
    const char *signature;  /* "v4" or "v2" */
    const char *access_key;
    const char *secret_key;
    const char *session_token;
    const char *credentials_file;
    const char *profile;
    const char *ca_file;
    bool tls_verify;
    unsigned connections; /* at most, at once */
    unsigned timeout_s;   /* a request that makes no progress for so long has failed */
    unsigned retry_s;     /* what failed is tried again for so long */
    uint64_t bandwidth;   /* bytes per second in both directions, 0: no limit */
    struct log *log;      /* NULL: nothing is told of what went well after all */
};

/*
 * Opens file:///DIR (made by the first write if absent) or s3://BUCKET/PREFIX. Nothing is asked of the store
 * yet. ERR_USAGE for a URL that no backend knows, ERR_CONFIG for settings that cannot be used.
 */
struct err *store_open_with(const struct store_settings *settings, struct store **out) CHECKED;
/* The store that the options of a run name. */
struct err *store_open_opts(const struct opts *o, struct log *log, struct store **out) CHECKED;
/* With default settings. */
struct err *store_open(const char *url, struct store **out) CHECKED;
void store_close(struct store *s); /* NULL is allowed */
const char *store_url(const struct store *s);

/*
 * Create-if-absent, atomic among all writers: exactly one of those who try sees *created = true. False: an
 * object of that key exists already and is untouched. Where the server has no such operation, claims keep the
 * writers apart, with a weaker promise (formats/store.md); then ERR_LOCKED: another run seems to be writing
 * this object.
 */
struct err *store_create(struct store *s, const char *key, const void *bytes, size_t len,
                         bool *created) CHECKED;
/* The same for a key that nobody else writes, since random digits of this run are in it: needs no claim. */
struct err *store_create_alone(struct store *s, const char *key, const void *bytes, size_t len,
                               bool *created) CHECKED;
/* Whether it is the store itself that creates atomically. */
struct err *store_is_atomic(struct store *s, bool *atomic) CHECKED;
/*
 * Removes what killed writers have left behind (claims), where that is older than `age_us`, and than twenty
 * minutes. `now_us` is the time by the store's clock. Adds the number of objects to *removed.
 */
struct err *store_clean(struct store *s, int64_t now_us, int64_t age_us, uint64_t *removed) CHECKED;
/* Writes or replaces; a reader sees the old bytes or the new ones. */
struct err *store_put(struct store *s, const char *key, const void *bytes, size_t len) CHECKED;
/* Appends the bytes to out. found = NULL: a missing object is an error. */
struct err *store_get(struct store *s, const char *key, struct store_range range, struct buf *out,
                      bool *found) CHECKED;
struct err *store_head(struct store *s, const char *key, struct store_stat *stat, bool *found) CHECKED;
struct err *store_list(struct store *s, const struct store_list *what, store_list_fn *fn, void *arg) CHECKED;
/* The names of the folders below a prefix ("jobs/"), in order: calls fn for each. */
typedef struct err *store_folder_fn(const char *name, void *arg);
struct err *store_each_folder(struct store *s, const char *prefix, store_folder_fn *fn, void *arg) CHECKED;
/* Deleting what does not exist is success. */
struct err *store_delete(struct store *s, const char *key) CHECKED;

/* Whether a text may be a key, or the beginning of keys: then its last segment may be cut off, or missing. */
bool store_key_is_good(const char *key, bool is_prefix);

/*
 * What a backend implements; `self` is what its open function made. Keys are checked before they arrive here,
 * `found` is never NULL, and store.c puts operation, key and store before a backend's message.
 */
typedef struct err *store_create_op(void *self, const char *key, const void *bytes, size_t len,
                                    bool *created);

struct store_ops {
    void (*close)(void *self);
    store_create_op *create;
    store_create_op *create_alone; /* NULL: create */
    struct err *(*put)(void *self, const char *key, const void *bytes, size_t len);
    struct err *(*get)(void *self, const char *key, struct store_range range, struct buf *out, bool *found);
    struct err *(*head)(void *self, const char *key, struct store_stat *stat, bool *found);
    struct err *(*list)(void *self, const struct store_list *what, store_list_fn *fn, void *arg);
    struct err *(*remove)(void *self, const char *key);
    struct err *(*is_atomic)(void *self, bool *atomic); /* NULL: yes */
    struct err *(*clean)(void *self, int64_t now_us, int64_t age_us,
                         uint64_t *removed); /* NULL: nothing is left */
};

struct store_backend {
    const char *scheme; /* "file" */
    /* One scheme may have several drivers: *ops is the one that the settings ask for. */
    struct err *(*open)(const struct store_settings *settings, const struct store_ops **ops, void **self);
};

extern const struct store_backend store_file;
extern const struct store_backend store_s3;

#endif
