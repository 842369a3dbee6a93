/* One request of the S3 API: signed, sent, judged, and tried again where that is worth it. */
#include "store/s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/run.h"
#include "store/s3_xml.h"

enum { MOST_HEADERS = 12, SMALL_ANSWER = 1 << 20 };

/* Headers of one request: the pairs that are signed, and the lines that are sent. */
struct header_set {
    struct s3_pair pairs[MOST_HEADERS];
    size_t count;
    char *lines[MOST_HEADERS + 3]; /* more: Authorization, User-Agent, NULL */
    size_t line_count;
};

static void add_header(struct header_set *set, const char *name, const char *value)
{
    set->pairs[set->count++] = (struct s3_pair){name, value};
    set->lines[set->line_count++] = mem_printf("%s: %s", name, value);
}

static void header_set_free(struct header_set *set)
{
    for (size_t i = 0; i < set->line_count; i++)
        free(set->lines[i]);
}

/* "/bucket/prefix/key", encoded; "/" for the service. */
static char *path_of(const struct s3_config *c, const char *key)
{
    struct buf b = BUF_INIT;

    if (key && strcmp(key, "/") == 0)
        return mem_strdup("/");
    s3_encode(&b, c->base_path, true);
    if (key) {
        buf_append_byte(&b, '/');
        s3_encode(&b, c->prefix, true);
        s3_encode(&b, key, true);
    } else if (b.len == 0) {
        buf_append_byte(&b, '/');
    }
    return buf_steal(&b);
}

struct signed_call {
    char *url;
    char *shown; /* the URL for the log, without what V2 has of a signature in it */
    struct header_set headers;
};

static void signed_call_free(struct signed_call *c)
{
    header_set_free(&c->headers);
    free(c->url);
    free(c->shown);
}

/* What is signed is what is sent; the time is part of it, so every try is signed anew. */
static void sign_v4(const struct s3_config *c, const struct s3_keys *keys, const struct s3_call *call,
                    const char *path, const char *query, struct header_set *set)
{
    char time[CLOCK_TEXT_SIZE];

    clock_format_compact(clock_now_us(), time);
    add_header(set, "Host", c->host);
    add_header(set, "x-amz-content-sha256", call->body_sha256);
    add_header(set, "x-amz-date", time);
    if (keys->session_token)
        add_header(set, "x-amz-security-token", keys->session_token);
    for (size_t i = 0; i < call->header_count; i++)
        add_header(set, call->headers[i].name, call->headers[i].value);
    struct s3_signer signer = {keys->access_key, keys->secret_key, c->region, "s3", time};
    struct s3_request_text text = {call->method, path, query, set->pairs, set->count, call->body_sha256};
    char *authorization = s3_authorization(&signer, &text);
    set->lines[set->line_count++] = mem_printf("Authorization: %s", authorization);
    free(authorization);
}

/* Of a GET: the signature is in the URL, and covers neither query nor headers. */
static char *sign_v2(const struct s3_config *c, const struct s3_keys *keys, const struct s3_call *call,
                     const char *query, struct header_set *set)
{
    char *signed_url = s3_v2_url(c, keys, call->key);
    char *url = signed_url ? mem_printf("%s%s%s", signed_url, *query ? "&" : "", query) : mem_strdup("");

    for (size_t i = 0; i < call->header_count; i++)
        add_header(set, call->headers[i].name, call->headers[i].value);
    free(signed_url);
    return url;
}

static void sign_call(struct s3 *s, const struct s3_keys *keys, const struct s3_call *call,
                      struct signed_call *out)
{
    const struct s3_config *c = &s->config;
    struct header_set *set = &out->headers;
    char *path = path_of(c, call->key);
    char *query = s3_query_text(call->query, call->query_count);

    out->shown =
        mem_printf("%s://%s%s%s%s", c->is_tls ? "https" : "http", c->host, path, *query ? "?" : "", query);
    if (s->v2) {
        out->url = sign_v2(c, keys, call, query, set);
    } else {
        sign_v4(c, keys, call, path, query, set);
        out->url = mem_strdup(out->shown);
    }
    set->lines[set->line_count++] = mem_strdup("User-Agent: ccr/" CCR_VERSION);
    free(query);
    free(path);
}

char *s3_header(const struct s3_reply *r, const char *name)
{
    return http_header(&r->http, name);
}

void s3_reply_free(struct s3_reply *r)
{
    http_answer_free(&r->http);
}

bool s3_has_etag(const struct s3_reply *r)
{
    char *etag = s3_header(r, "etag");
    bool has = *etag != 0;

    free(etag);
    return has;
}

bool s3_is_of_key(const struct s3_reply *r, const char *key)
{
    char wanted[HASH_HEX_SIZE];
    char *written = s3_header(r, S3_META_KEY);

    hash_bytes_hex(key, strlen(key), wanted);
    bool same = !*written || strcmp(written, wanted) == 0;
    free(written);
    return same;
}

int s3_any_answer(const struct s3_call *call, const struct s3_reply *reply)
{
    (void)call;
    (void)reply;
    return 0;
}

/* Whether the answer is an outcome; otherwise *f says what failed. */
static bool is_outcome(const struct s3_call *call, const struct s3_reply *r, struct retry_failure *f)
{
    long status = r->status;

    *f = (struct retry_failure){.curl = r->http.failure, .status = status};
    snprintf(f->code, sizeof(f->code), "%s", r->code);
    if (f->curl)
        return false;
    if (status >= 200 && status < 300) {
        f->curl = call->check ? call->check(call, r) : s3_has_etag(r) ? 0 : RETRY_NOT_S3;
        if (call->key && !s3_is_of_key(r, call->key))
            f->curl = RETRY_OTHER_KEY;
        return f->curl == 0;
    }
    if ((call->expect & S3_UNEXPLAINED) && status >= 300 && status < 500 && status != 408 && status != 429)
        return true;
    /* "no such key" to who asked for no key is the answer to another request */
    if (status == 404 && (!r->code[0] || (!call->key && strcmp(r->code, "NoSuchKey") == 0)))
        f->curl = RETRY_NOT_S3;
    return (status == 404 && (call->expect & S3_ABSENT) && strcmp(r->code, "NoSuchKey") == 0) ||
           (status == 412 && (call->expect & S3_EXISTS)) || (status == 416 && (call->expect & S3_NO_RANGE)) ||
           (strcmp(r->code, "NotImplemented") == 0 && (call->expect & S3_NO_CONDITION));
}

/* Seconds, or a date. */
static int64_t retry_after_us(const struct s3_reply *r)
{
    char *text = s3_header(r, "retry-after");
    int64_t seconds = 0;

    if (*text >= '0' && *text <= '9') {
        seconds = strtol(text, NULL, 10);
    } else if (*text) {
        time_t at = curl_getdate(text, NULL);
        seconds = at == -1 ? 0 : (int64_t)at - clock_now_us() / CLOCK_US_PER_S;
    }
    free(text);
    return seconds > 0 && seconds < 86400 ? seconds * CLOCK_US_PER_S : 0;
}

/* Sends, and reads the answer into call->out. */
static void send_http(struct s3 *s, const struct s3_call *call, const struct signed_call *signed_call,
                      struct s3_reply *r, struct s3_error *document)
{
    struct buf *out = call->out;
    size_t start = out->len;
    struct hash *hash = call->body ? NULL : hash_new();
    struct http_request request = {
        .method = call->method,
        .url = signed_call->url,
        .headers = (const char *const *)signed_call->headers.lines,
        .body = call->body,
        .body_len = call->body_len,
        .out = out,
        .most = call->most ? call->most : SMALL_ANSWER,
        .hash = hash,
        .deadline_us = call->deadline_us,
    };

    http_send(s->http, &request, &r->http);
    r->status = r->http.status;
    r->code[0] = 0;
    r->body = out->data ? out->data + start : NULL;
    r->body_len = out->len - start;
    if (hash)
        hash_hex(hash, r->sha256);
    if (!r->http.failure && r->status >= 300 && s3_error_parse(r->body, r->body_len, document))
        snprintf(r->code, sizeof(r->code), "%s", document->code);
    hash_free(hash);
}

static struct s3_keys keys_of_now(struct s3 *s)
{
    pthread_mutex_lock(&s->keys_mutex);
    struct s3_keys keys = s3_keys_copy(&s->config.keys);
    pthread_mutex_unlock(&s->keys_mutex);
    return keys;
}

/* One try. *document is the error document of the answer, if it has one. */
static void try_once(struct s3 *s, const struct s3_call *call, const struct s3_keys *keys, struct s3_reply *r,
                     struct s3_error *document)
{
    struct signed_call signed_call = {.headers = {.count = 0}};

    sign_call(s, keys, call, &signed_call);
    *document = (struct s3_error){0};
    int64_t begin = clock_monotonic_us();
    if (s->v2 && strcmp(call->method, "GET") != 0)
        s3_v2_send(s, keys, call, r, document);
    else
        send_http(s, call, &signed_call, r, document);
    if (s->log)
        log_debug(s->log, "%s %s: %ld %s, %zu bytes out, %zu in, %.1f ms", call->method, signed_call.shown,
                  r->status, r->http.failure ? r->http.problem : r->code, call->body_len, r->body_len,
                  (double)(clock_monotonic_us() - begin) / 1000);
    signed_call_free(&signed_call);
}

/* Temporary keys are renewed by others in the file they came from. Of several requests that were refused with
 * the old ones, `used`, the first to come here reads it. */
static bool renew_keys(struct s3 *s, const struct s3_keys *used, const struct s3_reply *r)
{
    struct s3_keys keys = {0};

    if (strcmp(r->code, "ExpiredToken") != 0 && strcmp(r->code, "InvalidToken") != 0 &&
        strcmp(r->code, "AccessDenied") != 0 && strcmp(r->code, "InvalidAccessKeyId") != 0)
        return false;
    pthread_mutex_lock(&s->keys_mutex);
    bool by_another = !s3_keys_equal(used, &s->config.keys);
    bool renewed = !by_another && s3_keys_renewed(used, &keys);
    if (renewed && s->v2 && !s3_v2_takes_keys(&keys)) {
        s3_keys_free(&keys);
        renewed = false;
    }
    if (renewed) {
        s3_keys_free(&s->config.keys);
        s->config.keys = keys;
    }
    pthread_mutex_unlock(&s->keys_mutex);
    return by_another || renewed;
}

/* One try; true where another one is worth it. Otherwise there is an outcome, or *e is the failure. */
static bool try_is_to_be_repeated(struct s3 *s, const struct s3_call *call, struct retry *retry,
                                  struct s3_reply *r, struct err **e)
{
    struct s3_keys keys = keys_of_now(s);
    struct retry_failure failure;
    struct s3_error document;
    bool again = false;

    try_once(s, call, &keys, r, &document);
    r->tries = retry->tries;
    if (!is_outcome(call, r, &failure)) {
        failure.wait_us = retry_after_us(r);
        again = renew_keys(s, &keys, r) || retry_again(retry, &failure);
        if (!again) {
            bool cut = interrupt_requested() && retry_is_worth(&failure);
            *e = s3_failed(s, &keys, &failure, &r->http, document.message, document.region);
            *e = retry_explain(retry, cut ? err_recode(*e, ERR_INTERRUPTED) : *e);
        }
    }
    s3_error_free(&document);
    s3_keys_free(&keys);
    return again;
}

static void try_until_known(struct s3 *s, const struct s3_call *call, struct s3_reply *r, struct err **e)
{
    size_t start = call->out->len;
    struct retry retry;

    retry_begin(&retry, &s->retry);
    retry.deadline_us = call->deadline_us;
    while (try_is_to_be_repeated(s, call, &retry, r, e)) {
        call->out->len = start;
        http_answer_free(&r->http);
    }
    if (*e || r->status >= 300)
        call->out->len = start;
}

struct err *s3_send(struct s3 *s, const struct s3_call *call, struct s3_reply *reply)
{
    struct buf scratch = BUF_INIT;
    struct s3_call whole = *call;
    char body_sha256[HASH_HEX_SIZE];
    struct err *e = NULL;

    *reply = (struct s3_reply){.http = {.headers = BUF_INIT}};
    if (s->v2 && call->key)
        TRY(s3_v2_check_key(call->key));
    if (!whole.out)
        whole.out = &scratch;
    if (!whole.body_sha256) {
        hash_bytes_hex(call->body ? call->body : "", call->body_len, body_sha256);
        whole.body_sha256 = body_sha256;
    }
    try_until_known(s, &whole, reply, &e);
    reply->body = NULL; /* it may move with `out` */
    buf_free(&scratch);
    return e;
}
