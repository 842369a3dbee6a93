#include "store/s3_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define URL_FORM "s3://BUCKET or s3://BUCKET/PREFIX"

const char *s3_env(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

static const char *first_of(const char *a, const char *b, const char *c)
{
    return a ? a : b ? b : c;
}

/* s3://BUCKET/PREFIX; the prefix gets a '/' at its end. */
static struct err *parse_url(const char *url, struct s3_config *out)
{
    const char *bucket = url + strlen("s3://");
    size_t bucket_len = strcspn(bucket, "/");
    const char *prefix = bucket + bucket_len;
    size_t prefix_len;

    if (bucket_len == 0 || strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-_"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ") < bucket_len)
        return err_hint(err_new(ERR_USAGE, "the store %s does not name a bucket", url), "write " URL_FORM);
    prefix += strspn(prefix, "/");
    prefix_len = strlen(prefix);
    while (prefix_len > 0 && prefix[prefix_len - 1] == '/')
        prefix_len--;
    out->bucket = mem_strndup(bucket, bucket_len);
    out->prefix = prefix_len ? mem_printf("%.*s/", (int)prefix_len, prefix) : mem_strdup("");
    if (!store_key_is_good(out->prefix, true))
        return err_hint(
            err_new(ERR_USAGE, "the store %s has an unusable prefix", url),
            "its parts are divided by single slashes, hold no control bytes and begin with no dot");
    return NULL;
}

/* Splits "https://host:port"; the endpoint has no path. */
static struct err *parse_endpoint(const char *endpoint, struct s3_config *out)
{
    const char *host = strstr(endpoint, "://");
    size_t len = host ? strlen(host + 3) : 0;

    out->is_tls = strncmp(endpoint, "https://", 8) == 0;
    if (len > 0 && host[3 + len - 1] == '/')
        len--;
    if (len == 0 || (!out->is_tls && strncmp(endpoint, "http://", 7) != 0) ||
        strcspn(host + 3, "/?#@ ") < len)
        return err_hint(err_new(ERR_CONFIG, "the endpoint '%s' is not usable", endpoint),
                        "write https://HOST or http://HOST:PORT, without a path");
    out->host = mem_strndup(host + 3, len);
    return NULL;
}

/* Whether the bucket is a part of the host's name. */
static struct err *choose_style(const char *addressing, bool is_aws, struct s3_config *out)
{
    if (!addressing)
        out->is_path_style = !is_aws || strchr(out->bucket, '.');
    else if (strcmp(addressing, "path") == 0 || strcmp(addressing, "virtual") == 0)
        out->is_path_style = addressing[0] == 'p';
    else
        return err_hint(err_new(ERR_CONFIG, "addressing: '%s' is not valid", addressing),
                        "it takes path or virtual");
    return NULL;
}

static struct err *choose_signature(const char *signature, struct s3_config *out)
{
    out->is_v2 = signature && strcmp(signature, "v2") == 0;
    if (out->is_v2 || !signature || strcmp(signature, "v4") == 0)
        return NULL;
    return err_hint(err_new(ERR_CONFIG, "signature: '%s' is not valid", signature), "it takes v4 or v2");
}

static void set_base(struct s3_config *c)
{
    const char *scheme = c->is_tls ? "https" : "http";

    if (!c->is_path_style) {
        char *host = mem_printf("%s.%s", c->bucket, c->host);
        free(c->host);
        c->host = host;
    }
    c->base_path = c->is_path_style ? mem_printf("/%s", c->bucket) : mem_strdup("");
    c->base_url = mem_printf("%s://%s%s", scheme, c->host, c->base_path);
}

struct err *s3_config_read(const struct store_settings *settings, struct s3_config *out)
{
    const char *endpoint =
        first_of(settings->endpoint, s3_env("AWS_ENDPOINT_URL_S3"), s3_env("AWS_ENDPOINT_URL"));
    const char *region = first_of(settings->region, s3_env("AWS_REGION"), s3_env("AWS_DEFAULT_REGION"));
    const char *ca_file = first_of(settings->ca_file, s3_env("AWS_CA_BUNDLE"), NULL);
    struct err *e;

    *out = (struct s3_config){0};
    out->region = mem_strdup(region ? region : "us-east-1");
    out->ca_file = ca_file ? mem_strdup(ca_file) : NULL;
    char *aws = mem_printf("https://s3.%s.amazonaws.com", out->region);
    TRY_GOTO(e, out, parse_url(settings->url, out));
    TRY_GOTO(e, out, parse_endpoint(endpoint ? endpoint : aws, out));
    TRY_GOTO(e, out, choose_signature(first_of(settings->signature, s3_env("CCR_SIGNATURE"), NULL), out));
    TRY_GOTO(e, out, choose_style(settings->addressing, !endpoint, out));
    set_base(out);
    TRY_GOTO(e, out, s3_keys_find(settings, &out->keys));
out:
    free(aws);
    if (e)
        s3_config_free(out);
    return e;
}

void s3_config_free(struct s3_config *c)
{
    free(c->bucket);
    free(c->prefix);
    free(c->base_url);
    free(c->base_path);
    free(c->host);
    free(c->region);
    free(c->ca_file);
    s3_keys_free(&c->keys);
    *c = (struct s3_config){0};
}
