#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/mem.h"

struct err *json_parse(const struct json_doc *doc, const void *bytes, size_t len, json_t **out)
{
    json_error_t error;
    json_t *value = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

    if (len == 0)
        return err_new(doc->code, "%s is not valid JSON: it is empty", doc->name);
    if (!value)
        return err_new(doc->code, "%s is not valid JSON: line %d: %s", doc->name, error.line, error.text);
    if (!json_is_object(value)) {
        json_decref(value);
        return err_new(doc->code, "%s is not a JSON object", doc->name);
    }
    *out = value;
    return NULL;
}

static struct err *json_need(const struct json_doc *doc, const json_t *object, const char *name, bool ok,
                             const char *what)
{
    if (ok)
        return NULL;
    if (!json_object_get(object, name))
        return err_new(doc->code, "%s lacks its member '%s'", doc->name, name);
    return err_new(doc->code, "%s: member '%s' is not %s", doc->name, name, what);
}

struct err *json_string_of(const struct json_doc *doc, const json_t *object, const char *name,
                           const char **out)
{
    const json_t *v = json_object_get(object, name);

    /* a NUL inside would make two different documents look equal to C */
    bool ok = json_is_string(v) && strlen(json_string_value(v)) == json_string_length(v);
    TRY(json_need(doc, object, name, ok, "a string"));
    *out = json_string_value(v);
    return NULL;
}

struct err *json_opt_string_of(const struct json_doc *doc, const json_t *object, const char *name,
                               const char **out)
{
    const json_t *v = json_object_get(object, name);

    *out = NULL;
    if (!v || json_is_null(v))
        return NULL;
    return json_string_of(doc, object, name, out);
}

struct err *json_i64_of(const struct json_doc *doc, const json_t *object, const char *name, int64_t *out)
{
    const json_t *v = json_object_get(object, name);

    TRY(json_need(doc, object, name, json_is_integer(v), "an integer"));
    *out = json_integer_value(v);
    return NULL;
}

struct err *json_u64_of(const struct json_doc *doc, const json_t *object, const char *name, uint64_t *out)
{
    const json_t *v = json_object_get(object, name);

    TRY(json_need(doc, object, name, json_is_integer(v) && json_integer_value(v) >= 0,
                  "a non-negative integer"));
    *out = (uint64_t)json_integer_value(v);
    return NULL;
}

struct err *json_bool_of(const struct json_doc *doc, const json_t *object, const char *name, bool *out)
{
    const json_t *v = json_object_get(object, name);

    TRY(json_need(doc, object, name, json_is_boolean(v), "true or false"));
    *out = json_is_true(v);
    return NULL;
}

struct err *json_array_of(const struct json_doc *doc, const json_t *object, const char *name, json_t **out)
{
    json_t *v = json_object_get(object, name);

    TRY(json_need(doc, object, name, json_is_array(v), "an array"));
    *out = v;
    return NULL;
}

struct err *json_object_of(const struct json_doc *doc, const json_t *object, const char *name, json_t **out)
{
    json_t *v = json_object_get(object, name);

    TRY(json_need(doc, object, name, json_is_object(v), "an object"));
    *out = v;
    return NULL;
}

json_t *json_from_bytes(const void *bytes, size_t len)
{
    if (!memchr(bytes, 0, len)) {
        json_t *text = json_stringn(bytes, len); /* NULL unless UTF-8 */
        if (text)
            return text;
    }
    char *encoded = mem_alloc(len / 3 * 4 + 5);
    EVP_EncodeBlock((unsigned char *)encoded, bytes, (int)len);
    json_t *object = json_pack("{s:s}", "base64", encoded);
    free(encoded);
    return object;
}

static struct err *json_decode_base64(const struct json_doc *doc, const char *name, const json_t *text,
                                      char **out, size_t *len)
{
    size_t n = json_string_length(text);
    const unsigned char *encoded = (const unsigned char *)json_string_value(text);

    if (n % 4 == 0 && n < (size_t)1 << 30) {
        char *bytes = mem_alloc(n / 4 * 3 + 1);
        int decoded = EVP_DecodeBlock((unsigned char *)bytes, encoded, (int)n);
        if (decoded >= 0) {
            size_t padding = (n > 0 && encoded[n - 1] == '=') + (n > 1 && encoded[n - 2] == '=');
            bytes[(size_t)decoded - padding] = 0;
            *out = bytes;
            if (len)
                *len = (size_t)decoded - padding;
            return NULL;
        }
        free(bytes);
    }
    return err_new(doc->code, "%s: member '%s' is not valid base64", doc->name, name);
}

struct err *json_bytes_of(const struct json_doc *doc, const json_t *object, const char *name, char **out,
                          size_t *len)
{
    const json_t *v = json_object_get(object, name);
    const json_t *base64 = json_object_get(v, "base64");

    if (json_is_string(base64))
        return json_decode_base64(doc, name, base64, out, len);
    const char *text;
    TRY(json_string_of(doc, object, name, &text));
    *out = mem_strdup(text);
    if (len)
        *len = strlen(text);
    return NULL;
}

const char *json_text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

char *json_text(const json_t *object)
{
    char *dump = json_dumps(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    char *text = mem_printf("%s\n", dump ? dump : "{}");

    free(dump);
    return text;
}
