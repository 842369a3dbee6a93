/*
 * s3_tool METHOD PATH [NAME=VALUE ...] [Name:value ...]: one signed request to $AWS_ENDPOINT_URL with the
 * keys of the environment, for tests: query parameters hold a '=', headers a ':'. The body of a PUT or POST
 * comes from stdin. Prints the answer's body; exits 0 for a 2xx. $S3_SERVICE is the service to sign for, if
 * not s3.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/http.h"
#include "store/s3_sign.h"

enum { MOST = 24 };

struct parts {
    struct s3_pair query[MOST], headers[MOST];
    size_t query_count, header_count;
    char *lines[MOST];
};

static const char *env(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value ? value : otherwise;
}

static void add_header(struct parts *p, const char *name, const char *value)
{
    p->lines[p->header_count] = mem_printf("%s: %s", name, value);
    p->headers[p->header_count++] = (struct s3_pair){name, value};
}

static void parse(struct parts *p, char **argv)
{
    for (; *argv && p->query_count + p->header_count < MOST - 8; argv++) {
        size_t len = strcspn(*argv, "=:");
        char mark = (*argv)[len];
        if (!mark)
            continue;
        (*argv)[len] = 0;
        if (mark == '=')
            p->query[p->query_count++] = (struct s3_pair){*argv, *argv + len + 1};
        else
            add_header(p, *argv, *argv + len + 1);
    }
}

static void read_stdin(struct buf *b)
{
    char block[65536];

    for (size_t n; (n = fread(block, 1, sizeof(block), stdin)) > 0;)
        buf_append(b, block, n);
}

static void sign(struct parts *p, const char *method, const char *path, const char *query, const char *sha256,
                 const char *time)
{
    const char *token = getenv("AWS_SESSION_TOKEN");
    struct s3_signer signer = {env("AWS_ACCESS_KEY_ID", ""), env("AWS_SECRET_ACCESS_KEY", ""),
                               env("AWS_REGION", "us-east-1"), env("S3_SERVICE", "s3"), time};
    const char *host = strstr(env("AWS_ENDPOINT_URL", "http://"), "//") + 2;

    add_header(p, "Host", host);
    add_header(p, "x-amz-date", time);
    add_header(p, "x-amz-content-sha256", sha256);
    if (token)
        add_header(p, "x-amz-security-token", token);
    struct s3_request_text text = {method, path, query, p->headers, p->header_count, sha256};
    char *authorization = s3_authorization(&signer, &text);
    add_header(p, "Authorization", authorization);
    free(authorization);
}

int main(int argc, char **argv)
{
    struct parts parts = {.query_count = 0};
    struct buf path = BUF_INIT, in = BUF_INIT, out = BUF_INIT;
    char sha256[HASH_HEX_SIZE], time[CLOCK_TEXT_SIZE];
    struct http_answer answer;

    if (argc < 3)
        return 2;
    bool has_body = argv[1][0] == 'P';
    if (has_body)
        read_stdin(&in);
    hash_bytes_hex(in.data ? in.data : (const uint8_t *)"", in.len, sha256);
    clock_format_compact(clock_now_us(), time);
    s3_encode(&path, argv[2], true);
    parse(&parts, argv + 3);
    char *query = s3_query_text(parts.query, parts.query_count);
    sign(&parts, argv[1], buf_str(&path), query, sha256, time);
    char *url = mem_printf("%s%s%s%s", env("AWS_ENDPOINT_URL", ""), buf_str(&path), *query ? "?" : "", query);
    struct http *h = http_open(&(struct http_params){NULL, true, 10, 30, 1, 0, NULL});
    http_send(h,
              &(struct http_request){.method = argv[1],
                                     .url = url,
                                     .headers = (const char *const *)parts.lines,
                                     .body = has_body ? (const void *)buf_str(&in) : NULL,
                                     .body_len = in.len,
                                     .out = &out,
                                     .most = 64 << 20},
              &answer);
    if (out.len)
        fwrite(out.data, 1, out.len, stdout);
    bool good = answer.failure == HTTP_CAME && answer.status >= 200 && answer.status < 300;
    if (!good)
        fprintf(stderr, "s3_tool: %s %s: %ld %s\n", argv[1], url, answer.status,
                answer.failure ? answer.problem : "");
    http_answer_free(&answer);
    http_close(h);
    for (size_t i = 0; i < parts.header_count; i++)
        free(parts.lines[i]);
    free(url);
    free(query);
    buf_free(&path);
    buf_free(&in);
    buf_free(&out);
    return good ? 0 : 1;
}
