/* Do the parts of a manifest fit each other? A writer's bug or a clever edit must not reach a target. */
#include "format/manifest_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/layout.h"

static struct err *check_volumes(const struct json_doc *doc, const struct manifest *m)
{
    for (size_t i = 0; i < m->volume_count; i++) {
        const struct manifest_volume *v = &m->volumes[i];
        if (v->number < 1 || (i > 0 && v->number <= m->volumes[i - 1].number))
            return err_new(doc->code, "%s: its volumes are not in ascending order", doc->name);
        if (v->size == 0 || v->size > STORE_MAX_OBJECT)
            return err_new(doc->code, "%s: volume %" PRIu64 " has an impossible size", doc->name, v->number);
    }
    return NULL;
}

static struct err *check_member(const struct json_doc *doc, const struct manifest *m, uint64_t volume,
                                const char *member)
{
    if (!manifest_find_volume(m, volume))
        return err_new(doc->code, "%s: '%s' lies in volume %" PRIu64 ", which is not listed", doc->name,
                       member, volume);
    if (!*member || *member == '/')
        return err_new(doc->code, "%s: '%s' cannot be the name of a member", doc->name, member);
    return NULL;
}

/* A key of the set of names that a manifest lists. Names are any bytes, and keys of JSON are not. */
static char *key_of(const char *kind, const char *db, const char *name)
{
    const char *parts[] = {kind, db, name ? name : ""};
    struct buf key = BUF_INIT;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        buf_append_byte(&key, '/');
        for (const char *p = parts[i]; *p; p++) {
            if ((unsigned char)*p >= 0x80 || *p == '/' || *p == '%')
                buf_printf(&key, "%%%02X", (unsigned)(unsigned char)*p);
            else
                buf_append_byte(&key, (uint8_t)*p);
        }
    }
    return buf_steal(&key);
}

/* What is in `names` already is an error. */
static struct err *add_once(const struct json_doc *doc, json_t *names, const char *kind, const char *db,
                            const char *name)
{
    char *key = key_of(kind, db, name);
    struct err *e = NULL;

    if (json_object_get(names, key))
        e = err_new(doc->code, "%s: %s %s%s%s is listed twice", doc->name, kind, db, name ? "." : "",
                    name ? name : "");
    else
        json_object_set_new(names, key, json_true());
    free(key);
    return e;
}

static bool is_listed(const json_t *names, const char *kind, const char *db, const char *name)
{
    char *key = key_of(kind, db, name);
    bool listed = json_object_get(names, key) != NULL;

    free(key);
    return listed;
}

static struct err *check_objects(const struct json_doc *doc, const struct manifest *m, json_t *names)
{
    for (size_t i = 0; i < m->object_count; i++) {
        const struct manifest_object *o = &m->objects[i];
        if (!*o->db || (o->name && !*o->name))
            return err_new(doc->code, "%s: an object has no name", doc->name);
        TRY(check_member(doc, m, o->volume, o->member));
        TRY(add_once(doc, names, object_kind_name(o->kind), o->db, o->name));
    }
    return NULL;
}

static struct err *check_chunk(const struct json_doc *doc, const struct manifest *m,
                               const struct manifest_table *t, const struct manifest_chunk *c)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < c->piece_count; i++) {
        TRY(check_member(doc, m, c->pieces[i].volume, c->pieces[i].member));
        if (i > 0 && c->pieces[i].volume < c->pieces[i - 1].volume)
            return err_new(doc->code, "%s: chunk %" PRIu64 " of %s.%s runs backwards through its volumes",
                           doc->name, c->id, t->db, t->name);
        bytes += c->pieces[i].bytes;
    }
    if (bytes != c->bytes || (c->rows > 0 && c->piece_count == 0))
        return err_new(doc->code, "%s: chunk %" PRIu64 " of %s.%s is not the sum of its pieces", doc->name,
                       c->id, t->db, t->name);
    return NULL;
}

static struct err *check_tables(const struct json_doc *doc, const struct manifest *m, json_t *names)
{
    for (size_t i = 0; i < m->table_count; i++) {
        const struct manifest_table *t = &m->tables[i];
        uint64_t rows = 0, bytes = 0;

        if (!is_listed(names, object_kind_name(OBJECT_TABLE), t->db, t->name))
            return err_new(doc->code, "%s: rows of table %s.%s are listed, its definition is not", doc->name,
                           t->db, t->name);
        TRY(add_once(doc, names, "rows", t->db, t->name));
        for (size_t c = 0; c < t->chunk_count; c++) {
            if (t->chunks[c].id <= (c > 0 ? t->chunks[c - 1].id : 0))
                return err_new(doc->code, "%s: the chunks of %s.%s are not in ascending order", doc->name,
                               t->db, t->name);
            TRY(check_chunk(doc, m, t, &t->chunks[c]));
            rows += t->chunks[c].rows;
            bytes += t->chunks[c].bytes;
        }
        if (rows != t->rows || bytes != t->bytes)
            return err_new(doc->code, "%s: table %s.%s is not the sum of its chunks", doc->name, t->db,
                           t->name);
    }
    return NULL;
}

static struct err *check_users(const struct json_doc *doc, const struct manifest *m)
{
    for (size_t i = 0; i < m->users.piece_count; i++)
        TRY(check_member(doc, m, m->users.pieces[i].volume, m->users.pieces[i].member));
    return NULL;
}

static struct err *check_answers(const struct json_doc *doc, const struct manifest *m)
{
    for (size_t i = 0; i < m->answer_count; i++)
        if (!layout_is_request_id(m->answers[i]))
            return err_new(doc->code, "%s: '%s' is not the id of a request", doc->name, m->answers[i]);
    return NULL;
}

struct err *manifest_check(const struct json_doc *doc, const struct manifest *m)
{
    if (m->epoch < 1)
        return err_new(doc->code, "%s: epochs count from 1", doc->name);
    TRY(check_volumes(doc, m));
    TRY(check_users(doc, m));
    TRY(check_answers(doc, m));
    json_t *names = json_object();
    struct err *e = check_objects(doc, m, names);
    if (!e)
        e = check_tables(doc, m, names);
    json_decref(names);
    return e;
}
