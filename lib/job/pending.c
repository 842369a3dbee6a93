#include "job/pending.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct json_doc doc = {"column pending of the position row", ERR_TARGET};

static json_t *encode_asides(const struct pending *p)
{
    json_t *array = json_array();

    for (size_t i = 0; i < p->aside_count; i++)
        json_array_append_new(array, json_pack("{s:s, s:s, s:b}", "db", p->asides[i].db, "name",
                                               p->asides[i].name, "view", (int)p->asides[i].view));
    return array;
}

static json_t *encode_keys(const struct pending *p)
{
    json_t *array = json_array();

    for (size_t i = 0; i < p->key_count; i++) {
        const struct pending_key *k = &p->keys[i];
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s, s:s, s:b}", "db", k->db, "table", k->table, "name",
                                        k->name, "clause", k->clause, "replaces", (int)k->replaces));
    }
    return array;
}

static json_t *encode_gone(const struct pending *p)
{
    json_t *array = json_array();

    for (size_t i = 0; i < p->gone_count; i++)
        json_array_append_new(array, json_string(p->gone[i]));
    return array;
}

static json_t *encode_tables(const struct pending_table *tables, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_pack("{s:s, s:s}", "db", tables[i].db, "name", tables[i].name));
    return array;
}

char *pending_encode(const struct pending *p)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:b, s:b, s:s, s:s, s:o, s:o, s:o, s:o}", "stream", p->stream,
                               "snapshot", p->snapshot, "options", p->options, "standalone",
                               (int)p->standalone, "skip_binlog", (int)p->skip_binlog, "missing_definer",
                               p->missing_definer, "reason", p->reason, "aside", encode_asides(p), "gone",
                               encode_gone(p), "foreign_keys", encode_keys(p), "job", job_to_json(p->job));
    if (p->stage_from)
        json_object_set_new(object, "stage_from", json_integer((json_int_t)p->stage_from));
    if (p->users)
        json_object_set(object, "users", p->users);
    if (p->partial)
        json_object_set_new(object, "partial",
                            json_pack("{s:b, s:o, s:o}", "behind", (int)p->behind, "in",
                                      encode_tables(p->in, p->in_count), "out",
                                      encode_tables(p->out, p->out_count)));
    char *text = json_text(object);

    json_decref(object);
    return text;
}

void pending_add_aside(struct pending *p, const char *db, const char *name, bool view)
{
    p->asides = mem_resize(p->asides, p->aside_count + 1, sizeof(*p->asides));
    p->asides[p->aside_count++] = (struct pending_aside){mem_strdup(db), mem_strdup(name), view};
}

void pending_add_gone(struct pending *p, const char *db)
{
    p->gone = mem_resize(p->gone, p->gone_count + 1, sizeof(*p->gone));
    p->gone[p->gone_count++] = mem_strdup(db);
}

static void add_table(struct pending_table **tables, size_t *count, const char *db, const char *name)
{
    *tables = mem_resize(*tables, *count + 1, sizeof(**tables));
    (*tables)[(*count)++] = (struct pending_table){mem_strdup(db), mem_strdup(name)};
}

void pending_add_in(struct pending *p, const char *db, const char *name)
{
    add_table(&p->in, &p->in_count, db, name);
}

void pending_add_out(struct pending *p, const char *db, const char *name)
{
    add_table(&p->out, &p->out_count, db, name);
}

void pending_add_key(struct pending *p, const char *db, const char *table, const char *name,
                     const char *clause, bool replaces)
{
    p->keys = mem_resize(p->keys, p->key_count + 1, sizeof(*p->keys));
    p->keys[p->key_count++] = (struct pending_key){mem_strdup(db), mem_strdup(table), mem_strdup(name),
                                                   mem_strdup(clause), replaces};
}

static struct err *decode_asides(const json_t *object, struct pending *out)
{
    json_t *array;
    json_t *item;
    size_t i;

    TRY(json_array_of(&doc, object, "aside", &array));
    json_array_foreach(array, i, item)
    {
        const char *db, *name;
        bool view;
        TRY(json_string_of(&doc, item, "db", &db));
        TRY(json_string_of(&doc, item, "name", &name));
        TRY(json_bool_of(&doc, item, "view", &view));
        pending_add_aside(out, db, name, view);
    }
    return NULL;
}

static struct err *decode_gone(const json_t *object, struct pending *out)
{
    json_t *array;
    json_t *item;
    size_t i;

    TRY(json_array_of(&doc, object, "gone", &array));
    json_array_foreach(array, i, item)
    {
        if (!json_is_string(item))
            return err_new(doc.code, "%s: 'gone' holds something else than names", doc.name);
        pending_add_gone(out, json_string_value(item));
    }
    return NULL;
}

static struct err *decode_keys(const json_t *object, struct pending *out)
{
    json_t *array;
    json_t *item;
    size_t i;

    TRY(json_array_of(&doc, object, "foreign_keys", &array));
    json_array_foreach(array, i, item)
    {
        const char *db, *table, *name, *clause;
        TRY(json_string_of(&doc, item, "db", &db));
        TRY(json_string_of(&doc, item, "table", &table));
        TRY(json_string_of(&doc, item, "name", &name));
        TRY(json_string_of(&doc, item, "clause", &clause));
        pending_add_key(out, db, table, name, clause, json_is_true(json_object_get(item, "replaces")));
    }
    return NULL;
}

static struct err *decode_tables(const json_t *object, const char *member, struct pending *out,
                                 void (*add)(struct pending *p, const char *db, const char *name))
{
    json_t *array;
    json_t *item;
    size_t i;

    TRY(json_array_of(&doc, object, member, &array));
    json_array_foreach(array, i, item)
    {
        const char *db, *name;
        TRY(json_string_of(&doc, item, "db", &db));
        TRY(json_string_of(&doc, item, "name", &name));
        add(out, db, name);
    }
    return NULL;
}

static struct err *decode_partial(const json_t *object, struct pending *out)
{
    json_t *partial = json_object_get(object, "partial");

    if (!partial)
        return NULL;
    out->partial = true;
    TRY(json_bool_of(&doc, partial, "behind", &out->behind));
    TRY(decode_tables(partial, "in", out, pending_add_in));
    return decode_tables(partial, "out", out, pending_add_out);
}

static struct err *decode_object(const json_t *object, struct pending *out)
{
    const char *stream, *snapshot, *options, *reason, *missing_definer;
    json_t *job;

    TRY(json_string_of(&doc, object, "stream", &stream));
    TRY(json_string_of(&doc, object, "snapshot", &snapshot));
    TRY(json_string_of(&doc, object, "options", &options));
    TRY(json_string_of(&doc, object, "reason", &reason));
    TRY(json_string_of(&doc, object, "missing_definer", &missing_definer));
    out->missing_definer = mem_strdup(missing_definer);
    out->stream = mem_strdup(stream);
    out->snapshot = mem_strdup(snapshot);
    out->options = mem_strdup(options);
    out->reason = mem_strdup(reason);
    TRY(json_bool_of(&doc, object, "standalone", &out->standalone));
    TRY(json_bool_of(&doc, object, "skip_binlog", &out->skip_binlog));
    TRY(decode_asides(object, out));
    TRY(decode_gone(object, out));
    TRY(decode_keys(object, out));
    if (json_object_get(object, "stage_from"))
        TRY(json_u64_of(&doc, object, "stage_from", &out->stage_from));
    if (json_object_get(object, "users")) {
        TRY(json_array_of(&doc, object, "users", &out->users));
        json_incref(out->users);
    }
    TRY(decode_partial(object, out));
    TRY(json_object_of(&doc, object, "job", &job));
    return job_from_json(&doc, job, &out->job);
}

struct err *pending_decode(const char *text, struct pending *out)
{
    json_t *object = NULL;

    *out = (struct pending){0};
    TRY(json_parse(&doc, text, strlen(text), &object));
    struct err *e = decode_object(object, out);
    json_decref(object);
    if (e)
        pending_free(out);
    return e;
}

static void tables_free(struct pending_table *tables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(tables[i].db);
        free(tables[i].name);
    }
    free(tables);
}

void pending_free(struct pending *p)
{
    for (size_t i = 0; i < p->aside_count; i++) {
        free(p->asides[i].db);
        free(p->asides[i].name);
    }
    for (size_t i = 0; i < p->key_count; i++) {
        free(p->keys[i].db);
        free(p->keys[i].table);
        free(p->keys[i].name);
        free(p->keys[i].clause);
    }
    for (size_t i = 0; i < p->gone_count; i++)
        free(p->gone[i]);
    tables_free(p->in, p->in_count);
    tables_free(p->out, p->out_count);
    free(p->asides);
    free(p->gone);
    free(p->keys);
    free(p->stream);
    free(p->snapshot);
    free(p->options);
    free(p->missing_definer);
    free(p->reason);
    json_decref(p->users);
    job_free(p->job);
    *p = (struct pending){0};
}
