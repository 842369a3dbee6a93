#include "store/s3.h"

#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include <curl/curl.h>
#include <libs3.h>
#include <openssl/evp.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
    LONGEST_ACCESS_KEY = 64, /* libs3 puts "Authorization: AWS KEY:SIGNATURE" into 128 bytes */
    LONGEST_WAIT_US = 100000,
    URL_VALID_S = 900
};

/* libs3's request contexts, each with its own connections: one request at a time. */
struct s3_v2 {
    sem_t free_slots; /* of as many as there may be connections */
    pthread_mutex_t mutex;
    S3RequestContext **idle;
    unsigned idle_count;
    int64_t stall_us;
};

/* One request under way. */
struct sending {
    struct s3 *s;
    const struct s3_call *call;
    struct buf *headers; /* of the answer; NULL where libs3 tells those of another one */
    char *md5;           /* where that of a PUT's body goes, in hex */
    struct s3_error *document;
    S3Status status;
    size_t sent;
    int64_t progress_us; /* when it last made some */
    bool is_done;
};

static S3Status initialized = S3StatusInternalError;

/* Once for the process, as libs3 wants it. */
static void initialize(void)
{
    initialized = S3_initialize("ccr", S3_INIT_ALL, NULL);
}

bool s3_v2_takes_keys(const struct s3_keys *keys)
{
    return !keys->session_token && strlen(keys->access_key) <= LONGEST_ACCESS_KEY;
}

static bool is_safe(const char *key)
{
    return strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/") == strlen(key);
}

struct err *s3_v2_check_key(const char *key)
{
    if (is_safe(key))
        return NULL;
    return err_hint(err_new(ERR_STORE, "with signature v2, '%s' cannot be a key", key),
                    "keys have the characters A-Z a-z 0-9 . _ - there, and slashes: libs3 changes others");
}

static struct err *check_config(const struct s3_config *c, const struct store_settings *settings)
{
    if (c->is_tls && settings->tls_verify)
        return err_hint(
            err_new(ERR_CONFIG, "with signature v2, nothing can verify that %s is the store", c->host),
            "libs3 does not look at certificates: use an http:// endpoint in a network that you trust, or "
            "set tls-verify = off in its [store] section; best is a server that knows signature v4");
    if (c->keys.session_token)
        return err_hint(err_new(ERR_CONFIG, "session tokens cannot be used with signature v2"),
                        "use keys that are not temporary; these are from %s", c->keys.origin);
    if (!s3_v2_takes_keys(&c->keys))
        return err_new(ERR_CONFIG, "with signature v2, an access key has at most %d characters",
                       LONGEST_ACCESS_KEY);
    if (strlen(c->host) + strlen(c->bucket) > S3_MAX_HOSTNAME_SIZE)
        return err_new(ERR_CONFIG, "with signature v2, host and bucket have at most %d characters",
                       S3_MAX_HOSTNAME_SIZE);
    struct err *e = s3_v2_check_key(c->prefix);
    return e ? err_recode(e, ERR_CONFIG) : NULL;
}

struct err *s3_v2_open(const struct s3_config *config, const struct store_settings *settings,
                       struct s3_v2 **out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    *out = NULL;
    TRY(check_config(config, settings));
    pthread_once(&once, initialize);
    if (initialized != S3StatusOK)
        return err_new(ERR_INTERNAL, "libs3 cannot be initialized: %s", S3_get_status_name(initialized));
    struct s3_v2 *v = mem_zalloc(1, sizeof(*v));
    v->idle = mem_zalloc(settings->connections, sizeof(S3RequestContext *));
    v->stall_us = settings->timeout_s * CLOCK_US_PER_S;
    sem_init(&v->free_slots, 0, settings->connections);
    pthread_mutex_init(&v->mutex, NULL);
    *out = v;
    return NULL;
}

void s3_v2_close(struct s3_v2 *v)
{
    if (!v)
        return;
    for (unsigned i = 0; i < v->idle_count; i++)
        S3_destroy_request_context(v->idle[i]);
    free(v->idle);
    sem_destroy(&v->free_slots);
    pthread_mutex_destroy(&v->mutex);
    free(v);
}

static S3RequestContext *borrow(struct s3_v2 *v)
{
    S3RequestContext *context = NULL;

    while (sem_wait(&v->free_slots) != 0)
        ; /* a signal */
    pthread_mutex_lock(&v->mutex);
    if (v->idle_count > 0)
        context = v->idle[--v->idle_count];
    pthread_mutex_unlock(&v->mutex);
    if (!context && S3_create_request_context(&context) != S3StatusOK) {
        fputs("error: libs3 refused a request context\n", stderr);
        abort();
    }
    return context;
}

/* A context that is not good any more goes, with its connections; a request on it ends as interrupted. */
static void give_back(struct s3_v2 *v, S3RequestContext *context, bool is_good)
{
    if (!is_good)
        S3_destroy_request_context(context);
    pthread_mutex_lock(&v->mutex);
    if (is_good)
        v->idle[v->idle_count++] = context;
    pthread_mutex_unlock(&v->mutex);
    sem_post(&v->free_slots);
}

/* Where, and with whose keys. The host of libs3 is without the bucket. */
static S3BucketContext bucket_of(const struct s3_config *c, const struct s3_keys *keys)
{
    return (S3BucketContext){
        .hostName = c->is_path_style ? c->host : c->host + strlen(c->bucket) + 1,
        .bucketName = c->bucket,
        .protocol = c->is_tls ? S3ProtocolHTTPS : S3ProtocolHTTP,
        .uriStyle = c->is_path_style ? S3UriStylePath : S3UriStyleVirtualHost,
        .accessKeyId = keys->access_key,
        .secretAccessKey = keys->secret_key,
    };
}

char *s3_v2_url(const struct s3_config *config, const struct s3_keys *keys, const char *key)
{
    bool is_service = key && strcmp(key, "/") == 0;
    char *name = is_service ? mem_strdup("") : mem_printf("%s%s", key ? config->prefix : "", key ? key : "");
    S3BucketContext bucket = bucket_of(config, keys);
    char *url = mem_zalloc(1, S3_MAX_AUTHENTICATED_QUERY_STRING_SIZE + S3_MAX_HOSTNAME_SIZE);

    if (is_service)
        bucket.bucketName = "";
    S3Status status = strlen(name) > S3_MAX_KEY_SIZE
                          ? S3StatusKeyTooLong
                          : S3_generate_authenticated_query_string(
                                url, &bucket, name, clock_now_us() / CLOCK_US_PER_S + URL_VALID_S, NULL);
    free(name);
    if (status == S3StatusOK)
        return url;
    free(url);
    return NULL;
}

static void add_header(struct buf *headers, const char *name, const char *value)
{
    if (value)
        buf_printf(headers, "%s: %s\n", name, value);
}

static S3Status on_properties(const S3ResponseProperties *p, void *arg)
{
    struct sending *t = arg;
    char date[64];

    t->progress_us = clock_monotonic_us();
    if (!t->headers)
        return S3StatusOK;
    add_header(t->headers, "x-amz-request-id", p->requestId);
    add_header(t->headers, "etag", p->eTag);
    buf_printf(t->headers, "content-length: %" PRIu64 "\n", p->contentLength);
    for (int i = 0; i < p->metaDataCount; i++)
        buf_printf(t->headers, "x-amz-meta-%s: %s\n", p->metaData[i].name, p->metaData[i].value);
    time_t modified = p->lastModified;
    struct tm tm;
    if (modified > 0 && gmtime_r(&modified, &tm)) {
        strftime(date, sizeof(date), "%Y%m%d %H:%M:%S GMT", &tm);
        add_header(t->headers, "last-modified", date);
    }
    return S3StatusOK;
}

static void on_complete(S3Status status, const S3ErrorDetails *details, void *arg)
{
    struct sending *t = arg;

    t->status = status;
    t->is_done = true;
    if (details && details->message)
        t->document->message = mem_strdup(details->message);
}

static int on_read(int size, char *to, void *arg)
{
    struct sending *t = arg;
    size_t left = t->call->body_len - t->sent;
    size_t n = (size_t)size < left ? (size_t)size : left;

    if (n == 0)
        return 0;
    http_pay(t->s->http, n);
    memcpy(to, (const char *)t->call->body + t->sent, n);
    t->sent += n;
    t->progress_us = clock_monotonic_us();
    return (int)n;
}

static void wait_for_more(S3RequestContext *context)
{
    fd_set reads, writes, excepts;
    int last = -1;
    int64_t wait_us = S3_get_request_context_timeout(context) * 1000;

    FD_ZERO(&reads);
    FD_ZERO(&writes);
    FD_ZERO(&excepts);
    if (S3_get_request_context_fdsets(context, &reads, &writes, &excepts, &last) != S3StatusOK)
        last = -1;
    if (wait_us < 0 || wait_us > LONGEST_WAIT_US)
        wait_us = LONGEST_WAIT_US;
    struct timeval timeout = {.tv_sec = 0, .tv_usec = wait_us};
    select(last + 1, &reads, &writes, &excepts, &timeout);
}

static bool is_past_deadline(const struct sending *t)
{
    return t->call->deadline_us && clock_monotonic_us() >= t->call->deadline_us;
}

/* To its end, or until it stands still for too long, or its time is over. */
static void run(struct s3_v2 *v, S3RequestContext *context, struct sending *t)
{
    int left;

    while (!is_past_deadline(t) && S3_runonce_request_context(context, &left) == S3StatusOK && !t->is_done &&
           clock_monotonic_us() - t->progress_us < v->stall_us)
        wait_for_more(context);
    give_back(v, context, t->is_done && t->status == S3StatusOK);
}

static const char *header_of(const struct s3_call *call, const char *name)
{
    for (size_t i = 0; i < call->header_count; i++)
        if (strcmp(call->headers[i].name, name) == 0)
            return call->headers[i].value;
    return "";
}

static void put(S3BucketContext *bucket, const char *name, S3RequestContext *context, struct sending *t)
{
    const struct s3_call *call = t->call;
    char md5[HASH_MD5_BYTES * 2];
    uint8_t digest[HASH_MD5_BYTES];
    const size_t skip = strlen("x-amz-meta-");
    S3NameValue metas[] = {{&S3_META_SHA256[skip], header_of(call, S3_META_SHA256)},
                           {&S3_META_KEY[skip], header_of(call, S3_META_KEY)},
                           {&S3_META_WRITER[skip], header_of(call, S3_META_WRITER)}};
    S3PutProperties properties = {.md5 = md5, .expires = -1, .metaDataCount = 3, .metaData = metas};
    S3PutObjectHandler handler = {{on_properties, on_complete}, on_read};

    hash_md5(call->body, call->body_len, digest, t->md5);
    EVP_EncodeBlock((unsigned char *)md5, digest, sizeof(digest));
    S3_put_object(bucket, name, call->body_len, &properties, context, &handler, t);
}

/* How a status of libs3 is told. What is not here is a code of S3, or one of libs3's own names. */
static const struct {
    S3Status status;
    int curl;
    long http;
} status_rows[] = {
    {S3StatusNameLookupError, CURLE_COULDNT_RESOLVE_HOST, 0},
    {S3StatusFailedToConnect, CURLE_COULDNT_CONNECT, 0},
    {S3StatusConnectionFailed, CURLE_RECV_ERROR, 0},
    {S3StatusInternalError, CURLE_RECV_ERROR, 0}, /* most of libcurl's codes become this one */
    {S3StatusInterrupted, CURLE_OPERATION_TIMEDOUT, 0},
    {S3StatusHttpErrorMovedTemporarily, 0, 307},
    {S3StatusErrorPermanentRedirect, 0, 301},
    {S3StatusHttpErrorBadRequest, 0, 400},
    {S3StatusHttpErrorForbidden, 0, 403},
    {S3StatusHttpErrorNotFound, 0, 404},
    {S3StatusHttpErrorConflict, 0, 409},
};

static void set_failure(struct s3_reply *r, int failure, const char *problem)
{
    r->http.failure = failure;
    snprintf(r->http.text, sizeof(r->http.text), "%s", problem);
    r->http.problem = r->http.text;
}

/* "AccessDenied" of libs3's "ErrorAccessDenied"; but its ErrorUnknown is its own. */
static const char *code_of(S3Status status)
{
    const char *name = S3_get_status_name(status);
    const size_t len = strlen("Error");

    return strncmp(name, "Error", len) == 0 && status != S3StatusErrorUnknown ? name + len : name;
}

static void tell(struct s3 *s, const struct sending *t, struct s3_reply *r)
{
    char *id = http_header(&r->http, "x-amz-request-id");

    r->status = 0;
    r->code[0] = 0;
    if (t->status == S3StatusOK) {
        r->status = 200;
        if (http_is_old(s->http, id))
            set_failure(r, HTTP_OLD_ANSWER, "the answer to an earlier request came again");
    } else {
        size_t i = 0, rows = sizeof(status_rows) / sizeof(status_rows[0]);
        while (i < rows && status_rows[i].status != t->status)
            i++;
        if (i < rows) {
            r->status = status_rows[i].http;
            set_failure(r, status_rows[i].curl,
                        t->status == S3StatusInterrupted ? "it stood still" : S3_get_status_name(t->status));
        } else {
            snprintf(r->code, sizeof(r->code), "%s", code_of(t->status));
        }
    }
    free(id);
}

/* One request of libs3. */
static void request(struct s3 *s, const struct s3_keys *keys, const struct s3_call *call, const char *method,
                    struct s3_reply *r, struct s3_error *document)
{
    char *name = mem_printf("%s%s", s->config.prefix, call->key);
    S3BucketContext bucket = bucket_of(&s->config, keys);
    S3RequestContext *context = borrow(s->v2);
    S3ResponseHandler handler = {on_properties, on_complete};
    struct sending t = {
        .s = s,
        .call = call,
        /* of a PUT libs3 tells what it knew when the body was asked for: nothing */
        .headers = strcmp(method, "PUT") == 0 ? NULL : &r->http.headers,
        .md5 = r->md5,
        .document = document,
        .status = S3StatusInterrupted,
        .progress_us = clock_monotonic_us(),
    };

    s3_error_free(document);
    http_answer_free(&r->http);
    r->http = (struct http_answer){.headers = BUF_INIT};
    if (strcmp(method, "PUT") == 0)
        put(&bucket, name, context, &t);
    else if (strcmp(method, "HEAD") == 0)
        S3_head_object(&bucket, name, context, &handler, &t);
    else
        S3_delete_object(&bucket, name, context, &handler, &t);
    run(s->v2, context, &t);
    tell(s, &t, r);
    free(name);
}

/*
 * Whether the object that was found is the one just written. Another writer may have been faster since. That
 * is known where the object has changed hands since the look after the try before: this call's was there in
 * between, or nobody can tell that it was not.
 */
static bool is_written(const struct s3_call *call, struct s3_reply *r)
{
    char *mark = s3_header(r, S3_META_WRITER);
    char *size = s3_header(r, "content-length");
    char *etag = s3_header(r, "etag");
    bool written;

    if (strcmp(mark, header_of(call, S3_META_WRITER)) == 0) {
        written = strtoull(size, NULL, 10) == call->body_len && strlen(etag) == strlen(r->md5) + 2 &&
                  strncmp(etag + 1, r->md5, strlen(r->md5)) == 0;
    } else {
        written = *mark && *r->other_writer && strcmp(mark, r->other_writer) != 0;
        snprintf(r->other_writer, sizeof(r->other_writer), "%s", mark);
    }
    free(mark);
    free(size);
    free(etag);
    return written;
}

static bool is_absent_or_other(const struct s3_reply *r)
{
    return !r->http.failure && (r->status == 404 || r->status == 200);
}

void s3_v2_send(struct s3 *s, const struct s3_keys *keys, const struct s3_call *call, struct s3_reply *r,
                struct s3_error *document)
{
    bool is_put = strcmp(call->method, "PUT") == 0;

    request(s, keys, call, call->method, r, document);
    if (!is_put || r->http.failure || r->status != 200)
        return;
    request(s, keys, call, "HEAD", r, document);
    if (!r->http.failure && r->status == 200 && !s3_is_of_key(r, call->key))
        set_failure(r, RETRY_OTHER_KEY, "the answer to a HEAD is another object's");
    else if (is_absent_or_other(r) && !(r->status == 200 && is_written(call, r)))
        set_failure(r, RETRY_NOT_STORED,
                    "libs3 takes the answer to a PUT for success, and the object is not there");
}
