#include "format/manifest_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/document.h"
#include "format/footer_json.h"

static const char *const kind_names[] = {
    [OBJECT_DATABASE] = "database",
    [OBJECT_SEQUENCE] = "sequence",
    [OBJECT_TABLE] = "table",
    [OBJECT_FUNCTION] = "function",
    [OBJECT_PROCEDURE] = "procedure",
    [OBJECT_PACKAGE] = "package",
    [OBJECT_PACKAGE_BODY] = "package body",
    [OBJECT_VIEW] = "view",
    [OBJECT_TRIGGER] = "trigger",
    [OBJECT_EVENT] = "event",
};

const char *object_kind_name(enum object_kind kind)
{
    return kind_names[kind];
}

static struct err *kind_decode(const struct json_doc *doc, const json_t *object, enum object_kind *out)
{
    const char *text;

    TRY(json_string_of(doc, object, "kind", &text));
    for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
        if (strcmp(text, kind_names[i]) == 0) {
            *out = (enum object_kind)i;
            return NULL;
        }
    }
    return err_new(ERR_UNSUPPORTED, "%s: objects of the kind '%s' are not known to this ccr", doc->name,
                   text);
}

/*
 * The elements of an array member: `decode` fills one zeroed element of `size` bytes each. *count runs along,
 * so that the owner frees what a failure leaves.
 */
static struct err *
array_decode(const struct json_doc *doc, const json_t *object, const char *name, size_t size,
             struct err *(*decode)(const struct json_doc *doc, const json_t *element, void *out),
             void *out_items, size_t *count)
{
    json_t *array;

    TRY(json_array_of(doc, object, name, &array));
    char *items = mem_zalloc(json_array_size(array), size);
    *(void **)out_items = items;
    for (*count = 0; *count < json_array_size(array);) {
        size_t at = (*count)++;
        TRY(decode(doc, json_array_get(array, at), items + at * size));
    }
    return NULL;
}

static struct err *name_decode(const struct json_doc *doc, const json_t *element, void *out)
{
    char **name = out;

    if (!json_is_string(element))
        return err_new(doc->code, "%s: a list of texts holds something that is no string", doc->name);
    *name = mem_strdup(json_string_value(element));
    return NULL;
}

static struct err *volume_decode(const struct json_doc *doc, const json_t *element, void *out)
{
    struct manifest_volume *v = out;

    TRY(json_u64_of(doc, element, "number", &v->number));
    TRY(json_u64_of(doc, element, "size", &v->size));
    return document_sha256(doc, element, "sha256", false, v->sha256);
}

static struct err *object_decode(const struct json_doc *doc, const json_t *element, void *out)
{
    struct manifest_object *o = out;

    TRY(kind_decode(doc, element, &o->kind));
    TRY(json_bytes_of(doc, element, "db", &o->db, NULL));
    if (o->kind != OBJECT_DATABASE)
        TRY(json_bytes_of(doc, element, "name", &o->name, NULL));
    if (o->kind == OBJECT_TRIGGER)
        TRY(json_bytes_of(doc, element, "table", &o->table, NULL));
    if (o->kind == OBJECT_EVENT)
        TRY(json_bytes_of(doc, element, "status", &o->status, NULL));
    TRY(json_u64_of(doc, element, "volume", &o->volume));
    TRY(json_bytes_of(doc, element, "member", &o->member, NULL));
    TRY(document_opt_bytes(doc, element, "sql_mode", &o->sql_mode));
    TRY(document_opt_bytes(doc, element, "character_set_client", &o->character_set_client));
    TRY(document_opt_bytes(doc, element, "collation_connection", &o->collation_connection));
    TRY(document_opt_bytes(doc, element, "database_collation", &o->database_collation));
    TRY(document_opt_bytes(doc, element, "time_zone", &o->time_zone));
    return document_opt_bytes(doc, element, "setval", &o->setval);
}

static struct err *piece_decode(const struct json_doc *doc, const json_t *element, void *out)
{
    struct manifest_piece *p = out;

    TRY(json_u64_of(doc, element, "volume", &p->volume));
    TRY(json_bytes_of(doc, element, "member", &p->member, NULL));
    return json_u64_of(doc, element, "bytes", &p->bytes);
}

static struct err *chunk_decode(const struct json_doc *doc, const json_t *element, void *out)
{
    struct manifest_chunk *c = out;

    TRY(json_u64_of(doc, element, "id", &c->id));
    TRY(json_u64_of(doc, element, "rows", &c->rows));
    TRY(json_u64_of(doc, element, "bytes", &c->bytes));
    TRY(document_sha256(doc, element, "sha256", false, c->sha256));
    return array_decode(doc, element, "pieces", sizeof(*c->pieces), piece_decode, &c->pieces,
                        &c->piece_count);
}

static struct err *table_decode(const struct json_doc *doc, const json_t *element, void *out)
{
    struct manifest_table *t = out;

    TRY(json_bytes_of(doc, element, "db", &t->db, NULL));
    TRY(json_bytes_of(doc, element, "name", &t->name, NULL));
    TRY(json_bytes_of(doc, element, "engine", &t->engine, NULL));
    TRY(json_bool_of(doc, element, "transactional", &t->transactional));
    if (json_object_get(element, "history"))
        TRY(json_bool_of(doc, element, "history", &t->history));
    if (json_object_get(element, "partitions"))
        TRY(array_decode(doc, element, "partitions", sizeof(*t->partitions), name_decode, &t->partitions,
                         &t->partition_count));
    TRY(json_bytes_of(doc, element, "load", &t->load, NULL));
    TRY(json_u64_of(doc, element, "rows", &t->rows));
    TRY(json_u64_of(doc, element, "bytes", &t->bytes));
    if (json_object_get(element, "largest_row"))
        TRY(json_u64_of(doc, element, "largest_row", &t->largest_row));
    return array_decode(doc, element, "chunks", sizeof(*t->chunks), chunk_decode, &t->chunks,
                        &t->chunk_count);
}

static struct err *users_decode(const struct json_doc *doc, const json_t *root, struct manifest_users *u)
{
    json_t *users;

    if (!json_object_get(root, "users"))
        return NULL;
    TRY(json_object_of(doc, root, "users", &users));
    TRY(json_u64_of(doc, users, "accounts", &u->accounts));
    TRY(array_decode(doc, users, "pieces", sizeof(*u->pieces), piece_decode, &u->pieces, &u->piece_count));
    return array_decode(doc, users, "role_grants", sizeof(*u->role_grants), name_decode, &u->role_grants,
                        &u->role_grant_count);
}

static struct err *head_decode(const struct json_doc *doc, const json_t *root, struct manifest *m)
{
    static const char *const features[] = {MANIFEST_HISTORY, MANIFEST_PARTITIONS, NULL};
    json_t *source;

    TRY(document_check(doc, root, MANIFEST_FORMAT, MANIFEST_VERSION, features));
    TRY(json_bytes_of(doc, root, "id", &m->id, NULL));
    TRY(json_bytes_of(doc, root, "store_id", &m->store_id, NULL));
    TRY(json_bytes_of(doc, root, "stream", &m->stream, NULL));
    TRY(json_bytes_of(doc, root, "stream_id", &m->stream_id, NULL));
    TRY(json_i64_of(doc, root, "started_us", &m->started_us));
    TRY(json_i64_of(doc, root, "finished_us", &m->finished_us));
    TRY(document_pos(doc, root, "position", &m->position));
    TRY(document_opt_bytes(doc, root, "source_file", &m->source_file));
    TRY(json_u64_of(doc, root, "source_offset", &m->source_offset));
    TRY(fingerprints_decode(doc, root, "fingerprints", &m->fingerprints, &m->fingerprint_count));
    TRY(json_u64_of(doc, root, "epoch", &m->epoch));
    TRY(json_u64_of(doc, root, "last_object", &m->last_object));
    TRY(json_object_of(doc, root, "source", &source));
    m->source = json_incref(source);
    return NULL;
}

struct err *manifest_from_json(const struct json_doc *doc, const json_t *root, struct manifest *m)
{
    TRY(head_decode(doc, root, m));
    TRY(array_decode(doc, root, "databases", sizeof(*m->databases), name_decode, &m->databases,
                     &m->database_count));
    TRY(array_decode(doc, root, "only_tables", sizeof(*m->only_tables), name_decode, &m->only_tables,
                     &m->only_table_count));
    if (json_object_get(root, "scope")) {
        json_t *scope;
        TRY(json_object_of(doc, root, "scope", &scope));
        m->scope = json_incref(scope);
    }
    if (json_object_get(root, "answers"))
        TRY(array_decode(doc, root, "answers", sizeof(*m->answers), name_decode, &m->answers,
                         &m->answer_count));
    TRY(document_opt_bytes(doc, root, "reason", &m->reason));
    TRY(array_decode(doc, root, "objects", sizeof(*m->objects), object_decode, &m->objects,
                     &m->object_count));
    TRY(array_decode(doc, root, "tables", sizeof(*m->tables), table_decode, &m->tables, &m->table_count));
    TRY(users_decode(doc, root, &m->users));
    return array_decode(doc, root, "volumes", sizeof(*m->volumes), volume_decode, &m->volumes,
                        &m->volume_count);
}
