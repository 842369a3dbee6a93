/*
 * Create-if-absent. Where the server honours `If-None-Match: *`, it is one conditional PUT. Whether it does
 * is found out at the first use, with an object of our own: PREFIX/.probe, which no listing shows.
 *
 * An answer may be lost: then the object may be there, by the very call that is told "it exists" when it
 * tries again. So every PUT carries a random mark as metadata, and whoever finds an object in the way looks
 * whose it is. Where it then is not there, it was deleted in between, or one of the two answers was not ours:
 * the create is tried again.
 */
#include "store/s3.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TRIES = 5 }; /* of a create that the store contradicts itself about */

static const char probe_key[] = ".probe";

struct err *s3_put_marked(struct s3 *s, const char *key, const void *bytes, size_t len, const char *writer,
                          bool if_absent, unsigned expect, struct s3_reply *reply)
{
    char sha256[HASH_HEX_SIZE], key_sha256[HASH_HEX_SIZE];
    const struct s3_pair headers[] = {{S3_META_SHA256, sha256},
                                      {S3_META_KEY, key_sha256},
                                      {S3_META_WRITER, writer},
                                      {"If-None-Match", "*"}};
    struct s3_call call = {
        .method = "PUT",
        .key = key,
        .headers = headers,
        .header_count = if_absent ? 4 : 3,
        .body = bytes ? bytes : "",
        .body_len = len,
        .body_sha256 = sha256,
        .expect = expect,
    };

    hash_bytes_hex(call.body, len, sha256);
    hash_bytes_hex(key, strlen(key), key_sha256);
    return s3_send(s, &call, reply);
}

/* One conditional PUT of the probe: its outcome says what the server knows. */
static struct err *put_probe(struct s3 *s, long *status)
{
    static const char text[] = "ccr finds out here whether this store honours If-None-Match\n";
    struct s3_reply reply;

    struct err *e = s3_put_marked(s, probe_key, text, sizeof(text) - 1, "probe", true,
                                  S3_EXISTS | S3_NO_CONDITION, &reply);
    *status = reply.status;
    s3_reply_free(&reply);
    return e;
}

/* The second PUT finds the first one's object: a server that takes it again does not look at the condition.
 */
static struct err *find_mode(struct s3 *s)
{
    long status = 0;
    struct err *e = NULL;

    for (int i = 0; i < 2 && !e && (i == 0 || status == 200); i++)
        e = put_probe(s, &status);
    if (!e)
        s->mode = status == 412 ? S3_CREATE_ATOMIC : S3_CREATE_CHECKED;
    return e;
}

static struct err *know_mode(struct s3 *s)
{
    struct err *e = NULL;

    pthread_mutex_lock(&s->mode_mutex);
    if (s->mode == S3_CREATE_UNKNOWN)
        e = find_mode(s);
    pthread_mutex_unlock(&s->mode_mutex);
    return e;
}

static bool has_mark(const struct s3_reply *r, const char *writer)
{
    char *mark = s3_header(r, S3_META_WRITER);
    bool same = strcmp(mark, writer) == 0;

    free(mark);
    return same;
}

/* NOT_THERE: the store said that the object is there, and then that it is not. */
enum made { NOT_THERE, BY_ANOTHER, BY_US };

/* Whether the object that is there was written by the call with this mark. */
static struct err *look_who(struct s3 *s, const char *key, const char *writer, enum made *made)
{
    struct s3_reply reply;

    struct err *e = s3_look(s, key, &reply);
    if (e || reply.status == 404)
        *made = NOT_THERE;
    else
        *made = has_mark(&reply, writer) ? BY_US : BY_ANOTHER;
    s3_reply_free(&reply);
    return e;
}

static struct err *create_atomic(struct s3 *s, const char *key, const void *bytes, size_t len,
                                 const char *writer, enum made *made)
{
    struct s3_reply reply;

    struct err *e = s3_put_marked(s, key, bytes, len, writer, true, S3_EXISTS, &reply);
    bool is_there = !e && reply.status == 412;
    *made = BY_US;
    s3_reply_free(&reply);
    return is_there ? look_who(s, key, writer, made) : e;
}

/* Looks, then writes: another writer may come in between, and win. store_is_atomic() says so. */
static struct err *create_checked(struct s3 *s, const char *key, const void *bytes, size_t len,
                                  const char *writer, enum made *made)
{
    struct store_stat stat;
    struct s3_reply reply;
    bool exists;

    *made = BY_ANOTHER;
    TRY(s3_head(s, key, &stat, &exists));
    if (exists)
        return NULL;
    struct err *e = s3_put_marked(s, key, bytes, len, writer, false, 0, &reply);
    if (!e && has_mark(&reply, writer)) /* V2 has looked already */
        *made = BY_US;
    s3_reply_free(&reply);
    /* of two that wrote at once, the last one's object is there */
    return e || *made == BY_US ? e : look_who(s, key, writer, made);
}

struct err *s3_create(void *self, const char *key, const void *bytes, size_t len, bool *created)
{
    struct s3 *s = self;
    char writer[S3_WRITER_SIZE];
    enum made made = NOT_THERE;

    *created = false;
    hash_random_hex(writer, 32);
    TRY(know_mode(s));
    for (int i = 0; i < MOST_TRIES && made == NOT_THERE; i++)
        TRY(s->mode == S3_CREATE_ATOMIC ? create_atomic(s, key, bytes, len, writer, &made)
                                        : create_checked(s, key, bytes, len, writer, &made));
    if (made == NOT_THERE)
        return err_hint(err_new(ERR_STORE, "the store says that it is there, and then that it is not"),
                        "something on the way to the store may mix up its answers");
    *created = made == BY_US;
    return NULL;
}

struct err *s3_is_atomic(void *self, bool *atomic)
{
    struct s3 *s = self;

    TRY(know_mode(s));
    *atomic = s->mode == S3_CREATE_ATOMIC;
    return NULL;
}
