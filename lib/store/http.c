#include "store/http.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
    BUFFER_BYTES = 512 << 10, /* libcurl's default of 64 KiB costs a third of the speed */
    HEADERS_LIMIT = 64 << 10, /* nothing that is a store's answer has more */
    LONGEST_NAP_US = 1000000,
    KNOWN_ANSWERS = 256 /* more than can be under way at once */
};

struct http {
    struct http_params params;
    pthread_mutex_t mutex;
    pthread_cond_t returned;
    CURL **idle;
    unsigned idle_count;
    unsigned made;
    int64_t paid_until_us;      /* the bandwidth is used up until then */
    char *known[KNOWN_ANSWERS]; /* ids of the last answers */
    size_t known_next;
};

/* What the callbacks of one request share. */
struct transfer {
    struct http *http;
    const struct http_request *request;
    struct http_answer *answer;
    CURL *easy;
    size_t sent;
    size_t received;
    bool has_headers; /* all of them came */
    bool is_too_large;
};

/* Once for the process, before there are threads of ours in libcurl; it takes no argument and keeps nothing
 * for us. */
static void init_curl(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == 0)
        return;
    fputs("error: libcurl cannot be initialized\n", stderr);
    abort();
}

struct http *http_open(const struct http_params *params)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct http *h = mem_zalloc(1, sizeof(*h));

    pthread_once(&once, init_curl);
    h->params = *params;
    h->params.ca_file = params->ca_file ? mem_strdup(params->ca_file) : NULL;
    h->idle = mem_zalloc(params->connections, sizeof(*h->idle));
    pthread_mutex_init(&h->mutex, NULL);
    pthread_cond_init(&h->returned, NULL);
    return h;
}

void http_close(struct http *h)
{
    if (!h)
        return;
    for (unsigned i = 0; i < h->idle_count; i++)
        curl_easy_cleanup(h->idle[i]);
    for (size_t i = 0; i < KNOWN_ANSWERS; i++)
        free(h->known[i]);
    free(h->idle);
    free((char *)(uintptr_t)h->params.ca_file);
    pthread_mutex_destroy(&h->mutex);
    pthread_cond_destroy(&h->returned);
    free(h);
}

static CURL *new_handle(void)
{
    CURL *easy = curl_easy_init();

    if (!easy) {
        fputs("error: libcurl refused a handle\n", stderr);
        abort();
    }
    return easy;
}

/* Whether the connection has something to say that nobody asked for: it is closed, or out of step. */
static bool is_out_of_step(CURL *easy)
{
    curl_socket_t sock = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &sock) != CURLE_OK || sock == CURL_SOCKET_BAD)
        return false;
    struct pollfd poll_fd = {.fd = sock, .events = POLLIN};
    return poll(&poll_fd, 1, 0) > 0;
}

/* A connection that nobody uses, best the one used last: it is the most likely to be open still. */
static CURL *borrow(struct http *h)
{
    CURL *easy = NULL;

    pthread_mutex_lock(&h->mutex);
    while (h->idle_count == 0 && h->made == h->params.connections)
        pthread_cond_wait(&h->returned, &h->mutex);
    if (h->idle_count > 0)
        easy = h->idle[--h->idle_count];
    else
        h->made++;
    pthread_mutex_unlock(&h->mutex);
    if (!easy)
        return new_handle();
    if (!is_out_of_step(easy))
        return easy;
    curl_easy_cleanup(easy);
    return new_handle();
}

static void give_back(struct http *h, CURL *easy)
{
    pthread_mutex_lock(&h->mutex);
    h->idle[h->idle_count++] = easy;
    pthread_cond_signal(&h->returned);
    pthread_mutex_unlock(&h->mutex);
}

/* Holds the calling transfer back until its bytes fit into the bandwidth that all share. */
void http_pay(struct http *h, size_t bytes)
{
    if (h->params.bandwidth == 0)
        return;
    pthread_mutex_lock(&h->mutex);
    int64_t now = clock_monotonic_us();
    if (h->paid_until_us < now)
        h->paid_until_us = now;
    h->paid_until_us += (int64_t)((double)bytes * CLOCK_US_PER_S / (double)h->params.bandwidth);
    int64_t until = h->paid_until_us;
    pthread_mutex_unlock(&h->mutex);
    for (; now < until; now = clock_monotonic_us())
        clock_sleep_us(until - now < LONGEST_NAP_US ? until - now : LONGEST_NAP_US);
}

static size_t on_read(char *to, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t left = t->request->body_len - t->sent;
    size_t n = size * count < left ? size * count : left;
    uint64_t bandwidth = t->http->params.bandwidth;

    if (bandwidth > 0 && n > bandwidth / 4 + 1)
        n = (size_t)(bandwidth / 4 + 1); /* an even flow */
    if (n == 0)
        return 0;
    http_pay(t->http, n);
    memcpy(to, (const char *)t->request->body + t->sent, n);
    t->sent += n;
    return n;
}

/* libcurl sends a body anew where a kept connection turns out to be closed. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
    struct transfer *t = arg;

    if (origin != SEEK_SET || offset < 0 || (size_t)offset > t->request->body_len)
        return CURL_SEEKFUNC_FAIL;
    t->sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t on_write(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count;
    curl_off_t announced = -1;

    if (n > t->request->most - t->received) {
        t->is_too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    if (t->received == 0 &&
        curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced) == CURLE_OK &&
        announced > 0 && (uint64_t)announced <= t->request->most)
        buf_reserve(t->request->out, (size_t)announced);
    http_pay(t->http, n);
    buf_append(t->request->out, bytes, n);
    if (t->request->hash)
        hash_update(t->request->hash, bytes, n);
    t->received += n;
    return n;
}

/* A status line begins anew: what came before it was "100 Continue". An empty line ends them. */
static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    struct http_answer *answer = t->answer;
    size_t n = size * count, len = n;

    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        len--;
    if (len == 0)
        t->has_headers = true;
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        buf_clear(&answer->headers);
        t->has_headers = false;
    } else if (len > 0 && answer->headers.len + len < HEADERS_LIMIT) {
        buf_append(&answer->headers, line, len);
        buf_append_byte(&answer->headers, '\n');
    }
    return n;
}

static void set_method(CURL *easy, struct transfer *t)
{
    const struct http_request *r = t->request;

    if (strcmp(r->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (r->body) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->method);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body_len);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(easy, CURLOPT_READDATA, t);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, t);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->method);
    }
}

static void set_connection(CURL *easy, const struct http_params *p)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)p->connect_timeout_s);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)p->stall_timeout_s);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, p->tls_verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, p->tls_verify ? 2L : 0L);
    if (p->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, p->ca_file);
}

static void set_answer(CURL *easy, struct transfer *t)
{
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->answer->text);
}

bool http_is_old(struct http *h, const char *id)
{
    bool old = false;

    if (!*id)
        return false;
    pthread_mutex_lock(&h->mutex);
    for (size_t i = 0; i < KNOWN_ANSWERS && h->known[i] && !old; i++)
        old = strcmp(h->known[i], id) == 0;
    if (!old) {
        free(h->known[h->known_next]);
        h->known[h->known_next] = mem_strdup(id);
        h->known_next = (h->known_next + 1) % KNOWN_ANSWERS;
    }
    pthread_mutex_unlock(&h->mutex);
    return old;
}

static bool is_old(struct http *h, const struct http_answer *answer)
{
    char *id = h->params.answer_id ? http_header(answer, h->params.answer_id) : mem_strdup("");
    bool old = http_is_old(h, id);

    free(id);
    return old;
}

static void judge(struct transfer *t, CURLcode code)
{
    struct http_answer *answer = t->answer;

    if (code == CURLE_OK && !t->has_headers)
        code = CURLE_PARTIAL_FILE; /* libcurl is content when a connection ends within the headers */
    answer->failure = (int)code;
    answer->problem = answer->text[0] ? answer->text : curl_easy_strerror(code);
    if (t->is_too_large) {
        answer->failure = HTTP_TOO_LARGE;
        answer->problem = "the answer is larger than an object can be";
    } else if (is_old(t->http, answer)) {
        answer->failure = HTTP_OLD_ANSWER;
        answer->problem = "the answer to an earlier request came again";
    }
}

/* Waiting for a connection has taken its part of the time. */
static CURLcode perform(CURL *easy, const struct http_request *request)
{
    int64_t left_us = request->deadline_us - clock_monotonic_us();

    if (request->deadline_us && left_us <= 0)
        return CURLE_OPERATION_TIMEDOUT;
    if (request->deadline_us)
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(left_us / 1000 + 1));
    return curl_easy_perform(easy);
}

void http_send(struct http *h, const struct http_request *request, struct http_answer *answer)
{
    struct curl_slist *headers = NULL;
    CURL *easy = borrow(h);
    struct transfer t = {.http = h, .request = request, .answer = answer, .easy = easy};

    *answer = (struct http_answer){.headers = BUF_INIT};
    curl_easy_reset(easy); /* keeps the connection */
    set_connection(easy, &h->params);
    set_method(easy, &t);
    set_answer(easy, &t);
    for (const char *const *line = request->headers; *line; line++)
        headers = curl_slist_append(headers, *line);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    CURLcode code = perform(easy, request);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer->status);
    judge(&t, code);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(headers);
    if (answer->failure == HTTP_OLD_ANSWER) {
        curl_easy_cleanup(easy);
        easy = new_handle();
    }
    give_back(h, easy);
}

void http_answer_free(struct http_answer *a)
{
    buf_free(&a->headers);
}

char *http_header(const struct http_answer *a, const char *name)
{
    const char *p = (const char *)a->headers.data, *end = p ? p + a->headers.len : NULL;
    size_t name_len = strlen(name);

    while (p && p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        if ((size_t)(newline - p) > name_len && p[name_len] == ':' && strncasecmp(p, name, name_len) == 0) {
            p += name_len + 1;
            p += strspn(p, " \t");
            return mem_strndup(p, (size_t)(newline - p));
        }
        p = newline + 1;
    }
    return mem_strdup("");
}
