#include "format/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "format/document.h"
#include "format/layout.h"
#include "format/object.h"

enum { REQUEST_VERSION = 1 };

static const char request_format[] = "ccr request";

void request_init(struct request *r)
{
    *r = (struct request){.id = mem_strdup(""),
                          .job = mem_strdup(""),
                          .stream = mem_strdup(""),
                          .stream_id = mem_strdup(""),
                          .kind = mem_strdup(""),
                          .scope = json_object(),
                          .partitions = json_array(),
                          .position = mem_strdup(""),
                          .reason = mem_strdup(""),
                          .who = mem_strdup("")};
}

void request_free(struct request *r)
{
    free(r->id);
    free(r->job);
    free(r->stream);
    free(r->stream_id);
    free(r->kind);
    json_decref(r->scope);
    json_decref(r->partitions);
    free(r->position);
    free(r->reason);
    free(r->who);
    *r = (struct request){0};
}

/* What makes it this request. */
static void set_asked(json_t *root, const struct request *r)
{
    document_set_bytes(root, "job", r->job);
    document_set_u64(root, "generation", r->generation);
    document_set_bytes(root, "kind", r->kind);
    json_object_set(root, "scope", r->scope);
    json_object_set(root, "partitions", r->partitions);
    document_set_u64(root, "epoch", r->epoch);
    document_set_bytes(root, "position", r->position);
}

char *request_id(const struct request *r)
{
    json_t *asked = json_object();
    char digest[HASH_HEX_SIZE];

    set_asked(asked, r);
    char *text = json_dumps(asked, JSON_COMPACT | JSON_SORT_KEYS);
    hash_bytes_hex(text, strlen(text), digest);
    free(text);
    json_decref(asked);
    return mem_strndup(digest, REQUEST_ID_DIGITS);
}

char *request_encode(const struct request *r)
{
    json_t *root = document_new(request_format, REQUEST_VERSION);
    char time[CLOCK_TEXT_SIZE];
    char *id = request_id(r);

    document_set_bytes(root, "id", id);
    set_asked(root, r);
    document_set_bytes(root, "stream", r->stream);
    document_set_bytes(root, "stream_id", r->stream_id);
    document_set_bytes(root, "reason", r->reason);
    document_set_bytes(root, "who", r->who);
    document_set_bytes(root, "requested", clock_format(r->requested_us, time));
    json_object_set_new(root, "requested_us", json_integer(r->requested_us));
    char *text = json_text(root);
    json_decref(root);
    free(id);
    return text;
}

static struct err *text_member(const struct json_doc *doc, const json_t *root, const char *name, char **out)
{
    const char *text;

    TRY(json_string_of(doc, root, name, &text));
    free(*out);
    *out = mem_strdup(text);
    return NULL;
}

static struct err *bytes_member(const struct json_doc *doc, const json_t *root, const char *name, char **out)
{
    char *text;

    TRY(json_bytes_of(doc, root, name, &text, NULL));
    free(*out);
    *out = text;
    return NULL;
}

static void replace_json(json_t **to, json_t *from)
{
    json_decref(*to);
    *to = json_incref(from);
}

static struct err *members_from_json(const struct json_doc *doc, const json_t *root, struct request *out)
{
    json_t *scope, *partitions;

    TRY(text_member(doc, root, "id", &out->id));
    TRY(text_member(doc, root, "job", &out->job));
    TRY(text_member(doc, root, "stream", &out->stream));
    TRY(text_member(doc, root, "stream_id", &out->stream_id));
    TRY(json_u64_of(doc, root, "generation", &out->generation));
    TRY(text_member(doc, root, "kind", &out->kind));
    TRY(json_object_of(doc, root, "scope", &scope));
    replace_json(&out->scope, scope);
    TRY(json_array_of(doc, root, "partitions", &partitions));
    replace_json(&out->partitions, partitions);
    TRY(json_u64_of(doc, root, "epoch", &out->epoch));
    TRY(text_member(doc, root, "position", &out->position));
    TRY(bytes_member(doc, root, "reason", &out->reason));
    TRY(bytes_member(doc, root, "who", &out->who));
    return json_i64_of(doc, root, "requested_us", &out->requested_us);
}

static int kind_rank(const char *kind)
{
    static const char *const kinds[] = {REQUEST_FULL, REQUEST_TABLES, REQUEST_PARTITIONS};

    for (int i = 0; i < 3; i++)
        if (strcmp(kind, kinds[i]) == 0)
            return i;
    return -1;
}

static struct err *check_kind(const struct json_doc *doc, const struct request *r)
{
    size_t count = json_array_size(r->partitions);

    if (kind_rank(r->kind) < 0)
        return document_hint(
            err_new(ERR_UNSUPPORTED, "%s asks for '%s', which this ccr does not know", doc->name, r->kind));
    if ((count > 0) != (strcmp(r->kind, REQUEST_PARTITIONS) == 0))
        return err_new(doc->code, "%s: 'partitions' does not fit the kind '%s'", doc->name, r->kind);
    for (size_t i = 0; i < count; i++)
        if (!json_is_string(json_array_get(r->partitions, i)))
            return err_new(doc->code, "%s: 'partitions' holds something that is no string", doc->name);
    return NULL;
}

static struct err *check_content(const struct json_doc *doc, const char *key, const struct request *r)
{
    struct gtid_pos pos = GTID_POS_INIT;

    TRY(check_kind(doc, r));
    struct err *e = layout_check_name("stream", r->stream);
    if (!e)
        e = gtid_pos_parse(r->position, doc->code, &pos);
    gtid_pos_free(&pos);
    if (e)
        return err_context(err_recode(e, doc->code), "%s", doc->name);
    char *id = request_id(r);
    char *own = layout_request_key(r->job, id);
    if (strcmp(id, r->id) != 0)
        e = err_new(doc->code, "%s: its id is not the one of its content, %s", doc->name, id);
    else if (strcmp(own, key) != 0)
        e = err_new(doc->code, "%s is the request %s, under another's key", doc->name, own);
    free(own);
    free(id);
    return e;
}

struct err *request_decode(const char *key, const void *bytes, size_t len, struct request *out)
{
    const struct json_doc doc = {key, ERR_INTEGRITY};
    json_t *root;
    struct err *e;

    request_init(out);
    TRY_GOTO(e, out, json_parse(&doc, bytes, len, &root));
    e = document_check(&doc, root, request_format, REQUEST_VERSION, NULL);
    if (!e)
        e = members_from_json(&doc, root, out);
    if (!e)
        e = check_content(&doc, key, out);
    json_decref(root);
out:
    if (e)
        request_free(out);
    return e;
}

int request_compare(const void *a, const void *b)
{
    const struct request *x = a, *y = b;
    int rank = kind_rank(x->kind) - kind_rank(y->kind);

    if (rank != 0)
        return rank;
    if (x->requested_us != y->requested_us)
        return x->requested_us < y->requested_us ? -1 : 1;
    return strcmp(x->id, y->id);
}

bool request_is_expired(const struct request *r, int64_t now_us)
{
    const int64_t life_us = REQUEST_DAYS * 86400LL * CLOCK_US_PER_S;
    /* subtracted from the clock, not from what somebody wrote: no overflow */
    return r->requested_us < now_us - life_us || r->requested_us > now_us + life_us;
}

/* Is there one that does as well as `r`? */
static struct err *look_at_present(struct store *s, const char *key, const struct request *r, bool *good)
{
    struct buf bytes = BUF_INIT;
    struct request present;
    struct err *e = object_get(s, key, &bytes, good);

    if (!e && *good) {
        struct err *damage = request_decode(key, bytes.data, bytes.len, &present);
        *good = !damage && !request_is_expired(&present, r->requested_us);
        if (damage)
            err_free(damage);
        else
            request_free(&present);
    }
    buf_free(&bytes);
    return e;
}

struct err *request_put(struct store *s, struct request *r, bool *created)
{
    char *text = request_encode(r);
    bool good = false;

    free(r->id);
    r->id = request_id(r);
    char *key = layout_request_key(r->job, r->id);
    struct err *e = object_create(s, key, text, strlen(text), created);
    if (!e && !*created)
        e = look_at_present(s, key, r, &good);
    if (!e && !*created && !good) {
        e = store_delete(s, key);
        if (!e)
            e = object_create(s, key, text, strlen(text), created);
    }
    free(key);
    free(text);
    return e ? err_context(e, "publishing a request of job %s", r->job) : NULL;
}

struct err *request_remove(struct store *s, const char *job, const char *id)
{
    char *key = layout_request_key(job, id);
    struct err *e = store_delete(s, key);

    free(key);
    return e ? err_context(e, "removing the request %s of job %s", id, job) : NULL;
}

struct listing {
    struct store *store;
    struct requests *out;
};

static struct err *add_request(const struct store_entry *entry, void *arg)
{
    const struct listing *l = arg;
    struct layout_place place;
    struct buf bytes = BUF_INIT;
    struct request r;
    bool found;

    layout_parse(entry->key, &place);
    if (place.kind != LAYOUT_REQUEST)
        return NULL;
    struct err *e = object_get(l->store, entry->key, &bytes, &found);
    if (!e && found) { /* not removed in between */
        struct err *damage = request_decode(entry->key, bytes.data, bytes.len, &r);
        if (damage) {
            l->out->damaged = mem_grow(l->out->damaged, l->out->damaged_count, &l->out->damaged_cap,
                                       sizeof(*l->out->damaged));
            l->out->damaged[l->out->damaged_count++] =
                (struct request_damage){mem_strdup(entry->key), mem_strdup(err_message(damage))};
            err_free(damage);
        } else {
            l->out->items = mem_grow(l->out->items, l->out->count, &l->out->cap, sizeof(*l->out->items));
            l->out->items[l->out->count++] = r;
        }
    }
    buf_free(&bytes);
    return e;
}

struct err *request_list(struct store *s, const char *job, struct requests *out)
{
    struct listing l = {s, out};
    char *prefix = layout_requests_prefix(job);
    const struct store_list what = {.prefix = prefix};

    *out = (struct requests){0};
    struct err *e = store_list(s, &what, add_request, &l);
    if (out->count > 1)
        qsort(out->items, out->count, sizeof(*out->items), request_compare);
    free(prefix);
    return e ? err_context(e, "reading requests") : NULL;
}

void requests_free(struct requests *r)
{
    for (size_t i = 0; i < r->count; i++)
        request_free(&r->items[i]);
    for (size_t i = 0; i < r->damaged_count; i++) {
        free(r->damaged[i].key);
        free(r->damaged[i].message);
    }
    free(r->items);
    free(r->damaged);
    *r = (struct requests){0};
}
