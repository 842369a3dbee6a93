#include "format/footer_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/document.h"

enum { FOOTER_VERSION = 1 };

static const char footer_format[] = "ccr segment";

static const char *const kind_names[] = {
    [SEGMENT_WHOLE] = "segment",
    [SEGMENT_PART] = "part",
    [SEGMENT_LAST_PART] = "last part",
    [SEGMENT_TERMINATOR] = "terminator",
};

const char *segment_kind_name(enum segment_kind kind)
{
    return kind_names[kind];
}

json_t *fingerprints_encode(const struct fingerprint *items, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        char text[GTID_TEXT_SIZE];
        json_t *one = json_object();
        document_set_bytes(one, "gtid", gtid_format(items[i].gtid, text));
        json_object_set_new(one, "time", json_integer(items[i].time));
        document_set_bytes(one, "digest", items[i].digest);
        document_set_pos(one, "before", &items[i].before);
        json_array_append_new(array, one);
    }
    return array;
}

static struct err *fingerprint_decode(const struct json_doc *doc, const json_t *object,
                                      struct fingerprint *out)
{
    const char *gtid;

    TRY(json_string_of(doc, object, "gtid", &gtid));
    if (!gtid_parse(gtid, &out->gtid))
        return err_new(doc->code, "%s: '%s' is not a GTID", doc->name, gtid);
    TRY(json_i64_of(doc, object, "time", &out->time));
    TRY(document_sha256(doc, object, "digest", false, out->digest));
    return document_pos(doc, object, "before", &out->before);
}

struct err *fingerprints_decode(const struct json_doc *doc, const json_t *object, const char *member,
                                struct fingerprint **items, size_t *count)
{
    json_t *array;

    TRY(json_array_of(doc, object, member, &array));
    *items = mem_zalloc(json_array_size(array), sizeof(**items));
    for (*count = 0; *count < json_array_size(array);) {
        size_t at = (*count)++; /* counted first: the owner frees what a failure leaves */
        TRY(fingerprint_decode(doc, json_array_get(array, at), &(*items)[at]));
    }
    return NULL;
}

static json_t *source_encode(const struct source_range *r)
{
    json_t *source = json_object();

    document_set_bytes(source, "start_file", r->start_file);
    document_set_u64(source, "start_offset", r->start_offset);
    document_set_bytes(source, "end_file", r->end_file);
    document_set_u64(source, "end_offset", r->end_offset);
    return source;
}

static struct err *source_decode(const struct json_doc *doc, const json_t *object, struct source_range *r)
{
    json_t *source;

    TRY(json_object_of(doc, object, "source", &source));
    TRY(document_opt_bytes(doc, source, "start_file", &r->start_file));
    TRY(json_u64_of(doc, source, "start_offset", &r->start_offset));
    TRY(document_opt_bytes(doc, source, "end_file", &r->end_file));
    return json_u64_of(doc, source, "end_offset", &r->end_offset);
}

static json_t *tables_encode(const struct segment_footer *f)
{
    json_t *tables = json_array();

    for (size_t i = 0; i < f->table_count; i++)
        json_array_append_new(tables, json_from_bytes(f->tables[i], strlen(f->tables[i])));
    return tables;
}

static struct err *tables_decode(const struct json_doc *doc, const json_t *object, struct segment_footer *f)
{
    json_t *tables;

    TRY(json_array_of(doc, object, "tables", &tables));
    f->tables = mem_zalloc(json_array_size(tables), sizeof(*f->tables));
    for (f->table_count = 0; f->table_count < json_array_size(tables); f->table_count++) {
        const json_t *table = json_array_get(tables, f->table_count);
        if (!json_is_string(table))
            return err_new(doc->code, "%s: 'tables' holds something that is no string", doc->name);
        f->tables[f->table_count] = mem_strndup(json_string_value(table), json_string_length(table));
    }
    return NULL;
}

char *footer_json_encode(const struct segment_footer *f, const struct footer_body *body)
{
    json_t *root = document_new(footer_format, FOOTER_VERSION);

    document_set_bytes(root, "store_id", f->store_id);
    document_set_bytes(root, "stream_id", f->stream_id);
    document_set_bytes(root, "name", f->name);
    document_set_bytes(root, "kind", segment_kind_name(f->kind));
    document_set_u64(root, "epoch", f->epoch);
    document_set_u64(root, "number", f->number);
    document_set_u64(root, "part", f->part);
    document_set_pos(root, "start", &f->start);
    document_set_pos(root, "end", &f->end);
    json_object_set_new(root, "source", source_encode(&f->source));
    json_object_set_new(root, "first_time", json_integer(f->first_time));
    json_object_set_new(root, "last_time", json_integer(f->last_time));
    document_set_u64(root, "transactions", f->transactions);
    document_set_u64(root, "events", f->events);
    document_set_u64(root, "content_bytes", f->content_bytes);
    document_set_bytes(root, "content_sha256", f->content_sha256);
    document_set_u64(root, "stored_bytes", body->bytes);
    document_set_bytes(root, "stored_sha256", body->sha256);
    document_set_bytes(root, "previous_sha256", f->previous_sha256);
    document_set_bytes(root, "writer", f->writer);
    json_object_set_new(root, "tables", tables_encode(f));
    json_object_set_new(root, "tables_many", json_boolean(f->tables_many));
    json_object_set_new(root, "opaque", json_boolean(f->opaque));
    json_object_set_new(root, "fingerprints", fingerprints_encode(f->fingerprints, f->fingerprint_count));
    if (f->kind == SEGMENT_TERMINATOR) {
        document_set_bytes(root, "reason", f->reason);
        document_set_u64(root, "next_epoch", f->next_epoch);
    }
    char *text = json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(root);
    return text;
}

static struct err *kind_decode(const struct json_doc *doc, const json_t *root, enum segment_kind *out)
{
    const char *text;

    TRY(json_string_of(doc, root, "kind", &text));
    for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
        if (strcmp(text, kind_names[i]) == 0) {
            *out = (enum segment_kind)i;
            return NULL;
        }
    }
    return err_new(ERR_UNSUPPORTED, "%s: the kind '%s' is not known to this ccr", doc->name, text);
}

static struct err *numbers_decode(const struct json_doc *doc, const json_t *root, struct segment_footer *f)
{
    TRY(json_u64_of(doc, root, "epoch", &f->epoch));
    TRY(json_u64_of(doc, root, "number", &f->number));
    TRY(json_u64_of(doc, root, "part", &f->part));
    TRY(json_i64_of(doc, root, "first_time", &f->first_time));
    TRY(json_i64_of(doc, root, "last_time", &f->last_time));
    TRY(json_u64_of(doc, root, "transactions", &f->transactions));
    TRY(json_u64_of(doc, root, "events", &f->events));
    TRY(json_u64_of(doc, root, "content_bytes", &f->content_bytes));
    TRY(json_bool_of(doc, root, "tables_many", &f->tables_many));
    return json_bool_of(doc, root, "opaque", &f->opaque);
}

static struct err *strings_decode(const struct json_doc *doc, const json_t *root, struct segment_footer *f)
{
    TRY(json_bytes_of(doc, root, "store_id", &f->store_id, NULL));
    TRY(json_bytes_of(doc, root, "stream_id", &f->stream_id, NULL));
    TRY(json_bytes_of(doc, root, "name", &f->name, NULL));
    TRY(document_opt_bytes(doc, root, "writer", &f->writer));
    TRY(document_pos(doc, root, "start", &f->start));
    TRY(document_pos(doc, root, "end", &f->end));
    TRY(document_sha256(doc, root, "content_sha256", false, f->content_sha256));
    return document_sha256(doc, root, "previous_sha256", true, f->previous_sha256);
}

static struct err *members_decode(const struct json_doc *doc, const json_t *root, struct segment_footer *f,
                                  struct footer_body *body)
{
    TRY(document_check(doc, root, footer_format, FOOTER_VERSION, NULL));
    TRY(kind_decode(doc, root, &f->kind));
    TRY(numbers_decode(doc, root, f));
    TRY(strings_decode(doc, root, f));
    TRY(source_decode(doc, root, &f->source));
    TRY(tables_decode(doc, root, f));
    TRY(fingerprints_decode(doc, root, "fingerprints", &f->fingerprints, &f->fingerprint_count));
    if (f->kind == SEGMENT_TERMINATOR) {
        TRY(json_bytes_of(doc, root, "reason", &f->reason, NULL));
        TRY(json_u64_of(doc, root, "next_epoch", &f->next_epoch));
    }
    TRY(json_u64_of(doc, root, "stored_bytes", &body->bytes));
    return document_sha256(doc, root, "stored_sha256", false, body->sha256);
}

struct err *footer_json_decode(const char *name, const char *text, size_t len, struct segment_footer *f,
                               struct footer_body *body)
{
    char *label = mem_printf("footer of %s", name);
    struct json_doc doc = {label, ERR_INTEGRITY};
    json_t *root = NULL;
    struct err *e = json_parse(&doc, text, len, &root);

    if (!e)
        e = members_decode(&doc, root, f, body);
    json_decref(root);
    free(label);
    return e;
}
