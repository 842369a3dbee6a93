#include "snapshot/definitions.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/layout.h"
#include "format/object.h"
#include "format/volume.h"

/* No server accepts a longer statement. */
#define DEFINITION_LIMIT ((uint64_t)1 << 30)

/* A volume is not there: nor is the manifest, where ccr-prune has removed the snapshot meanwhile. */
static struct err *missing_volume(struct store *s, const struct manifest *m, const char *key)
{
    char *manifest = layout_manifest_key(m->stream, m->id);
    struct store_stat stat;
    bool found = false;
    struct err *e = store_head(s, manifest, &stat, &found);

    free(manifest);
    if (e || found)
        return err_first(e, err_new(ERR_INTEGRITY, "volume %s is missing from the store", key));
    return err_hint(
        err_new(ERR_STORE, "snapshot %s was removed from the store while it was being read", m->id),
        "ccr-prune does that when no rule keeps it: run again with another snapshot, or pin it");
}

struct err *volume_fetch(struct store *s, const struct manifest *m, uint64_t number, struct buf *out)
{
    const struct manifest_volume *v = manifest_find_volume(m, number);
    char hex[HASH_HEX_SIZE];
    struct err *e = NULL;
    bool found = false;

    if (!v)
        return err_new(ERR_INTEGRITY, "snapshot %s has no volume %llu", m->id, (unsigned long long)number);
    char *key = layout_volume_key(m->stream, m->id, number);
    buf_clear(out);
    TRY_GOTO(e, done, object_get(s, key, out, &found));
    if (!found) {
        e = missing_volume(s, m, key);
        goto done;
    }
    hash_bytes_hex(out->data, out->len, hex);
    if (out->len != v->size || strcmp(hex, v->sha256) != 0)
        e = err_new(ERR_INTEGRITY,
                    "volume %s is not what was written: its size or its SHA-256 differs from the manifest",
                    key);
done:
    if (err_code(e) == ERR_INTEGRITY)
        e = err_hint(e, "restore another snapshot (--snapshot ID), or take a new one with ccr-backup");
    free(key);
    return e;
}

static struct err *read_member(struct volume_reader *r, const char *member, uint64_t size, char **out)
{
    size_t at = 0;

    if (size > DEFINITION_LIMIT)
        return err_new(ERR_INTEGRITY, "member %s is too large for a definition", member);
    char *text = mem_alloc((size_t)size + 1);
    while (at < size) {
        size_t n = 0;
        struct err *e = volume_reader_read(r, text + at, (size_t)size - at, &n);
        if (!e && n == 0)
            e = err_new(ERR_INTEGRITY, "member %s is shorter than its header says", member);
        if (e) {
            free(text);
            return e;
        }
        at += n;
    }
    text[at] = 0;
    if (memchr(text, 0, at)) {
        free(text);
        return err_new(ERR_INTEGRITY, "member %s is not a statement: it holds a NUL", member);
    }
    *out = text;
    return NULL;
}

/* Every wanted object that lies in this volume. Several objects may share a member name only by a defect. */
static struct err *read_volume(struct volume_reader *r, const struct manifest *m, const bool *wanted,
                               uint64_t number, char **definitions)
{
    for (;;) {
        const char *member = NULL;
        uint64_t size = 0;
        TRY(volume_reader_next(r, &member, &size));
        if (!member)
            return NULL;
        for (size_t i = 0; i < m->object_count; i++) {
            const struct manifest_object *o = &m->objects[i];
            if (!wanted[i] || definitions[i] || o->volume != number || strcmp(o->member, member) != 0)
                continue;
            TRY(read_member(r, member, size, &definitions[i]));
            break;
        }
    }
}

static struct err *check_complete(const struct manifest *m, const bool *wanted, char **definitions)
{
    for (size_t i = 0; i < m->object_count; i++)
        if (wanted[i] && !definitions[i])
            return err_new(ERR_INTEGRITY, "snapshot %s: member %s is not in volume %llu", m->id,
                           m->objects[i].member, (unsigned long long)m->objects[i].volume);
    return NULL;
}

struct err *definitions_read(struct store *s, const struct manifest *m, const bool *wanted, char ***out)
{
    char **definitions = mem_zalloc(m->object_count + 1, sizeof(*definitions));
    struct volume_reader *r = NULL;
    struct buf bytes = BUF_INIT;
    struct err *e = NULL;

    for (size_t i = 0; i < m->object_count; i++) {
        if (!wanted[i] || definitions[i])
            continue;
        uint64_t number = m->objects[i].volume;
        TRY_GOTO(e, done, volume_fetch(s, m, number, &bytes));
        TRY_GOTO(e, done, volume_reader_new(m->objects[i].member, bytes.data, bytes.len, &r));
        TRY_GOTO(e, done, read_volume(r, m, wanted, number, definitions));
        volume_reader_free(r);
        r = NULL;
        if (!definitions[i])
            break;
    }
    e = check_complete(m, wanted, definitions);
done:
    volume_reader_free(r);
    buf_free(&bytes);
    if (e)
        definitions_free(definitions, m);
    else
        *out = definitions;
    return e;
}

void definitions_free(char **definitions, const struct manifest *m)
{
    if (!definitions)
        return;
    for (size_t i = 0; i < m->object_count; i++)
        free(definitions[i]);
    free(definitions);
}

/* Finds the member and appends it. */
static struct err *read_piece(struct volume_reader *r, const struct manifest *m,
                              const struct manifest_piece *piece, struct buf *out)
{
    const char *member = NULL;
    char *text = NULL;
    uint64_t size = 0;

    do {
        TRY(volume_reader_next(r, &member, &size));
    } while (member && strcmp(member, piece->member) != 0);
    if (!member || size != piece->bytes)
        return err_new(ERR_INTEGRITY, "snapshot %s: member %s is not as the manifest says in volume %llu",
                       m->id, piece->member, (unsigned long long)piece->volume);
    TRY(read_member(r, member, size, &text));
    buf_append_str(out, text);
    free(text);
    return NULL;
}

struct err *pieces_read(struct store *s, const struct manifest *m, const struct manifest_piece *pieces,
                        size_t count, struct buf *out)
{
    struct buf volume = BUF_INIT;
    struct err *e = NULL;

    for (size_t i = 0; i < count && !e; i++) {
        struct volume_reader *r = NULL;
        e = volume_fetch(s, m, pieces[i].volume, &volume);
        if (!e)
            e = volume_reader_new(pieces[i].member, volume.data, volume.len, &r);
        if (!e)
            e = read_piece(r, m, &pieces[i], out);
        volume_reader_free(r);
    }
    buf_free(&volume);
    return e;
}
