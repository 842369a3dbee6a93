#include "format/document.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

struct err *document_hint(struct err *e)
{
    if (err_code(e) == ERR_UNSUPPORTED)
        return err_hint(e, "use the ccr version that wrote it, or a newer one");
    if (err_code(e) == ERR_INTEGRITY)
        return err_hint(e, "the store no longer holds what was written: put the object back from a copy of "
                           "the store, or take a new snapshot");
    return e;
}

json_t *document_new(const char *format, uint64_t version)
{
    return json_pack("{s:s, s:I, s:[]}", "format", format, "version", (json_int_t)version,
                     "features_required");
}

static bool is_known(const char *feature, const char *const *known)
{
    for (; known && *known; known++)
        if (strcmp(feature, *known) == 0)
            return true;
    return false;
}

static struct err *check_features(const struct json_doc *doc, const json_t *object, const char *const *known)
{
    json_t *features;
    size_t i;
    const json_t *feature;

    TRY(json_array_of(doc, object, "features_required", &features));
    json_array_foreach(features, i, feature)
    {
        if (!json_is_string(feature))
            return err_new(doc->code, "%s: 'features_required' holds something that is no string", doc->name);
        if (!is_known(json_string_value(feature), known))
            return document_hint(err_new(ERR_UNSUPPORTED,
                                         "%s requires the feature '%s', which this ccr does not know",
                                         doc->name, json_string_value(feature)));
    }
    return NULL;
}

struct err *document_check(const struct json_doc *doc, const json_t *object, const char *format,
                           uint64_t version, const char *const *features)
{
    const char *found;
    uint64_t number;

    TRY(json_string_of(doc, object, "format", &found));
    if (strcmp(found, format) != 0)
        return err_new(doc->code, "%s is a '%s', not a '%s'", doc->name, found, format);
    TRY(json_u64_of(doc, object, "version", &number));
    if (number < 1)
        return err_new(doc->code, "%s has the impossible format version %" PRIu64, doc->name, number);
    if (number > version)
        return document_hint(err_new(ERR_UNSUPPORTED,
                                     "%s has format version %" PRIu64 ", this ccr reads up to %" PRIu64,
                                     doc->name, number, version));
    return check_features(doc, object, features);
}

void document_set_bytes(json_t *object, const char *name, const char *text)
{
    if (text)
        json_object_set_new(object, name, json_from_bytes(text, strlen(text)));
}

void document_set_u64(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

void document_set_pos(json_t *object, const char *name, const struct gtid_pos *pos)
{
    char *text = gtid_pos_text(pos);

    json_object_set_new(object, name, json_string(text));
    free(text);
}

struct err *document_pos(const struct json_doc *doc, const json_t *object, const char *name,
                         struct gtid_pos *out)
{
    const char *text;

    TRY(json_string_of(doc, object, name, &text));
    struct err *e = gtid_pos_parse(text, doc->code, out);
    return e ? err_context(e, "%s: member '%s'", doc->name, name) : NULL;
}

struct err *document_opt_bytes(const struct json_doc *doc, const json_t *object, const char *name, char **out)
{
    const json_t *v = json_object_get(object, name);

    *out = NULL;
    if (!v || json_is_null(v))
        return NULL;
    return json_bytes_of(doc, object, name, out, NULL);
}

struct err *document_sha256(const struct json_doc *doc, const json_t *object, const char *name,
                            bool may_be_empty, char *out)
{
    const char *text;

    TRY(json_string_of(doc, object, name, &text));
    size_t len = strlen(text);
    bool is_digest = len == HASH_HEX_SIZE - 1 && strspn(text, "0123456789abcdef") == len;
    if (!is_digest && !(may_be_empty && len == 0))
        return err_new(doc->code, "%s: member '%s' is not a SHA-256 in hexadecimal", doc->name, name);
    memcpy(out, text, len + 1);
    return NULL;
}
