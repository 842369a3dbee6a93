/*
 * The signer against AWS's published vectors: those of the corpus (CCR_CORPUS, or ../shared/corpus beside the
 * tree), as signed headers and as signed queries, and some of them written down here.
 */
#include "store/s3_sign.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "tests/unit/unit.h"

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { MOST = 32 };

static const struct s3_signer example = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                         "us-east-1", "service", "20150830T123600Z"};

static void check_authorization(const struct s3_signer *signer, const struct s3_request_text *request,
                                const char *names, const char *signature)
{
    char *actual = s3_authorization(signer, request);
    char *expected =
        mem_printf("AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=%s, Signature=%s",
                   signer->access_key, signer->time, signer->region, signer->service, names, signature);

    CHECK_STR(actual, expected);
    free(actual);
    free(expected);
}

/* get-vanilla, get-utf8, get-vanilla-query-order-encoded and get-header-key-duplicate. */
static void test_published(void)
{
    static const struct s3_pair headers[] = {
        {"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}, {"My-Header1", "value2"},
        {"My-Header1", "value2"},          {"My-Header1", "value1"},
    };
    static const struct s3_pair query[] = {{"Param-3", "Value3"}, {"Param", "Value2"}, {"ሴ", "Value1"}};
    struct s3_request_text request = {"GET", "/", "", headers, 2, EMPTY_SHA256};
    struct buf path = BUF_INIT;

    check_authorization(&example, &request, "host;x-amz-date",
                        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    s3_encode(&path, "/ሴ", true);
    CHECK_STR(buf_str(&path), "/%E1%88%B4");
    request.path = buf_str(&path);
    check_authorization(&example, &request, "host;x-amz-date",
                        "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
    request.path = "/";
    char *text = s3_query_text(query, 3);
    CHECK_STR(text, "%E1%88%B4=Value1&Param=Value2&Param-3=Value3");
    request.query = text;
    check_authorization(&example, &request, "host;x-amz-date",
                        "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac");
    request.query = "";
    request.header_count = 5;
    check_authorization(&example, &request, "host;my-header1;x-amz-date",
                        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
    free(text);
    buf_free(&path);
}

/* The examples of the S3 API reference: "GET Object" with a range, "List Objects". */
static void test_s3(void)
{
    static const struct s3_signer signer = {"AKIAIOSFODNN7EXAMPLE",
                                            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", "s3",
                                            "20130524T000000Z"};
    static const struct s3_pair headers[] = {{"Host", "examplebucket.s3.amazonaws.com"},
                                             {"x-amz-content-sha256", EMPTY_SHA256},
                                             {"x-amz-date", "20130524T000000Z"},
                                             {"Range", "bytes=0-9"}};
    static const struct s3_pair query[] = {{"prefix", "J"}, {"max-keys", "2"}};
    struct s3_request_text request = {"GET", "/test.txt", "", headers, 4, EMPTY_SHA256};

    check_authorization(&signer, &request, "host;range;x-amz-content-sha256;x-amz-date",
                        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    char *text = s3_query_text(query, 2);
    request = (struct s3_request_text){"GET", "/", text, headers, 3, EMPTY_SHA256};
    check_authorization(&signer, &request, "host;x-amz-content-sha256;x-amz-date",
                        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    free(text);
}

static void test_encoding(void)
{
    struct buf b = BUF_INIT;

    s3_encode(&b, "AZaz09-._~/ +=&%?#\"'*(ü", true);
    CHECK_STR(buf_str(&b), "AZaz09-._~/%20%2B%3D%26%25%3F%23%22%27%2A%28%C3%BC");
    buf_clear(&b);
    s3_encode(&b, "a/b", false);
    CHECK_STR(buf_str(&b), "a%2Fb");
    buf_free(&b);
}

/* --- the corpus
 * --------------------------------------------------------------------------------------------- */

struct vector {
    const char *folder;
    json_t *context;
    char *token; /* NULL where there is none */
    char *method;
    char *path; /* as written, not encoded */
    struct s3_pair query[MOST];
    size_t query_count;
    struct s3_pair headers[MOST];
    size_t header_count;
    char body_sha256[HASH_HEX_SIZE];
    char *kept[4 * MOST]; /* what the pairs point to */
    size_t kept_count;
};

static char *keep(struct vector *v, char *text)
{
    v->kept[v->kept_count++] = text;
    return text;
}

static char *read_text(const char *folder, const char *name)
{
    char *path = mem_printf("%s/%s", folder, name);
    FILE *f = fopen(path, "r");
    struct buf b = BUF_INIT;
    char block[4096];

    if (!f) {
        printf("%s cannot be read\n", path);
        exit(1);
    }
    for (size_t n; (n = fread(block, 1, sizeof(block), f)) > 0;)
        buf_append(&b, block, n);
    fclose(f);
    free(path);
    return buf_steal(&b);
}

static bool context_flag(const struct vector *v, const char *name)
{
    return json_is_true(json_object_get(v->context, name));
}

static char *decoded(const char *text)
{
    struct buf b = BUF_INIT;
    unsigned byte;

    for (; *text; text++) {
        if (*text == '%' && sscanf(text + 1, "%2x", &byte) == 1) {
            buf_append_byte(&b, (uint8_t)byte);
            text += 2;
        } else {
            buf_append_byte(&b, (uint8_t)*text);
        }
    }
    return buf_steal(&b);
}

static void parse_query(struct vector *v, char *text)
{
    char *rest = NULL;

    for (char *p = strtok_r(text, "&", &rest); p; p = strtok_r(NULL, "&", &rest)) {
        char *value = strchr(p, '=');
        if (value)
            *value++ = 0;
        v->query[v->query_count++] =
            (struct s3_pair){keep(v, decoded(p)), keep(v, decoded(value ? value : ""))};
    }
}

/* What other services than S3 do to a path before they sign it: no empty segments, no dots. */
static char *normalized(char *path)
{
    struct buf b = BUF_INIT;
    char *rest = NULL;
    bool ends_in_slash = path[strlen(path) - 1] == '/';

    for (char *p = strtok_r(path, "/", &rest); p; p = strtok_r(NULL, "/", &rest)) {
        if (strcmp(p, "..") == 0) {
            while (b.len > 0 && b.data[--b.len] != '/')
                ;
        } else if (strcmp(p, ".") != 0) {
            buf_printf(&b, "/%s", p);
        }
    }
    if (b.len == 0 || ends_in_slash)
        buf_append_byte(&b, '/');
    return buf_steal(&b);
}

/* "NAME:VALUE" lines, a value going on in lines that begin with a blank, up to an empty line. Returns the
 * body. */
static char *parse_headers(struct vector *v, char *text)
{
    while (text && *text && *text != '\n') {
        char *end = strchr(text, '\n');
        while (end && end[1] == ' ')
            end = strchr(end + 1, '\n');
        char *line = keep(v, mem_strndup(text, end ? (size_t)(end - text) : strlen(text)));
        for (char *p = line; *p; p++)
            *p = *p == '\n' ? ' ' : *p;
        char *colon = strchr(line, ':');
        *colon = 0;
        v->headers[v->header_count++] = (struct s3_pair){line, colon + 1};
        text = end ? end + 1 : NULL;
    }
    return text && *text ? text + 1 : text;
}

static void vector_read(struct vector *v, const char *folder)
{
    struct json_doc doc = {"context.json", ERR_INTERNAL};
    char *context = read_text(folder, "context.json");
    char *text = read_text(folder, "request.txt");
    char *line_end = strchr(text, '\n');
    const char *token = NULL;

    *v = (struct vector){.folder = folder};
    CHECK_OK(json_parse(&doc, context, strlen(context), &v->context));
    CHECK_OK(json_opt_string_of(&doc, json_object_get(v->context, "credentials"), "token", &token));
    v->token = token ? mem_strdup(token) : NULL;
    *line_end = 0;
    *strrchr(text, ' ') = 0; /* HTTP/1.1 */
    v->method = mem_strndup(text, strcspn(text, " "));
    char *path = text + strlen(v->method) + 1;
    char *query = strchr(path, '?');
    if (query)
        *query++ = 0;
    if (query)
        parse_query(v, query);
    const char *body = parse_headers(v, line_end + 1);
    hash_bytes_hex(body ? body : "", body ? strlen(body) : 0, v->body_sha256);
    v->path = context_flag(v, "normalize") ? normalized(path) : mem_strdup(path);
    free(context);
    free(text);
}

static void vector_free(struct vector *v)
{
    for (size_t i = 0; i < v->kept_count; i++)
        free(v->kept[i]);
    json_decref(v->context);
    free(v->token);
    free(v->method);
    free(v->path);
}

static void check_file(const struct vector *v, const char *name, const char *actual)
{
    char *expected = read_text(v->folder, name);

    if (strcmp(actual, expected) != 0) {
        printf("%s/%s:\n%s\nis expected, not\n%s\n", v->folder, name, expected, actual);
        unit_failed++;
    }
    free(expected);
}

/* The three steps against `HOW-canonical-request.txt` and its like; how is "header" or "query". */
static void check_steps(const struct vector *v, const char *how, const struct s3_request_text *request)
{
    char signature[HASH_HEX_SIZE];
    char name[64], *names;
    char *canonical = s3_canonical_request(request, &names);
    char *to_sign = s3_string_to_sign(&example, canonical);

    snprintf(name, sizeof(name), "%s-canonical-request.txt", how);
    check_file(v, name, canonical);
    snprintf(name, sizeof(name), "%s-string-to-sign.txt", how);
    check_file(v, name, to_sign);
    s3_signature(&example, to_sign, signature);
    snprintf(name, sizeof(name), "%s-signature.txt", how);
    check_file(v, name, signature);
    free(canonical);
    free(to_sign);
    free(names);
}

static void check_headers(struct vector *v, struct s3_request_text request)
{
    struct s3_pair headers[MOST];
    size_t n = v->header_count;

    memcpy(headers, v->headers, sizeof(headers));
    headers[n++] = (struct s3_pair){"X-Amz-Date", example.time};
    if (v->token && !context_flag(v, "omit_session_token"))
        headers[n++] = (struct s3_pair){"X-Amz-Security-Token", v->token};
    if (context_flag(v, "sign_body"))
        headers[n++] = (struct s3_pair){"x-amz-content-sha256", v->body_sha256};
    char *query = s3_query_text(v->query, v->query_count);
    request.query = query;
    request.headers = headers;
    request.header_count = n;
    check_steps(v, "header", &request);
    char *authorization = s3_authorization(&example, &request);
    char *signed_request = read_text(v->folder, "header-signed-request.txt");
    CHECK(strstr(signed_request, authorization));
    free(signed_request);
    free(authorization);
    free(query);
}

static void check_query(struct vector *v, struct s3_request_text request)
{
    struct s3_pair query[MOST];
    size_t n = v->query_count;
    char *names, *unused = NULL;

    request.headers = v->headers;
    request.header_count = v->header_count;
    request.query = "";
    unused = s3_canonical_request(&request, &names);
    memcpy(query, v->query, sizeof(query));
    query[n++] = (struct s3_pair){"X-Amz-Algorithm", "AWS4-HMAC-SHA256"};
    query[n++] = (struct s3_pair){"X-Amz-Credential", "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"};
    query[n++] = (struct s3_pair){"X-Amz-Date", example.time};
    query[n++] = (struct s3_pair){"X-Amz-Expires", "3600"};
    query[n++] = (struct s3_pair){"X-Amz-SignedHeaders", names};
    if (v->token && !context_flag(v, "omit_session_token"))
        query[n++] = (struct s3_pair){"X-Amz-Security-Token", v->token};
    char *text = s3_query_text(query, n);
    request.query = text;
    check_steps(v, "query", &request);
    free(text);
    free(names);
    free(unused);
}

static void check_vector(const char *folder)
{
    struct vector v;
    struct buf path = BUF_INIT;

    vector_read(&v, folder);
    s3_encode(&path, v.path, true);
    struct s3_request_text request = {
        .method = v.method, .path = buf_str(&path), .payload_sha256 = v.body_sha256};
    check_headers(&v, request);
    check_query(&v, request);
    buf_free(&path);
    vector_free(&v);
}

static void test_corpus(void)
{
    const char *corpus = getenv("CCR_CORPUS");
    char *root = mem_printf("%s/sigv4/v4", corpus ? corpus : "../shared/corpus");
    DIR *dir = opendir(root);
    const struct dirent *entry;
    size_t count = 0;

    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        char *folder = mem_printf("%s/%s", root, entry->d_name);
        check_vector(folder);
        free(folder);
        count++;
    }
    if (dir)
        closedir(dir);
    printf("%zu vectors of the corpus %s\n", count,
           count ? "checked" : "(it is missing: only those written here)");
    free(root);
}

int main(void)
{
    test_published();
    test_s3();
    test_encoding();
    test_corpus();
    return UNIT_END;
}
