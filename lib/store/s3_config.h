/*
 * s3_config - where an s3:// store is, and with whose keys.
 *
 * The URL is s3://BUCKET or s3://BUCKET/PREFIX. What the settings leave open comes from the environment, as
 * with AWS's own tools, then from defaults:
 *
 *     endpoint     AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, https://s3.REGION.amazonaws.com
 *     region       AWS_REGION, AWS_DEFAULT_REGION, us-east-1
 *     addressing   virtual for AWS's own endpoint (path where the bucket's name has a dot), path elsewhere
 *     CA file      AWS_CA_BUNDLE, the system's
 *     signature    CCR_SIGNATURE, v4
 *
 * Keys are looked for in this order: the settings (a config file; keys are never arguments), the credentials
 * file where the settings name it or a profile, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY and
 * AWS_SESSION_TOKEN, the credentials file (AWS_SHARED_CREDENTIALS_FILE, ~/.aws/credentials) with AWS_PROFILE
 * or [default].
 *
 * All strings are malloc'ed. Secrets never appear in messages.
 */
#ifndef CCR_STORE_S3_CONFIG_H
#define CCR_STORE_S3_CONFIG_H

#include <stdbool.h>

#include "base/err.h"
#include "store/store.h"

struct s3_keys {
    char *access_key;
    char *secret_key;
    char *session_token; /* NULL where there is none */
    char *origin;        /* where they were found, for messages */
    char *file;          /* the credentials file they come from, NULL for other origins */
    char *profile;
};

struct s3_config {
    char *bucket;
    char *prefix;    /* "" or ending in '/' */
    char *base_url;  /* "https://host:port/bucket" or "https://bucket.host": a key follows behind a '/' */
    char *base_path; /* its path: "/bucket" or "" */
    char *host;      /* the header Host: "host:port" */
    char *region;
    char *ca_file; /* NULL: the system's */
    bool is_tls;
    bool is_path_style;
    bool is_v2; /* the signature (s3_v2.h) */
    struct s3_keys keys;
};

struct err *s3_config_read(const struct store_settings *settings, struct s3_config *out) CHECKED;
void s3_config_free(struct s3_config *c);

struct err *s3_keys_find(const struct store_settings *settings, struct s3_keys *out) CHECKED;
/* True where the file they come from has other keys by now; *out holds them then. */
bool s3_keys_renewed(const struct s3_keys *old, struct s3_keys *out);
bool s3_keys_equal(const struct s3_keys *a, const struct s3_keys *b);
struct s3_keys s3_keys_copy(const struct s3_keys *k);
void s3_keys_free(struct s3_keys *k);

/* A variable of the environment; NULL where it is unset or empty. */
const char *s3_env(const char *name);

#endif
