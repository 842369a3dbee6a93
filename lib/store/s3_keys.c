/* Whose keys: the settings, the environment, AWS's shared-credentials file (INI, read with libini_config). */
#include "store/s3_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ini_configobj.h>
#include <openssl/crypto.h>

#include "base/mem.h"

void s3_keys_free(struct s3_keys *k)
{
    if (k->secret_key)
        OPENSSL_cleanse(k->secret_key, strlen(k->secret_key));
    free(k->access_key);
    free(k->secret_key);
    free(k->session_token);
    free(k->origin);
    free(k->file);
    free(k->profile);
    *k = (struct s3_keys){0};
}

static char *copy_of(const char *text)
{
    return text ? mem_strdup(text) : NULL;
}

struct s3_keys s3_keys_copy(const struct s3_keys *k)
{
    return (struct s3_keys){
        .access_key = copy_of(k->access_key),
        .secret_key = copy_of(k->secret_key),
        .session_token = copy_of(k->session_token),
        .origin = copy_of(k->origin),
        .file = copy_of(k->file),
        .profile = copy_of(k->profile),
    };
}

static void take(struct s3_keys *out, const char *access, const char *secret, const char *token,
                 const char *origin)
{
    *out = (struct s3_keys){
        .access_key = mem_strdup(access),
        .secret_key = mem_strdup(secret),
        .session_token = token && *token ? mem_strdup(token) : NULL,
        .origin = mem_strdup(origin),
    };
}

/* A value of a section, malloc'ed; NULL where it is missing or empty. */
static char *ini_value(struct ini_cfgobj *ini, const char *section, const char *key)
{
    struct value_obj *value = NULL;
    int error = 0;

    if (ini_get_config_valueobj(section, key, ini, INI_GET_FIRST_VALUE, &value) != 0 || !value)
        return NULL;
    char *text = ini_get_string_config_value(value, &error);
    if (text && *text)
        return text;
    free(text);
    return NULL;
}

static struct err *open_file(const char *path, struct ini_cfgobj **out)
{
    struct ini_cfgfile *file = NULL;

    int rc = ini_config_file_open(path, 0, &file);
    if (rc)
        return err_hint(err_errno(ERR_CONFIG, rc, "reading the credentials file %s", path),
                        "check the path and its permissions");
    rc = ini_config_create(out);
    if (!rc) /* errors in other sections are other people's: what can be read is read */
        rc = ini_config_parse(file, INI_STOP_ON_NONE, 0, INI_PARSE_NOWRAP | INI_PARSE_IGNORE_NON_KVP, *out);
    ini_config_file_destroy(file);
    if (rc && !*out)
        return err_errno(ERR_CONFIG, rc, "the credentials file %s cannot be parsed", path);
    return NULL;
}

static struct err *read_profile(const char *path, const char *profile, struct s3_keys *out)
{
    struct ini_cfgobj *ini = NULL;
    struct err *e = NULL;

    TRY(open_file(path, &ini));
    char *access = ini_value(ini, profile, "aws_access_key_id");
    char *secret = ini_value(ini, profile, "aws_secret_access_key");
    char *token = ini_value(ini, profile, "aws_session_token");
    if (access && secret) {
        char *origin = mem_printf("[%s] of %s", profile, path);
        take(out, access, secret, token, origin);
        out->file = mem_strdup(path);
        out->profile = mem_strdup(profile);
        free(origin);
    } else
        e = err_hint(err_new(ERR_CONFIG, "the credentials file %s has no keys under [%s]", path, profile),
                     "it needs aws_access_key_id and aws_secret_access_key there");
    if (secret)
        OPENSSL_cleanse(secret, strlen(secret));
    free(access);
    free(secret);
    free(token);
    ini_config_destroy(ini);
    return e;
}

static char *file_path_of(const struct store_settings *settings)
{
    const char *path = settings->credentials_file;
    const char *home = s3_env("HOME");

    if (!path)
        path = s3_env("AWS_SHARED_CREDENTIALS_FILE");
    if (path)
        return mem_strdup(path);
    return home ? mem_printf("%s/.aws/credentials", home) : NULL;
}

static struct err *nothing_found(const char *path)
{
    return err_hint(err_new(ERR_CONFIG,
                            "no keys for the store: neither in the config file, nor in "
                            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor in %s",
                            path ? path : "a credentials file"),
                    "set access-key and secret-key, or credentials-file and profile, in its [store] section");
}

struct err *s3_keys_find(const struct store_settings *settings, struct s3_keys *out)
{
    const char *id = s3_env("AWS_ACCESS_KEY_ID"), *secret = s3_env("AWS_SECRET_ACCESS_KEY");
    const char *profile = settings->profile ? settings->profile : s3_env("AWS_PROFILE");
    struct err *e = NULL;

    if (!settings->access_key != !settings->secret_key)
        return err_hint(err_new(ERR_CONFIG, "the store has only one of access-key and secret-key"),
                        "set both in its [store] section");
    if (settings->access_key) {
        take(out, settings->access_key, settings->secret_key, settings->session_token, "the config file");
        return NULL;
    }
    bool names_file = settings->credentials_file || settings->profile;
    if (!names_file && id && secret) {
        take(out, id, secret, s3_env("AWS_SESSION_TOKEN"), "the environment");
        return NULL;
    }
    char *path = file_path_of(settings);
    if (path && (names_file || access(path, R_OK) == 0))
        e = read_profile(path, profile ? profile : "default", out);
    else
        e = nothing_found(path);
    free(path);
    return e;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

bool s3_keys_equal(const struct s3_keys *a, const struct s3_keys *b)
{
    return same_text(a->access_key, b->access_key) && same_text(a->secret_key, b->secret_key) &&
           same_text(a->session_token, b->session_token);
}

bool s3_keys_renewed(const struct s3_keys *old, struct s3_keys *out)
{
    *out = (struct s3_keys){0};
    if (!old->file)
        return false;
    struct err *e = read_profile(old->file, old->profile, out);
    bool is_new = !e && !s3_keys_equal(old, out);
    err_free(e); /* then the old ones' failure is what is told */
    if (!is_new)
        s3_keys_free(out);
    return is_new;
}
