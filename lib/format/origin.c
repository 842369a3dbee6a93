#include "format/origin.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/document.h"
#include "format/layout.h"

void origin_free(struct origin *o)
{
    free(o->store_id);
    free(o->stream_id);
    *o = (struct origin){0};
}

struct err *origin_read(struct store *s, const char *stream, struct origin *out)
{
    *out = (struct origin){0};
    struct err *e = layout_open_store(s, false, &out->store_id);
    if (!e && stream)
        e = layout_open_stream(s, stream, false, &out->stream_id);
    if (e)
        origin_free(out);
    return e;
}

static bool is_known(const char *id)
{
    return id && *id;
}

void origin_set(json_t *root, const struct origin *o)
{
    if (is_known(o->store_id))
        document_set_bytes(root, "store_id", o->store_id);
    if (is_known(o->stream_id))
        document_set_bytes(root, "stream_id", o->stream_id);
}

static struct err *get_id(const struct json_doc *doc, const json_t *root, const char *name, char **out)
{
    const char *text = NULL;

    TRY(json_opt_string_of(doc, root, name, &text));
    *out = text ? mem_strdup(text) : NULL;
    return NULL;
}

struct err *origin_get(const struct json_doc *doc, const json_t *root, struct origin *out)
{
    *out = (struct origin){0};
    TRY(get_id(doc, root, "store_id", &out->store_id));
    return get_id(doc, root, "stream_id", &out->stream_id);
}

static bool differs(const char *found, const char *expected)
{
    return is_known(found) && is_known(expected) && strcmp(found, expected) != 0;
}

struct err *origin_check(const char *key, const struct origin *found, const struct origin *expected)
{
    if (!differs(found->store_id, expected->store_id) && !differs(found->stream_id, expected->stream_id))
        return NULL;
    return err_new(ERR_INTEGRITY, "%s was written for another store or stream", key);
}

struct err *origin_check_in(struct store *s, const char *stream, const char *key, const struct origin *found)
{
    struct origin here;

    if (!is_known(found->store_id) && !is_known(found->stream_id))
        return NULL;
    TRY(origin_read(s, stream, &here));
    struct err *e = origin_check(key, found, &here);
    origin_free(&here);
    return e;
}
