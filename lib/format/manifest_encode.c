#include "format/manifest_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "format/footer_json.h"

static json_t *names_encode(char *const *names, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_from_bytes(names[i], strlen(names[i])));
    return array;
}

/* Workers finish volumes and chunks in any order; the document has them by number. The items stay shared. */
static void *sorted_copy(const void *items, size_t count, size_t size,
                         int (*compare)(const void *a, const void *b))
{
    void *copy = mem_zalloc(count, size);

    if (count > 0) {
        memcpy(copy, items, count * size);
        qsort(copy, count, size, compare);
    }
    return copy;
}

static int compare_volumes(const void *a, const void *b)
{
    uint64_t left = ((const struct manifest_volume *)a)->number;
    uint64_t right = ((const struct manifest_volume *)b)->number;

    return left < right ? -1 : left > right;
}

static json_t *volumes_encode(const struct manifest *m)
{
    struct manifest_volume *sorted =
        sorted_copy(m->volumes, m->volume_count, sizeof(*sorted), compare_volumes);
    json_t *array = json_array();

    for (size_t i = 0; i < m->volume_count; i++) {
        json_t *volume = json_object();
        document_set_u64(volume, "number", sorted[i].number);
        document_set_u64(volume, "size", sorted[i].size);
        document_set_bytes(volume, "sha256", sorted[i].sha256);
        json_array_append_new(array, volume);
    }
    free(sorted);
    return array;
}

static json_t *object_encode(const struct manifest_object *o)
{
    json_t *object = json_object();

    document_set_bytes(object, "kind", object_kind_name(o->kind));
    document_set_bytes(object, "db", o->db);
    document_set_bytes(object, "name", o->name);
    document_set_bytes(object, "table", o->table);
    document_set_u64(object, "volume", o->volume);
    document_set_bytes(object, "member", o->member);
    document_set_bytes(object, "sql_mode", o->sql_mode);
    document_set_bytes(object, "character_set_client", o->character_set_client);
    document_set_bytes(object, "collation_connection", o->collation_connection);
    document_set_bytes(object, "database_collation", o->database_collation);
    document_set_bytes(object, "time_zone", o->time_zone);
    document_set_bytes(object, "status", o->status);
    document_set_bytes(object, "setval", o->setval);
    return object;
}

static json_t *objects_encode(const struct manifest *m)
{
    json_t *array = json_array();

    for (size_t i = 0; i < m->object_count; i++)
        json_array_append_new(array, object_encode(&m->objects[i]));
    return array;
}

static json_t *pieces_encode(const struct manifest_piece *pieces, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *piece = json_object();
        document_set_u64(piece, "volume", pieces[i].volume);
        document_set_bytes(piece, "member", pieces[i].member);
        document_set_u64(piece, "bytes", pieces[i].bytes);
        json_array_append_new(array, piece);
    }
    return array;
}

static json_t *chunk_encode(const struct manifest_chunk *c)
{
    json_t *chunk = json_object();

    document_set_u64(chunk, "id", c->id);
    document_set_u64(chunk, "rows", c->rows);
    document_set_u64(chunk, "bytes", c->bytes);
    document_set_bytes(chunk, "sha256", c->sha256);
    json_object_set_new(chunk, "pieces", pieces_encode(c->pieces, c->piece_count));
    return chunk;
}

static int compare_chunks(const void *a, const void *b)
{
    uint64_t left = ((const struct manifest_chunk *)a)->id;
    uint64_t right = ((const struct manifest_chunk *)b)->id;

    return left < right ? -1 : left > right;
}

static json_t *table_encode(const struct manifest_table *t)
{
    struct manifest_chunk *sorted = sorted_copy(t->chunks, t->chunk_count, sizeof(*sorted), compare_chunks);
    json_t *table = json_object(), *chunks = json_array();

    document_set_bytes(table, "db", t->db);
    document_set_bytes(table, "name", t->name);
    document_set_bytes(table, "engine", t->engine);
    json_object_set_new(table, "transactional", json_boolean(t->transactional));
    if (t->history)
        json_object_set_new(table, "history", json_true());
    if (t->partition_count)
        json_object_set_new(table, "partitions", names_encode(t->partitions, t->partition_count));
    document_set_bytes(table, "load", t->load);
    document_set_u64(table, "rows", t->rows);
    document_set_u64(table, "bytes", t->bytes);
    if (t->largest_row)
        document_set_u64(table, "largest_row", t->largest_row);
    for (size_t i = 0; i < t->chunk_count; i++)
        json_array_append_new(chunks, chunk_encode(&sorted[i]));
    free(sorted);
    json_object_set_new(table, "chunks", chunks);
    return table;
}

static json_t *tables_encode(const struct manifest *m)
{
    json_t *array = json_array();

    for (size_t i = 0; i < m->table_count; i++)
        json_array_append_new(array, table_encode(&m->tables[i]));
    return array;
}

static json_t *users_encode(const struct manifest_users *u)
{
    json_t *users = json_object();

    document_set_u64(users, "accounts", u->accounts);
    json_object_set_new(users, "pieces", pieces_encode(u->pieces, u->piece_count));
    json_object_set_new(users, "role_grants", names_encode(u->role_grants, u->role_grant_count));
    return users;
}

static void times_encode(json_t *root, const struct manifest *m)
{
    char text[CLOCK_TEXT_SIZE];

    json_object_set_new(root, "started_us", json_integer(m->started_us));
    json_object_set_new(root, "finished_us", json_integer(m->finished_us));
    document_set_bytes(root, "started", clock_format(m->started_us, text)); /* for people */
    document_set_bytes(root, "finished", clock_format(m->finished_us, text));
}

static void features_encode(json_t *root, const struct manifest *m)
{
    json_t *features = json_object_get(root, "features_required");
    bool history = false;

    for (size_t i = 0; i < m->table_count; i++)
        history |= m->tables[i].history;
    if (history)
        json_array_append_new(features, json_string(MANIFEST_HISTORY));
    if (manifest_is_of_partitions(m))
        json_array_append_new(features, json_string(MANIFEST_PARTITIONS));
}

json_t *manifest_to_json(const struct manifest *m)
{
    json_t *root = document_new(MANIFEST_FORMAT, m->scope ? MANIFEST_VERSION : MANIFEST_LISTS_ONLY);

    features_encode(root, m);
    document_set_bytes(root, "id", m->id);
    document_set_bytes(root, "store_id", m->store_id);
    document_set_bytes(root, "stream", m->stream);
    document_set_bytes(root, "stream_id", m->stream_id);
    times_encode(root, m);
    document_set_pos(root, "position", &m->position);
    document_set_bytes(root, "source_file", m->source_file);
    document_set_u64(root, "source_offset", m->source_offset);
    json_object_set_new(root, "fingerprints", fingerprints_encode(m->fingerprints, m->fingerprint_count));
    document_set_u64(root, "epoch", m->epoch);
    document_set_u64(root, "last_object", m->last_object);
    json_object_set_new(root, "source", m->source ? json_incref(m->source) : json_object());
    json_object_set_new(root, "databases", names_encode(m->databases, m->database_count));
    json_object_set_new(root, "only_tables", names_encode(m->only_tables, m->only_table_count));
    if (m->scope)
        json_object_set(root, "scope", m->scope);
    if (m->answer_count)
        json_object_set_new(root, "answers", names_encode(m->answers, m->answer_count));
    document_set_bytes(root, "reason", m->reason);
    json_object_set_new(root, "objects", objects_encode(m));
    json_object_set_new(root, "tables", tables_encode(m));
    if (m->users.piece_count)
        json_object_set_new(root, "users", users_encode(&m->users));
    json_object_set_new(root, "volumes", volumes_encode(m));
    return root;
}
