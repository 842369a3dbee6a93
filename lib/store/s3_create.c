/*
 * Create-if-absent. Where the server honours `If-None-Match: *`, it is one conditional PUT. Whether it does
 * is found out at the first use, with an object of our own: PREFIX/.probe, which no listing shows. Where it
 * does not, a claim keeps other writers away (s3_claim.c) while this one looks and writes.
 *
 * An answer may be lost: then the object may be there, by the very call that is told "it exists" when it
 * tries again. So every PUT carries a random mark as metadata, and whoever finds an object in the way looks
 * whose it is. Where it then is not there, it was deleted in between, or one of the two answers was not ours:
 * the create is tried again.
 */
#include "store/s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { MOST_TRIES = 5 }; /* of a create that the store contradicts itself about */

static const char probe_key[] = ".probe";

struct err *s3_put_marked(struct s3 *s, const struct s3_put *put, struct s3_reply *reply)
{
    char sha256[HASH_HEX_SIZE], key_sha256[HASH_HEX_SIZE];
    const struct s3_pair headers[] = {{S3_META_SHA256, sha256},
                                      {S3_META_KEY, key_sha256},
                                      {S3_META_WRITER, put->writer},
                                      {"If-None-Match", "*"}};
    struct s3_call call = {
        .method = "PUT",
        .key = put->key,
        .headers = headers,
        .header_count = put->if_absent ? 4 : 3,
        .body = put->bytes ? put->bytes : "",
        .body_len = put->len,
        .body_sha256 = sha256,
        .expect = put->expect,
        .deadline_us = put->deadline_us,
    };

    hash_bytes_hex(call.body, put->len, sha256);
    hash_bytes_hex(put->key, strlen(put->key), key_sha256);
    return s3_send(s, &call, reply);
}

/* One conditional PUT of the probe: its outcome says what the server knows. */
static struct err *put_probe(struct s3 *s, long *status)
{
    static const char text[] = "ccr finds out here whether this store honours If-None-Match\n";
    const struct s3_put put = {.key = probe_key,
                               .bytes = text,
                               .len = sizeof(text) - 1,
                               .writer = "probe",
                               .if_absent = true,
                               .expect = S3_EXISTS | S3_NO_CONDITION};
    struct s3_reply reply;

    struct err *e = s3_put_marked(s, &put, &reply);
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

/* One call. */
struct creation {
    struct s3 *s;
    const char *key;
    const void *bytes;
    size_t len;
    char writer[S3_WRITER_SIZE]; /* its mark */
};

typedef struct err *create_fn(const struct creation *c, enum made *made);

/* Whether the object that is there was written by this call. */
static struct err *look_who(const struct creation *c, enum made *made)
{
    struct s3_reply reply;

    struct err *e = s3_look(c->s, c->key, &reply);
    if (e || reply.status == 404)
        *made = NOT_THERE;
    else
        *made = has_mark(&reply, c->writer) ? BY_US : BY_ANOTHER;
    s3_reply_free(&reply);
    return e;
}

static struct s3_put put_of(const struct creation *c)
{
    return (struct s3_put){.key = c->key, .bytes = c->bytes, .len = c->len, .writer = c->writer};
}

static struct err *create_atomic(const struct creation *c, enum made *made)
{
    struct s3_put put = put_of(c);
    struct s3_reply reply;

    put.if_absent = true;
    put.expect = S3_EXISTS;
    struct err *e = s3_put_marked(c->s, &put, &reply);
    bool is_there = !e && reply.status == 412;
    *made = BY_US;
    s3_reply_free(&reply);
    return is_there ? look_who(c, made) : e;
}

/* Whether no try of a PUT that failed can have been carried out, or be under way still. */
static bool is_refused(const struct s3_reply *r)
{
    struct retry_failure f = {.status = r->status};

    snprintf(f.code, sizeof(f.code), "%s", r->code);
    return r->tries == 0 && !r->http.failure && (r->status >= 400 || r->code[0]) && !retry_is_worth(&f);
}

/* *sent: whether the object may come into being later, though this call fails. */
static struct err *write_it(const struct creation *c, int64_t deadline_us, enum made *made, bool *sent)
{
    struct s3_put put = put_of(c);
    struct s3_reply reply;

    put.deadline_us = deadline_us;
    struct err *e = s3_put_marked(c->s, &put, &reply);
    *sent = e && !is_refused(&reply);
    *made = !e && has_mark(&reply, c->writer) ? BY_US : BY_ANOTHER; /* V2 has looked already */
    s3_reply_free(&reply);
    return e || *made == BY_US ? e : look_who(c, made);
}

static struct err *is_there(const struct creation *c, bool *exists)
{
    struct store_stat stat;

    return s3_head(c->s, c->key, &stat, exists);
}

/* Looks, then writes: for a key that nobody else writes. */
static struct err *create_unclaimed(const struct creation *c, enum made *made)
{
    bool exists, sent;

    *made = BY_ANOTHER;
    TRY(is_there(c, &exists));
    return exists ? NULL : write_it(c, 0, made, &sent);
}

/* Looks, claims, looks again, since a writer may have come and gone in between, and writes. */
static struct err *write_claimed(const struct creation *c, struct s3_claim *claim, enum made *made,
                                 bool *sent)
{
    bool exists = false, ours = false;
    int64_t deadline_us = 0;

    *made = BY_ANOTHER;
    for (;;) {
        TRY(is_there(c, &exists));
        if (exists || ours)
            break;
        TRY(s3_claim_try(claim, &ours, &deadline_us));
    }
    if (exists)
        return NULL;
    struct err *e = write_it(c, deadline_us, made, sent);
    return e && clock_monotonic_us() >= deadline_us
               ? err_context(e, "it must be written within %d s of its claim", S3_CLAIM_WRITE_S)
               : e;
}

static struct err *create_claimed(const struct creation *c, enum made *made)
{
    struct s3_claim claim;
    bool sent = false;

    s3_claim_begin(&claim, c->s, c->key);
    struct err *e = write_claimed(c, &claim, made, &sent);
    s3_claim_end(&claim, sent);
    return e;
}

static struct err *create(const struct creation *call, create_fn *by_look, bool *created)
{
    struct creation c = *call;
    enum made made = NOT_THERE;

    *created = false;
    hash_random_hex(c.writer, sizeof(c.writer) - 1);
    TRY(know_mode(c.s));
    for (int i = 0; i < MOST_TRIES && made == NOT_THERE; i++)
        TRY(c.s->mode == S3_CREATE_ATOMIC ? create_atomic(&c, &made) : by_look(&c, &made));
    if (made == NOT_THERE)
        return err_hint(err_new(ERR_STORE, "the store says that it is there, and then that it is not"),
                        "something on the way to the store may mix up its answers");
    *created = made == BY_US;
    return NULL;
}

struct err *s3_create(void *self, const char *key, const void *bytes, size_t len, bool *created)
{
    return create(&(struct creation){self, key, bytes, len, ""}, create_claimed, created);
}

struct err *s3_create_alone(void *self, const char *key, const void *bytes, size_t len, bool *created)
{
    return create(&(struct creation){self, key, bytes, len, ""}, create_unclaimed, created);
}

struct err *s3_is_atomic(void *self, bool *atomic)
{
    struct s3 *s = self;

    TRY(know_mode(s));
    *atomic = s->mode == S3_CREATE_ATOMIC;
    return NULL;
}
