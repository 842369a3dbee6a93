#include "format/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/document.h"
#include "format/layout.h"
#include "format/manifest_json.h"
#include "format/object.h"

struct manifest *manifest_new(void)
{
    return mem_zalloc(1, sizeof(struct manifest));
}

static void names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static void object_free(struct manifest_object *o)
{
    free(o->db);
    free(o->name);
    free(o->table);
    free(o->member);
    free(o->sql_mode);
    free(o->character_set_client);
    free(o->collation_connection);
    free(o->database_collation);
    free(o->time_zone);
    free(o->status);
    free(o->setval);
}

static void pieces_free(struct manifest_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(pieces[i].member);
    free(pieces);
}

static void table_free(struct manifest_table *t)
{
    for (size_t i = 0; i < t->chunk_count; i++)
        pieces_free(t->chunks[i].pieces, t->chunks[i].piece_count);
    free(t->chunks);
    free(t->db);
    free(t->name);
    free(t->engine);
    free(t->load);
    names_free(t->partitions, t->partition_count);
}

bool manifest_is_of_partitions(const struct manifest *m)
{
    for (size_t i = 0; i < m->table_count; i++)
        if (m->tables[i].partition_count)
            return true;
    return false;
}

void manifest_free(struct manifest *m)
{
    if (!m)
        return;
    free(m->id);
    free(m->store_id);
    free(m->stream);
    free(m->stream_id);
    gtid_pos_free(&m->position);
    free(m->source_file);
    for (size_t i = 0; i < m->fingerprint_count; i++)
        fingerprint_free(&m->fingerprints[i]);
    free(m->fingerprints);
    json_decref(m->source);
    json_decref(m->scope);
    names_free(m->databases, m->database_count);
    names_free(m->only_tables, m->only_table_count);
    names_free(m->answers, m->answer_count);
    free(m->reason);
    for (size_t i = 0; i < m->object_count; i++)
        object_free(&m->objects[i]);
    free(m->objects);
    for (size_t i = 0; i < m->table_count; i++)
        table_free(&m->tables[i]);
    free(m->tables);
    pieces_free(m->users.pieces, m->users.piece_count);
    names_free(m->users.role_grants, m->users.role_grant_count);
    free(m->volumes);
    free(m);
}

/*
 * The seal: the document's last member is the SHA-256 of all bytes before its line, so that
 * `head -n -2 manifest.json | sha256sum` shows it.
 */
enum { SEAL_LEN = sizeof("  \"sha256\": \"\"\n}\n") - 1 + HASH_HEX_SIZE - 1 };

static void format_seal(const void *bytes, size_t len, char out[SEAL_LEN + 1])
{
    char sha256[HASH_HEX_SIZE];

    hash_bytes_hex(bytes, len, sha256);
    snprintf(out, SEAL_LEN + 1, "  \"sha256\": \"%s\"\n}\n", sha256);
}

char *manifest_encode(const struct manifest *m)
{
    json_t *root = manifest_to_json(m);
    char *text = json_text(root), seal[SEAL_LEN + 1];
    char *body = mem_printf("%.*s,\n", (int)(strlen(text) - strlen("\n}\n")), text);

    format_seal(body, strlen(body), seal);
    char *sealed = mem_printf("%s%s", body, seal);
    free(body);
    free(text);
    json_decref(root);
    return sealed;
}

static struct err *check_seal(const struct json_doc *doc, const char *bytes, size_t len)
{
    char seal[SEAL_LEN + 1];

    if (len > SEAL_LEN) {
        format_seal(bytes, len - SEAL_LEN, seal);
        if (memcmp(bytes + len - SEAL_LEN, seal, SEAL_LEN) == 0)
            return NULL;
    }
    return err_new(doc->code, "%s is damaged or cut short (its SHA-256 does not fit)", doc->name);
}

static struct err *decode(const struct json_doc *doc, const char *id, const void *bytes, size_t len,
                          struct manifest *m)
{
    json_t *root = NULL;
    struct err *e;

    TRY(check_seal(doc, bytes, len));
    TRY(json_parse(doc, bytes, len, &root));
    TRY_GOTO(e, out, manifest_from_json(doc, root, m));
    if (strcmp(m->id, id) != 0)
        e = err_hint(err_new(doc->code, "%s belongs to snapshot %s", doc->name, m->id),
                     "objects of the store were swapped or copied; put the right one back");
    else
        e = manifest_check(doc, m);
out:
    json_decref(root);
    return e;
}

struct err *manifest_decode(const char *id, const void *bytes, size_t len, struct manifest **out)
{
    char *label = mem_printf("manifest of snapshot %s", id);
    struct json_doc doc = {label, ERR_INTEGRITY};
    struct manifest *m = manifest_new();
    struct err *e = document_hint(decode(&doc, id, bytes, len, m));

    *out = NULL;
    if (e)
        manifest_free(m);
    else
        *out = m;
    free(label);
    return e;
}

/* *out is NULL where the snapshot has no manifest. */
static struct err *load(struct store *s, const char *stream, const char *id, struct manifest **out)
{
    char *key = layout_manifest_key(stream, id);
    struct buf bytes = BUF_INIT;
    bool found = false;

    *out = NULL;
    struct err *e = object_get(s, key, &bytes, &found);
    if (!e && found)
        e = manifest_decode(id, bytes.data, bytes.len, out);
    if (*out && strcmp((*out)->stream, stream) != 0) {
        e = err_hint(err_new(ERR_INTEGRITY, "%s describes a snapshot of stream %s", key, (*out)->stream),
                     "objects of the store were swapped or copied; put the right one back");
        manifest_free(*out);
        *out = NULL;
    }
    buf_free(&bytes);
    free(key);
    return e;
}

struct err *manifest_load(struct store *s, const char *stream, const char *id, struct manifest **out)
{
    TRY(layout_check_name("snapshot", id));
    TRY(load(s, stream, id, out));
    if (*out)
        return NULL;
    return err_hint(
        err_new(ERR_STORE, "the store %s has no snapshot %s of stream %s", store_url(s), id, stream),
        "a snapshot whose backup did not finish has no manifest; run ccr-backup");
}

struct walk {
    struct store *store;
    const char *stream;
    manifest_each_fn *each;
    void *arg;
};

static struct err *visit(const char *id, void *arg)
{
    const struct walk *walk = arg;
    struct manifest *m = NULL;
    struct err *e = layout_check_name("snapshot", id);

    if (e)
        e = err_recode(e, ERR_INTEGRITY);
    else
        e = load(walk->store, walk->stream, id, &m);
    return m ? walk->each(m, walk->arg) : e;
}

struct err *manifest_each(struct store *s, const char *stream, manifest_each_fn *each, void *arg)
{
    char *prefix = layout_snapshots_prefix(stream);
    struct walk walk = {s, stream, each, arg};
    struct err *e = store_each_folder(s, prefix, visit, &walk);

    free(prefix);
    return e;
}

static bool is_newer(const struct manifest *a, const struct manifest *b)
{
    int order = gtid_pos_order(&a->position, &b->position);

    if (a->epoch != b->epoch)
        return a->epoch > b->epoch;
    return order != 0 ? order > 0 : a->started_us > b->started_us;
}

struct search {
    manifest_fits_fn *fits; /* NULL: all do */
    void *arg;
    struct manifest *newest;
};

static struct err *consider(struct manifest *m, void *arg)
{
    struct search *search = arg;
    struct err *e = NULL;
    bool better = !search->newest || is_newer(m, search->newest);

    if (better && search->fits)
        e = search->fits(m, search->arg, &better);
    if (e || !better) {
        manifest_free(m);
    } else {
        manifest_free(search->newest);
        search->newest = m;
    }
    return e;
}

struct err *manifest_newest(struct store *s, const char *stream, struct manifest **out)
{
    return manifest_newest_of(s, stream, NULL, NULL, out);
}

struct err *manifest_newest_of(struct store *s, const char *stream, manifest_fits_fn *fits, void *arg,
                               struct manifest **out)
{
    struct search search = {fits, arg, NULL};
    struct err *e = manifest_each(s, stream, consider, &search);

    if (e) {
        manifest_free(search.newest);
        search.newest = NULL;
    }
    *out = search.newest;
    return e;
}

const struct manifest_volume *manifest_find_volume(const struct manifest *m, uint64_t number)
{
    size_t low = 0, high = m->volume_count;

    while (low < high) { /* ascending */
        size_t middle = low + (high - low) / 2;
        if (m->volumes[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < m->volume_count && m->volumes[low].number == number ? &m->volumes[low] : NULL;
}
