#include "replay/intent.h"

#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "base/mem.h"

static const struct json_doc intent_doc = {.name = "the intent in the position row", .code = ERR_TARGET};

static struct err *intent_commit(struct apply *a, json_t *intent)
{
    struct batch *b = &a->batch;

    TRY(batch_commit(b)); /* what lies before it */
    free(b->next.intent);
    b->next.intent = json_text(intent);
    failpoint("intent-before");
    TRY(batch_commit(b));
    failpoint("intent-after");
    return NULL;
}

struct err *intent_open_rows(struct apply *a, const struct gtid *gtid, const char *table)
{
    char text[GTID_TEXT_SIZE];
    json_t *intent = json_pack("{s:s, s:s}", "kind", "rows", "gtid", gtid_format(*gtid, text));

    json_object_set_new(intent, "table", json_from_bytes(table, strlen(table)));
    struct err *e = intent_commit(a, intent);
    json_decref(intent);
    return e;
}

struct err *intent_open_statement(struct apply *a, const struct gtid *gtid, json_t *objects)
{
    char text[GTID_TEXT_SIZE];
    json_t *intent = json_pack("{s:s, s:s, s:o}", "kind", "statement", "gtid", gtid_format(*gtid, text),
                               "objects", objects);
    struct err *e = intent_commit(a, intent);

    json_decref(intent);
    return e;
}

void intent_clear(struct apply *a)
{
    free(a->batch.next.intent);
    a->batch.next.intent = NULL;
}

static struct err *intent_parse(const char *text, json_t **out, const char **kind, const char **gtid)
{
    *out = NULL;
    if (!text)
        return NULL;
    TRY(json_parse(&intent_doc, text, strlen(text), out));
    struct err *e = json_string_of(&intent_doc, *out, "kind", kind);
    if (!e)
        e = json_string_of(&intent_doc, *out, "gtid", gtid);
    if (e) {
        json_decref(*out);
        *out = NULL;
    }
    return e;
}

/* Of an intent of rows; both are malloc'ed, and NULL for an intent of another kind. */
static struct err *intent_rows(const char *text, char **rows_gtid, char **table)
{
    const char *kind, *gtid, *name;
    json_t *object;

    *rows_gtid = *table = NULL;
    TRY(intent_parse(text, &object, &kind, &gtid));
    if (!object || strcmp(kind, "rows") != 0) {
        json_decref(object);
        return NULL;
    }
    struct err *e = json_string_of(&intent_doc, object, "table", &name);
    if (!e) {
        *rows_gtid = mem_strdup(gtid);
        *table = mem_strdup(name);
    }
    json_decref(object);
    return e;
}

struct err *intent_rows_find(const struct apply *a, const struct gtid *gtid, bool *found)
{
    char text[GTID_TEXT_SIZE];
    char *of, *table;

    TRY(intent_rows(a->batch.committed.intent, &of, &table));
    *found = of && strcmp(of, gtid_format(*gtid, text)) == 0;
    struct err *e = of && !*found ? intent_check(a) : NULL;
    free(of);
    free(table);
    return e;
}

struct err *intent_needs(const char *intent, struct need *out)
{
    const char *kind, *gtid;
    char *db = NULL;
    char *name = NULL;
    json_t *object, *tables;

    *out = (struct need){0};
    TRY(intent_parse(intent, &object, &kind, &gtid));
    struct err *e = NULL;
    bool known = object && json_object_get(object, "needs");
    if (known)
        e = json_array_of(&intent_doc, object, "needs", &tables);
    for (size_t i = 0; known && !e && i < json_array_size(tables); i++) {
        e = json_bytes_of(&intent_doc, json_array_get(tables, i), "db", &db, NULL);
        if (!e)
            e = json_bytes_of(&intent_doc, json_array_get(tables, i), "name", &name, NULL);
        if (!e)
            need_add(out, db, name);
        free(db);
        free(name);
        db = name = NULL;
    }
    json_decref(object);
    return e;
}

static json_t *needs_to_json(const struct need *n)
{
    json_t *tables = json_array();

    for (size_t i = 0; i < n->count; i++) {
        json_t *table = json_object();
        json_object_set_new(table, "db", json_from_bytes(n->tables[i].db, strlen(n->tables[i].db)));
        json_object_set_new(table, "name", json_from_bytes(n->tables[i].name, strlen(n->tables[i].name)));
        json_array_append_new(tables, table);
    }
    return tables;
}

struct err *intent_note_needs(struct apply *a)
{
    struct batch *b = &a->batch;
    const char *kind, *gtid;
    json_t *intent;

    if (a->dry_run)
        return NULL;
    TRY(intent_parse(b->committed.intent, &intent, &kind, &gtid));
    if (!intent || json_object_get(intent, "needs")) { /* no run of which nothing comes is to count as one */
        json_decref(intent);
        return NULL;
    }
    json_object_set_new(intent, "needs", needs_to_json(&a->need));
    free(b->next.intent);
    b->next.intent = json_text(intent);
    json_decref(intent);
    return batch_commit(b);
}

struct err *intent_rows_table(const char *intent, char **table)
{
    char *gtid;
    struct err *e = intent_rows(intent, &gtid, table);

    free(gtid);
    return e;
}

struct err *intent_error(const char *intent)
{
    const char *kind, *gtid;
    char *of = NULL, *table = NULL;
    json_t *object;

    TRY(intent_parse(intent, &object, &kind, &gtid));
    struct err *e = intent_rows(intent, &of, &table);
    if (!e && table)
        e = err_new(ERR_UNSAFE, "ccr-apply was stopped in the midst of transaction %s, in table %s", gtid,
                    table);
    else if (!e)
        e = err_new(ERR_UNSAFE, "ccr-apply was stopped in the midst of transaction %s, a statement", gtid);
    json_decref(object);
    free(of);
    free(table);
    return e;
}

struct err *intent_check(const struct apply *a)
{
    char *gtid, *table;

    TRY(intent_rows(a->batch.committed.intent, &gtid, &table));
    if (!table)
        return NULL;
    struct err *e =
        err_hint(err_new(ERR_RESYNC,
                         "a run was stopped while it applied transaction %s to table %s, which has no "
                         "transactions: what of it was written is not known",
                         gtid, table),
                 "take a new snapshot (ccr-backup), of that table at least (--tables), and restore it "
                 "(ccr-restore)");
    free(gtid);
    free(table);
    return e;
}

struct err *intent_find(const struct apply *a, const struct gtid *gtid, json_t **objects)
{
    char text[GTID_TEXT_SIZE];
    const char *kind, *of;
    json_t *intent, *found;

    *objects = NULL;
    TRY(intent_parse(a->batch.committed.intent, &intent, &kind, &of));
    if (!intent)
        return NULL;
    struct err *e = NULL;
    if (strcmp(of, gtid_format(*gtid, text)) != 0)
        e = err_new(ERR_INTEGRITY,
                    "the position row holds the intent of transaction %s, but the log goes on with %s", of,
                    text);
    else
        e = json_array_of(&intent_doc, intent, "objects", &found);
    if (!e)
        *objects = json_incref(found);
    json_decref(intent);
    return e;
}
