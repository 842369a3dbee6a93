#include "store/s3.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/mem.h"

static const struct store_ops s3_ops;

enum { LONGEST_CONNECT_S = 10 };

static struct err *s3_open(const struct store_settings *settings, const struct store_ops **ops, void **self)
{
    struct s3_config config;
    struct s3_v2 *v2 = NULL;

    TRY(s3_config_read(settings, &config));
    struct err *e = config.is_v2 ? s3_v2_open(&config, settings, &v2) : NULL;
    if (e) {
        s3_config_free(&config);
        return e;
    }
    struct s3 *s = mem_zalloc(1, sizeof(*s));
    s->config = config;
    s->v2 = v2;
    s->mode = v2 ? S3_CREATE_CHECKED : S3_CREATE_UNKNOWN; /* libs3 sends no If-None-Match */
    s->log = settings->log;
    s->retry.total_s = settings->retry_s;
    s->retry.log = settings->log;
    pthread_mutex_init(&s->keys_mutex, NULL);
    pthread_mutex_init(&s->mode_mutex, NULL);
    pthread_mutex_init(&s->retry.mutex, NULL);
    s->http = http_open(&(struct http_params){
        .ca_file = config.ca_file,
        .tls_verify = settings->tls_verify,
        .connect_timeout_s =
            settings->timeout_s < LONGEST_CONNECT_S ? settings->timeout_s : LONGEST_CONNECT_S,
        .stall_timeout_s = settings->timeout_s,
        .connections = settings->connections,
        .bandwidth = settings->bandwidth,
        .answer_id = "x-amz-request-id",
    });
    *ops = &s3_ops;
    *self = s;
    return NULL;
}

static void s3_close(void *self)
{
    struct s3 *s = self;
    struct buf kinds = BUF_INIT;

    if (s->log && s->retry.counts.total > 0) {
        retry_describe(&s->retry.counts, &kinds);
        log_info(s->log, "%zu requests to the store %s failed and were tried again: %s",
                 s->retry.counts.total, s->config.base_url, buf_str(&kinds));
        buf_free(&kinds);
    }
    http_close(s->http);
    s3_v2_close(s->v2);
    pthread_mutex_destroy(&s->keys_mutex);
    pthread_mutex_destroy(&s->mode_mutex);
    pthread_mutex_destroy(&s->retry.mutex);
    s3_config_free(&s->config);
    free(s);
}

static struct err *s3_put(void *self, const char *key, const void *bytes, size_t len)
{
    char writer[S3_WRITER_SIZE];
    struct s3_reply reply;

    hash_random_hex(writer, 32);
    struct err *e = s3_put_marked(
        self, &(struct s3_put){.key = key, .bytes = bytes, .len = len, .writer = writer}, &reply);
    s3_reply_free(&reply);
    return e;
}

static bool is_range(struct store_range range)
{
    return range.from_end || range.offset > 0 || range.length < UINT64_MAX;
}

/* "bytes=5-9", "bytes=5-", "bytes=-3"; the length is not 0. */
static char *range_text(struct store_range range)
{
    if (range.from_end)
        return mem_printf("bytes=-%" PRIu64, range.length < INT64_MAX ? range.length : INT64_MAX);
    if (range.length >= INT64_MAX - range.offset)
        return mem_printf("bytes=%" PRIu64 "-", range.offset);
    return mem_printf("bytes=%" PRIu64 "-%" PRIu64, range.offset, range.offset + range.length - 1);
}

/* "bytes 2-4/5" */
static bool parse_content_range(const struct s3_reply *r, uint64_t *first, uint64_t *last, uint64_t *size)
{
    char *text = s3_header(r, "content-range");
    int n = sscanf(text, "bytes %" SCNu64 "-%" SCNu64 "/%" SCNu64, first, last, size);

    free(text);
    return n == 3 && *first <= *last && *last < *size;
}

/* What a whole object's bytes must be, where it was written here; other tools' copies may lack it. */
static int check_whole(const struct s3_reply *r)
{
    char *written = s3_header(r, S3_META_SHA256);
    bool differs = *written && strcmp(written, r->sha256) != 0;

    free(written);
    return differs ? RETRY_OTHER_BODY : 0;
}

static int check_get(const struct s3_call *call, const struct s3_reply *r)
{
    const struct store_range *range = call->arg;
    uint64_t first, last, size;

    if (!s3_has_etag(r))
        return RETRY_NOT_S3;
    if (r->status == 200)
        return check_whole(r);
    if (r->status != 206 || !is_range(*range) || !parse_content_range(r, &first, &last, &size) ||
        last - first + 1 != r->body_len)
        return RETRY_NOT_S3;
    uint64_t from = range->from_end ? (range->length < size ? size - range->length : 0) : range->offset;
    uint64_t end = range->length < size - from ? from + range->length : size;
    return first == from && last + 1 == end ? 0 : RETRY_NOT_S3;
}

/* Cuts a whole object that stands behind `start` to the range: the server took no notice of it. */
static void cut_to_range(struct buf *out, size_t start, struct store_range range)
{
    uint64_t size = out->len - start;
    uint64_t from = range.from_end ? (range.length < size ? size - range.length : 0)
                                   : (range.offset < size ? range.offset : size);
    uint64_t len = range.length < size - from ? range.length : size - from;

    memmove(out->data + start, out->data + start + from, (size_t)len);
    out->len = start + (size_t)len;
}

static struct err *get_range(struct s3 *s, const char *key, struct store_range range, struct buf *out,
                             bool *found)
{
    char *text = is_range(range) ? range_text(range) : NULL;
    struct s3_pair header = {"Range", text};
    struct s3_reply reply;
    size_t start = out->len;
    struct s3_call call = {
        .method = "GET",
        .key = key,
        .headers = &header,
        .header_count = text ? 1 : 0,
        .out = out,
        .most = STORE_MAX_OBJECT,
        .expect = S3_ABSENT | (text ? S3_NO_RANGE : 0),
        .check = check_get,
        .arg = &range,
    };

    struct err *e = s3_send(s, &call, &reply);
    *found = !e && reply.status != 404;
    if (!e && reply.status == 200 && text && out->len > start)
        cut_to_range(out, start, range);
    s3_reply_free(&reply);
    free(text);
    return e;
}

static struct err *s3_get(void *self, const char *key, struct store_range range, struct buf *out, bool *found)
{
    struct store_stat stat;

    if (range.length == 0 || (!range.from_end && range.offset >= INT64_MAX))
        return s3_head(self, key, &stat, found); /* nothing can be there */
    return get_range(self, key, range, out, found);
}

static int64_t modified_us(const struct s3_reply *r)
{
    char *text = s3_header(r, "last-modified");
    time_t at = curl_getdate(text, NULL);

    free(text);
    return at == -1 ? 0 : (int64_t)at * CLOCK_US_PER_S;
}

static uint64_t content_length(const struct s3_reply *r)
{
    char *text = s3_header(r, "content-length");
    uint64_t length = strtoull(text, NULL, 10);

    free(text);
    return length;
}

static struct err *get_a_byte(struct s3 *s, const char *key, struct s3_reply *reply)
{
    struct store_range range = {0, 1, false};
    struct s3_pair header = {"Range", "bytes=0-0"};
    struct s3_call call = {
        .method = "GET",
        .key = key,
        .headers = &header,
        .header_count = 1,
        .most = STORE_MAX_OBJECT,
        .expect = S3_ABSENT | S3_NO_RANGE,
        .check = check_get,
        .arg = &range,
    };

    return s3_send(s, &call, reply);
}

struct err *s3_look(struct s3 *s, const char *key, struct s3_reply *reply)
{
    struct s3_call call = {.method = "HEAD", .key = key, .expect = S3_UNEXPLAINED};

    if (s->v2) /* libs3 takes a part of the headers for all of them */
        return get_a_byte(s, key, reply);
    struct err *e = s3_send(s, &call, reply);
    if (e || reply->status == 200)
        return e;
    s3_reply_free(reply);
    return get_a_byte(s, key, reply);
}

/* Of a part, the whole's; of one that is empty there is no part. */
static uint64_t size_of(const struct s3_reply *r)
{
    uint64_t first, last, size;

    if (r->status == 200)
        return content_length(r);
    return r->status == 206 && parse_content_range(r, &first, &last, &size) ? size : 0;
}

struct err *s3_head(void *self, const char *key, struct store_stat *stat, bool *found)
{
    struct s3_reply reply;

    struct err *e = s3_look(self, key, &reply);
    *found = !e && reply.status != 404;
    if (*found)
        *stat = (struct store_stat){size_of(&reply), modified_us(&reply)};
    s3_reply_free(&reply);
    return e;
}

static struct err *s3_remove(void *self, const char *key)
{
    struct s3_call call = {.method = "DELETE", .key = key, .expect = S3_ABSENT, .check = s3_any_answer};
    struct s3_reply reply;

    struct err *e = s3_send(self, &call, &reply);
    s3_reply_free(&reply);
    return e;
}

static const struct store_ops s3_ops = {
    .close = s3_close,
    .create = s3_create,
    .create_alone = s3_create_alone,
    .put = s3_put,
    .get = s3_get,
    .head = s3_head,
    .list = s3_list,
    .remove = s3_remove,
    .is_atomic = s3_is_atomic,
    .clean = s3_claims_clean,
};

const struct store_backend store_s3 = {.scheme = "s3", .open = s3_open};
