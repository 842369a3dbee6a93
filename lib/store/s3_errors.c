/* What a request finally failed with, in words: one table of S3's codes, one of libcurl's. */
#include "store/s3.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/mem.h"

enum { CLOCK_SKEW_S = 600 };

/* %k: the access key, %o: where the keys are from, %b: the bucket, %h: the host, %r: the region. */
struct saying {
    const char *code;
    const char *message;
    const char *hint;
};

static const struct saying sayings[] = {
    {"SignatureDoesNotMatch", "the store refuses the signature: the secret key is not that of access key %k",
     "check the secret key in %o, and the access key: some servers (Swift) say the same of one that they do "
     "not know"},
    {"InvalidAccessKeyId", "the store does not know the access key %k", "check the access key in %o"},
    {"ExpiredToken", "the session token has expired",
     "get new temporary keys and put them where these are from: %o"},
    {"InvalidToken", "the store does not accept the session token", "check the session token in %o"},
    {"NoSuchBucket", "the store has no bucket %b", "make the bucket, or correct the url or the endpoint"},
    {"InvalidBucketName", "the store does not take %b as the name of a bucket", "correct the url"},
    {"EntityTooLarge", "the object is larger than the store takes", "lower --object-size or --segment-size"},
    {"QuotaExceeded", "the store's quota is used up", "raise the quota, or make room"},
    {"InsufficientStorage", "the store is full", "make room; the next run goes on where this one stopped"},
    {"MethodNotAllowed", "the store does not allow this operation", "is the endpoint an S3 server?"},
    {"InvalidRequest", NULL, "the server may need another addressing, or not know signature V4"},
};

/* Where the keys are temporary. */
static const struct saying token_saying = {
    "InvalidArgument", NULL,
    "some servers (Ceph) say so of a session token that is not theirs: check the one in %o"};

#define BROKEN_HINT                                                                                          \
    "the store, or something on the way to it, breaks connections; store-retry is how long a run tries"

static const struct {
    int curl;
    const char *hint;
} curl_hints[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "check the endpoint, the region and the name service of this machine"},
    {CURLE_COULDNT_CONNECT, "is the store running, and is the endpoint right?"},
    {CURLE_OPERATION_TIMEDOUT,
     "is the store reachable from here? store-timeout is how long a request may stand still"},
    {CURLE_SEND_ERROR, BROKEN_HINT},
    {CURLE_RECV_ERROR, BROKEN_HINT},
    {CURLE_GOT_NOTHING, BROKEN_HINT},
    {CURLE_PARTIAL_FILE, BROKEN_HINT},
    {CURLE_PEER_FAILED_VERIFICATION, "name the file of the store's certificate authority with ca-file"},
    {CURLE_SSL_CACERT_BADFILE, "ca-file must be a readable file of PEM certificates"},
    {CURLE_SSL_CONNECT_ERROR, "does the endpoint speak https?"},
    {HTTP_OLD_ANSWER,
     "something on the way to the store, a proxy or a cache, gives old answers: it must not"},
    {RETRY_NOT_S3, "check the endpoint: a proxy, or another web server, may be answering"},
    {RETRY_NOT_STORED, "the store may be full or out of order, or refuse to write: its own log tells"},
    {RETRY_OTHER_BODY,
     "the object was damaged in the store, or on the way from it; ccr wrote it with its SHA-256"},
    {RETRY_OTHER_KEY,
     "the object was moved here from another key, or something on the way to the store mixes up answers"},
};

static char *fill_in(const struct s3 *s, const struct s3_keys *keys, const char *text)
{
    struct buf b = BUF_INIT;

    for (; *text; text++) {
        if (*text != '%') {
            buf_append_byte(&b, (uint8_t)*text);
            continue;
        }
        switch (*++text) {
        case 'k':
            buf_append_str(&b, keys->access_key);
            break;
        case 'o':
            buf_append_str(&b, keys->origin);
            break;
        case 'b':
            buf_append_str(&b, s->config.bucket);
            break;
        default:
            break;
        }
    }
    return buf_steal(&b);
}

/* "403 AccessDenied: what the server says" */
static char *in_servers_words(const struct retry_failure *f, const char *message)
{
    char name[RETRY_NAME_SIZE];

    retry_name(f, name);
    return message && *message ? mem_printf("%s: %s", name, message) : mem_strdup(name);
}

static struct err *saying_error(const struct s3 *s, const struct s3_keys *keys, const struct saying *saying,
                                const char *words)
{
    char *message =
        saying->message ? fill_in(s, keys, saying->message) : mem_strdup("the store refuses the request");
    char *hint = fill_in(s, keys, saying->hint);
    struct err *e = err_hint(err_new(ERR_STORE, "%s (%s)", message, words), "%s", hint);

    free(message);
    free(hint);
    return e;
}

static struct err *connection_error(const struct s3 *s, const struct retry_failure *f,
                                    const struct http_answer *answer)
{
    char name[RETRY_NAME_SIZE];
    bool is_damage = f->curl == RETRY_OTHER_BODY || f->curl == RETRY_OTHER_KEY;
    enum err_code code = is_damage ? ERR_INTEGRITY : ERR_STORE;
    struct err *e;

    if (f->curl < 0)
        e = err_new(code, "%s from %s (status %ld)", retry_name(f, name), s->config.host, f->status);
    else
        e = err_new(code, "%s at %s: %s", retry_name(f, name), s->config.host, answer->problem);
    for (size_t i = 0; i < sizeof(curl_hints) / sizeof(curl_hints[0]); i++)
        if (curl_hints[i].curl == f->curl)
            return err_hint(e, "%s", curl_hints[i].hint);
    return e;
}

/* How far this machine's clock is ahead of the store's, as the answer dates itself; false where it does not.
 */
static bool clock_ahead(const struct http_answer *answer, int64_t *seconds)
{
    char *date = http_header(answer, "date");
    time_t there = curl_getdate(date, NULL);

    free(date);
    *seconds = clock_now_us() / CLOCK_US_PER_S - (int64_t)there;
    return there != -1;
}

static struct err *clock_error(const struct http_answer *answer, const char *words)
{
    int64_t ahead;
    struct err *e;

    if (clock_ahead(answer, &ahead))
        e = err_new(ERR_STORE, "this machine's clock is %" PRId64 " s %s the store's (%s)",
                    ahead < 0 ? -ahead : ahead, ahead < 0 ? "behind" : "ahead of", words);
    else
        e = err_new(ERR_STORE, "this machine's clock and the store's differ too much (%s)", words);
    return err_hint(e, "set the clocks right (NTP); a signature is valid for a few minutes only");
}

/* A URL signed by a clock that is behind has expired; servers say of it only that access is denied. */
static bool has_expired(const struct s3 *s, const struct http_answer *answer)
{
    int64_t ahead;

    return s->v2 && clock_ahead(answer, &ahead) && ahead < -CLOCK_SKEW_S;
}

static struct err *region_error(const struct s3 *s, const char *region, const char *words)
{
    struct err *e = err_new(ERR_STORE, "the store is not in the region %s (%s)", s->config.region, words);

    if (region && *region)
        return err_hint(e, "set region = %s in its [store] section", region);
    return err_hint(
        e, "set region in its [store] section to where the bucket is, and the endpoint if it has one");
}

/* Some servers (Ceph) say the same of unknown keys, of a wrong secret and of what is not allowed: a request
 * that every valid key may make tells them apart. */
static struct err *denied_error(struct s3 *s, const struct s3_keys *keys, const char *words)
{
    struct buf out = BUF_INIT;
    struct s3_reply reply;
    struct s3_call call = {.method = "GET",
                           .key = "/",
                           .out = &out,
                           .most = 16 << 20,
                           .check = s3_any_answer,
                           .expect = S3_UNEXPLAINED};
    bool known = false;

    if (s->config.is_path_style) {
        struct err *e = s3_send(s, &call, &reply);
        known = !e && reply.status == 200;
        err_free(e);
        s3_reply_free(&reply);
        buf_free(&out);
    }
    if (known)
        return err_hint(
            err_new(ERR_STORE, "access key %s is not allowed to do this (%s)", keys->access_key, words),
            "check the policy of the bucket and of the key's owner");
    struct err *e =
        err_new(ERR_STORE, "the store denies access to access key %s (%s)", keys->access_key, words);
    if (keys->session_token)
        return err_hint(e,
                        "the session token has expired, or the keys are wrong or not allowed to do this: get "
                        "new temporary keys and put them where these are from (%s), or check the policies",
                        keys->origin);
    return err_hint(
        e,
        "the secret key is wrong, or the key is not allowed to do this: check %s and the policy of "
        "the bucket",
        keys->origin);
}

struct err *s3_failed(struct s3 *s, const struct s3_keys *keys, const struct retry_failure *f,
                      const struct http_answer *answer, const char *message, const char *region)
{
    struct err *e = NULL;

    if (f->curl)
        return connection_error(s, f, answer);
    char *words = in_servers_words(f, message);
    char *bucket_region = http_header(answer, "x-amz-bucket-region");
    for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]) && !e; i++)
        if (strcmp(sayings[i].code, f->code) == 0)
            e = saying_error(s, keys, &sayings[i], words);
    if (!e && (strcmp(f->code, "RequestTimeTooSkewed") == 0 ||
               (strcmp(f->code, "AccessDenied") == 0 && has_expired(s, answer))))
        e = clock_error(answer, words);
    else if (!e &&
             (strcmp(f->code, "AuthorizationHeaderMalformed") == 0 || (f->status > 300 && f->status < 400)))
        e = region_error(s, region && *region ? region : bucket_region, words);
    else if (!e && strcmp(f->code, "AccessDenied") == 0)
        e = denied_error(s, keys, words);
    else if (!e && keys->session_token && strcmp(f->code, token_saying.code) == 0)
        e = saying_error(s, keys, &token_saying, words);
    else if (!e)
        e = err_new(ERR_STORE, "the store answers %s", words);
    if (retry_is_worth(f)) /* those above have said it better */
        e = err_hint(
            e, "the store is overloaded or out of order, or something on the way to it is; store-retry is "
               "how long a run tries");
    free(bucket_region);
    free(words);
    return e;
}
